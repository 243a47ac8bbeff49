"""The command simulate: molecular dynamics of one model, to be looked at and analysed."""

from __future__ import annotations

import math
import time as clock
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cgbridge.cli import run_options
from cgbridge.cli import structure_options as options
from cgbridge.cli.atomistic import is_atomistic, simulate_atoms
from cgbridge.cli.commands import (
    INTERRUPTED,
    MODEL,
    add_command,
    on_terminal,
    read_quantity,
    require_writable,
    show_notes,
    write_json,
)
from cgbridge.cli.model_options import Bead, Mass, Model, ModelOptions, Units, load
from cgbridge.cli.single import JsonFile
from cgbridge.cli.tables import print_table, with_error

if TYPE_CHECKING:
    from cgbridge.cli.simulation_files import SimulationFiles
    from cgbridge.engine.free_run import FreeRun, Sample
    from cgbridge.engine.settings import EngineSettings
    from cgbridge.frames import Frame
    from cgbridge.models.typed_beads import TypedBeads

#: Seconds between lines of progress where nobody watches.
_LINE_EVERY = 10.0
#: Units of the averages, in the order of their rows.
_AVERAGES = {
    "density": "g/cm^3",
    "potential_energy_per_bead": "kJ/mol",
    "temperature": "K",
    "pressure": "bar",
}


class Ensemble(StrEnum):
    """Constant volume or constant pressure."""

    NVT = "nvt"
    NPT = "npt"


def register(app: typer.Typer) -> None:
    add_command(app, simulate, MODEL)


def simulate(
    context: typer.Context,
    model: Model,
    temperature: Annotated[str, typer.Option(help="Of the thermostat.")] = "300 K",
    pressure: Annotated[str, typer.Option(help="Of the barostat (npt).")] = "1 bar",
    ensemble: Annotated[Ensemble, typer.Option(help="Constant volume or pressure.")] = Ensemble.NPT,
    structure: run_options.Start = "liquid",
    beads: run_options.Beads = None,
    composition: run_options.Composition = None,
    density: run_options.Density = None,
    time: Annotated[str, typer.Option(help="Recorded time.")] = "100 ps",
    equilibration: Annotated[str, typer.Option(help="Time before the recording.")] = "20 ps",
    interval: run_options.Interval = None,
    timestep: Annotated[str, typer.Option(help="Integration step.")] = "10 fs",
    minimise: run_options.Minimise = False,
    out: run_options.Out = None,
    json_file: JsonFile = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Random seed.")] = 1,
    platform: Annotated[str, typer.Option(help="OpenMM platform.")] = "auto",
    threads: run_options.Threads = 1,
    frame: options.Frame = None,
    topology: options.Topology = None,
    types: options.Types = None,
    rename: options.Rename = None,
    repeat: options.Repeat = None,
    units: Units = None,
    mass: Mass = None,
    bead: Bead = None,
) -> None:
    """Run molecular dynamics with a model, or of atoms as a YAML describes them.

    Beside the trajectory NAME.dcd stand NAME.csv (the state at every frame) and
    NAME-final.pdb (the last structure: topology of the trajectory, and a start
    to go on from). Ctrl-C keeps what was done. Quantities may carry units.
    Pressures are (N k T + tr W/3)/V with the thermostat's T and the virial W.

    \b
    Examples:
      cgbridge simulate mw --temperature "280 K" --time "1 ns"
      cgbridge simulate mw --structure mw-280K-final.pdb -o more.dcd
      cgbridge simulate ml-bop --structure ice-ih -o ice.xtc
      cgbridge simulate Si.sw --structure cell.cif --repeat 4 4 4 --timestep "2 fs"
      cgbridge simulate salt.yaml --composition Na,Cl --ensemble nvt --density "1.5 g/cm^3"
      cgbridge simulate atomistic-water.yaml       atoms; the same again resumes
    """
    if is_atomistic(Path(model)):
        simulate_atoms(context, Path(model))
        return
    from cgbridge.engine.free_run import FreeRun
    from cgbridge.engine.settings import EngineSettings

    request = FreeRun(
        structure=structure,
        reading=options.reading(frame, topology, types, rename, repeat),
        ensemble=ensemble.value,
        temperature=read_quantity(temperature, "K", "--temperature"),
        pressure=read_quantity(pressure, "bar", "--pressure", positive=False),
        beads=beads,
        composition=run_options.names_of(composition),
        density=None if density is None else read_quantity(density, "g/cm^3", "--density"),
        equilibration=read_quantity(equilibration, "ps", "--equilibration", positive=False),
        time=read_quantity(time, "ps", "--time"),
        interval=None if interval is None else read_quantity(interval, "ps", "--interval"),
        minimise=minimise,
        seed=seed,
    )
    settings = EngineSettings(platform, threads, read_quantity(timestep, "ps", "--timestep"))
    _check(request, settings.timestep)
    _run(load(model, ModelOptions(units, mass, bead)), request, settings, _Outputs(out, json_file, overwrite))


