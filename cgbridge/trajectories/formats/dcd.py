"""DCD of CHARMM, NAMD, LAMMPS and OpenMM, in angstrom: positions and cells without names.

Read here since mdtraj's reader, like every descendant of VMD's, writes to the program's standard output.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from cgbridge.frames import FloatArray
from cgbridge.trajectories.formats.frame import FileFrame, index_of
from cgbridge.units import ANGSTROM

_HEADER = 84  # length of the first record, from which the order of bytes is told
#: Places in the table of twenty integers behind the mark CORD.
_FIXED, _CELL, _FOURTH = 8, 10, 11


@dataclass(frozen=True)
class _Layout:
    """Byte order, particles, where frames begin, their size, and whether each holds a cell."""

    order: str
    particles: int
    start: int
    size: int
    cell: bool


def read_dcd(path: Path, frame: int) -> tuple[FileFrame, int]:
    """Frame ``frame`` and the number of whole frames; raises :class:`ValueError`."""
    with open(path, "rb") as file:
        layout = _layout(file)
        count = max(0, os.fstat(file.fileno()).st_size - layout.start) // layout.size
        file.seek(layout.start + index_of(frame, count) * layout.size)
        cell = _cell(_record(file, layout.order), layout.order) if layout.cell else None
        columns = [np.frombuffer(_record(file, layout.order), layout.order + "f4") for _ in range(3)]
    if any(len(column) != layout.particles for column in columns):
        raise ValueError("the frame is malformed")
    positions = np.stack(columns, axis=1).astype(float) * ANGSTROM
    return FileFrame(("",) * layout.particles, positions, cell), count


def _layout(file: BinaryIO) -> _Layout:
    head = file.read(4)
    order = next((mark for mark in "<>" if head == struct.pack(f"{mark}i", _HEADER)), None)
    if order is None or file.read(4) != b"CORD":
        raise ValueError("this is no DCD file")
    table = struct.unpack(f"{order}20i", file.read(80))
    if table[_FIXED]:
        raise ValueError("the file leaves out particles that do not move: write them all")
    file.seek(_HEADER + 8)
    _record(file, order)  # titles
    counted = _record(file, order)
    particles = struct.unpack(f"{order}i", counted)[0] if len(counted) == 4 else 0
    if particles < 1:
        raise ValueError("the file holds no particles")
    blocks = 3 + (table[_FOURTH] == 1)
    size = blocks * (4 * particles + 8) + 56 * bool(table[_CELL])
    return _Layout(order, particles, file.tell(), size, bool(table[_CELL]))


def _record(file: BinaryIO, order: str) -> bytes:
    """The content of a Fortran record: its length stands before and behind it."""
    mark = file.read(4)
    length = struct.unpack(f"{order}i", mark)[0] if len(mark) == 4 else -1
    content = file.read(length) if length >= 0 else b""
    if len(content) != length or file.read(4) != mark:
        raise ValueError("the file is torn or malformed")
    return content


def _cell(record: bytes, order: str) -> FloatArray | None:
    """From A, gamma, B, beta, alpha, C; the angles in degrees or, where all are below one, as cosines."""
    from ase.geometry import cellpar_to_cell

    a, gamma, b, beta, alpha, c = struct.unpack(f"{order}6d", record)
    if not (a or b or c):
        return None
    angles = np.array([alpha, beta, gamma])
    if (np.abs(angles) <= 1.0).all():
        angles = np.degrees(np.arccos(angles))
    cell: FloatArray = np.asarray(cellpar_to_cell([a, b, c, *angles])) * ANGSTROM
    return cell
