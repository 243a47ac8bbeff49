"""Formats read by ASE and by mdtraj: crystals and molecules, and trajectories without names."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from cgbridge.extras import require
from cgbridge.frames import FloatArray
from cgbridge.trajectories.formats.frame import FileFrame, choose, index_of
from cgbridge.units import ANGSTROM

#: nm of the length in trajectories that hold positions only.
_LENGTH = {".xtc": 1.0, ".trr": 1.0, ".nc": ANGSTROM, ".ncdf": ANGSTROM}
TRAJECTORIES = tuple(_LENGTH)


def read_trajectory(path: Path, frame: int) -> tuple[FileFrame, int | None]:
    """Frame ``frame`` of an XTC, TRR or NetCDF file and the number of its frames.

    The names are empty. Cells that the format gives as lengths and angles lie with a along x and b in the
    xy plane. Raises whatever mdtraj does.
    """
    require(["mdtraj"], f"reading {path.suffix} files")
    import mdtraj

    length = _LENGTH[path.suffix.lower()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with mdtraj.open(str(path)) as file:
            count = len(file)
            file.seek(index_of(frame, count))
            record = file.read(1)
    positions = np.asarray(record[0][0], dtype=float) * length
    cell = _box(record, path.suffix.lower(), length)
    return FileFrame(("",) * len(positions), positions, cell), count


def _box(record: tuple[Any, ...], suffix: str, length: float) -> FloatArray | None:
    if suffix in (".xtc", ".trr"):
        box = record[3]
        return None if box is None else np.asarray(box[0], dtype=float)
    lengths, angles = record[-2:]
    if lengths is None or angles is None or not np.any(lengths):
        return None
    from ase.geometry import cellpar_to_cell

    cell: FloatArray = np.asarray(cellpar_to_cell([*map(float, lengths[0]), *map(float, angles[0])])) * length
    return cell


def read_with_ase(path: Path, frame: int) -> tuple[FileFrame, int | None]:
    """Frame ``frame`` of any format of ASE and the number of frames where known; raises what ASE does."""
    from ase.io import iread

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        atoms, count = choose(iter(iread(str(path), index=":", do_not_split_by_at_sign=True)), frame)
    names = tuple(atoms.get_chemical_symbols())
    periodic = tuple(bool(flag) for flag in atoms.pbc)
    cell = np.asarray(atoms.cell) * ANGSTROM if any(periodic) else None
    return FileFrame(names, atoms.positions * ANGSTROM, cell, periodic), count  # type: ignore[arg-type]


def read_with_mdtraj(path: Path, frame: int) -> tuple[FileFrame, int | None]:
    """Frame ``frame`` of any format of mdtraj that names its atoms; raises what mdtraj does."""
    require(["mdtraj"], "trying the formats of mdtraj")
    import mdtraj

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = mdtraj.load(str(path))
    chosen = loaded[index_of(frame, loaded.n_frames)]
    names = tuple(atom.name for atom in chosen.topology.atoms)
    vectors = chosen.unitcell_vectors
    cell = None if vectors is None else np.asarray(vectors[0], dtype=float)
    return FileFrame(names, np.asarray(chosen.xyz[0], dtype=float), cell), loaded.n_frames
