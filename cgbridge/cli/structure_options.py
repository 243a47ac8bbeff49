"""Options of the commands that read a structure file, and what they mean."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cgbridge.structures.structure_files import Reading

_PANEL = "Structure file"

Frame = Annotated[
    int | None,
    typer.Option(
        help="Frame of a file of several: 0 the first, -1 the last.",
        show_default="-1",
        rich_help_panel=_PANEL,
    ),
]
Topology = Annotated[
    Path | None,
    typer.Option(
        help="Structure file that names the particles of a DCD or XTC.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
Types = Annotated[
    str | None,
    typer.Option(
        help="Beads of LAMMPS's type numbers: '1=Si,2=C'.", show_default=False, rich_help_panel=_PANEL
    ),
]
Rename = Annotated[
    list[str] | None,
    typer.Option(
        metavar="OLD=NEW",
        help="Take particles called OLD as NEW; may be repeated.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
Repeat = Annotated[
    tuple[int, int, int] | None,
    typer.Option(
        min=1,
        metavar="N N N",
        help="Repeat the cell along its vectors.",
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]


def reading(
    frame: int | None,
    topology: Path | None,
    types: str | None,
    rename: list[str] | None,
    repeat: tuple[int, int, int] | None,
) -> Reading:
    """The options together; raises :class:`~cgbridge.errors.ConfigError` for malformed pairs."""
    from cgbridge.structures.structure_files import Reading

    return Reading(
        frame,
        topology,
        _pairs([] if types is None else types.split(","), "--types", "1=Si,2=C"),
        _pairs(rename or [], "--rename", "OLD=NEW"),
        repeat or (1, 1, 1),
    )


def _pairs(texts: list[str], option: str, example: str) -> dict[str, str]:
    from cgbridge.errors import ConfigError

    pairs: dict[str, str] = {}
    for text in texts:
        old, equals, new = (part.strip() for part in text.partition("="))
        if not (old and equals and new):
            raise ConfigError(f"'{text}' is no pair", where=option, remedy=f"write for example {example}")
        if pairs.setdefault(old, new) != new:
            raise ConfigError(f"'{old}' is given twice", where=option)
    return pairs
