"""Commands around a fit: check, fit, status."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Input = Annotated[Path, typer.Argument(help="The fit YAML.", show_default=False)]


def register(app: typer.Typer) -> None:
    app.command()(fit)
    app.command()(check)


def fit(
    input: Input,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over; forget what the run folder holds.")] = False,
) -> None:
    """Fit a model; the same command resumes a stopped run.

    Example: cgbridge fit examples/water-quick.yaml
    """
    from cgbridge.campaign.fit import run_fit
    from cgbridge.campaign.problem import build_problem
    from cgbridge.cli.progress import show_progress
    from cgbridge.config.loader import load_fit

    config = load_fit(input)
    problem = build_problem(config, input.parent)
    with show_progress(config.name) as display:
        folder = run_fit(problem, fresh=fresh, display=display)
    typer.echo(f"result: {folder.result}")
    typer.echo(f"best model: {folder.best}")


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
