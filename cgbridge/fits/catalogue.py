"""Kinds of fits by the word ``method`` of their YAML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import yaml

from cgbridge.config.loader import read_yaml
from cgbridge.config.places import Lines, Place
from cgbridge.errors import ConfigError, RunFolderError
from cgbridge.registry import Registry
from cgbridge.store.layout import RunLayout

#: The method of a YAML that names none.
SEARCH = "search"
FITS = Registry(
    "method",
    "cgbridge.fits",
    {
        SEARCH: "cgbridge.fits.search.kind:SearchFit",
        "force-matching": "cgbridge.fits.training.kind:TrainingFit",
        "energy-force-matching": "cgbridge.fits.training.kind:TrainingFit",
    },
)

#: Name and value of what a user watches.
Rows = Sequence[tuple[str, str]]


class Fit(Protocol):
    """A fit as it was read and found sound; every kind has a class of its own.

    ``name`` is that of the YAML, ``layout`` the files of its run folder, ``notes`` say what was taken without
    being asked.
    """

    @property
    def name(self) -> str: ...

    @property
    def layout(self) -> RunLayout: ...

    @property
    def notes(self) -> Sequence[str]: ...

    @classmethod
    def read(cls, path: Path, data: dict[str, Any], lines: Lines) -> Fit:
        """From the content of the YAML ``path``; raises :class:`~cgbridge.errors.ConfigError`."""
        ...

    def require_runnable(self) -> None:
        """Raise a user's error for what would end the fit later."""
        ...

    def run(self, *, fresh: bool, display: Callable[[Rows], None]) -> Rows:
        """Run, or go on with, this fit in its folder; returns what it ended with."""
        ...


def read_fit_of_any_kind(path: Path) -> Fit:
    """Read the YAML of a fit, whatever its method is; raises :class:`~cgbridge.errors.ConfigError`."""
    data, lines = read_yaml(path)
    method = data.get("method", SEARCH)
    try:
        entry = FITS.find(str(method))
    except ConfigError as error:
        where = str(Place(str(path), ("method",), lines))
        raise ConfigError(error.what, where=where, remedy=error.remedy) from None
    module, _, name = entry.place.partition(":")
    kind: type[Fit] = getattr(import_module(module), name)
    return kind.read(path, data, lines)


def method_of_run(layout: RunLayout) -> str:
    """The method of the fit in a run folder; raises :class:`~cgbridge.errors.RunFolderError`."""
    try:
        used = yaml.safe_load(layout.used_yaml.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return SEARCH  # the reader of that kind says what is wrong
    found = str(used.get("method", SEARCH)) if isinstance(used, dict) else SEARCH
    if found not in FITS.own and found not in {entry.name for entry in FITS.foreign()}:
        raise RunFolderError(
            f"this folder holds a fit with method '{found}', which this version does not know",
            where=str(layout.path),
        )
    return found
