"""One frame of a structure file as it stands there, and how one of many is chosen."""

from __future__ import annotations

import gzip
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, TypeVar

import numpy as np

from cgbridge.frames import FloatArray

_Block = TypeVar("_Block")


@dataclass(frozen=True)
class FileFrame:
    """What a format gives: lengths in nm, in the frame of the file.

    ``names`` are empty strings where the file has none; ``types`` are LAMMPS's type numbers, if there are
    any. ``cell`` holds the vectors as rows, None where the file says nothing of a cell; ``periodic`` tells
    along which of them the structure repeats. ``letters`` is the length to which the format may have cut
    names. Where the file has them: ``forces`` in kJ/(mol nm), ``velocities`` in nm/ps, ``energy`` in kJ/mol,
    ``time`` in ps.
    """

    names: tuple[str, ...]
    positions: FloatArray
    cell: FloatArray | None = None
    periodic: tuple[bool, bool, bool] = (True, True, True)
    types: tuple[str, ...] = ()
    letters: int | None = None
    notes: tuple[str, ...] = ()
    forces: FloatArray | None = None
    velocities: FloatArray | None = None
    energy: float | None = None
    time: float | None = None


def choose(blocks: Iterator[_Block], frame: int) -> tuple[_Block, int | None]:
    """Block ``frame`` as Python counts (-1 is the last), and how many there are where all were read.

    Raises :class:`ValueError` when there are not so many.
    """
    if frame >= 0:
        number = -1
        for number, block in enumerate(blocks):
            if number == frame:
                return block, None
        raise ValueError(_no_frame(frame, number + 1))
    kept: deque[_Block] = deque(maxlen=-frame)
    count = 0
    for block in blocks:
        kept.append(block)
        count += 1
    if count < -frame:
        raise ValueError(_no_frame(frame, count))
    return kept[0], count


def index_of(frame: int, count: int) -> int:
    """The index from 0 of ``frame`` among ``count``; raises :class:`ValueError` when there are fewer."""
    if not -count <= frame < count:
        raise ValueError(_no_frame(frame, count))
    return frame % count


def _no_frame(frame: int, count: int) -> str:
    if count == 0:
        return "the file holds no frame"
    return f"there is no frame {frame}: the file holds {count}, from 0 (or {-count}) to {count - 1} (or -1)"


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """The text of a file, gzipped or not, whatever its encoding."""
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    opener = gzip.open if packed else open
    with opener(path, "rt", encoding="utf-8-sig", errors="replace") as stream:
        yield stream


def read_columns(rows: Sequence[Sequence[str]], columns: Sequence[int], first_line: int) -> FloatArray:
    """The numbers in ``columns`` of ``rows``, which stand in the file from ``first_line`` on.

    Raises :class:`ValueError` that names the line.
    """
    values = np.empty((len(rows), len(columns)))
    for number, row in enumerate(rows):
        try:
            values[number] = [float(row[column]) for column in columns]
        except (ValueError, IndexError):
            text = " ".join(row)[:60]
            raise ValueError(
                f"line {first_line + number}: expected three coordinates, found '{text}'"
            ) from None
    return values


def read_int(text: str, line: int, what: str) -> int:
    """A number of things, zero or more; raises :class:`ValueError` that names the line."""
    try:
        value = int(text)
    except ValueError:
        value = -1
    if value < 0:
        raise ValueError(f"line {line}: expected {what}, found '{text.strip()[:60]}'")
    return value
