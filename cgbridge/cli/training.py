"""What `cgbridge check` says of a fit to forces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cgbridge.cli.commands import show_notes
from cgbridge.cli.tables import print_table, with_error

if TYPE_CHECKING:
    from cgbridge.fits.training.data_set import State
    from cgbridge.fits.training.kind import TrainingFit


def describe_training(input: Path, fit: Any) -> None:
    """Data, their split and the model, as they were understood."""
    found: TrainingFit = fit
    config, data, split = found.task.config, found.task.data, found.task.split
    typer.echo(f"{input} is valid: {config.name}, {config.method}, {config.model.architecture}")
    show_notes(found.notes)
    rows = []
    for one in data.series:
        state = one.state
        rows.append(
            (
                one.name,
                str(len(one)),
                str(one.particles),
                "-" if state.temperature is None else f"{state.temperature:g} K",
                _pressure(state),
                f"{one.volume.mean():.4g} nm^3",
            )
        )
    print_table(("file", ">frames", ">particles", ">temperature", ">pressure", ">volume"), rows)
    typer.echo(
        f"frames: {len(split.train)} train, {len(split.validation)} choose weights, {len(split.test)} test, "
        f"{split.left_out} in gaps are left out"
    )
    noise = "not known" if data.noise is None else f"{data.noise:.4g} kJ/mol/nm"
    typer.echo(f"forces: root mean square {data.force_spread():.4g} kJ/mol/nm, noise {noise}")
    for key, value in found.trainer.describe():
        typer.echo(f"{key}: {value}")
    if found.layout.used_yaml.exists():
        typer.echo(
            f"{config.run.folder} holds a run already: `cgbridge fit` resumes it if the input is the same"
        )


def _pressure(state: State) -> str:
    if state.pressure is None:
        return "-"
    if state.pressure_error is None:
        return f"{state.pressure:g} bar"
    return f"{with_error(state.pressure, state.pressure_error)} bar"
