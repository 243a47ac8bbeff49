"""Atoms in a box with a potential: what a simulation of atoms starts from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from cgbridge.atoms import Atoms, molecules_of
from cgbridge.frames import FloatArray
from cgbridge.topology import Chains


@dataclass(frozen=True)
class Start:
    """Atoms of OpenMM's ``topology`` at ``positions`` (N, 3) in a ``box`` (rows), both in nm."""

    topology: Any
    positions: FloatArray
    box: FloatArray

    @property
    def width(self) -> float:
        """The smallest diagonal element of the box, in nm: OpenMM's measure of it."""
        return float(np.min(np.diag(self.box)))


class Potential(Protocol):
    """Makes an OpenMM System of atoms; ``identity`` is what tells it from other potentials."""

    @property
    def identity(self) -> Mapping[str, Any]: ...

    def complete(self, start: Start) -> Start:
        """With the sites that the potential adds to the atoms."""
        ...

    def system(self, start: Start) -> tuple[Any, Sequence[str]]:
        """The System, and what was taken without being asked. Raises
        :class:`~cgbridge.errors.CgbridgeError` for atoms that the potential does not know.
        """
        ...


@dataclass(frozen=True)
class AtomisticSystem:
    """An OpenMM ``system`` of ``atoms``, where they start, and what was taken without being asked."""

    system: Any
    atoms: Atoms
    start: Start
    identity: Mapping[str, Any]
    notes: tuple[str, ...] = ()

    @property
    def periodic(self) -> bool:
        """Whether the potential sees the box."""
        return bool(self.system.usesPeriodicBoundaryConditions())

    @property
    def freedom(self) -> int:
        """Degrees of freedom of the velocities: three per mass, less the constraints."""
        massive = sum(mass > 0.0 for mass in self.atoms.masses)
        return 3 * massive - len(self.atoms.constraints)

    @property
    def mass(self) -> float:
        """In amu."""
        return float(sum(self.atoms.masses))


def assemble(potential: Potential, start: Start) -> AtomisticSystem:
    """Atoms with a potential; raises :class:`~cgbridge.errors.CgbridgeError` where they do not fit."""
    whole = potential.complete(start)
    system, notes = potential.system(whole)
    return AtomisticSystem(system, _atoms(whole.topology, system), whole, potential.identity, tuple(notes))


def add_molecules(system: Any, topology: Any) -> Chains:
    """The bonds of OpenMM's topology, which a System gets as springs without strength.

    A barostat moves molecules as a whole, and these tell it which there are; the forces of a network do not.
    """
    import openmm

    springs = openmm.HarmonicBondForce()
    bonds = tuple(sorted({tuple(sorted((one.index, other.index))) for one, other in topology.bonds()}))
    for one, other in bonds:
        springs.addBond(one, other, 0.0, 0.0)
    system.addForce(springs)
    return bonds


def _atoms(topology: Any, system: Any) -> Atoms:
    """What OpenMM's topology says of the atoms, with masses and constraints of the System."""
    atoms = list(topology.atoms())
    bonds = tuple(sorted({tuple(sorted((one.index, other.index))) for one, other in topology.bonds()}))
    # A virtual site has no bond, and belongs to the molecule of the atoms that it stands between.
    tied = [
        (index, system.getVirtualSite(index).getParticle(0))
        for index in range(system.getNumParticles())
        if system.isVirtualSite(index)
    ]
    constraints = [system.getConstraintParameters(index)[:2] for index in range(system.getNumConstraints())]
    return Atoms(
        names=tuple(atom.name for atom in atoms),
        elements=tuple("" if atom.element is None else atom.element.symbol for atom in atoms),
        masses=tuple(system.getParticleMass(index)._value for index in range(len(atoms))),
        residue_names=tuple(residue.name for residue in topology.residues()),
        residue_of=tuple(atom.residue.index for atom in atoms),
        molecule_of=molecules_of(len(atoms), (*bonds, *tied)),
        bonds=bonds,
        constraints=tuple(sorted((min(i, j), max(i, j)) for i, j in constraints)),
    )
