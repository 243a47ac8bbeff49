"""Labelled frames as extended XYZ in ASE's form: positions in A, energies in eV, forces in eV/A."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from cgbridge.atoms import Atoms
from cgbridge.errors import ConfigError
from cgbridge.store.atomic import storage_errors
from cgbridge.trajectories.hdf5 import Trajectory
from cgbridge.units import ANGSTROM, EV


def write_labelled_xyz(path: Path, trajectory: Trajectory) -> None:
    """All frames of a trajectory of atoms; sites without mass are left out (no force is on them).

    Raises :class:`ConfigError` for a trajectory without atoms or labels.
    """
    from ase import Atoms as AseAtoms
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.io.extxyz import write_extxyz

    header = trajectory.header
    if not isinstance(header.particles, Atoms) or not {"forces", "energy"} <= set(header.fields):
        raise ConfigError("this trajectory has no atoms with energies and forces", where=str(trajectory.path))
    real = np.flatnonzero(np.array(header.particles.masses) > 0.0)
    symbols = [header.particles.elements[index] or "X" for index in real]
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with storage_errors(path):
        try:
            with open(temporary, "w", encoding="utf-8") as file:
                for frame in trajectory:
                    assert frame.forces is not None and frame.energy is not None
                    atoms = AseAtoms(
                        symbols, frame.positions[real] / ANGSTROM, cell=frame.box / ANGSTROM, pbc=True
                    )
                    atoms.calc = SinglePointCalculator(
                        atoms, energy=frame.energy / EV, forces=frame.forces[real] / (EV / ANGSTROM)
                    )
                    write_extxyz(file, [atoms])
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
