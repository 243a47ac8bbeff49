"""The command simulate for a YAML of atoms: progress, averages, where the files are."""

from __future__ import annotations

import time as clock
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cgbridge.cli.commands import INTERRUPTED, on_terminal, require_writable, show_notes, write_json
from cgbridge.cli.tables import print_table, with_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from cgbridge.apps.atomistic import AtomisticRun, Progress

#: Seconds between lines of progress where nobody watches.
_LINE_EVERY = 10.0
#: Options of the command that change a key of the YAML: its section (None: at the top) and name.
_KEYS = {
    "out": ("output", "trajectory"),
    "platform": ("engine", "platform"),
    "threads": ("engine", "threads"),
    "time": ("dynamics", "time"),
    "seed": (None, "seed"),
}
#: Options that have nothing to do with the YAML.
_OTHERS = ("model", "overwrite", "json_file")


def is_atomistic(path: Path) -> bool:
    """Whether a file is a YAML of atoms."""
    if path.suffix not in (".yaml", ".yml"):
        return False
    from cgbridge.config.loader import is_atomistic

    return is_atomistic(path)


def simulate_atoms(context: typer.Context, path: Path) -> None:
    """Run, or go on with, molecular dynamics of atoms.

    Raises :class:`~cgbridge.errors.ConfigError` for options that belong into the YAML.
    """
    from cgbridge.apps.atomistic import AtomisticRun
    from cgbridge.config.loader import load_atomistic

    changes = _changes(context, path)
    config = load_atomistic(path, changes)
    json_file = context.params["json_file"]
    with _progress(config.name) as show:
        run = AtomisticRun(config, path.parent, show)
        for file in (run.trajectory, config.output.xyz, json_file):
            require_writable(file)
        show_notes(run.notes)
        try:
            known = run.run(overwrite=context.params["overwrite"])
        except KeyboardInterrupt:
            typer.echo("stopped; the same command goes on from the last checkpoint", err=True)
            raise typer.Exit(INTERRUPTED) from None
    summary = _summary(run, known)
    _print_summary(summary)
    typer.echo(f"trajectory: {run.trajectory}\ntopology:   {run.topology}")
    if config.output.xyz is not None:
        typer.echo(f"labelled:   {config.output.xyz}")
    if json_file is not None:
        write_json(json_file, summary)


def check_atoms(path: Path) -> None:
    """Find mistakes in a YAML of atoms: everything is made, nothing is run or written."""
    from cgbridge.apps.atomistic import AtomisticRun
    from cgbridge.config.loader import load_atomistic

    config = load_atomistic(path)
    run = AtomisticRun(config, path.parent, lambda progress: None)
    show_notes(run.notes)
    atoms = run.system.atoms
    typer.echo(
        f"{path} is valid: {config.name}, {len(atoms)} atoms in {1 + max(atoms.molecule_of)} molecules, "
        f"{run.steps} steps, {run.frames} frames"
    )
    if run.trajectory.exists():
        typer.echo(f"{run.trajectory} exists: `cgbridge simulate` goes on with it if the input is the same")


def _changes(context: typer.Context, path: Path) -> dict[str, Any]:
    """What the options of the command change in the YAML."""
    from cgbridge.errors import ConfigError

    changes: dict[str, Any] = {}
    for name, value in context.params.items():
        source = context.get_parameter_source(name)
        if name in _OTHERS or source is None or source.name == "DEFAULT":
            continue
        if name not in _KEYS:
            raise ConfigError(
                "atoms are described by the YAML, and this option is for models of beads",
                where=f"--{name.replace('_', '-')}",
                remedy=f"write it into {path}",
            )
        section, key = _KEYS[name]
        value = str(value) if isinstance(value, Path) else value
        if section is None:
            changes[key] = value
        else:
            changes.setdefault(section, {})[key] = value
    return changes


def _summary(run: AtomisticRun, known: int) -> dict[str, Any]:
    """Averages over the whole trajectory, with errors."""
    import numpy as np

    from cgbridge.observables.statistics import mean_error
    from cgbridge.trajectories.hdf5 import Trajectory
    from cgbridge.units import AMU_PER_NM3

    trajectory, molecules = Trajectory(run.trajectory), 1 + max(run.system.atoms.molecule_of)
    told = [name for name in ("pressure",) if name in trajectory.header.fields]
    series = trajectory.series("temperature", "energy", "box", "time", *told)
    values = {
        "temperature": (series["temperature"], "K"),
        "potential_energy_per_molecule": (series["energy"] / molecules, "kJ/mol"),
        "density": (run.system.mass * AMU_PER_NM3 / np.abs(np.linalg.det(series["box"])), "g/cm^3"),
        **{name: (series[name], "bar") for name in told},
    }
    averages = {}
    for name, (numbers, unit) in values.items():
        mean = mean_error(numbers, name)
        averages[name] = {"value": mean.mean, "stderr": mean.stderr, "unit": unit}
    return {
        "name": trajectory.header.source["name"],
        "atoms": len(run.system.atoms),
        "molecules": molecules,
        "frames": len(trajectory),
        "frames_of_earlier_runs": known,
        "time_ps": float(series["time"][-1]),
        "averages": averages,
        "notes": list(run.notes),
    }


def _print_summary(summary: dict[str, Any]) -> None:
    rows = [
        (name.replace("_", " "), with_error(average["value"], average["stderr"]), average["unit"])
        for name, average in summary["averages"].items()
    ]
    title = f"{summary['name']}: {summary['atoms']} atoms, {summary['frames']} frames"
    print_table(("average", ">value", "unit"), rows, title=title)


def _words(progress: Progress) -> str:
    from cgbridge.fits.durations import duration_words

    parts = [progress.doing]
    if progress.ns_per_day:
        parts += [f"{progress.temperature:.0f} K", f"{progress.density:.4f} g/cm^3"]
        parts += [f"{progress.ns_per_day:.3g} ns/day", f"{duration_words(progress.left)} left"]
    return ", ".join(parts)


@contextmanager
def _progress(name: str) -> Iterator[Callable[[Progress], None]]:
    """Yield what is told of progress: a bar on a terminal, now and then a line elsewhere."""
    if not on_terminal():
        last = clock.monotonic()

        def line(progress: Progress) -> None:
            nonlocal last
            if clock.monotonic() - last >= _LINE_EVERY:
                last = clock.monotonic()
                typer.echo(f"{name}: {progress.done:g} of {progress.total:g} ps, {_words(progress)}")

        yield line
        return
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:3.0f} %"))
    with Bars(*columns, TextColumn("{task.fields[text]}")) as bars:
        task = bars.add_task(name, total=1.0, text="")
        yield lambda p: bars.update(task, completed=p.done, total=p.total, text=_words(p))
