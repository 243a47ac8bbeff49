"""Frames to NumPy's npz, one frame in memory at a time."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from cgbridge.frames import Frame
from cgbridge.store.atomic import storage_errors, sync_folder
from cgbridge.topology import Beads
from cgbridge.trajectories.layout import Header

#: Numbers of a frame by their array: single precision for the long ones, as in a trajectory file.
_TYPES = {
    "positions": "<f4",
    "forces": "<f4",
    "velocities": "<f4",
    "box": "<f8",
    "time": "<f8",
    "energy": "<f8",
    "pressure": "<f8",
}


class NpzWriter:
    """Collects frames of the beads of a ``header``; the file appears when it is closed, and not before.

    Every array grows in a file of its own in a hidden folder beside, and they are packed at the end. Raises
    :class:`~cgbridge.errors.StorageError` where the disk does not take them.
    """

    def __init__(self, path: Path, header: Header) -> None:
        assert isinstance(header.particles, Beads)
        self._path, self._header, self._beads, self._count = path, header, header.particles, 0
        count = len(self._beads.topology)
        shapes = {"positions": (count, 3), "box": (3, 3), "time": ()}
        shapes |= {name: () if name in ("energy", "pressure") else (count, 3) for name in header.fields}
        with storage_errors(path):
            self._folder = tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent)
            self._shapes = shapes
            self._streams: dict[str, IO[bytes]] = {
                name: open(Path(self._folder.name) / f"{name}.npy", "w+b")  # noqa: SIM115  (closed by close)
                for name in shapes
            }
            for name, stream in self._streams.items():
                self._head(name, stream)

    def append(self, frame: Frame) -> None:
        """Add a frame behind the last."""
        with storage_errors(self._path):
            for name, stream in self._streams.items():
                stream.write(np.asarray(getattr(frame, name), dtype=_TYPES[name]).tobytes())
        self._count += 1

    def close(self) -> None:
        """Pack what was collected."""
        with storage_errors(self._path), self._folder:
            for name, stream in self._streams.items():
                stream.seek(0)
                self._head(name, stream)
                stream.close()
            packed = Path(self._folder.name) / "packed.npz"
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
                for name in self._streams:
                    array = Path(self._folder.name) / f"{name}.npy"
                    archive.write(array, array.name)
                    array.unlink()
                for name, value in (
                    ("bead_types", np.array(self._beads.topology.types)),
                    ("topology", np.array(self._beads.to_json())),
                    ("source", np.array(json.dumps(self._header.source))),
                    ("versions", np.array(json.dumps(self._header.versions))),
                    ("timestep", np.array(self._header.timestep)),
                ):
                    with archive.open(f"{name}.npy", "w") as entry:
                        np.lib.format.write_array(entry, value, allow_pickle=False)
            os.replace(packed, self._path)
        sync_folder(self._path.parent)

    def _head(self, name: str, stream: IO[bytes]) -> None:
        """The head of an array; NumPy leaves room in it for a number of frames of any length."""
        head: dict[str, Any] = {
            "descr": _TYPES[name],
            "fortran_order": False,
            "shape": (self._count, *self._shapes[name]),
        }
        np.lib.format.write_array_header_1_0(stream, head)
