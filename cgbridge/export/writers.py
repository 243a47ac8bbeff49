"""Write a model for another engine."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cgbridge.errors import ConfigError, did_you_mean
from cgbridge.models.files.lammps_format import write_lammps
from cgbridge.models.files.nep import NepFile, write_nep
from cgbridge.models.files.system_file import write_system
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.network_model import NetworkModel
from cgbridge.models.neural_terms import network_of_terms
from cgbridge.models.typed_beads import TypedBeads
from cgbridge.store.atomic import storage_errors

#: Beads of an exported OpenMM system; a user replaces box and positions by their own.
BEADS = 512


@dataclass(frozen=True)
class _Writer:
    """``name`` gives the file for a model, and raises :class:`ConfigError` for one that has no such file."""

    name: Callable[[TypedBeads], str]
    write: Callable[[TypedBeads, Path, str], None]


def _terms_of(model: TypedBeads, what: str) -> CoarseGrainedModel:
    if not isinstance(model, CoarseGrainedModel):
        raise ConfigError(
            f"{what} is for models of named parameters, and '{model.name}' is {model.form}",
            where="--to",
            remedy="run it in OpenMM as it is (docs/neural.md); networks of descriptors go --to nep",
        )
    return model


def _lammps_name(model: TypedBeads) -> str:
    terms = _terms_of(model, "a LAMMPS file")
    return f"{model.name}{terms.require_many_body('a LAMMPS file').suffix}"


def _lammps(model: TypedBeads, path: Path, units: str) -> None:
    write_lammps(_terms_of(model, "a LAMMPS file"), path, units=units)


def _openmm_name(model: TypedBeads) -> str:
    if not isinstance(model, NetworkModel):
        _terms_of(model, "a System in a file")
    return f"{model.name}.xml"


def _openmm(model: TypedBeads, path: Path, units: str) -> None:
    write_system(model, path, BEADS)


def _nep_name(model: TypedBeads) -> str:
    nep_of(model)
    return "nep.txt"


def _nep(model: TypedBeads, path: Path, units: str) -> None:
    file = nep_of(model)
    try:
        write_nep(path, file.elements, file.network)
    except ValueError as error:
        raise ConfigError(
            str(error),
            where=f"model '{model.name}'",
            remedy="a network that was trained with priors: [] under model has no repulsion",
        ) from None


def nep_of(model: TypedBeads) -> NepFile:
    """The one network of descriptors that a model is; raises :class:`ConfigError` for another model."""
    if isinstance(model, NetworkModel):
        if model.repulsion is not None:
            raise ConfigError(
                f"'{model.name}' is such a file, with the repulsion of nuclei besides",
                where="--to",
                remedy=f"copy it: {model.source}",
            )
        return NepFile(model.bead_names, model.network)
    if isinstance(model, CoarseGrainedModel):
        data = network_of_terms(model)
        if data is not None:
            return NepFile(data.beads, data.network)
        raise ConfigError(
            f"nep.txt is for networks of descriptors, and '{model.name}' is {model.form}", where="--to"
        )
    # Here, because it loads torch.
    from cgbridge.models.neural.model import NeuralModel
    from cgbridge.models.neural.native import whole_network

    assert isinstance(model, NeuralModel)
    return NepFile(model.bead_names, whole_network(model))


_WRITERS = {
    "lammps": _Writer(_lammps_name, _lammps),
    "openmm": _Writer(_openmm_name, _openmm),
    "nep": _Writer(_nep_name, _nep),
}


def export_model(
    model: TypedBeads,
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
    path = output or Path(_WRITERS[to].name(model))
    if path.exists() and not overwrite:
        raise ConfigError("this file exists", where=str(path), remedy="give --overwrite or another --output")
    # The suffix tells LAMMPS files apart, so that the temporary name keeps it.
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    with storage_errors(path):
        try:
            _WRITERS[to].write(model, temporary, units)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    return path
