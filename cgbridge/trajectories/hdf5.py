"""Trajectories in HDF5: written frame by frame, read frame by frame."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cgbridge.frames import Frame

#: Files that could not be written. HDF5 crashes when it lets go of one, so that they are kept to the end; a
#: worker leaves by os._exit, which lets go of nothing.
_lost: list[TrajectoryWriter] = []


def _open(path: Path, mode: str) -> Any:
    # Here, because importing it takes as long as all else of `cgbridge check`.
    import h5py

    return h5py.File(path, mode)


class TrajectoryWriter:
    """Append frames to an HDF5 file (single-precision positions, double-precision box and time).

    A file at ``path`` is replaced, unless ``further`` frames are to come behind those that are in it. Raises
    :class:`OSError` when the disk is full or faulty.
    """

    def __init__(self, path: Path, beads: int, *, further: bool = False) -> None:
        if further:
            self._file = _open(path, "r+")
            self._positions, self._box, self._time = (
                self._file[name] for name in ("positions", "box", "time")
            )
            return
        self._file = _open(path, "w")
        self._positions = self._file.create_dataset(
            "positions", (0, beads, 3), maxshape=(None, beads, 3), dtype="f4", chunks=(1, beads, 3)
        )
        self._box = self._file.create_dataset("box", (0, 3, 3), maxshape=(None, 3, 3), dtype="f8")
        self._time = self._file.create_dataset("time", (0,), maxshape=(None,), dtype="f8")
        self._file.attrs["units"] = "nm, ps"

    def append(self, frame: Frame) -> None:
        """Add a frame behind the last."""
        with self._system_errors():
            self._append(frame)

    def close(self) -> None:
        """Write what is still in memory."""
        with self._system_errors():
            self._file.close()

    def _append(self, frame: Frame) -> None:
        count = self._time.shape[0]
        for dataset, value in (
            (self._positions, frame.positions),
            (self._box, frame.box),
            (self._time, frame.time),
        ):
            dataset.resize(count + 1, axis=0)
            dataset[count] = value

    @contextmanager
    def _system_errors(self) -> Iterator[None]:
        """Turn what HDF5 raises when it cannot write into the operating system's error."""
        try:
            yield
        except (OSError, RuntimeError) as error:
            _lost.append(self)
            # HDF5 gives the errno in its message only.
            number = errno.ENOSPC if f"errno = {errno.ENOSPC}" in str(error) else errno.EIO
            raise OSError(number, os.strerror(number)) from error

    def __enter__(self) -> TrajectoryWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True)
class Trajectory:
    """A trajectory file that is iterated frame by frame."""

    path: Path

    def __len__(self) -> int:
        with _open(self.path, "r") as file:
            return int(file["time"].shape[0])

    def __iter__(self) -> Iterator[Frame]:
        with _open(self.path, "r") as file:
            for index in range(file["time"].shape[0]):
                yield Frame(
                    positions=np.asarray(file["positions"][index], dtype=np.float64),
                    box=np.asarray(file["box"][index], dtype=np.float64),
                    time=float(file["time"][index]),
                )
