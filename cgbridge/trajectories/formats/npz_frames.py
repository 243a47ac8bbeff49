"""Frames in NumPy's npz: ``positions`` and ``box`` in nm, ``forces`` in kJ/(mol nm), ``time`` in ps.

One frame is in memory at a time.

``energy`` (kJ/mol), ``pressure`` (bar) and ``velocities`` (nm/ps) may be there as well. Which particles
there are stands in ``bead_types`` (with the JSON text ``topology`` of the beads) or ``atoms`` (JSON text), or
``elements``; what made the frames in ``source`` (JSON text), the time step of the simulation in ``timestep``
(ps).
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from cgbridge.errors import did_you_mean
from cgbridge.frames import Frame

#: Arrays with one entry per frame, by the field of a frame that they fill.
PER_FRAME = ("positions", "box", "forces", "velocities", "time", "energy", "pressure")
_ONCE = ("bead_types", "topology", "atoms", "elements", "source", "timestep")


@dataclass(frozen=True)
class _Array:
    """One array of the file: its shape and the type of its numbers."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


@dataclass(frozen=True)
class NpzFrames:
    """Frames of an npz file; raises :class:`ValueError` for arrays that do not fit each other."""

    path: Path

    def __len__(self) -> int:
        return self._arrays["positions"].shape[0]

    def __iter__(self) -> Iterator[Frame]:
        arrays = self._arrays
        with zipfile.ZipFile(self.path) as archive, ExitStack() as stack:
            streams = {}
            for name in arrays:
                streams[name] = stack.enter_context(archive.open(f"{name}.npy"))
                _header(cast("BinaryIO", streams[name]))
            for number in range(len(self)):
                entry = {name: _entry(cast("BinaryIO", streams[name]), arrays[name]) for name in arrays}
                yield Frame(
                    positions=entry["positions"],
                    box=entry.get("box", np.zeros((3, 3))),
                    time=float(entry.get("time", number)),
                    forces=entry.get("forces"),
                    velocities=entry.get("velocities"),
                    energy=float(entry["energy"]) if "energy" in entry else None,
                    pressure=float(entry["pressure"]) if "pressure" in entry else None,
                )

    @property
    def numbered(self) -> bool:
        """Whether the frames have no times."""
        return "time" not in self._arrays

    def once(self, name: str) -> Any:
        """What stands in the file once, as :data:`PER_FRAME` does not; None where it does not."""
        with np.load(self.path, allow_pickle=False) as content:
            return content[name] if name in content.files else None

    @cached_property
    def _arrays(self) -> dict[str, _Array]:
        try:
            archive = zipfile.ZipFile(self.path)
        except zipfile.BadZipFile:
            raise ValueError("this is no npz file, or it is cut off") from None
        with archive:
            names = [name.removesuffix(".npy") for name in archive.namelist()]
            found: dict[str, _Array] = {}
            for name in (name for name in PER_FRAME if name in names):
                with archive.open(f"{name}.npy") as stream:
                    found[name] = _header(cast("BinaryIO", stream))
        if "positions" not in found:
            near = next((did_you_mean(name, (*PER_FRAME, *_ONCE)) for name in names), "")
            raise ValueError(f"there is no array 'positions' among {', '.join(names)}{near}")
        frames, particles = found["positions"].shape[:2]
        entries = {"positions": (particles, 3), "forces": (particles, 3), "velocities": (particles, 3)}
        for name, array in found.items():
            shape = (frames, *entries.get(name, (3, 3) if name == "box" else ()))
            if array.shape != shape:
                raise ValueError(f"'{name}' has the shape {array.shape}, where {shape} is needed")
        return found


def _header(stream: BinaryIO) -> _Array:
    """The head of an array; the stream is at its first number afterwards."""
    version = np.lib.format.read_magic(stream)
    reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, by_columns, dtype = reader(stream)
    if (by_columns and len(shape) > 1) or dtype.hasobject:
        raise ValueError("an array is stored by columns, or holds Python objects: save it with numpy.savez")
    return _Array(shape, dtype)


def _entry(stream: BinaryIO, array: _Array) -> Any:
    """The numbers of the next frame."""
    size = int(np.prod(array.shape[1:])) * array.dtype.itemsize
    content = stream.read(size)
    if len(content) < size:
        raise ValueError("the file ends within it")
    return np.frombuffer(content, array.dtype).reshape(array.shape[1:]).astype(np.float64)
