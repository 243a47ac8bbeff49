"""All frames of a LAMMPS text dump with velocities and forces, read at the speed of numpy."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TextIO

import numpy as np

from cgbridge.errors import ConfigError
from cgbridge.frames import FloatArray
from cgbridge.trajectories.formats.frame import FileFrame, open_text, read_int
from cgbridge.trajectories.formats.lammps_data import length_unit
from cgbridge.trajectories.formats.lammps_dump import MAGIC, POSITIONS, Item, dump_cell
from cgbridge.units import internal

#: Units of force and of time in the unit systems of LAMMPS that have electronvolts or calories.
_FORCES = {"metal": "eV/A", "real": "kcal/mol/A"}
_TIMES = {"metal": "ps", "real": "fs"}
_MARK = MAGIC + "TIMESTEP"


@dataclass(frozen=True)
class LammpsDumpFrames:
    """Frames of a dump, atoms in the order of their ids.

    ``units`` are metal or real; a dump that says its own needs none, and one without forces is taken to be in
    angstrom. A dump counts steps: frames have times where it tells them in known units (``ITEM: TIME``), or
    with the length of a step, ``timestep`` in ps. Raises :class:`~cgbridge.errors.ConfigError` for forces
    without units and :class:`ValueError` for a dump that is torn.
    """

    path: Path
    units: str | None = None
    timestep: float | None = None

    def __len__(self) -> int:
        return self._count

    @cached_property
    def _count(self) -> int:
        with open_text(self.path) as stream:
            return sum(line.startswith(_MARK) for line in stream)

    def __iter__(self) -> Iterator[FileFrame]:
        units = self.units
        with open_text(self.path) as stream:
            line = stream.readline()
            while line:
                items: dict[str, Item] = {}
                while line and not line.startswith(f"{MAGIC}ATOMS"):
                    name, heading = _heading(line)
                    rows = []
                    while (line := stream.readline()) and not line.startswith(MAGIC):
                        rows.append(line)
                    items[name] = (heading, 0, rows)
                if not line:
                    raise ValueError("the frame is torn: it has no ITEM: ATOMS")
                units = _own_units(items, units)
                yield self._frame(items, line.split()[2:], stream, units)
                line = stream.readline()

    def _frame(
        self, items: dict[str, Item], columns: list[str], stream: TextIO, units: str | None
    ) -> FileFrame:
        missing = [name for name in ("NUMBER OF ATOMS", "BOX BOUNDS") if not items.get(name, ("", 0, []))[2]]
        if missing:
            raise ValueError(f"the frame has no 'ITEM: {missing[0]}'")
        count = read_int(items["NUMBER OF ATOMS"][2][0], 0, "the number of atoms")
        names = next((names for names in POSITIONS if set(names) <= set(columns)), None)
        if names is None:
            raise ValueError(f"the columns x y z are needed, found '{' '.join(columns)}'")
        wanted = [*names]
        extra = [trio for trio in (("vx", "vy", "vz"), ("fx", "fy", "fz")) if set(trio) <= set(columns)]
        wanted += [name for trio in extra for name in trio] + ["id"] * ("id" in columns)
        table = _table(stream, count, [columns.index(name) for name in wanted])
        if "id" in columns:
            table = table[np.argsort(table[:, -1])]
        cell, origin, periodic = dump_cell(items["BOX BOUNDS"])
        positions = table[:, :3]
        if names[0].startswith("xs"):
            positions = positions @ cell + origin
        if extra and units not in _FORCES:
            raise ConfigError(
                "this dump has forces or velocities and does not tell their units",
                where=str(self.path),
                remedy="say --units metal (eV/A, ps) or --units real (kcal/mol/A, fs)",
            )
        length = length_unit(units or "", r"(\w+)")
        found = {trio[0]: table[:, 3 + 3 * n : 6 + 3 * n] for n, trio in enumerate(extra)}
        forces, velocities = found.get("fx"), found.get("vx")
        return FileFrame(
            ("",) * count,
            positions * length,
            cell * length,
            periodic,
            forces=None if forces is None else forces * internal(1.0, _FORCES[str(units)]),
            velocities=None if velocities is None else velocities * internal(1.0, f"A/{_TIMES[str(units)]}"),
            time=self._time(items, units),
        )

    def _time(self, items: dict[str, Item], units: str | None) -> float | None:
        """In ps; None where nothing tells it."""
        clock, steps = (items.get(name, ("", 0, []))[2] for name in ("TIME", "TIMESTEP"))
        if clock and units in _TIMES:
            return float(clock[0]) * internal(1.0, _TIMES[units])
        if self.timestep is None or not steps:
            return None
        return read_int(steps[0], 0, "the number of steps") * self.timestep


def _heading(line: str) -> tuple[str, str]:
    if not line.startswith(MAGIC):
        raise ValueError(f"expected 'ITEM:', found '{line.strip()[:60]}'")
    text = line[len(MAGIC) :].strip()
    if text.startswith("BOX BOUNDS"):
        return "BOX BOUNDS", text.removeprefix("BOX BOUNDS").strip()
    return text, ""


def _own_units(items: dict[str, Item], asked: str | None) -> str | None:
    """The units that the dump says, else those that were asked for."""
    rows = items.get("UNITS", ("", 0, []))[2]
    own = rows[0].strip() if rows else None
    return own or asked


def _table(stream: TextIO, count: int, columns: list[int]) -> FloatArray:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # numpy warns of an empty input
        try:
            table = np.loadtxt(islice(stream, count), usecols=columns, ndmin=2)
        except UserWarning:
            table = np.empty((0, len(columns)))
    if len(table) < count:
        raise ValueError(f"the frame is torn: {len(table)} of {count} atoms are there")
    return table
