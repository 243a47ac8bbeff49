"""TRR of GROMACS with forces and velocities, single and double precision, in nm, ps and kJ/mol."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import numpy as np

from cgbridge.frames import FloatArray, Frame

#: What a frame begins with: the magic number and the length of the version's name with its end.
_MAGIC = struct.pack(">ii", 1993, 13)
_VERSION = b"GMX_trn_file"
#: Sizes in bytes of what a frame may hold, in the order in which it stands there, then other numbers.
_BLOCKS = ("ir", "e", "box", "vir", "pres", "top", "sym", "x", "v", "f")
_HEAD = struct.Struct(">ii i12s 13i")


@dataclass(frozen=True)
class _Head:
    """Where the content of a frame begins, the size of its blocks, the type of its numbers, and its time."""

    start: int
    sizes: dict[str, int]
    atoms: int
    real: str
    time: float

    @property
    def end(self) -> int:
        return self.start + sum(self.sizes.values())


@dataclass(frozen=True)
class TrrFrames:
    """The frames that have positions; where some of them have forces, those.

    Raises :class:`ValueError` for a file that is none, or torn.
    """

    path: Path

    def __len__(self) -> int:
        return len(self._chosen)

    def __iter__(self) -> Iterator[Frame]:
        with open(self.path, "rb") as file:
            for head in self._chosen:
                yield _frame(file, head)

    @property
    def notes(self) -> tuple[str, ...]:
        if len(self._chosen) == len(self._heads):
            return ()
        what = "forces" if self._chosen and self._chosen[0].sizes["f"] else "positions"
        return (f"of {len(self._heads)} frames the {len(self._chosen)} with {what} are taken",)

    @cached_property
    def _heads(self) -> list[_Head]:
        heads: list[_Head] = []
        size = os.path.getsize(self.path)
        with open(self.path, "rb") as file:
            while file.tell() < size:
                try:
                    head = _head(file)
                except struct.error:
                    head = None
                if head is None or head.end > size:
                    raise ValueError(f"frame {len(heads)} is torn: the file ends within it")
                heads.append(head)
                file.seek(head.end)
        return heads

    @cached_property
    def _chosen(self) -> list[_Head]:
        placed = [head for head in self._heads if head.sizes["x"]]
        return [head for head in placed if head.sizes["f"]] or placed


def _head(file: BinaryIO) -> _Head:
    magic, length, letters, version, *numbers = _HEAD.unpack(file.read(_HEAD.size))
    if struct.pack(">ii", magic, length) != _MAGIC or version != _VERSION or letters != len(_VERSION):
        raise ValueError("this is no TRR file")
    sizes = dict(zip(_BLOCKS, numbers[:10], strict=True))
    atoms = numbers[10]
    values = {"box": 9, "x": 3 * atoms, "v": 3 * atoms, "f": 3 * atoms}
    widths = {sizes[name] / count for name, count in values.items() if sizes[name] and count}
    if not widths <= {4.0} and not widths <= {8.0}:
        raise ValueError("the sizes in the head of a frame do not fit each other")
    real = ">f8" if widths == {8.0} else ">f4"
    time = struct.unpack(">dd" if real == ">f8" else ">ff", file.read(16 if real == ">f8" else 8))[0]
    return _Head(file.tell(), sizes, atoms, real, time)


def _frame(file: BinaryIO, head: _Head) -> Frame:
    file.seek(head.start)
    found: dict[str, FloatArray | None] = {}
    for name, size in head.sizes.items():
        content = file.read(size)
        found[name] = None
        if size and name in ("box", "x", "v", "f"):
            found[name] = np.frombuffer(content, head.real).reshape(-1, 3).astype(np.float64)
    box, positions = found["box"], found["x"]
    assert positions is not None  # frames without were left out
    return Frame(positions, np.zeros((3, 3)) if box is None else box, head.time, found["f"], found["v"])
