"""The program: its commands under headings, its help, its exit codes."""

from __future__ import annotations

from typing import Annotated

import typer

from cgbridge import errors
from cgbridge.cli import compare, fit, info, label, mapping, new, reporting, simulate, single, targets
from cgbridge.cli.commands import INTERRUPTED

_HELP = """Fit coarse-grained molecular models on molecular dynamics run on the fly, and use them.

\b
Examples:
  cgbridge init my-water              write my-water.yaml to start from
  cgbridge check my-water.yaml        find mistakes, estimate the cost
  cgbridge fit my-water.yaml          fit; the same command resumes
  cgbridge evaluate ml-bop targets.yaml
  cgbridge simulate ml-bop --temperature "280 K" --time "1 ns"
"""


def exit_codes() -> dict[int, str]:
    """Meaning of every exit code of the program."""
    codes = {0: "Done.", 1: "Something was not measured, or the installation has a fault."}
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, errors.CgbridgeError) and kind.exit_code > 1:
            summary = (kind.__doc__ or "").splitlines()[0].partition(";")[0]
            codes.setdefault(kind.exit_code, summary.rstrip(".") + ".")
    codes[2] = "The input (YAML or command line) is not valid."
    codes[7] = "A simulation cannot be set up, or broke down."
    return codes | {INTERRUPTED: "Stopped by Ctrl-C or SIGTERM."}


app = typer.Typer(
    name="cgbridge",
    help=_HELP,
    epilog="\n".join(
        ["\b", "Exit codes:", *(f"  {code:>3}  {meaning}" for code, meaning in exit_codes().items())]
    ),
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _say_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"cgbridge {version('cgbridge')}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version and exit."),
    ] = False,
) -> None:
    """Hold the options that stand before a command."""


for module in (new, fit, reporting, single, compare, simulate, mapping, label, info, targets):
    module.register(app)
