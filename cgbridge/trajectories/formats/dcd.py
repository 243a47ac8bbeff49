"""DCD of CHARMM, NAMD, LAMMPS and OpenMM, in angstrom: positions and cells without names.

Read here since mdtraj's reader, like every descendant of VMD's, writes to the program's standard output.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from cgbridge.frames import FloatArray
from cgbridge.trajectories.formats.frame import FileFrame, index_of
from cgbridge.units import ANGSTROM, KCAL

_HEADER = 84  # length of the first record, from which the order of bytes is told
#: Places in the table of twenty integers behind the mark CORD.
_FIRST, _EVERY, _FIXED, _STEP, _CELL, _FOURTH = 1, 2, 8, 9, 10, 11
#: ps of the unit of time in which CHARMM's files give the time step.
_AKMA = math.sqrt(ANGSTROM**2 / KCAL)


@dataclass(frozen=True)
class _Layout:
    """Byte order, particles, where frames begin, their size, whether each holds a cell, and times in ps
    (``interval`` 0 where they are not known)."""

    order: str
    particles: int
    start: int
    size: int
    cell: bool
    first_time: float
    interval: float


def read_dcd(path: Path, frame: int) -> tuple[FileFrame, int]:
    """Frame ``frame`` and the number of whole frames; raises :class:`ValueError`."""
    with open(path, "rb") as file:
        layout = _layout(file)
        count = max(0, os.fstat(file.fileno()).st_size - layout.start) // layout.size
        return _frame(file, layout, index_of(frame, count)), count


@dataclass(frozen=True)
class DcdFrames:
    """All frames of a DCD file; raises :class:`ValueError` where it is torn or none."""

    path: Path

    def __len__(self) -> int:
        with open(self.path, "rb") as file:
            layout = _layout(file)
            left = os.fstat(file.fileno()).st_size - layout.start
        if left % layout.size:
            raise ValueError(f"frame {left // layout.size} is torn: the file ends within it")
        return left // layout.size

    def __iter__(self) -> Iterator[FileFrame]:
        count = len(self)
        with open(self.path, "rb") as file:
            layout = _layout(file)
            for number in range(count):
                yield _frame(file, layout, number)


def _frame(file: BinaryIO, layout: _Layout, number: int) -> FileFrame:
    file.seek(layout.start + number * layout.size)
    cell = _cell(_record(file, layout.order), layout.order) if layout.cell else None
    columns = [np.frombuffer(_record(file, layout.order), layout.order + "f4") for _ in range(3)]
    if any(len(column) != layout.particles for column in columns):
        raise ValueError("the frame is malformed")
    positions = np.stack(columns, axis=1).astype(float) * ANGSTROM
    time = layout.first_time + number * layout.interval if layout.interval else None
    return FileFrame(("",) * layout.particles, positions, cell, time=time)


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
    (step,) = struct.unpack(f"{order}f", struct.pack(f"{order}i", table[_STEP]))
    first, every = table[_FIRST] * step * _AKMA, table[_EVERY] * step * _AKMA
    return _Layout(order, particles, file.tell(), size, bool(table[_CELL]), first, every)


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
