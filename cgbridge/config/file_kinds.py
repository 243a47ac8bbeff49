"""Which kind of YAML file one is, told by its keys: for whoever has given it to the wrong command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from cgbridge.config.atomistic_config import MARK
from cgbridge.errors import ConfigError


@dataclass(frozen=True)
class FileKind:
    """``reads`` is the name of the class that reads it; ``mark`` finds a key that no other kind has."""

    reads: str
    what: str
    use: str
    mark: Callable[[Mapping[str, Any]], str | None]


def _any_of(*keys: str) -> Callable[[Mapping[str, Any]], str | None]:
    return lambda data: next((key for key in keys if key in data), None)


def _of_mapping(data: Mapping[str, Any]) -> str | None:
    return "molecules" if isinstance(data.get("molecules"), Mapping) else None


def _of_model(data: Mapping[str, Any]) -> str | None:
    return "beads" if isinstance(data.get("beads"), list) else None


_KINDS = (
    FileKind("AtomisticConfig", "a simulation of atoms", "cgbridge simulate {path}", _any_of(MARK)),
    FileKind("TrainingConfig", "a fit to forces", "cgbridge fit {path}", _any_of("training", "data")),
    FileKind("FitConfig", "a fit", "cgbridge fit {path}", _any_of("levels", "optimizer")),
    FileKind("ModelFile", "a model", "cgbridge models {path}, or as MODEL in other commands", _of_model),
    FileKind("MappingFile", "a mapping", "cgbridge map TRAJECTORY --mapping {path}", _of_mapping),
    FileKind("EvaluateConfig", "a list of targets", "cgbridge evaluate MODEL {path}", _any_of("targets")),
)


def require_kind(model: type[BaseModel], data: object, path: str) -> None:
    """Raise :class:`ConfigError` where ``data`` has none of the marks of what ``model`` reads, and those of
    another kind of file."""
    wanted = next((kind for kind in _KINDS if kind.reads == model.__name__), None)
    if wanted is None or not isinstance(data, Mapping) or wanted.mark(data):
        return
    for kind in _KINDS:
        mark = kind.mark(data)
        if mark:
            raise ConfigError(
                f"this is {kind.what} (it has '{mark}'), and {wanted.what} is wanted here",
                where=path,
                remedy=kind.use.format(path=path),
            )
