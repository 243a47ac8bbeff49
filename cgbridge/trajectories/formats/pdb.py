"""Protein Data Bank files, in angstrom: CRYST1, ATOM and HETATM, with atom names as they stand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import numpy as np

from cgbridge.frames import FloatArray
from cgbridge.trajectories.formats.frame import FileFrame, choose, open_text, read_columns
from cgbridge.units import ANGSTROM

#: CRYST1 and the atoms, with the numbers of their lines.
PdbBlock = tuple[tuple[int, str] | None, list[tuple[int, str]]]
_NAME = slice(12, 16)
_POSITION = (slice(30, 38), slice(38, 46), slice(46, 54))
_LENGTHS_AND_ANGLES = tuple(
    slice(a, b) for a, b in ((6, 15), (15, 24), (24, 33), (33, 40), (40, 47), (47, 54))
)
#: The cell that stands in a file for "no crystal".
_NO_CRYSTAL = [1.0, 1.0, 1.0]


def read_pdb(path: Path, frame: int) -> tuple[FileFrame, int | None]:
    """Frame ``frame`` and the number of frames where known; raises :class:`ValueError`."""
    with open_text(path) as stream:
        block, count = choose(pdb_blocks(stream), frame)
    return parse_pdb(block), count


def parse_pdb(block: PdbBlock) -> FileFrame:
    """The frame of a model; raises :class:`ValueError` that names the line."""
    crystal, atoms = block
    fields = [[row[part] for part in _POSITION] for _, row in atoms]
    try:
        positions = read_columns(fields, (0, 1, 2), 0)
    except ValueError:  # lines of other records stand between the atoms
        for (line, _), row in zip(atoms, fields, strict=True):
            read_columns([row], (0, 1, 2), line)
        raise
    names = tuple(row[_NAME].strip() for _, row in atoms)
    cell = None if crystal is None else _cell(*crystal)
    return FileFrame(names, positions * ANGSTROM, cell, letters=4)


def pdb_blocks(stream: TextIO) -> Iterator[PdbBlock]:
    """CRYST1 and the atoms of every model, with the numbers of their lines."""
    crystal: tuple[int, str] | None = None
    atoms: list[tuple[int, str]] = []
    for number, row in enumerate(stream, start=1):
        if row.startswith("CRYST1"):
            crystal = number, row
        elif row.startswith(("ATOM  ", "HETATM")):
            atoms.append((number, row))
        elif row.startswith("END") and atoms:
            yield crystal, atoms
            atoms = []
    if atoms:
        yield crystal, atoms


def _cell(line: int, row: str) -> FloatArray | None:
    from ase.geometry import cellpar_to_cell

    try:
        values = [float(row[part]) for part in _LENGTHS_AND_ANGLES]
    except ValueError:
        raise ValueError(f"line {line}: CRYST1 needs three lengths and three angles") from None
    if values[:3] == _NO_CRYSTAL or not any(values[:3]):
        return None
    cell: FloatArray = np.asarray(cellpar_to_cell(values)) * ANGSTROM
    return cell
