"""What files of each format say of their atoms."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from cgbridge.extras import require
from cgbridge.trajectories.formats.frame import FileFrame, open_text
from cgbridge.trajectories.formats.gro import gro_blocks, parse_gro
from cgbridge.trajectories.formats.lammps_data import read_data_atoms
from cgbridge.trajectories.formats.lammps_dump import dump_column, read_lammps_dump
from cgbridge.trajectories.formats.npz_frames import NpzFrames
from cgbridge.trajectories.formats.pdb import parse_pdb, pdb_blocks
from cgbridge.trajectories.formats.xyz import parse_xyz, xyz_blocks
from cgbridge.trajectories.named_atoms import NamedAtoms

#: Formats of mdtraj that name atoms and bonds and have no positions.
_BONDED = (".psf", ".prmtop", ".parm7", ".prm7", ".hoomdxml")


def _read_pdb(path: Path) -> NamedAtoms:
    with open_text(path) as stream:
        block = next(pdb_blocks(stream))
    rows = [row for _, row in block[1]]
    residues = [(row[17:21].strip(), row[21:27]) for row in rows]
    elements = _known([row[76:78].strip() for row in rows])
    serials = {row[6:11]: atom for atom, row in enumerate(rows)}
    bonds: set[tuple[int, int]] = set()
    if len(serials) == len(rows):  # numbers that begin anew tell nothing
        with open_text(path) as stream:
            for line in stream:
                if line.startswith("CONECT"):
                    bonds |= _connections(line.rstrip("\n"), serials)
    found = parse_pdb(block)
    return NamedAtoms(
        found.names,
        elements,
        None,
        tuple(residues),
        None,
        tuple(sorted(bonds)),
        False,
        found.positions,
        _box(found),
    )


def _connections(line: str, serials: dict[str, int]) -> set[tuple[int, int]]:
    atom, *others = (line[place : place + 5] for place in range(6, min(len(line), 31), 5))
    pairs = ((serials.get(atom), serials.get(other)) for other in others)
    return {(min(i, j), max(i, j)) for i, j in pairs if i is not None and j is not None and i != j}


def _read_gro(path: Path) -> NamedAtoms:
    with open_text(path) as stream:
        block = next(gro_blocks(stream))
    residues = tuple((row[5:10].strip(), row[:10]) for row in block[2][:-1])
    found = parse_gro(block)
    return NamedAtoms(found.names, residues=residues, positions=found.positions, box=_box(found))


def _read_xyz(path: Path) -> NamedAtoms:
    with open_text(path) as stream:
        found = parse_xyz(next(xyz_blocks(stream)))
    return NamedAtoms(found.names, _known(found.names), positions=found.positions, box=_box(found))


def _read_dump(path: Path) -> NamedAtoms:
    found, _ = read_lammps_dump(path, 0)
    names = found.names if any(found.names) else found.types
    elements = _known(names)
    molecules = dump_column(path, "mol")
    masses = dump_column(path, "mass")
    return NamedAtoms(
        names,
        elements,
        None if masses is None else tuple(map(float, masses)),
        molecules=None if molecules is None else tuple(map(int, molecules)),
        positions=found.positions,
        box=_box(found),
    )


def _read_data(path: Path) -> NamedAtoms:
    found, masses, molecules, bonds = read_data_atoms(path)
    names = found.names if any(found.names) else found.types
    return NamedAtoms(
        names,
        None,
        masses,
        None,
        molecules,
        bonds or (),
        bonds is not None,
        found.positions,
        _box(found),
    )


def _read_npz(path: Path) -> NamedAtoms:
    reader = NpzFrames(path)
    elements = reader.once("elements")
    if elements is None:
        raise ValueError("there is no array 'atoms' or 'elements'")
    frame = next(iter(reader))
    names = tuple(str(name) for name in elements)
    return NamedAtoms(names, _known(names), positions=frame.positions, box=frame.box)


def read_with_mdtraj(path: Path) -> NamedAtoms:
    """The atoms of any format of mdtraj that names them; raises what mdtraj does."""
    require(["mdtraj"], f"reading {path.suffix} files", where=str(path))
    import mdtraj

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if path.suffix.lower() in _BONDED:
            loaded, topology = None, mdtraj.load_topology(str(path))
        else:
            loaded = mdtraj.load_frame(str(path), 0)
            topology = loaded.topology
    atoms = list(topology.atoms)
    elements = _known([atom.element.symbol if atom.element is not None else "" for atom in atoms])
    vectors = None if loaded is None else loaded.unitcell_vectors
    return NamedAtoms(
        tuple(atom.name for atom in atoms),
        elements,
        None,
        tuple((atom.residue.name, atom.residue.index) for atom in atoms),
        None,
        tuple(sorted((min(a.index, b.index), max(a.index, b.index)) for a, b in topology.bonds)),
        loaded is None,
        None if loaded is None else np.asarray(loaded.xyz[0], dtype=float),
        None if vectors is None else np.asarray(vectors[0], dtype=float),
    )


def _known(names: Sequence[str]) -> tuple[str, ...]:
    """The names that are elements; empty for all others."""
    from ase.data import atomic_numbers

    return tuple(name.capitalize() if atomic_numbers.get(name.capitalize(), 0) > 0 else "" for name in names)


def _box(found: FileFrame) -> np.ndarray | None:
    return found.cell if all(found.periodic) else None


READERS: dict[str, Callable[[Path], NamedAtoms]] = {
    ".pdb": _read_pdb,
    ".ent": _read_pdb,
    ".gro": _read_gro,
    ".xyz": _read_xyz,
    ".extxyz": _read_xyz,
    ".npz": _read_npz,
    "dump": _read_dump,
    "data": _read_data,
}
