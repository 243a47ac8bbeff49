"""Read a structure file through ASE, or mdtraj where ASE does not know the format."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cgbridge.errors import FileFormatError, SimulationError
from cgbridge.frames import FloatArray
from cgbridge.units import ANGSTROM


@dataclass(frozen=True)
class Structure:
    """Names and positions (N, 3) in nm; box vectors as rows (3, 3) in nm, None without periodicity."""

    names: tuple[str, ...]
    positions: FloatArray
    box: FloatArray | None


def read_structure(path: Path) -> Structure:
    """Read the first frame of ``path``.

    Raises :class:`FileFormatError` when no reader understands the file.
    """
    if not path.is_file():
        raise FileFormatError("no such structure file", where=str(path), remedy="check the path")
    if path.stat().st_size == 0:
        raise FileFormatError("the file is empty", where=str(path), remedy="check the download or copy")
    reasons = []
    for reader in (_with_ase, _with_mdtraj):
        try:
            structure = reader(path)
        except FileFormatError:
            raise
        except Exception as error:  # foreign readers raise anything
            # mdtraj asks for a topology where a format has no names of its own; that helps nobody here.
            if "topology" not in str(error) and '"top"' not in str(error):
                reasons.append(f"{reader.__name__.removeprefix('_with_')}: {' '.join(str(error).split())}")
            continue
        if len(structure.names) == 0:
            raise FileFormatError(
                "the structure has no particles", where=str(path), remedy="check the download or copy"
            )
        if not np.isfinite(structure.positions).all():
            bead = int(np.argmin(np.isfinite(structure.positions).all(axis=1))) + 1
            raise FileFormatError(
                f"the position of bead {bead} is not a number",
                where=str(path),
                remedy="the simulation that wrote it has broken down; take an earlier frame",
            )
        return structure
    raise FileFormatError(
        "no reader understands this structure (" + "; ".join(reasons) + ")",
        where=str(path),
        remedy="give extended XYZ with Lattice=, PDB, GRO or another format of ASE or mdtraj",
    )


def require_wide(structure: Structure, cutoff: float, path: Path) -> None:
    """Raise :class:`SimulationError` when the box of a file is narrower than twice ``cutoff`` (nm)."""
    if structure.box is None:
        return
    width = float(np.min(np.diag(structure.box)))
    if width < 2.0 * cutoff:
        raise SimulationError(
            f"the box ({width:.3f} nm) is narrower than twice the cutoff ({2.0 * cutoff:.3f} nm)",
            where=str(path),
            remedy=f"repeat the cell at least {math.ceil(2.0 * cutoff / width)} times along its short sides",
        )


def _with_ase(path: Path) -> Structure:
    from ase import Atoms
    from ase.io import read

    atoms = read(path, index=0)
    assert isinstance(atoms, Atoms)  # one index gives one structure
    names = atoms.arrays.get("names", atoms.arrays.get("atomtypes", np.array(atoms.get_chemical_symbols())))
    box = None
    if atoms.pbc.any():
        if not atoms.pbc.all():
            raise FileFormatError(
                "the structure is periodic in some directions only",
                where=str(path),
                remedy='make it periodic in all (pbc="T T T") or in none (pbc="F F F")',
            )
        _require_volume(np.asarray(atoms.cell), path)
        box = reduced_box(np.asarray(atoms.cell) * ANGSTROM)
    positions = atoms.positions * ANGSTROM
    if box is not None and not np.allclose(box, np.asarray(atoms.cell) * ANGSTROM, atol=1e-9):
        positions, box = _into_reduced_frame(positions, np.asarray(atoms.cell) * ANGSTROM)
    return Structure(tuple(str(name) for name in names), positions, box)


def _with_mdtraj(path: Path) -> Structure:
    import mdtraj

    frame = mdtraj.load_frame(str(path), 0)
    if frame.unitcell_vectors is not None:
        _require_volume(np.asarray(frame.unitcell_vectors[0]), path)
    box = (
        None
        if frame.unitcell_vectors is None
        else reduced_box(np.asarray(frame.unitcell_vectors[0], dtype=float))
    )
    return Structure(
        tuple(atom.name for atom in frame.topology.atoms), np.asarray(frame.xyz[0], dtype=float), box
    )


def _require_volume(cell: FloatArray, path: Path) -> None:
    lengths = np.linalg.norm(cell, axis=1)
    if not (np.isfinite(cell).all() and abs(np.linalg.det(cell)) > 1e-6 * np.prod(lengths) > 0.0):
        raise FileFormatError(
            "the cell has no volume", where=str(path), remedy="give three cell vectors that span a box"
        )


def reduced_box(box: FloatArray) -> FloatArray:
    """OpenMM's form of a lattice: a along x, b in the xy plane, off-diagonals at most half a vector.

    The lattice stays the same where ``box`` is lower triangular already; other cells are rotated.
    """
    _, r = np.linalg.qr(box.T)
    lower = (r * np.sign(np.diag(r))[:, None]).T
    reduced: FloatArray = lower.copy()
    reduced[2] -= reduced[1] * np.round(reduced[2, 1] / reduced[1, 1])
    reduced[2] -= reduced[0] * np.round(reduced[2, 0] / reduced[0, 0])
    reduced[1] -= reduced[0] * np.round(reduced[1, 0] / reduced[0, 0])
    return reduced


def _into_reduced_frame(positions: FloatArray, cell: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rotate positions with the cell into OpenMM's frame (a proper rotation of the same crystal)."""
    q, r = np.linalg.qr(cell.T)
    signs = np.sign(np.diag(r))
    rotation = q * signs
    return positions @ rotation, reduced_box(cell)