@dataclass(frozen=True)
class _Outputs:
    """Where the user wants results."""

    trajectory: Path | None
    json_file: Path | None
    overwrite: bool


def _run(model: TypedBeads, request: FreeRun, settings: EngineSettings, outputs: _Outputs) -> None:
    """Simulate; whatever ends the simulation, what was recorded is kept and summed up."""
    from cgbridge.cli.simulation_files import SimulationFiles
    from cgbridge.errors import UnstableError

    path = outputs.trajectory or Path(f"{model.name}-{request.temperature:g}K.dcd")
    require_writable(outputs.json_file)
    files = SimulationFiles(path, outputs.overwrite)
    files.require_no_input(Path(request.structure))
    recording = _Recording(model, request)
    try:
        recording.run(settings, files)
    except UnstableError as error:
        remedy = error.remedy or "give a shorter --timestep, or --minimise where the start has overlaps"
        raise UnstableError(error.what, where=model.name, remedy=remedy) from None
    except KeyboardInterrupt:
        typer.echo(
            f"stopped after {recording.time:g} ps of {request.time:g} ps; what was done is kept", err=True
        )
        raise typer.Exit(INTERRUPTED) from None
    finally:
        summary = recording.summary()
        _print_summary(summary)
        show_notes(summary["notes"][recording.told :])
        files.close(recording.names, recording.last)
        if recording.last is not None:
            files.tell()
            if outputs.json_file is not None:
                write_json(outputs.json_file, summary)


def _check(request: FreeRun, timestep: float) -> None:
    from cgbridge.engine.free_run import INTERVAL
    from cgbridge.errors import ConfigError

    interval = min(INTERVAL, request.time) if request.interval is None else request.interval
    if interval > request.time:
        raise ConfigError(
            f"the interval ({interval:g} ps) is longer than the recorded time ({request.time:g} ps)",
            where="--interval",
        )
    if timestep > interval:
        raise ConfigError(
            f"the timestep ({timestep:g} ps) is longer than the interval ({interval:g} ps)",
            where="--timestep",
            remedy="bare numbers are in ps: write for example --timestep '10 fs'",
        )


