"""Options of the command simulate that say what is run and where it goes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Start = Annotated[
    str,
    typer.Option(help="Start: liquid, a crystal (diamond, rocksalt, ...), or a file with a box."),
]
Beads = Annotated[int | None, typer.Option(min=8, help="Beads of a box made here (512).", show_default=False)]
Composition = Annotated[
    str | None,
    typer.Option(
        metavar="NAME,NAME",
        help="Molecules or beads of a liquid in their ratio, or beads on the sites of a crystal.",
        show_default=False,
    ),
]
Density = Annotated[
    str | None, typer.Option(help="Start density of a liquid; nvt needs it.", show_default=False)
]
Interval = Annotated[
    str | None,
    typer.Option(help="Time between frames.", show_default="1 ps, or a tenth of a time below 10 ps"),
]
Minimise = Annotated[bool, typer.Option("--minimise", help="Take overlaps out of the start first.")]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        help="Trajectory: .dcd, .xtc or .xyz; .h5 or .npz with forces, to fit other models.",
        show_default=False,
    ),
]
Threads = Annotated[int, typer.Option(min=1, help="CPU threads; with the same number, runs repeat exactly.")]


def names_of(text: str | None) -> tuple[str, ...]:
    """The names of a list with commas; raises :class:`~cgbridge.errors.ConfigError` where one is missing."""
    from cgbridge.errors import ConfigError

    names = () if text is None else tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise ConfigError(
            f"'{text}' is no list of names", where="--composition", remedy="write --composition cation,anion"
        )
    return names
