"""Trajectories in HDF5, of atoms or beads: written frame by frame, read frame by frame.

A file whose writer is killed at any moment can be read up to its last whole frame, and written on.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from cgbridge.errors import FileFormatError
from cgbridge.frames import FloatArray, Frame
from cgbridge.trajectories.layout import ALWAYS, FORMAT, OPTIONAL, SCHEMA, Header
from cgbridge.trajectories.superblock import Released, is_marked, release

#: Files that could not be written. HDF5 crashes when it lets go of one, so that they are kept to the end; a
#: worker leaves by os._exit, which lets go of nothing.
_lost: list[TrajectoryWriter] = []
#: Entries of a dataset that are small are stored this many bytes at a time.
_BLOCK = 4096
#: The oldest form of the file that bears a writer beside readers.
_RELEASE = "v110"
#: How HDF5 begins.
_SIGNATURE = b"\x89HDF\r\n\x1a\n"


class TrajectoryWriter:
    """Append frames of ``count`` particles to an HDF5 file.

    The file is open for "single writer, multiple readers": what is in it can be read at any time, by other
    programs too. Positions, velocities and forces are kept in single precision, all else in double. A
    file at ``path`` is replaced, unless ``further`` frames are to come behind those that are in it, or behind
    the first ``keep`` of them. Raises :class:`OSError` when the disk is full or faulty, and
    :class:`ValueError` for a frame without what the header promises.
    """

    def __init__(
        self,
        path: Path,
        count: int,
        header: Header | None = None,
        *,
        further: bool = False,
        keep: int | None = None,
    ) -> None:
        with self._system_errors():
            self._file = _open_further(path) if further else _new(path, count, header or Header())
            names = [name for name in (*ALWAYS, *OPTIONAL) if name in self._file]
            self._datasets = {name: self._file[name] for name in names if name != "time"}
            self._time = self._file["time"]
            self._count = _whole(self._time)
            if keep is not None and keep < self._count:
                self._time[keep : self._count] = np.nan
                self._time.flush()
                self._count = keep

    def __len__(self) -> int:
        """Frames that are in the file."""
        return self._count

    def append(self, frame: Frame) -> None:
        """Add a frame behind the last."""
        entries = {name: getattr(frame, name) for name in self._datasets}
        wrong = [
            name
            for name, data in self._datasets.items()
            if entries[name] is None or np.shape(entries[name]) != data.shape[1:]
        ]
        if wrong or not np.isfinite(frame.time):
            raise ValueError(f"{', '.join(wrong) or 'time'}: missing, or not as in the file")
        with self._system_errors():
            for name, value in entries.items():
                self._write(self._datasets[name], value)
            self._write(self._time, frame.time)
            self._count += 1

    def write_speed(self, record: Mapping[str, Any]) -> None:
        """Keep how fast the run was that makes the frames."""
        with self._system_errors():
            Header.write_speed(self._file, record)

    def close(self) -> None:
        """Write what is still in memory."""
        with self._system_errors():
            self._file.close()

    def _write(self, dataset: Any, value: Any) -> None:
        if dataset.shape[0] <= self._count:
            dataset.resize(self._count + 1, axis=0)
        dataset[self._count] = value
        dataset.flush()

    @contextmanager
    def _system_errors(self) -> Iterator[None]:
        """Turn what HDF5 raises when it cannot write into the operating system's error."""
        try:
            yield
        except (OSError, RuntimeError) as error:
            _lost.append(self)
            number = error.errno if isinstance(error, OSError) else None
            if number is None:  # HDF5 gives it in its message only
                number = errno.ENOSPC if f"errno = {errno.ENOSPC}" in str(error) else errno.EIO
            raise OSError(number, os.strerror(number)) from error

    def __enter__(self) -> TrajectoryWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True)
