"""Observables that are not cgbridge's: one's own, written ``module:Class``, and those of other packages."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from cgbridge.errors import CgbridgeError, ConfigError, SimulationError, did_you_mean
from cgbridge.interfaces import Observable
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Estimate, Sampling, Target

T = TypeVar("T")
_PARTS = ("name", "unit", "simulations", "measure")
#: Where each name was found, for calls that do not know the folder.
_folders: dict[str, str] = {}


def load_own(name: str, folder: str = "", *, called: str = "") -> Observable:
    """The observable that ``module:Class``, or ``module:instance``, names.

    ``called`` is the name by which the user knows it, where that is another. The module is the file
    ``folder/module.py`` if there is one, else any that Python finds; other files in ``folder`` may be
    imported by it. Raises :class:`ConfigError` when it cannot be imported, has no such class, or the class
    is no observable.
    """
    module_name, _, class_name = name.partition(":")
    folder = folder or _folders.get(name, "")
    module = _module(called or name, module_name, folder)
    _folders[name] = folder
    found = getattr(module, class_name, None)
    where = getattr(module, "__file__", None) or module_name
    if found is None:
        classes = [word for word, value in vars(module).items() if isinstance(value, type)]
        raise ConfigError(
            f"'{module_name}' has no class '{class_name}'{did_you_mean(class_name, classes)}", where=where
        )
    observable: Any = (
        _guarded(f"{name} cannot be made", where, found, kind=ConfigError)
        if isinstance(found, type)
        else found
    )
    missing = [part for part in _PARTS if not hasattr(observable, part)]
    if missing:
        raise ConfigError(
            f"the class '{class_name}' is no observable: it has no {' and no '.join(missing)}",
            where=where,
            remedy="see Own observables in docs/python-api.md",
        )
    return _Own(called or name, where, observable)


def source_digest(name: str, folder: str) -> str:
    """Hash of the file that an observable of one's own stands in: another content, other results."""
    module = _module(name, name.partition(":")[0], folder)
    path = getattr(module, "__file__", None)
    return hashlib.sha256(Path(path).read_bytes()).hexdigest() if path else ""


class _Own:
    """A stranger's observable, ``wrapped``; what goes wrong in it becomes an error with file and line."""

    def __init__(self, name: str, where: str, observable: Any) -> None:
        self._word, self._where, self.wrapped = name, where, observable
        self.name: str = observable.name
        self.unit: str = observable.unit
        self.__doc__ = observable.__doc__
        if hasattr(observable, "follow_up"):
            # Only then is it an Adaptive one.
            self.follow_up = self._follow_up

    def simulations(self, target: Target, sampling: Sampling) -> Sequence[Simulation]:
        return self._simulations("simulations", ConfigError, target, sampling)

    def measure(self, target: Target, runs: Sequence[Run]) -> Estimate:
        result: object = self._call("measure", SimulationError, target, runs)
        if not isinstance(result, Estimate):
            raise SimulationError(
                f"measure of {self._word} returned {type(result).__name__}, not an Estimate",
                where=self._where,
            )
        return result

    def _follow_up(self, target: Target, runs: Sequence[Run]) -> Sequence[Simulation]:
        return self._simulations("follow_up", SimulationError, target, runs)

    def _simulations(self, method: str, kind: type[CgbridgeError], *arguments: Any) -> Sequence[Simulation]:
        found: Any = self._call(method, kind, *arguments)
        if not isinstance(found, list | tuple) or not all(isinstance(item, Simulation) for item in found):
            raise kind(f"{method} of {self._word} returned no list of Simulation", where=self._where)
        return found

    def _call(self, method: str, kind: type[CgbridgeError], *arguments: Any) -> Any:
        call = getattr(self.wrapped, method)
        return _guarded(f"{method} of {self._word} failed", self._where, call, *arguments, kind=kind)


def _guarded(what: str, where: str, call: Callable[..., T], *arguments: Any, kind: type[CgbridgeError]) -> T:
    """``call(*arguments)``; what goes wrong in it and is no error of cgbridge becomes one of ``kind``."""
    try:
        return call(*arguments)
    except CgbridgeError:
        raise
    except Exception as error:
        raise kind(f"{what}: {type(error).__name__}: {error}", where=_line(error, where)) from error


def _line(error: BaseException, where: str) -> str:
    """File and line of the user's code where the error came up."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    lines = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == where]
    return f"{where}:{lines[-1].lineno}" if lines else where


def _module(name: str, module: str, folder: str) -> ModuleType:
    beside = Path(folder or ".").resolve() / f"{module}.py"
    if folder and os.path.isfile(beside):
        return _from_file(beside, beside.stat().st_mtime_ns)
    _make_importable(folder)
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not (module == error.name or module.startswith(f"{error.name}.")):
            raise _broken(name, error, _file_of(module)) from error
        raise ConfigError(
            f"observable '{name}': there is no module '{module}'",
            where=folder or None,
            remedy=f"put {module}.py beside the YAML file, or install it",
        ) from None
    except Exception as error:
        raise _broken(name, error, _file_of(module)) from error


def _file_of(module: str) -> str:
    """Where Python finds a module that cannot be imported, or its name."""
    try:
        spec = importlib.util.find_spec(module)
    except Exception:  # a package that cannot be imported either
        spec = None
    return spec.origin if spec is not None and spec.origin else module


@lru_cache(maxsize=64)
def _from_file(path: Path, _modified: int) -> ModuleType:
    """The module in a file, under a name that no other file's module has."""
    name = f"cgbridge_own_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None  # a file that ends in .py has both
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    _make_importable(str(path.parent))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise _broken(path.stem, error, str(path)) from error
    return module


def _broken(name: str, error: Exception, where: str) -> ConfigError:
    what = f"the module of the observable '{name}' cannot be imported: {type(error).__name__}: {error}"
    return ConfigError(what, where=_line(error, where))


def _make_importable(folder: str) -> None:
    """From now on files of ``folder`` can be imported, where no installed package has their name."""
    path = str(Path(folder).resolve())
    if folder and path not in sys.path:
        sys.path.append(path)
