"""Any model beside mapped frames: its error on their forces, and dynamics at their state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cgbridge.config.training_data_section import DataFileSection, DataSection
from cgbridge.config.training_validation_section import DynamicsValidationSection
from cgbridge.fits.training.bead_names import named_as_in
from cgbridge.fits.training.data_set import Series
from cgbridge.fits.training.dynamics import run_beside
from cgbridge.fits.training.label_files import read_data
from cgbridge.fits.training.openmm_forces import ModelForces, force_errors
from cgbridge.fits.training.trainer import Trained
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
    own = named_as_in(model, data, ", ".join(series.name for series in data.series))
    if dynamics is not None:
        for series in data.series:
            series.require_temperature("dynamics run at it", 'give --temperature "300 K", once for each file')
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


def _frames_record(series: Series) -> dict[str, Any]:
    return {
        "series": series.name,
        "frames": len(series),
        "beads": series.particles,
        "temperature": series.state.temperature,
        "noise": series.state.noise,
    }
