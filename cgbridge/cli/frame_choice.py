"""Which frames of a trajectory are meant, and what a LAMMPS dump does not say of them."""

from __future__ import annotations

from typing import Annotated

import typer

from cgbridge.cli.commands import read_quantity

DumpUnits = Annotated[
    str | None, typer.Option(help="Of a LAMMPS dump with forces: metal or real.", show_default=False)
]
DumpTimestep = Annotated[
    str | None,
    typer.Option(help="Of the run, for a LAMMPS dump, which counts steps: such as 1 fs.", show_default=False),
]


def step_of(text: str | None) -> float | None:
    """A :data:`DumpTimestep` in ps."""
    return None if text is None else read_quantity(text, "ps", "--timestep")


def chosen_frames(text: str) -> slice:
    """The slice that ``FIRST:STOP:STEP`` means, as Python counts.

    Raises :class:`~cgbridge.errors.ConfigError` for a text that means none.
    """
    from cgbridge.errors import ConfigError

    parts = text.split(":")
    try:
        numbers = [int(part) if part.strip() else None for part in parts]
    except ValueError:
        numbers = []
    if len(numbers) not in (2, 3) or (len(numbers) == 3 and numbers[2] is not None and numbers[2] < 1):
        raise ConfigError(
            f"'{text}' chooses no frames",
            where="--frames",
            remedy="write FIRST:STOP:STEP, such as 100: or ::10",
        )
    return slice(*numbers)
