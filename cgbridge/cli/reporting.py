"""Commands on a run folder: report, status, cross-validate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cgbridge.cli.commands import FIT, add_command, require_writable, show_notes, write_json
from cgbridge.cli.tables import print_table

if TYPE_CHECKING:
    from cgbridge.report.status import RunLine

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The run folder.", show_default=False)]


RunOrRuns = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="A run folder, or a folder that holds some.")
]


def register(app: typer.Typer) -> None:
    add_command(app, status, FIT)
    add_command(app, report, FIT)
    add_command(app, cross_validate, FIT, name="cross-validate")


def report(folder: Folder) -> None:
    """Write report.html of a run: running, finished or interrupted.

    \b
    Example:
      cgbridge report runs/water-quick
    """
    from cgbridge.report.document import write_report
    from cgbridge.store.layout import RunLayout

    typer.echo(f"report: {write_report(RunLayout(folder))}")


def cross_validate(
    folder: Folder,
    folds: Annotated[
        int, typer.Option("--folds", min=2, help="Parts that the state points are dealt to.")
    ] = 4,
    json: Annotated[Path | None, typer.Option("--json", help="Write the numbers there too.")] = None,
) -> None:
    """Choose the best candidate of a run again without a part of the state points, and see how it does there.

    Nothing is simulated: the candidates are those that the run has measured on all of its targets.

    \b
    Example:
      cgbridge cross-validate runs/water --folds 5
    """
    from cgbridge.errors import RunFolderError
    from cgbridge.fits.cross_validation import cross_validate_run, cross_validation_record
    from cgbridge.report.run_record import read_run
    from cgbridge.report.validation import cross_validation_words
    from cgbridge.store.layout import RunLayout

    require_writable(json)
    run = read_run(RunLayout(folder))
    found = cross_validate_run(run.targets, [entry.evaluation for entry in run.entries], folds)
    if found is None:
        raise RunFolderError(
            "fewer than two candidates of this run were measured on all of its targets",
            where=str(folder),
            remedy="raise optimizer.confirm.candidates: confirmations measure every target",
        )
    rows = [
        (
            str(one.fold + 1),
            one.target.name,
            f"{(one.result.value - one.result.target) / one.result.tolerance:.2f}",
            f"{one.result.stderr / one.result.tolerance:.2f}",
        )
        for one in found.left_out
    ]
    print_table(("fold", "target left out", ">deviation / tolerance", ">std. error / tolerance"), rows)
    typer.echo(cross_validation_words(found))
    if found.folds < folds:
        show_notes([f"{found.folds} folds of the {folds} asked for: there are no more state points to deal"])
    if json is not None:
        write_json(json, cross_validation_record(found))


def status(folder: RunOrRuns = Path("runs")) -> None:
    """Say how far a run is: best values so far, cost, failures. Of a folder of runs: one line each.

    \b
    Examples:
      cgbridge status runs/water-quick
      cgbridge status runs
    """
    from cgbridge.report.status import run_lines, status_text
    from cgbridge.store.layout import RunLayout

    lines = run_lines(folder)
    if lines:
        columns = ("run", "state", ">generation", ">evaluations", ">levels passed", ">error", "last result")
        print_table(columns, [_cells(line) for line in lines])
        return
    typer.echo(status_text(RunLayout(folder)))


def _cells(line: RunLine) -> tuple[str, ...]:
    if line.error:
        return line.folder, f"not readable: {line.error}", "", "", "", "", ""
    return (
        line.folder,
        line.state,
        line.generation,
        line.evaluations,
        line.levels,
        line.deviation,
        line.last_result,
    )
