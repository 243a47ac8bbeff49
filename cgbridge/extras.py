"""Packages that a small installation leaves out, and the pip line that brings each of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec

from cgbridge.errors import MissingDependencyError


@dataclass(frozen=True)
class Extra:
    """``pip install 'cgbridge[name]'`` brings ``modules`` (import names), which are for ``purpose``.

    ``libraries`` are Debian's names of what their wheels need, which a machine without a display may lack.
    """

    name: str
    purpose: str
    modules: tuple[str, ...]
    libraries: str = ""

    @property
    def pip(self) -> str:
        return f"pip install 'cgbridge[{self.name}]'"

    @property
    def missing(self) -> tuple[str, ...]:
        """Those of its modules that are not installed."""
        return tuple(module for module in self.modules if not _installed(module))


ICE = Extra(
    "ice",
    "telling a crystal from a liquid, and making ices",
    ("ovito", "genice2"),
    "libgl1 libegl1 libxkbcommon0 libfontconfig1 libdbus-1-3 libglib2.0-0",
)
#: All but ``all``, which is every one of them; ``pyproject.toml`` says the same in pip's words.
EXTRAS = (
    Extra("fit", "the search methods cma-es and response-surface", ("cmaes", "sklearn")),
    ICE,
    Extra(
        "formats", "XTC, TRR and NetCDF trajectories, and structure files that only mdtraj reads", ("mdtraj",)
    ),
    Extra("neural", "neural potentials and their training", ("torch", "torchmdnet", "warp", "safetensors")),
    Extra("atomistic", "machine-learning potentials of atoms from other projects", ("openmmml",)),
)


def require(modules: Iterable[str], what: str, *, where: str | None = None, instead: str = "") -> None:
    """Make sure that the modules which ``what`` uses are installed; nothing is imported.

    ``instead`` is what else the user could do. Raises :class:`~cgbridge.errors.MissingDependencyError`.
    """
    for module in modules:
        if not _installed(module):
            pip = next((extra.pip for extra in EXTRAS if module in extra.modules), f"pip install {module}")
            raise MissingDependencyError(
                f"{what} needs the package {module}, which is not installed",
                where=where,
                remedy=pip + (f", or {instead}" if instead else ""),
            )


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # blocked, or half imported
        return False
