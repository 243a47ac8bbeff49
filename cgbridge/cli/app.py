"""The commands and their help; each lives in a module named after what it works on."""

from __future__ import annotations

import typer

from cgbridge.cli import fit, info, reporting, single

app = typer.Typer(
    name="cgbridge",
    help="Fit coarse-grained molecular models on molecular dynamics run on the fly.\n\n"
    "Start with: [bold]cgbridge init[/bold], [bold]cgbridge check fit.yaml[/bold], "
    "[bold]cgbridge fit fit.yaml[/bold].",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
)

for module in (fit, reporting, single, info):
    module.register(app)
