"""LAMMPS text dumps, in angstrom unless the dump tells other units.

ASE's reader wants elements; the column of a dump may name beads, or nothing but type numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TextIO

import numpy as np

from cgbridge.frames import FloatArray
from cgbridge.trajectories.formats.frame import FileFrame, choose, open_text, read_columns, read_int
from cgbridge.trajectories.formats.lammps_data import length_unit

#: Head of a dump.
MAGIC = "ITEM: "
POSITIONS = (("x", "y", "z"), ("xu", "yu", "zu"), ("xs", "ys", "zs"), ("xsu", "ysu", "zsu"))
#: Columns that may name beads; ``type`` may hold labels as well.
_NAMES = ("element", "typelabel")
#: What the heading of an item says behind its name, and the lines below with the number of the first.
Item = tuple[str, int, list[str]]


def read_lammps_dump(path: Path, frame: int) -> tuple[FileFrame, int | None]:
    """Frame ``frame``, atoms in the order of their ids, and the number of frames where known.

    Raises :class:`ValueError`.
    """
    with open_text(path) as stream:
        items, count = choose(_blocks(stream), frame)
    length = length_unit(" ".join(items["UNITS"][2]) if "UNITS" in items else "", r"(\w+)")
    missing = [name for name in ("NUMBER OF ATOMS", "BOX BOUNDS", "ATOMS") if name not in items]
    if missing:
        raise ValueError(f"the frame has no 'ITEM: {missing[0]}'")
    cell, origin, periodic = dump_cell(items["BOX BOUNDS"])
    heading, line, lines = items["ATOMS"]
    columns = heading.split()
    rows = [row.split() for row in lines]
    shown = items["NUMBER OF ATOMS"][2]
    if read_int(shown[0] if shown else "", line, "the number of atoms") != len(rows):
        raise ValueError(f"{len(rows)} of {shown[0].strip()} atoms are there")
    place = next((names for names in POSITIONS if set(names) <= set(columns)), None)
    if place is None or not {"type", *_NAMES} & set(columns):
        raise ValueError(f"line {line - 1}: a type (or element) and x y z are needed, found '{heading}'")
    positions = read_columns(rows, [columns.index(name) for name in place], line)
    if place[0].startswith("xs"):
        positions = positions @ cell + origin
    order = np.arange(len(rows))
    if "id" in columns:
        ids = columns.index("id")
        order = np.argsort([read_int(row[ids], line, "the id of an atom") for row in rows])
    names, types = _names(columns, [rows[n] for n in order])
    return FileFrame(names, positions[order] * length, cell * length, periodic, types), count


def dump_column(path: Path, name: str) -> list[str] | None:
    """The texts in a column of the first frame, in the order of the ids; None where there is none."""
    with open_text(path) as stream:
        heading, line, lines = next(_blocks(stream))["ATOMS"]
    columns = heading.split()
    if name not in columns:
        return None
    rows = [row.split() for row in lines]
    if "id" in columns:
        rows.sort(key=lambda row: read_int(row[columns.index("id")], line, "the id of an atom"))
    return [row[columns.index(name)] for row in rows]


def _names(columns: list[str], rows: list[list[str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names, empty where the dump has none, and type numbers, none where it has no numbers."""
    types = tuple(row[columns.index("type")] for row in rows) if "type" in columns else ()
    column = next((name for name in _NAMES if name in columns), None)
    if not all(kind.isdigit() for kind in types):
        return types, ()  # labels
    names = ("",) * len(rows) if column is None else tuple(row[columns.index(column)] for row in rows)
    # LAMMPS writes C for the element of every type unless it was told others.
    if set(names) == {"C"} and len(set(types)) > 1:
        names = ("",) * len(rows)
    return names, types


def _blocks(stream: TextIO) -> Iterator[dict[str, Item]]:
    items: dict[str, Item] = {}
    kept: dict[str, Item] = {}  # units stand before the first frame only
    rows: list[str] = []
    for number, line in enumerate(stream, start=1):
        if not line.startswith(MAGIC):
            rows.append(line)
            continue
        name, heading = _heading(line[len(MAGIC) :].strip())
        if name == "TIMESTEP" and "TIMESTEP" in items:
            yield kept | items
            items = {}
        rows = []
        (kept if name == "UNITS" else items)[name] = (heading, number + 1, rows)
    if items:
        yield kept | items


def _heading(text: str) -> tuple[str, str]:
    for name in ("BOX BOUNDS", "ATOMS"):
        if text.startswith(name):
            return name, text[len(name) :].strip()
    return text, ""


def dump_cell(item: Item) -> tuple[FloatArray, FloatArray, tuple[bool, bool, bool]]:
    """Cell, origin and periodicity from the bounding box, or from the vectors of a general cell."""
    heading, line, lines = item
    words = heading.split()
    width = 4 if words[:2] == ["abc", "origin"] else 3 if "xy" in words else 2
    values = np.array(
        [[float(value) for value in row.split()[:width]] for row in islice(lines, 3)], dtype=float
    )
    if values.shape != (3, width):
        raise ValueError(f"line {line}: expected three lines of {width} numbers for the box")
    ends = [word for word in words if len(word) == 2 and set(word) <= set("pfsm")]
    periodic = tuple("p" in end for end in ends[:3]) if len(ends) >= 3 else (True, True, True)
    if width == 4:
        return values[:, :3], values[:, 3], periodic  # type: ignore[return-value]
    low, high = values[:, 0].copy(), values[:, 1].copy()
    xy, xz, yz = values[:, 2] if width == 3 else (0.0, 0.0, 0.0)
    low[0] -= min(0.0, xy, xz, xy + xz)
    high[0] -= max(0.0, xy, xz, xy + xz)
    low[1] -= min(0.0, yz)
    high[1] -= max(0.0, yz)
    if not (low < high).all():
        raise ValueError(f"line {line}: the bounds of the box must rise")
    cell = np.diag(high - low)
    cell[1, 0], cell[2, 0], cell[2, 1] = xy, xz, yz
    return cell, low, periodic  # type: ignore[return-value]
