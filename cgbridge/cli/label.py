"""The command label: mean forces on the beads of a trajectory of atoms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cgbridge.cli.commands import MODEL, add_command, read_quantity, require_writable
from cgbridge.cli.frame_choice import DumpTimestep, DumpUnits, chosen_frames, step_of
from cgbridge.cli.lines import counted


def register(app: typer.Typer) -> None:
    add_command(app, label, MODEL, stopped="stopped; the same command goes on")


def label(
    model: Annotated[
        Path,
        typer.Argument(
            metavar="ATOMS.yaml", help="The simulation that made the atoms: its model and temperature."
        ),
    ],
    trajectory: Annotated[Path, typer.Argument(metavar="TRAJECTORY", help="Frames of these atoms.")],
    mapping: Annotated[list[str], typer.Option(help="Name or file of a mapping; may be repeated.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Beads with mean forces (.h5).")],
    frames: Annotated[
        str, typer.Option(help="FIRST:STOP:STEP as Python counts, such as 100: or ::10.")
    ] = "::",
    samples: Annotated[int, typer.Option(help="Samples of the atoms for every label.")] = 50,
    interval: Annotated[str, typer.Option(help="Time between samples.")] = "0.1 ps",
    equilibration: Annotated[str, typer.Option(help="Time before the first sample.")] = "1 ps",
    forces: Annotated[str, typer.Option(help="Force map: sum, basic or optimal.")] = "sum",
    units: DumpUnits = None,
    timestep: DumpTimestep = None,
) -> None:
    """Label the beads of a trajectory with mean forces, nearly without noise.

    At every frame the beads are held, the atoms move on, and the mapped forces are
    averaged. What noise single frames have is told: no model has a smaller error on
    them. The same command goes on where it was stopped.

    \b
    Examples:
      cgbridge label water.yaml water.h5 --mapping water-1bead --frames ::10 --out labels.h5
    """
    from cgbridge.apps.mean_forces import LabelSettings, label_frames
    from cgbridge.config.loader import load_atomistic
    from cgbridge.engine.held_beads import Sampling
    from cgbridge.mapping.readers import read_mappings
    from cgbridge.models.atomistic.catalogue import atomistic_system
    from cgbridge.trajectories.sources import open_source

    require_writable(out)
    config = load_atomistic(model)
    system = atomistic_system(config, model.parent)
    sampling = Sampling(
        samples,
        read_quantity(interval, "ps", "--interval"),
        read_quantity(equilibration, "ps", "--equilibration", positive=False),
    )
    settings = LabelSettings(
        config.state.temperature,
        config.dynamics.timestep,
        sampling,
        forces,
        chosen_frames(frames),
        seed=config.seed,
        platform="CPU" if config.engine.platform == "auto" else config.engine.platform,
        threads=config.engine.threads,
    )
    source = open_source(trajectory, top=system.atoms, units=units, timestep=step_of(timestep))
    beads = read_mappings(mapping, ".")
    floor = label_frames(system, beads, source, out, settings, show=counted("frame"))
    typer.echo(f"{floor.labels} labels; root mean squares of a force component in kJ/mol/nm:")
    typer.echo(f"  mean force                 {floor.mean_force:8.2f}")
    typer.echo(f"  noise of a single frame    {floor.instantaneous:8.2f}")
    typer.echo(f"  noise of a label           {floor.label:8.2f}")
    typer.echo(f"  variance of single frames that a model can explain: {100 * floor.explained:.1f} %")
    typer.echo(f"written: {out}")
