"""The command init: a YAML to start from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from cgbridge.cli.commands import FIT, add_command, require_absent, require_writable
from cgbridge.cli.tables import print_table

#: Templates in the order in which they are listed; the first is the default.
SEARCHES = ("water-quick", "stillinger-weber", "closed-form", "water")
#: Fits to forces; the trajectories that they name are the user's.
TRAININGS = ("pair-spline-water", "parameters-water", "force-matching-water", "energy-force-matching-water")
SIMULATIONS = ("atomistic-water",)
TEMPLATES = (*SEARCHES, *TRAININGS, *SIMULATIONS)
_PACKAGE = Path(__file__).parents[1]


def register(app: typer.Typer) -> None:
    add_command(app, init, FIT)


def init(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Name of the fit and of its YAML.", show_default=False),
    ] = None,
    template: Annotated[str, typer.Option("--template", "-t", help="What to start from.")] = TEMPLATES[0],
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    show: Annotated[bool, typer.Option("--list", help="List the templates.")] = False,
) -> None:
    """Write a commented YAML to start from.

    \b
    Examples:
      cgbridge init --list
      cgbridge init my-water --template stillinger-weber
    """
    if show:
        print_table(("template", "what it does"), [(key, _summary(_text(key))) for key in TEMPLATES])
        return
    text = _text(template)
    path = Path(name or template)
    path = path if path.suffix in (".yaml", ".yml") else path.with_name(path.name + ".yaml")
    require_writable(path)
    if not force:
        require_absent(path, "--force")
    _write(path, _renamed(text, template, path))
    typer.echo(f"written: {path}")
    typer.echo(f"  {_summary(text)}")
    word = "simulate" if template in SIMULATIONS else "fit"
    looks = "find mistakes, look at the data" if template in TRAININGS else "find mistakes, estimate the cost"
    typer.echo(f"next:  cgbridge check {path}   {looks}")
    typer.echo(f"       cgbridge {word} {path}     the same command resumes where it was stopped")


def _text(template: str) -> str:
    from cgbridge.errors import ConfigError, did_you_mean

    if template not in TEMPLATES:
        raise ConfigError(
            f"no template '{template}'{did_you_mean(template, TEMPLATES)}",
            where="--template",
            remedy="one of: " + ", ".join(TEMPLATES),
        )
    # Installed data; in a source checkout the same files stand at the top of the repository.
    folders = (_PACKAGE / "data" / "examples", _PACKAGE.parent / "examples")
    found = next(path for folder in folders if (path := folder / f"{template}.yaml").is_file())
    return found.read_text(encoding="utf-8")


def _summary(text: str) -> str:
    """The sentence that a template begins with."""
    comment = text[: text.index("#\n")]
    return " ".join(line.removeprefix("#").strip() for line in comment.splitlines())


def _renamed(text: str, template: str, path: Path) -> str:
    """The template under its new name: file, name of the fit, run folder, what it writes."""
    from cgbridge.errors import ConfigError

    name = path.stem
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise ConfigError(
            f"'{name}' is no good name for a fit",
            where="NAME",
            remedy="use letters, digits, '-', '_' and '.'",
        )
    text = text.replace(f"examples/{template}.yaml", path.name)
    text = re.sub(
        rf"^name: {template}$", f"name: '{name}'" if _is_number(name) else f"name: {name}", text, flags=re.M
    )
    return text.replace(f"runs/{template}", f"runs/{name}").replace(f"{template}.xyz", f"{name}.xyz")


def _is_number(name: str) -> bool:
    """Whether YAML would take the name for something else than text."""
    from cgbridge.config.document import parse_document

    return not isinstance(parse_document(name)[0], str)


def _write(path: Path, text: str) -> None:
    from cgbridge.store.atomic import write_atomic

    write_atomic(path, text)
