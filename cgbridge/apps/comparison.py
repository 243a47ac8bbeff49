"""Any model beside mapped frames: its error on their forces, and dynamics at their state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cgbridge.config.training_data_section import DataFileSection, DataSection
from cgbridge.config.training_validation_section import DynamicsValidationSection
from cgbridge.errors import ConfigError
from cgbridge.fits.training.data_set import DataSet, Series
from cgbridge.fits.training.dynamics import run_beside
from cgbridge.fits.training.label_files import read_data
from cgbridge.fits.training.openmm_forces import ModelForces, force_errors
from cgbridge.fits.training.trainer import Trained
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.typed_beads import TypedBeads
from cgbridge.store.versions import versions

#: Frames of a file that the force error is measured on, evenly over all.
_FRAMES = 200


def compare(
    model: TypedBeads,
    files: Sequence[DataFileSection],
    folder: Path,
    dynamics: DynamicsValidationSection | None,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """One record for every file, with ``dynamics`` also what runs at its state give.

    A model of one bead is compared with any frames of one bead: its name does not matter. Raises
    :class:`ConfigError` for frames of other beads, and for dynamics at a temperature that nobody knows.
    """
    data = read_data(DataSection(files=tuple(files)), folder, energies=False)
    own = _named(model, data)
    if dynamics is not None:
        data.require_temperatures()
    predict = ModelForces(own, data)
    records = []
    for number, series in enumerate(data.series):
        say(f"forces of {series.name}")
        step = max(1, len(series) // _FRAMES)
        frames = [(number, index) for index in range(0, len(series), step)]
        found = force_errors(predict, data, frames, energies=False)
        record = _frames_record(series) | {"forces": asdict(found) | {"explained": found.explained}}
        if dynamics is not None:
            record |= run_beside(series, Trained(own), dynamics, say)
        records.append(record)
    return {"model": model.name, "files": records, "notes": list(data.notes), "versions": dict(versions())}


def _named(model: TypedBeads, data: DataSet) -> TypedBeads:
    """The model with the names that the frames have."""
    if isinstance(model, CoarseGrainedModel) and len(model.bead_names) == len(data.types) == 1:
        return model.with_bead_names({model.bead_names[0]: data.types[0]})
    missing = [name for name in data.types if name not in model.bead_names]
    if missing:
        raise ConfigError(
            f"'{model.name}' has no bead '{missing[0]}', which is in the frames",
            where=", ".join(series.name for series in data.series),
            remedy="its beads: " + ", ".join(model.bead_names),
        )
    return model


def _frames_record(series: Series) -> dict[str, Any]:
    return {
        "series": series.name,
        "frames": len(series),
        "beads": series.particles,
        "temperature": series.state.temperature,
        "noise": series.state.noise,
    }
