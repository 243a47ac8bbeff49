"""Commands on a run folder: report, status."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cgbridge.cli.commands import FIT, add_command

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The run folder.", show_default=False)]


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


def status(folder: Folder) -> None:
    """Say how far a run is: best values so far, cost, failures.

    \b
    Example:
      cgbridge status runs/water-quick
    """
    from cgbridge.report.status import status_text
    from cgbridge.store.layout import RunLayout

    typer.echo(status_text(RunLayout(folder)))