class _Recording:
    """A simulation while it runs, and the averages over what was recorded: numbers, not frames."""

    def __init__(self, model: TypedBeads, request: FreeRun) -> None:
        self._model, self._request = model, request
        self.names: tuple[str, ...] = ()
        self.last: Frame | None = None
        self._notes: tuple[str, ...] = ()
        self._series: dict[str, list[float]] = {name: [] for name in _AVERAGES}
        self._ns_per_day = 0.0

    @property
    def told(self) -> int:
        """How many of the notes were shown at the start."""
        return len(self._notes)

    @property
    def time(self) -> float:
        """Recorded time in ps."""
        return 0.0 if self.last is None else self.last.time

    def run(self, settings: EngineSettings, files: SimulationFiles) -> None:
        from cgbridge.engine.free_run import FreeSimulation

        request = self._request
        with _progress(self._model.name, request.equilibration + request.time) as show:
            show(0.0, "preparing the start")
            simulation = FreeSimulation(self._model, request, settings)
            self.names, self._notes = simulation.names, simulation.notes
            show_notes(self._notes)
            simulation.equilibrate(lambda done: show(done, "equilibrating"))
            files.open(simulation, self._source(), settings.timestep, request.stride(settings.timestep))
            started = clock.monotonic()
            for sample in simulation.samples(forces=files.with_forces):
                files.append(sample)
                self._keep(sample)
                self._ns_per_day = 86.4 * self.time / max(clock.monotonic() - started, 1e-9)
                text = f"{sample.density:.4f} g/cm^3, {sample.temperature:.0f} K"
                show(request.equilibration + self.time, text)

    def _source(self) -> dict[str, Any]:
        request = self._request
        state = {"ensemble": request.ensemble, "temperature": request.temperature}
        pressure = {"pressure": request.pressure} if request.ensemble == "npt" else {}
        made = {"model": self._model.name, "fingerprint": self._model.fingerprint(), "seed": request.seed}
        return made | state | pressure

    def _keep(self, sample: Sample) -> None:
        self.last = sample.frame
        energy = sample.potential_energy / len(self.names)
        for values, value in zip(
            self._series.values(), (sample.density, energy, sample.temperature, sample.pressure), strict=True
        ):
            values.append(value)

    def summary(self) -> dict[str, Any]:
        """Averages ``{value, stderr, unit}`` and what was simulated."""
        import numpy as np

        from cgbridge.observables.statistics import mean_error

        averages = {}
        for name, values in self._series.items() if self.last is not None else ():
            mean = mean_error(np.asarray(values), name)
            averages[name] = {"value": mean.mean, "stderr": mean.stderr, "unit": _AVERAGES[name]}
        return {
            "model": self._model.name,
            "beads": len(self.names),
            "ensemble": self._request.ensemble,
            "structure": self._request.structure,
            "time_ps": self.time,
            "seed": self._request.seed,
            "ns_per_day": self._ns_per_day,
            "averages": averages,
            "notes": [*self._notes, *self._doubts(averages)],
        }

    def _doubts(self, averages: dict[str, Any]) -> list[str]:
        """What says that the recorded time was not that of a system in equilibrium."""
        found = averages.get("temperature")
        wanted = self._request.temperature
        # Three standard errors: one run in four hundred by chance.
        if found is None or not abs(found["value"] - wanted) > 3.0 * found["stderr"]:
            return []
        return [f"the mean temperature is not that of the thermostat, {wanted:g} K: equilibrate for longer"]


def _print_summary(summary: dict[str, Any]) -> None:
    if not summary["averages"]:
        return
    title = (
        f"{summary['model']}: {summary['beads']} beads, {summary['ensemble'].upper()}, "
        f"{summary['time_ps']:g} ps at {summary['ns_per_day']:.0f} ns/day"
    )
    rows = []
    for name, average in summary["averages"].items():
        error = average["stderr"] if math.isfinite(average["stderr"]) else None
        rows.append((name.replace("_", " "), with_error(average["value"], error), average["unit"]))
    print_table(("average", ">value", "unit"), rows, title=title)


@contextmanager
def _progress(name: str, total: float) -> Iterator[Any]:
    """Yield ``show(done, text)``: a bar on a terminal, now and then a line elsewhere."""
    if not on_terminal():
        last = clock.monotonic()

        def line(done: float, text: str) -> None:
            nonlocal last
            if clock.monotonic() - last >= _LINE_EVERY:
                last = clock.monotonic()
                typer.echo(f"{name}: {done:g} of {total:g} ps, {text}")

        yield line
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:3.0f} %"))
    with Progress(*columns, TimeRemainingColumn(), TextColumn("{task.fields[text]}")) as progress:
        task = progress.add_task(name, total=total, text="")
        yield lambda done, text: progress.update(task, completed=done, text=text)
