"""Which atoms there are, from files that name them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cgbridge.atoms import Atoms
from cgbridge.errors import CgbridgeError, FileFormatError
from cgbridge.trajectories.atom_formats import READERS, read_with_mdtraj
from cgbridge.trajectories.formats.frame import open_text
from cgbridge.trajectories.formats.lammps_data import looks_like_data
from cgbridge.trajectories.formats.lammps_dump import MAGIC
from cgbridge.trajectories.formats.npz_frames import NpzFrames
from cgbridge.trajectories.hdf5 import Trajectory, is_ours
from cgbridge.trajectories.named_atoms import NamedAtoms, finished

_HEAD = 20_000  # characters that are looked at to tell a format


def read_atoms(path: Path) -> tuple[Atoms, tuple[str, ...]]:
    """The atoms that a file names, and what was taken.

    Raises :class:`~cgbridge.errors.FileFormatError` for a file that names none.
    """
    if not path.is_file():
        raise FileFormatError("no such topology", where=str(path), remedy="check the path")
    try:
        if path.suffix == ".json":
            return Atoms.from_json(path.read_text(encoding="utf-8")), ()
        if path.suffix in (".h5", ".hdf5") and is_ours(path):
            particles = Trajectory(path).header.particles
            if not isinstance(particles, Atoms):
                raise ValueError("this trajectory is one of beads")
            return particles, ()
        if path.suffix == ".npz" and (text := NpzFrames(path).once("atoms")) is not None:
            return Atoms.from_json(str(text)), ()
        reader: Callable[[Path], NamedAtoms] = READERS.get(_format(path), read_with_mdtraj)
        return finished(reader(path))
    except CgbridgeError:
        raise
    except Exception as error:  # foreign readers raise anything
        text = " ".join(str(error).split()) or type(error).__name__
        raise FileFormatError(
            f"no atoms can be read: {text}",
            where=str(path),
            remedy="give PDB, GRO, extended XYZ, a LAMMPS data file, PSF, PRMTOP, MOL2, or what mdtraj reads",
        ) from error


def _format(path: Path) -> str:
    """A suffix, by content for LAMMPS's files, which have none of their own."""
    suffix = next((s.lower() for s in reversed(path.suffixes) if s.lower() != ".gz"), "")
    if suffix == ".npz":
        return suffix
    try:
        with open_text(path) as stream:
            head = stream.read(_HEAD)
    except (OSError, EOFError):
        return suffix
    return "dump" if head.startswith(MAGIC) else "data" if looks_like_data(head) else suffix
