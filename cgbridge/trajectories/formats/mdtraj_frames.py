"""All frames of the formats that mdtraj reads, a few in memory at a time."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from cgbridge.extras import require
from cgbridge.trajectories.formats.frame import FileFrame

#: Coordinates that are read at a time.
_BATCH = 3_000_000
#: Formats of mdtraj that have times; for others it numbers the frames.
_TIMED = (".nc", ".ncdf", ".netcdf", ".ncrst", ".rst7", ".restrt", ".h5", ".hdf5", ".dtr", ".stk", ".tng")
#: Formats of mdtraj that name their atoms; all others need their number.
_NAMED = (".pdb", ".h5", ".hdf5", ".lh5", ".gsd", ".arc", ".cif", ".mmcif", ".pdbx")


@dataclass(frozen=True)
class XtcFrames:
    """Frames of an XTC file, whose boxes mdtraj gives as vectors."""

    path: Path

    def __len__(self) -> int:
        with _open(self.path) as file:
            return len(file)

    def __iter__(self) -> Iterator[FileFrame]:
        with _open(self.path) as file:
            while len((found := file.read(n_frames=1))[0]):
                positions, times, _, boxes = found
                names = ("",) * positions.shape[1]
                yield FileFrame(
                    names, positions[0].astype(float), boxes[0].astype(float), time=float(times[0])
                )


@dataclass(frozen=True)
class MdtrajFrames:
    """Frames of any other format; ``count`` is the number of atoms, where the topology has told it."""

    path: Path
    count: int | None = None

    def __len__(self) -> int:
        return self._length

    @cached_property
    def _length(self) -> int:
        try:
            with _open(self.path) as file:
                return len(file)
        except (TypeError, NotImplementedError, OSError, ValueError):
            return sum(len(chunk) for chunk in self._chunks())

    def __iter__(self) -> Iterator[FileFrame]:
        timed = self.path.suffix.lower() in _TIMED
        for chunk in self._chunks():
            vectors = chunk.unitcell_vectors
            for number in range(len(chunk)):
                cell = None if vectors is None else np.asarray(vectors[number], dtype=float)
                positions = np.asarray(chunk.xyz[number], dtype=float)
                time = float(chunk.time[number]) if timed else None
                yield FileFrame(("",) * len(positions), positions, cell, time=time)

    def _chunks(self) -> Iterator[Any]:
        require(["mdtraj"], f"reading {self.path.suffix} files", where=str(self.path))
        import mdtraj

        options: dict[str, Any] = {}
        suffixes = [suffix for suffix in self.path.suffixes if suffix != ".gz"]
        if not suffixes or suffixes[-1] not in _NAMED:
            if self.count is None:
                raise ValueError("this format does not tell which atoms there are: give the topology (--top)")
            options["top"] = _nameless(self.count)
        chunk = max(1, _BATCH // (3 * (self.count or _BATCH)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield from mdtraj.iterload(str(self.path), chunk=chunk, **options)


def _open(path: Path) -> Any:
    require(["mdtraj"], f"reading {path.suffix} files", where=str(path))
    import mdtraj

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return mdtraj.open(str(path))


def _nameless(count: int) -> Any:
    import mdtraj

    topology = mdtraj.Topology()
    residue = topology.add_residue("MOL", topology.add_chain())
    for _ in range(count):
        topology.add_atom("X", mdtraj.element.virtual, residue)
    return topology
