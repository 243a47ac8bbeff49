"""GROMACS's GRO with any number of decimals, in nm."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TextIO

import numpy as np

from cgbridge.frames import FloatArray
from cgbridge.trajectories.formats.frame import FileFrame, choose, open_text, read_columns, read_int

#: The columns of an atom's name, and where its position begins.
_NAME, _POSITION = slice(10, 15), 20
#: What GROMACS says of the time in ps in the title.
_TIME = re.compile(r"\bt=\s*([0-9.eE+-]+)")
GroBlock = tuple[str, int, list[str]]
#: Where the numbers of the last line stand in the vectors: v1x v2y v3z v1y v1z v2x v2z v3x v3y.
_PLACES = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1))


def read_gro(path: Path, frame: int) -> tuple[FileFrame, int | None]:
    """Frame ``frame`` and the number of frames where known; raises :class:`ValueError`."""
    with open_text(path) as stream:
        block, count = choose(gro_blocks(stream), frame)
    return parse_gro(block), count


def gro_blocks(stream: TextIO) -> Iterator[GroBlock]:
    """Title, number of the first row, and the rows, the box behind the atoms."""
    line = 0
    while title := stream.readline():
        head = stream.readline()
        line += 2
        if not head:
            return  # a blank line behind the last frame
        particles = read_int(head, line, "the number of particles")
        rows = list(islice(stream, particles + 1))
        if len(rows) <= particles:
            raise ValueError(f"the file ends within the frame whose atoms begin at line {line + 1}")
        yield title, line + 1, rows
        line += particles + 1


def parse_gro(block: GroBlock) -> FileFrame:
    """The frame of a block; raises :class:`ValueError` that names the line."""
    title, line, rows = block
    atoms = rows[:-1]
    fields = []
    for number, row in enumerate(atoms):
        dots = [place for place, letter in enumerate(row) if letter == "." and place >= _POSITION]
        if len(dots) < 3:
            raise ValueError(f"line {line + number}: expected three coordinates, found '{row.strip()[:60]}'")
        width = dots[1] - dots[0]  # one number more than the decimals
        fields.append([row[_POSITION + n * width : _POSITION + (n + 1) * width] for n in range(3)])
    names = tuple(row[_NAME].strip() for row in atoms)
    cell = _cell(rows[-1], line + len(atoms))
    found = _TIME.search(title)
    time = None if found is None else float(found[1])
    return FileFrame(names, read_columns(fields, (0, 1, 2), line), cell, letters=5, time=time)


def _cell(row: str, line: int) -> FloatArray | None:
    values = row.split()
    if len(values) not in (3, 9):
        raise ValueError(f"line {line}: a box has three or nine numbers, found '{row.strip()[:60]}'")
    cell = np.zeros((3, 3))
    for place, value in zip(_PLACES, values, strict=False):
        cell[place] = float(value)
    return cell
