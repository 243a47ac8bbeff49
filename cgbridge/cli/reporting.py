"""Commands on a run folder: report, status."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cgbridge.cli.commands import FIT, add_command
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


def report(folder: Folder) -> None:
    """Write report.html of a run: running, finished or interrupted.

    \b
    Example:
      cgbridge report runs/water-quick
    """
    from cgbridge.report.document import write_report
    from cgbridge.store.layout import RunLayout

    typer.echo(f"report: {write_report(RunLayout(folder))}")


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
