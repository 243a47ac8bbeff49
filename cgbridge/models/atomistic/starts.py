"""Atoms to start from: water made here, or a PDB file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from cgbridge.errors import FileFormatError, SimulationError
from cgbridge.models.atomistic.system import Start
from cgbridge.store.atomic import write_atomic
from cgbridge.structures.cells import openmm_box
from cgbridge.structures.lattices import liquid

#: O-H distance in nm and H-O-H angle in degrees of a gas molecule; the potential makes of it what it likes.
_BOND, _ANGLE = 0.0957, 104.5


def water(molecules: int, density: float, seed: int) -> Start:
    """Molecules in all directions on random sites of a cube at ``density`` in g/cm^3."""
    from openmm.app import Element
    from scipy.spatial.transform import Rotation

    mass = (Element.getBySymbol("O").mass + 2 * Element.getBySymbol("H").mass)._value
    box = liquid(molecules, mass, density, seed)
    half = np.radians(_ANGLE / 2)
    shape = _BOND * np.array(
        [[0.0, 0.0, 0.0], [np.sin(half), np.cos(half), 0.0], [-np.sin(half), np.cos(half), 0.0]]
    )
    turned = Rotation.random(molecules, random_state=np.random.RandomState(seed)).as_matrix()
    return water_at(box.positions[:, None, :] + np.einsum("mij,aj->mai", turned, shape), box.vectors)


def water_at(atoms: np.ndarray, box: np.ndarray) -> Start:
    """Water whose molecules have oxygen and hydrogens at ``atoms`` (n, 3, 3) in nm."""
    from openmm.app import Element, Topology

    topology = Topology()
    chain = topology.addChain()
    for _ in atoms:
        residue = topology.addResidue("HOH", chain)
        first = topology.addAtom("O", Element.getBySymbol("O"), residue)
        for name in ("H1", "H2"):
            topology.addBond(first, topology.addAtom(name, Element.getBySymbol("H"), residue))
    return _start(topology, atoms.reshape(-1, 3), box)


def from_pdb(path: Path) -> Start:
    """The first model of a PDB file.

    Raises :class:`FileFormatError` for a file that is none, and :class:`SimulationError` without a box.
    """
    from openmm.app import PDBFile

    if not path.is_file():
        raise FileFormatError("no such file", where=str(path))
    try:
        file = PDBFile(str(path))
        positions = np.asarray(file.getPositions(asNumpy=True)._value, dtype=float)
    except Exception as error:  # OpenMM's reader raises whatever the line makes it stumble over
        raise FileFormatError(
            f"OpenMM cannot read it as PDB: {error}", where=str(path), remedy="look at its ATOM records"
        ) from None
    vectors = file.topology.getPeriodicBoxVectors()
    if vectors is None:
        raise SimulationError(
            "the file has no box, but a simulation needs a periodic one",
            where=str(path),
            remedy="add a CRYST1 record",
        )
    rotation, box = openmm_box(np.array([list(vector._value) for vector in vectors], dtype=float))
    return _start(file.topology, positions @ rotation, box)


def write_pdb(path: Path, start: Start) -> None:
    """The topology with its first positions, for programs that want one beside a trajectory."""
    from openmm import unit
    from openmm.app import PDBFile

    text = io.StringIO()
    PDBFile.writeFile(start.topology, start.positions * unit.nanometer, text)
    write_atomic(path, text.getvalue())


def _start(topology: Any, positions: np.ndarray, box: np.ndarray) -> Start:
    from openmm import Vec3, unit

    topology.setPeriodicBoxVectors([Vec3(*map(float, row)) for row in box] * unit.nanometer)
    return Start(topology, positions, box)
