"""The command compare: a model beside mapped frames."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from cgbridge.cli import model_options as models
from cgbridge.cli.commands import (
    MODEL,
    add_command,
    read_quantity,
    read_temperatures,
    require_writable,
    show_notes,
    write_json,
)
from cgbridge.cli.lines import now_and_then
from cgbridge.cli.model_options import Model


def register(app: typer.Typer) -> None:
    add_command(app, compare, MODEL)


def compare(
    model: Model,
    frames: Annotated[
        list[Path],
        typer.Argument(metavar="FRAMES...", help="Beads with forces, of `cgbridge map` or `label`."),
    ],
    temperature: Annotated[
        list[str] | None,
        typer.Option(
            help="Of each file, in their order; where left out, what the files say.", show_default=False
        ),
    ] = None,
    time: Annotated[
        str, typer.Option(help="Dynamics at the state of every file, for g(r), angles, pressure, density.")
    ] = "0 ps",
    equilibration: Annotated[str, typer.Option(help="Time before the recording.")] = "5 ps",
    interval: Annotated[str, typer.Option(help="Time between frames.")] = "0.2 ps",
    timestep: Annotated[str, typer.Option(help="Integration step.")] = "5 fs",
    shell: Annotated[str, typer.Option(help="Radius of the first shell, for the angles.")] = "3.5 A",
    seed: Annotated[int, typer.Option(min=0, help="Random seed.")] = 1,
    platform: Annotated[str, typer.Option(help="OpenMM platform.")] = "auto",
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 1,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the result, with all curves.", show_default=False)
    ] = None,
    units: models.Units = None,
    mass: models.Mass = None,
    bead: models.Bead = None,
) -> None:
    """Hold any model beside mapped frames: error of its forces, and what its dynamics give.

    The model may come from anywhere: the database, a search, force matching, a file.

    \b
    Examples:
      cgbridge compare ml-bop beads-300K.h5 --time "200 ps"
      cgbridge compare runs/beads/best/model.cgnn labels.h5
      cgbridge compare mw beads-300K.h5 beads-350K.h5 --time "100 ps" --json mw.json
    """
    from cgbridge.apps.comparison import compare as compared
    from cgbridge.config.training_data_section import DataFileSection
    from cgbridge.config.training_validation_section import DynamicsValidationSection

    require_writable(json_file)
    loaded = models.load_weighed(model, models.ModelOptions(units, mass, bead))
    length = read_quantity(time, "ps", "--time", positive=False)
    dynamics = None
    if length > 0:
        dynamics = DynamicsValidationSection(
            time=length,
            equilibration=read_quantity(equilibration, "ps", "--equilibration", positive=False),
            interval=read_quantity(interval, "ps", "--interval"),
            timestep=read_quantity(timestep, "ps", "--timestep"),
            shell=read_quantity(shell, "nm", "--shell"),
            platform=platform,
            threads=threads,
            seed=seed,
        )
    given = read_temperatures(temperature, len(frames))
    files = [
        DataFileSection(file=path.absolute(), temperature=kelvin)
        for path, kelvin in zip(frames, given, strict=True)
    ]
    record = compared(loaded, files, Path(), dynamics, now_and_then())
    show_notes(record["notes"])
    for found in record["files"]:
        _show(found)
    if json_file is not None:
        write_json(json_file, record)


def _show(found: Mapping[str, Any]) -> None:
    kelvin = "" if found["temperature"] is None else f", {found['temperature']:g} K"
    typer.echo(f"{found['series']}: {found['frames']} frames of {found['beads']} beads{kelvin}")
    for name, text in _rows(found):
        typer.echo(f"  {name:<18} {text}")


def _rows(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    from cgbridge.report.training.speed import speed_words

    forces, noise = found["forces"], found["noise"]
    known = "" if noise is None else f", noise of the labels {noise:.4g}"
    rows = [("force error", f"{forces['force']:.4g} of {forces['spread']:.4g} kJ/mol/nm{known}")]
    if "stable_ps" not in found:
        return rows
    for pair, curve in found.get("rdf", {}).items():
        halves = "" if curve["halves"] is None else f"; two halves of the frames {curve['halves']:.2g} nm"
        rows.append(
            (f"g(r) {pair}", f"integral of |difference| {_mean(curve, 'difference', 'error')} nm{halves}")
        )
    angles = found.get("angles")
    if angles is not None:
        halves = "" if angles["halves"] is None else f"; two halves of the frames {angles['halves']:.3f}"
        rows.append(("angles", f"overlap {angles['overlap']:.3f}{halves}"))
    for name, curve in found.get("bonded", {}).items():
        halves = "" if curve["halves"] is None else f"; two halves of the frames {curve['halves']:.3f}"
        rows.append((name, f"overlap {_mean(curve, 'overlap', 'error')}{halves}"))
    for name, unit in (("pressure", "bar"), ("density", "g/cm^3"), ("compressibility", "1/bar")):
        wanted = found.get(f"reference_{name}")
        if isinstance(wanted, Mapping):
            wanted = _mean(wanted, "value", "stderr")
        elif wanted is not None:
            wanted = f"{wanted:.5g}"
        if found.get(name) is not None:
            beside = "" if wanted is None else f"; frames {wanted} {unit}"
            rows.append((name, f"{_mean(found[name], 'value', 'stderr')} {unit}{beside}"))
    reason = found["reason"] or found.get("npt_reason") or ""
    rows.append(
        ("stable", f"{found['stable_ps']:g} of {found['asked_ps']:g} ps" + (f"; {reason}" if reason else ""))
    )
    rigid = found.get("rigid_water_ns_per_day")
    water = "" if rigid is None else f"; rigid SPC/E {rigid:.2g}"
    rows.append(("speed", f"{found['ns_per_day']:.2g} ns/day{water}"))
    if found.get("atomistic_speed"):
        rows.append(("speed of the atoms", speed_words(found["atomistic_speed"])))
    return rows


def _mean(record: Mapping[str, float], value: str, error: str) -> str:
    from cgbridge.report.digits import with_error

    shown, spread = with_error(record[value], record[error])
    return f"{shown} ± {spread}" if spread else shown
