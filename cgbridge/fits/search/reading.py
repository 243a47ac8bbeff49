"""The YAML files of a user read and resolved at once, so that all of their faults are told together."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cgbridge.config.loader import parse_evaluation, parse_fit, read_yaml
from cgbridge.config.optimizer_section import OptimizerSection
from cgbridge.config.places import Lines, Place
from cgbridge.config.schema import EvaluateConfig, FitConfig
from cgbridge.errors import CgbridgeError, ConfigErrors, Faults
from cgbridge.fits.search.problem import FitProblem, build_problem, resolve_entry
from cgbridge.fits.search.stages import stages_of
from cgbridge.fits.search.start import check_start


def read_fit(path: Path) -> FitProblem:
    """Read a fit YAML and resolve base model, ranges and targets.

    Raises :class:`ConfigError` with file, line and dotted path, :class:`ConfigErrors` for several faults.
    """
    return read_fit_content(path, *read_yaml(path))


def read_fit_content(path: Path, data: dict[str, Any], lines: Lines) -> FitProblem:
    """Resolve the content of the fit YAML ``path``; raises as :func:`read_fit`."""
    root, faults = Place(str(path), (), lines), Faults()
    config = None
    with faults.collecting():
        config = parse_fit(data, lines, str(path))
    _look_at_stages(data.get("optimizer"), root, faults)
    looked_at = config or _with_model_alone(data)
    if looked_at is not None:
        _look_at_model(looked_at, root, faults)
    levels = data.get("levels")
    for index, level in enumerate(levels if isinstance(levels, list) else []):
        for key in ("gates", "targets"):
            _look_at_targets(level, f"levels.{index}.{key}", root, faults)
    _look_at_targets(data.get("validation"), "validation.targets", root, faults)
    faults.raise_all()
    assert config is not None
    with _located(root):
        problem = build_problem(config, path.parent)
        check_start(problem)
    return problem


def read_evaluation(path: Path) -> EvaluateConfig:
    """Read a target list for `cgbridge evaluate` and look at its targets; raises as :func:`read_fit`."""
    data, lines = read_yaml(path)
    root, faults = Place(str(path), (), lines), Faults()
    config = None
    with faults.collecting():
        config = parse_evaluation(data, lines, str(path))
    _look_at_targets(data, "targets", root, faults)
    faults.raise_all()
    assert config is not None
    return config


def _with_model_alone(data: dict[str, Any]) -> FitConfig | None:
    """A fit of the model section, where other sections have faults; None if it has some itself."""
    rest = {"schema": 1, "name": "fit", "levels": [{"name": "level", "targets": ["target"]}]}
    try:
        return FitConfig.model_validate({**rest, "model": data.get("model")})
    except ValidationError:
        return None


def _look_at_model(config: FitConfig, root: Place, faults: Faults) -> None:
    """Base model, fixed values and ranges; where the whole has a fault, every range on its own."""
    try:
        _build_model(config, root)
    except CgbridgeError:
        for name, search in config.model.search.items():
            model = config.model.model_copy(update={"search": {name: search}})
            with faults.collecting(), _located(root):
                _build_model(config.model_copy(update={"model": model}), root)


def _look_at_stages(section: Any, root: Place, faults: Faults) -> None:
    """The keys of every stage, which each method reads on its own."""
    try:
        optimizer = OptimizerSection.model_validate({} if section is None else section)
    except ValidationError:
        return  # told where the whole was read
    with faults.collecting():
        stages_of(optimizer, root)


def _build_model(config: FitConfig, root: Place) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they are told when the problem is built
        build_problem(config.model_copy(update={"levels": (), "validation": None}), Path(root.source).parent)


def _look_at_targets(section: Any, where: str, root: Place, faults: Faults) -> None:
    """Every target of a list, whatever the rest of the file is like."""
    items = section.get(where.rpartition(".")[2]) if isinstance(section, dict) else None
    for number, item in enumerate(items if isinstance(items, list) else []):
        if isinstance(item, str | dict):
            with faults.collecting(), _located(root), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                resolve_entry(item, Path(root.source).parent, f"{where}.{number}")


@contextmanager
def _located(root: Place) -> Iterator[None]:
    """Put file and line before the dotted paths of faults."""
    try:
        yield
    except CgbridgeError as error:
        raise _with_line(error, root) from None


def _with_line(error: CgbridgeError, root: Place) -> CgbridgeError:
    if isinstance(error, ConfigErrors):
        return ConfigErrors([_with_line(fault, root) for fault in error.faults], remedy=error.remedy)
    dotted, _, rest = (error.where or "").partition(": ")
    parts = tuple(int(part) if part.isdecimal() else part for part in dotted.split("."))
    if parts[0] not in ("model", "levels", "targets", "optimizer", "validation"):
        return error  # another file, or nowhere
    where = ": ".join(text for text in (str(root.below(*parts)), rest) if text)
    return type(error)(error.what, where=where, remedy=error.remedy)
