"""Trajectories and structures in the formats that other programs read: DCD, XTC, extended XYZ, PDB."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np

from cgbridge.errors import ConfigError, did_you_mean
from cgbridge.frames import FloatArray, Frame
from cgbridge.store.atomic import storage_errors, write_atomic
from cgbridge.topology import Topology
from cgbridge.units import ANGSTROM

#: Steps of one interval, at most, in which formats that count steps say when the first frame was.
_FINEST = 10_000


@dataclass(frozen=True)
class FrameTimes:
    """Frames stand ``stride`` steps of ``timestep`` ps apart, the first after ``first`` (None: a stride)."""

    timestep: float
    stride: int
    first: int | None = None

    @property
    def begin(self) -> int:
        """Steps before the first frame."""
        return self.stride if self.first is None else self.first

    @classmethod
    def of(cls, first: float, interval: float) -> FrameTimes:
        """Frames ``interval`` ps apart from ``first`` ps on, counted in the longest step that fits both."""
        if not interval > 0.0:
            return cls(1.0, 1, 0)
        share = Fraction(first / interval).limit_denominator(_FINEST)
        return cls(interval / share.denominator, share.denominator, share.numerator)


class FrameSink(Protocol):
    """A trajectory file that grows; whole after every frame."""

    def append(self, frame: Frame) -> None: ...

    def close(self) -> None: ...


class _Dcd:
    """CHARMM's DCD: single precision, with the box and the time between frames."""

    def __init__(self, path: Path, names: Sequence[str], times: FrameTimes) -> None:
        from openmm.app import DCDFile

        self._path = path
        self._stream: IO[bytes] = open(path, "wb")  # noqa: SIM115  (closed by close)
        self._file = DCDFile(
            self._stream, _topology(names, np.eye(3)), times.timestep, times.begin, times.stride
        )

    def append(self, frame: Frame) -> None:
        with storage_errors(self._path):
            self._file.writeModel(frame.positions, periodicBoxVectors=_vectors(frame.box))

    def close(self) -> None:
        with storage_errors(self._path):
            self._stream.close()


class _Xtc:
    """GROMACS's XTC: compressed to 0.001 nm, with box and time."""

    def __init__(self, path: Path, names: Sequence[str], times: FrameTimes) -> None:
        from openmm.app import XTCFile

        self._path, self._size = path, 0
        path.unlink(missing_ok=True)
        self._file = XTCFile(
            str(path), _topology(names, np.eye(3)), times.timestep, times.begin, times.stride
        )

    def append(self, frame: Frame) -> None:
        with storage_errors(self._path):
            self._file.writeModel(frame.positions, periodicBoxVectors=_vectors(frame.box))
            # The library that writes the file keeps a full disk to itself.
            size = self._path.stat().st_size
            if size <= self._size:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._size = size

    def close(self) -> None:
        """Every frame opens and closes the file."""


class _Xyz:
    """Extended XYZ: text, in angstrom, with the lattice and the time of every frame."""

    def __init__(self, path: Path, names: Sequence[str], times: FrameTimes) -> None:
        self._path, self._names = path, names
        self._stream: IO[str] = open(path, "w", encoding="utf-8")  # noqa: SIM115  (closed by close)

    def append(self, frame: Frame) -> None:
        lattice = " ".join(f"{value:.9g}" for value in (frame.box / ANGSTROM).ravel())
        cell, pbc = (f'Lattice="{lattice}" ', "T T T") if frame.box.any() else ("", "F F F")
        lines = [
            str(len(self._names)),
            f'{cell}Properties=species:S:1:pos:R:3 Time={frame.time:g} pbc="{pbc}"',
        ]
        for name, (x, y, z) in zip(self._names, frame.positions / ANGSTROM, strict=True):
            lines.append(f"{name} {x:.6f} {y:.6f} {z:.6f}")
        with storage_errors(self._path):
            self._stream.write("\n".join(lines) + "\n")
            self._stream.flush()

    def close(self) -> None:
        with storage_errors(self._path):
            self._stream.close()


_FORMATS: dict[str, Callable[[Path, Sequence[str], FrameTimes], FrameSink]] = {
    ".dcd": _Dcd,
    ".xtc": _Xtc,
    ".xyz": _Xyz,
}


def check_trajectory_name(path: Path, others: Sequence[str] = ()) -> None:
    """Raise :class:`ConfigError` when the suffix is of no format that can be written; ``others`` are more."""
    known = (*_FORMATS, *others)
    if path.suffix not in known:
        raise ConfigError(
            f"'{path.suffix}' is no trajectory format{did_you_mean(path.suffix, known)}",
            where=str(path),
            remedy="end the name in one of: " + ", ".join(known),
        )


def open_trajectory(path: Path, names: Sequence[str], times: FrameTimes) -> FrameSink:
    """Begin a trajectory of beads called ``names``.

    The suffix tells the format. Raises :class:`ConfigError` for an unknown one and
    :class:`~cgbridge.errors.StorageError` when the file cannot be written.
    """
    check_trajectory_name(path)
    with storage_errors(path):
        return _FORMATS[path.suffix](path, names, times)


def write_pdb(path: Path, names: Sequence[str], positions: FloatArray, box: FloatArray) -> None:
    """Write one configuration, wrapped into its box (rows of ``box``, nm)."""
    wrapped = positions - np.floor(positions @ np.linalg.inv(box)) @ box
    _write_pdb(path, _topology(names, box), wrapped)


def write_bead_topology(path: Path, topology: Topology, frame: Frame) -> None:
    """Write beads with their molecules as residues and their bonds, at the positions of ``frame``."""
    _write_pdb(path, _topology(topology.types, frame.box, topology), frame.positions)


def _write_pdb(path: Path, topology: Any, positions: FloatArray) -> None:
    from openmm.app import PDBFile
    from openmm.unit import nanometer

    text = io.StringIO()
    PDBFile.writeFile(topology, positions * nanometer, text)
    write_atomic(path, text.getvalue())


def _topology(names: Sequence[str], box: FloatArray, beads: Topology | None = None) -> Any:
    """One residue per bead, or per molecule of ``beads``; no elements, since a bead is none."""
    from openmm.app import Topology as OpenMMTopology
    from openmm.unit import nanometer

    topology = OpenMMTopology()
    chain = topology.addChain()
    molecules = range(len(names)) if beads is None else beads.molecule_of
    residue, before = None, None
    for name, molecule in zip(names, molecules, strict=True):
        if molecule != before:
            residue, before = topology.addResidue(name if beads is None else "MOL", chain), molecule
        topology.addAtom(name, None, residue)
    atoms = list(topology.atoms())
    for i, j in () if beads is None else beads.bonds:
        topology.addBond(atoms[i], atoms[j])
    if box.any():
        topology.setPeriodicBoxVectors(_vectors(box) * nanometer)
    return topology


def _vectors(box: FloatArray) -> list[Any]:
    from openmm import Vec3

    return [Vec3(*map(float, row)) for row in box]
