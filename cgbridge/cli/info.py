"""Commands that tell: models, targets, doctor."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    app.command()(models)
    app.command()(targets)
    app.command()(doctor)


def models() -> None:
    """List the models of the database.

    Example: cgbridge models
    """
    from cgbridge.models.database import list_models, load_model

    for name in list_models():
        model = load_model(name)
        typer.echo(f"{name:12s} {model.form:18s} {model.description}")


def targets() -> None:
    """List the reference values that a fit can name.

    Example: cgbridge targets
    """
    from cgbridge.targets.library import list_targets

    for name in list_targets():
        typer.echo(name)


def doctor() -> None:
    """Check the installation: versions, OpenMM platforms, plugin failures, GPU; with remedies.

    Example: cgbridge doctor
    """
    from cgbridge.campaign.run_folder import versions
    from cgbridge.engine.diagnosis import diagnose

    for name, value in versions().items():
        typer.echo(f"{name:18s} {value}")
    faults = 0
    for line in diagnose():
        faults += line.startswith("FAULT")
        typer.echo(line)
    raise typer.Exit(1 if faults else 0)
