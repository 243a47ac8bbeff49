"""Write a model for another engine."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from cgbridge.errors import ConfigError, did_you_mean
from cgbridge.models.files.lammps_format import write_lammps
from cgbridge.models.files.system_file import write_system
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.store.atomic import storage_errors

#: Beads of an exported OpenMM system; a user replaces box and positions by their own.
BEADS = 512


def _lammps(model: CoarseGrainedModel, path: Path, units: str) -> None:
    write_lammps(model, path, units=units)


def _openmm(model: CoarseGrainedModel, path: Path, units: str) -> None:
    write_system(model, path, BEADS)


_WRITERS: dict[str, Callable[[CoarseGrainedModel, Path, str], None]] = {"lammps": _lammps, "openmm": _openmm}


def export_model(
    model: CoarseGrainedModel,
    to: str,
    output: Path | None,
    *,
    overwrite: bool = False,
    units: str = "metal",
) -> Path:
    """Write ``model`` for the engine ``to`` and return the path; ``units`` are those of a LAMMPS file.

    Raises :class:`ConfigError` for an unknown engine, missing entries, or an existing file without
    ``overwrite``, and :class:`~cgbridge.errors.StorageError` when the file cannot be written.
    """
    if to not in _WRITERS:
        raise ConfigError(
            f"no export to '{to}'{did_you_mean(to, _WRITERS)}",
            where="--to",
            remedy="one of: " + ", ".join(_WRITERS),
        )
    model.require_entries()
    suffix = model.require_many_body("a LAMMPS file").suffix if to == "lammps" else ".xml"
    path = output or Path(f"{model.name}{suffix}")
    if path.exists() and not overwrite:
        raise ConfigError("this file exists", where=str(path), remedy="give --overwrite or another --output")
    # The suffix tells LAMMPS files apart, so that the temporary name keeps it.
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    with storage_errors(path):
        try:
            _WRITERS[to](model, temporary, units)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    return path
