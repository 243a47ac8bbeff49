"""XYZ and extended XYZ, in angstrom. Names need not be elements, so that ASE's reader does not do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TextIO

import numpy as np

from cgbridge.trajectories.formats.frame import FileFrame, choose, open_text, read_columns, read_int
from cgbridge.units import ANGSTROM

#: Number of the first row, comment, rows.
_Block = tuple[int, str, list[str]]
_PAIR = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|\{([^}]*)\}|([^\s"'{]+))""")
_NAME_COLUMNS = ("species", "symbols", "element", "elements", "name", "names", "type")


def read_xyz(path: Path, frame: int) -> tuple[FileFrame, int | None]:
    """Frame ``frame`` and the number of frames where known; raises :class:`ValueError`."""
    with open_text(path) as stream:
        (line, comment, rows), count = choose(_blocks(stream), frame)
    return _parse(line, comment, rows), count


def _blocks(stream: TextIO) -> Iterator[_Block]:
    line = 0
    while head := stream.readline():
        line += 1
        if not head.strip():
            continue
        particles = read_int(head, line, "the number of particles")
        comment = stream.readline()
        rows = list(islice(stream, particles))
        if len(rows) < particles:
            raise ValueError(
                f"the file ends in the frame that begins at line {line}: "
                f"{len(rows)} of {particles} particles are there"
            )
        yield line + 2, comment, rows
        line += 1 + particles


def _parse(line: int, comment: str, rows: list[str]) -> FileFrame:
    found = {match[0].lower(): "".join(match[1:]) for match in _PAIR.findall(comment)}
    name, place = _columns(found.get("properties", "species:S:1:pos:R:3"), line - 1)
    fields = [row.split() for row in rows]
    positions = read_columns(fields, range(place, place + 3), line) * ANGSTROM
    cell, periodic = None, (True, True, True)
    if "lattice" in found:
        numbers = _values(found["lattice"])
        if len(numbers) != 9:
            raise ValueError(f"line {line - 1}: Lattice needs nine numbers, found '{found['lattice'][:60]}'")
        cell = np.array([float(number) for number in numbers]).reshape(3, 3) * ANGSTROM
        periodic = _periodic(found.get("pbc", "T T T"), line - 1)
    return FileFrame(tuple(row[name] for row in fields), positions, cell, periodic)


def _columns(properties: str, line: int) -> tuple[int, int]:
    """The column of the names and the first of the positions."""
    parts = properties.split(":")
    starts: dict[str, int] = {}
    column = 0
    for name, width in zip(parts[0::3], parts[2::3], strict=False):
        starts[name.lower()] = column
        column += read_int(width, line, "the width of a column in Properties")
    names = [starts[name] for name in _NAME_COLUMNS if name in starts]
    if not names or "pos" not in starts:
        raise ValueError(f"line {line}: Properties names no species or no pos")
    return names[0], starts["pos"]


def _periodic(text: str, line: int) -> tuple[bool, bool, bool]:
    flags = [value.lower() in ("t", "true", "1") for value in _values(text)]
    if len(flags) != 3:
        raise ValueError(f"line {line}: pbc needs three of T and F, found '{text[:60]}'")
    return flags[0], flags[1], flags[2]


def _values(text: str) -> list[str]:
    return [value for value in re.split(r"[\s,\[\]]+", text) if value]
