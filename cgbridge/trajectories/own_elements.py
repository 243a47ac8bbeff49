"""Elements that a trajectory names itself, beside those of a topology that is given for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from cgbridge.atoms import Atoms
from cgbridge.errors import FileFormatError
from cgbridge.trajectories.formats.frame import open_text
from cgbridge.trajectories.formats.lammps_dump import dump_column
from cgbridge.trajectories.formats.npz_frames import NpzFrames
from cgbridge.trajectories.formats.pdb import pdb_blocks
from cgbridge.trajectories.formats.xyz import parse_xyz, xyz_blocks

#: Isotopes that have letters of their own.
_ISOTOPES = {"D": "H", "T": "H"}


def require_same_elements(atoms: Atoms, named: Sequence[str], where: str) -> None:
    """Raise :class:`~cgbridge.errors.FileFormatError` where a trajectory names other elements than ``atoms``.

    Names that are no elements tell nothing, nor do those of atoms that have none. A name of which the element
    is the first letter is one of an atom (``Ca`` of a carbon). Another number of atoms is found with the
    frames.
    """
    from ase.data import atomic_numbers

    if len(named) != len(atoms):
        return
    for number, (own, name) in enumerate(zip(atoms.elements, named, strict=True), start=1):
        if not own or own == name or not atomic_numbers.get(_ISOTOPES.get(name, name), 0):
            continue
        if _ISOTOPES.get(name, name) != _ISOTOPES.get(own, own) and not (len(own) == 1 and name[0] == own):
            raise FileFormatError(
                f"atom {number} is {name} in this trajectory, and {own} in the topology that is given for it",
                where=where,
                remedy="give a topology with the atoms of this trajectory in the same order, or none, where "
                "the trajectory names its atoms",
            )


def elements_named(path: Path) -> tuple[str, ...]:
    """What stands for elements in a text trajectory or npz; empty where the format names none."""
    suffix = next((s.lower() for s in reversed(path.suffixes) if s.lower() != ".gz"), "")
    reader = _READERS.get(suffix)
    return () if reader is None else reader(path)


def dump_elements(path: Path) -> tuple[str, ...]:
    """Those of a LAMMPS dump, which calls every atom C unless it was told the elements."""
    found = tuple(dump_column(path, "element") or ())
    return () if set(found) == {"C"} else found


def _npz(path: Path) -> tuple[str, ...]:
    reader = NpzFrames(path)
    if (text := reader.once("atoms")) is not None:
        return Atoms.from_json(str(text)).elements
    found = reader.once("elements")
    return () if found is None else tuple(str(name) for name in found)


def _xyz(path: Path) -> tuple[str, ...]:
    with open_text(path) as stream:
        return parse_xyz(next(xyz_blocks(stream))).names


def _pdb(path: Path) -> tuple[str, ...]:
    with open_text(path) as stream:
        rows = next(pdb_blocks(stream))[1]
    return tuple(row[76:78].strip().capitalize() for _, row in rows)


_READERS: dict[str, Callable[[Path], tuple[str, ...]]] = {
    ".npz": _npz,
    ".xyz": _xyz,
    ".extxyz": _xyz,
    ".pdb": _pdb,
    ".ent": _pdb,
}
