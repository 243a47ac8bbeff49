"""Commands around a fit: check, fit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cgbridge.cli.atomistic import check_atoms, is_atomistic
from cgbridge.cli.commands import FIT, add_command, show_notes
from cgbridge.cli.tables import print_table

if TYPE_CHECKING:
    from cgbridge.fits.search.cost_estimate import CostEstimate, LevelCost
    from cgbridge.fits.search.problem import FitProblem
    from cgbridge.store.layout import RunLayout

Input = Annotated[Path, typer.Argument(metavar="FILE", help="The fit YAML.", show_default=False)]


def register(app: typer.Typer) -> None:
    add_command(app, check, FIT)
    add_command(app, fit, FIT, stopped="stopped; run the same command again to go on")


def fit(
    input: Input,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start over; forget what the run folder holds.")
    ] = False,
) -> None:
    """Fit a model; the same command resumes a stopped run, and lengthens one whose budgets were raised.

    \b
    Examples:
      cgbridge fit water-quick.yaml
      cgbridge fit water-quick.yaml --fresh
    """
    from cgbridge.cli.progress import show_progress
    from cgbridge.errors import RunFolderError
    from cgbridge.fits.catalogue import read_fit_of_any_kind
    from cgbridge.report.document import write_report

    found = read_fit_of_any_kind(input)
    found.require_runnable()
    try:
        with show_progress(found.name) as display:
            endings = found.run(fresh=fresh, display=display)
    except RunFolderError:
        raise  # the folder belongs to another run, which writes its own report
    except BaseException:
        _report_of_stopped_run(found.layout)
        raise
    for key, value in endings:
        typer.echo(f"{key}: {value}")
    typer.echo(f"report: {write_report(found.layout)}")


def _report_of_stopped_run(layout: RunLayout) -> None:
    """Write the report of what was done so far; its own failure never hides why the run stopped."""
    from cgbridge.report.document import write_report

    if not layout.used_yaml.exists():
        return
    try:
        path = write_report(layout)
    except Exception as error:
        typer.echo(f"the report could not be written: {error}", err=True)
    else:
        typer.echo(f"report so far: {path}")


def check(
    input: Input,
    timing: Annotated[
        bool, typer.Option("--timing/--no-timing", help="Time the engine for a second or three.")
    ] = True,
) -> None:
    """Find mistakes in a YAML, of a fit or of atoms, and estimate what a fit costs.

    Looks at keys, units, ranges, targets, files and boxes. Nothing is written.

    \b
    Examples:
      cgbridge check water-quick.yaml
      cgbridge check water-quick.yaml --no-timing
    """
    if is_atomistic(input):
        check_atoms(input)
        return
    from cgbridge.fits.catalogue import read_fit_of_any_kind
    from cgbridge.fits.search.kind import SearchFit

    found = read_fit_of_any_kind(input)
    found.require_runnable()
    if isinstance(found, SearchFit):
        _describe_search(input, found.problem, timing=timing)
        return
    from cgbridge.cli.training import describe_training

    describe_training(input, found)


def _describe_search(input: Path, problem: FitProblem, *, timing: bool) -> None:
    from cgbridge.fits.search.cost_estimate import estimate_cost

    _print_problem(input, problem)
    _print_targets(problem)
    estimate = estimate_cost(problem, timing=timing)
    _print_levels(estimate)
    _print_totals(estimate, asked=timing)


def _print_problem(input: Path, problem: FitProblem) -> None:
    from cgbridge.store.layout import RunLayout

    config = problem.config
    typer.echo(f"{input} is valid: {config.name}, {problem.base.form}, base {config.model.base}")
    rows = [(p.name, f"{p.minimum:g}", f"{p.maximum:g}", p.unit, p.scale) for p in problem.space.parameters]
    beads = problem.base.beads
    shown = "; ".join(f"{bead.name}, {bead.mass:g} amu" for bead in beads)
    typer.echo(f"{'bead' if len(beads) == 1 else 'beads'}: {shown}")
    show_notes(problem.base.notes)
    print_table(("searched", ">min", ">max", "unit", "scale"), rows)
    if RunLayout(config.run.folder).used_yaml.exists():
        typer.echo(
            f"{config.run.folder} holds a run already: `cgbridge fit` resumes it if the input is the same"
        )


def _print_targets(problem: FitProblem) -> None:
    """Every target as it was understood, and the densities from which its liquids start."""
    from cgbridge.fits.search.box_check import start_densities
    from cgbridge.observables.traits import state_words

    rows = [
        (
            level.name if number == 0 else "",
            f"{target.name} (gate)" if target.gate else target.name,
            f"{target.value:.6g}",
            f"{target.tolerance:.3g}",
            f"{target.known_to:.2g}",
            "" if target.unit == "1" else target.unit,
            ", ".join(state_words(target)),
        )
        for level in (*problem.levels, *filter(None, [problem.validation]))
        for number, target in enumerate(level.targets)
    ]
    columns = ("level", "target", ">value", ">tolerance", ">precision", "unit", "state")
    print_table(columns, rows, title="Targets")
    starts = start_densities(problem)
    if starts:
        words = ", ".join(f"{density:.3g} g/cm^3" for density in starts)
        typer.echo(f"liquids start at {words} and find their own density")


def _print_levels(estimate: CostEstimate) -> None:
    rows = [
        (
            level.name,
            _simulated(level.md_ps / 1000.0),
            "-" if level.seconds is None else _duration(level.seconds),
            _simulations(level),
            ", ".join(target.name for target in level.targets),
        )
        for level in estimate.levels
    ]
    print_table(("level", ">MD", ">core time", "simulations", "targets"), rows, title="One candidate")


def _simulations(level: LevelCost) -> str:
    """``liquid at 300 K, 216 beads``; those that differ in temperature only are told together."""
    groups: dict[tuple[str, bool, int], list[float]] = {}
    for simulation in level.simulations:
        groups.setdefault((simulation.words, simulation.static, simulation.beads), []).append(
            simulation.temperature
        )
    words = []
    for (name, static, beads), kelvin in groups.items():
        if static:
            words.append(name)
            continue
        several = f"{len(kelvin)} x " if len(kelvin) > 1 else ""
        span = f"{min(kelvin):g} K" if min(kelvin) == max(kelvin) else f"{min(kelvin):g}-{max(kelvin):g} K"
        words.append(f"{several}{name} at {span}, {beads} beads")
    return "; ".join(words) or "as before"


def _print_totals(estimate: CostEstimate, *, asked: bool) -> None:
    rows = []
    for name, total in zip(("at least", "typical", "at most"), estimate.totals(), strict=True):
        core = "-" if total.core_hours is None else _duration(3600 * total.core_hours)
        wall = "-" if total.wall_hours is None else _duration(3600 * total.wall_hours)
        rows.append((name, _simulated(total.md_ns), core, wall, total.assumption))
    title = f"The fit: {estimate.candidates} candidates, {estimate.workers} at a time"
    print_table(("", ">MD", ">core time", ">wall time", "if"), rows, title=title)
    typer.echo(
        f"included: {estimate.confirmations} longer runs of all levels, at most, that confirm the best; "
        "not included: what runs become longer where a target is not known to its precision"
    )
    if estimate.timing is not None and estimate.timing.per_bead_step:
        pace = max(estimate.timing.per_bead_step.values())
        typer.echo(
            f"timed with the base model: {1e6 * pace:.2g} us per bead and step, {estimate.timing.platform}"
        )
    elif asked and estimate.timing is None:
        typer.echo(f"no timing: the base model breaks down with these settings: {estimate.fault}")


def _simulated(ns: float) -> str:
    """Simulated time in ps, ns or us."""
    if ns == 0.0:
        return "-"
    for limit, size, unit in ((1.0, 1e-3, "ps"), (1000.0, 1.0, "ns")):
        if ns < limit:
            return f"{ns / size:.3g} {unit}"
    return f"{ns / 1000.0:.3g} us"


def _duration(seconds: float) -> str:
    """A time with two digits, in the unit that suits it."""
    for limit, size, unit in (
        (1.0, 1e-3, "ms"),
        (120.0, 1.0, "s"),
        (7200.0, 60.0, "min"),
        (172800.0, 3600.0, "h"),
    ):
        if seconds < limit:
            return f"{seconds / size:.2g} {unit}" if seconds / size < 100 else f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86400.0:.2g} days"
