"""Frames to the formats that mdtraj writes, one at a time; none of them keeps forces."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from cgbridge.extras import require
from cgbridge.frames import Frame
from cgbridge.store.atomic import storage_errors
from cgbridge.topology import Topology
from cgbridge.units import ANGSTROM


class _Entry:
    """A frame as mdtraj's writers want it: single precision, one frame of a series of one."""

    def __init__(self, frame: Frame, number: int) -> None:
        self.nm = frame.positions[None].astype("f4")
        self.angstrom = (frame.positions / ANGSTROM)[None].astype("f4")
        self.box = frame.box[None].astype("f4")
        self.time, self.step = np.array([frame.time], dtype="f4"), np.array([number], dtype="i4")
        self.lengths = self.angles = None
        if frame.box.any():
            from ase.geometry import cell_to_cellpar

            cell = cell_to_cellpar(frame.box)
            self.lengths, self.angles = cell[None, :3].astype("f4"), cell[None, 3:].astype("f4")

    @property
    def edges(self) -> Any:
        """Lengths in angstrom."""
        return None if self.lengths is None else self.lengths / np.float32(ANGSTROM)


def _text(file: Any, one: _Entry, topology: Any) -> None:
    cell = {}
    if one.angles is not None:
        cell = {"unitcell_lengths": tuple(one.edges[0]), "unitcell_angles": tuple(one.angles[0])}
    file.write(one.angstrom[0], topology, int(one.step[0]), **cell)


#: How a frame is given to the writer of a format.
_WRITE: dict[str, Callable[[Any, _Entry, Any], None]] = {
    ".trr": lambda file, one, _: file.write(one.nm, one.time, one.step, one.box),
    ".nc": lambda file, one, _: file.write(one.angstrom, one.time, one.edges, one.angles),
    ".ncdf": lambda file, one, _: file.write(one.angstrom, one.time, one.edges, one.angles),
    ".netcdf": lambda file, one, _: file.write(one.angstrom, one.time, one.edges, one.angles),
    ".mdcrd": lambda file, one, _: file.write(one.angstrom, one.edges),
    ".gro": lambda file, one, topology: file.write(one.nm, topology, one.time, one.box),
    ".pdb": _text,
}
SUFFIXES = tuple(_WRITE)


class MdtrajWriter:
    """A trajectory of the beads of ``topology`` in the format of the suffix.

    Raises :class:`~cgbridge.errors.MissingDependencyError` without mdtraj, and
    :class:`~cgbridge.errors.StorageError` where the disk does not take a frame.
    """

    def __init__(self, path: Path, topology: Topology) -> None:
        require(["mdtraj"], f"writing {path.suffix} files", where=str(path))
        import mdtraj

        self._path, self._count, self._write = path, 0, _WRITE[path.suffix]
        self._topology = _named(topology)
        with warnings.catch_warnings(), storage_errors(path):
            warnings.simplefilter("ignore")
            self._file = mdtraj.open(str(path), mode="w")

    def append(self, frame: Frame) -> None:
        """Add a frame behind the last."""
        with storage_errors(self._path):
            self._write(self._file, _Entry(frame, self._count), self._topology)
        self._count += 1

    def close(self) -> None:
        """Write what is still in memory."""
        with storage_errors(self._path):
            self._file.close()


def _named(topology: Topology) -> Any:
    """One residue per molecule; no elements, since a bead is none."""
    import mdtraj

    found = mdtraj.Topology()
    chain, before, residue = found.add_chain(), None, None
    for kind, molecule in zip(topology.types, topology.molecule_of, strict=True):
        if molecule != before:
            residue, before = found.add_residue("MOL", chain), molecule
        found.add_atom(kind, mdtraj.element.virtual, residue)
    atoms = list(found.atoms)
    for i, j in topology.bonds:
        found.add_bond(atoms[i], atoms[j])
    return found