class Trajectory:
    """A trajectory file that is iterated frame by frame, as often as one likes.

    Raises :class:`~cgbridge.errors.FileFormatError` for a file that is none, or is damaged.
    """

    path: Path

    @cached_property
    def header(self) -> Header:
        """What the file says beside its frames."""
        with self._reading() as file:
            return Header.read(file)

    @cached_property
    def particles(self) -> int:
        """How many there are."""
        with self._reading() as file:
            return int(file["positions"].shape[1])

    def __len__(self) -> int:
        with self._reading() as file:
            return _whole(file["time"])

    def __iter__(self) -> Iterator[Frame]:
        return self.frames()

    def frames(self, first: int = 0, last: int | None = None, step: int = 1) -> Iterator[Frame]:
        """Frames ``first`` to before ``last``, every ``step``-th; by default all."""
        place = [str(self.path)]
        with self._reading(place) as file:
            datasets = {name: file[name] for name in (*ALWAYS, *OPTIONAL) if name in file}
            types = tuple(file["bead_types"].asstr()[()]) if "bead_types" in file else None
            for index in range(_whole(file["time"]))[first:last:step]:
                place[0] = f"{self.path}, frame {index}"
                entries: dict[str, Any] = {}
                for name, data in datasets.items():
                    entry = np.asarray(data[index], dtype=np.float64)
                    entries[name] = entry if entry.ndim else float(entry)
                yield Frame(**entries, types=types)

    def series(self, *names: str) -> dict[str, FloatArray]:
        """Datasets that are small, such as ``time``, ``box`` and ``energy``, over all whole frames."""
        with self._reading() as file:
            whole = _whole(file["time"])
            return {name: np.asarray(file[name][:whole], dtype=np.float64) for name in names}

    @contextmanager
    def _reading(self, place: list[str] | None = None) -> Iterator[Any]:
        """The open file; ``place`` is kept up to date with where the reading stands."""
        place = place or [str(self.path)]
        try:
            with _open_to_read(self.path) as file:
                _require_ours(file, self.path)
                yield file
        except FileNotFoundError:
            raise FileFormatError("no such file", where=str(self.path)) from None
        except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
            raise _damaged(error, place[0]) from error


def is_trajectory(path: Path) -> bool:
    """Whether a file can be read as a trajectory of cgbridge."""
    try:
        return len(Trajectory(path)) >= 0
    except FileFormatError:
        return False


def is_ours(path: Path) -> bool:
    """Whether a file says that it is a trajectory of cgbridge, of whatever version.

    Raises :class:`FileFormatError` for HDF5 that is damaged, or ends too early: nobody can read it.
    """
    try:
        with open(path, "rb") as stream:
            if stream.read(len(_SIGNATURE)) != _SIGNATURE:
                return False
        with _open_to_read(path) as file:
            return bool(file.attrs.get("format") == FORMAT)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise _damaged(error, str(path)) from error


def _damaged(error: Exception, where: str) -> FileFormatError:
    return FileFormatError(
        f"the file is damaged or cut off ({error})",
        where=where,
        remedy="copy it again, or use the frames before",
    )


def _require_ours(file: Any, path: Path) -> None:
    if file.attrs.get("format") != FORMAT:
        raise FileFormatError("this is no trajectory of cgbridge", where=str(path))
    if file.attrs["schema"] != SCHEMA:
        raise FileFormatError(
            f"schema {file.attrs['schema']} of trajectories is not known to this version",
            where=str(path),
            remedy="read it with the version of cgbridge that wrote it",
        )


def _new(path: Path, count: int, header: Header) -> Any:
    """A file without frames; it appears under its name when it can be read."""
    # Here, as below, because importing it takes as long as all else of `cgbridge check`.
    import h5py

    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    file = h5py.File(temporary, "w", libver=(_RELEASE, _RELEASE))
    header.write(file)
    for name, field in (ALWAYS | {name: OPTIONAL[name] for name in header.fields}).items():
        entry = field.entry(count)
        size = np.dtype(field.dtype).itemsize * int(np.prod(entry))
        dataset = file.create_dataset(
            name,
            (0, *entry),
            maxshape=(None, *entry),
            dtype=field.dtype,
            chunks=(max(1, _BLOCK // size), *entry),
            fillvalue=np.nan,
        )
        dataset.attrs["unit"] = field.unit
    file.swmr_mode = True
    os.replace(temporary, path)
    return file


def _open_further(path: Path) -> Any:
    """A file that is to grow. The mark of a writer is set in one go, so that it can be read all the time."""
    import h5py

    release(path)
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_libver_bounds(h5py.h5f.LIBVER_V110, h5py.h5f.LIBVER_V110)
    flags = h5py.h5f.ACC_RDWR | h5py.h5f.ACC_SWMR_WRITE
    return h5py.File(h5py.h5f.open(os.fsencode(path), flags, fapl=access))


@contextmanager
def _open_to_read(path: Path) -> Iterator[Any]:
    """A file at rest, or as its writer has left it so far."""
    import h5py

    if not is_marked(path):
        with h5py.File(path, "r") as file:
            yield file
        return
    with Released(path) as content, h5py.File(content, "r") as file:
        yield file


def _whole(time: Any) -> int:
    """How many frames are whole: those with a time, from the first on."""
    known = np.isfinite(time[()])
    return len(known) if known.all() else int(np.argmin(known))
