"""Commands around a fit: check, fit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cgbridge.cli import INTERRUPTED

if TYPE_CHECKING:
    from cgbridge.store.layout import RunLayout

Input = Annotated[Path, typer.Argument(help="The fit YAML.", show_default=False)]


def register(app: typer.Typer) -> None:
    app.command()(fit)
    app.command()(check)


def fit(
    input: Input,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start over; forget what the run folder holds.")
    ] = False,
) -> None:
    """Fit a model; the same command resumes a stopped run.

    Example: cgbridge fit examples/water-quick.yaml
    """
    from cgbridge.campaign.fit import run_fit
    from cgbridge.campaign.problem import build_problem
    from cgbridge.cli.progress import show_progress
    from cgbridge.config.loader import load_fit
    from cgbridge.errors import RunFolderError
    from cgbridge.report.document import write_report
    from cgbridge.store.layout import RunLayout

    config = load_fit(input)
    problem = build_problem(config, input.parent)
    try:
        with show_progress(config.name) as display:
            folder = run_fit(problem, fresh=fresh, display=display)
    except RunFolderError:
        raise  # the folder belongs to another run, which writes its own report
    except KeyboardInterrupt:
        _report_of_stopped_run(RunLayout(config.run.folder))
        typer.echo("stopped; run the same command again to go on", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except BaseException:
        _report_of_stopped_run(RunLayout(config.run.folder))
        raise
    typer.echo(f"result: {folder.result}")
    typer.echo(f"best model: {folder.best}")
    typer.echo(f"report: {write_report(folder)}")


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


def check(input: Input) -> None:
    """Validate a fit YAML: keys, units, ranges, targets, files.

    Example: cgbridge check water.yaml
    """
    from cgbridge.campaign.problem import build_problem
    from cgbridge.config.loader import load_fit

    config = load_fit(input)
    problem = build_problem(config, input.parent)
    typer.echo(f"{input}: {len(problem.space.parameters)} searched parameters, {len(problem.levels)} levels")
    for level in problem.levels:
        typer.echo(f"  {level.name}: " + ", ".join(target.name for target in level.targets))
