"""Bonded forms: harmonic bonds and angles, periodic torsions, in OpenMM's conventions.

LAMMPS's harmonic styles leave the factor 1/2 out of E: their K is half of the k here.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from cgbridge.models.terms.form import Form, IndexedEntries, TypedTopology, Values
from cgbridge.records.parameter import Parameter
from cgbridge.topology import Chains, Topology

if TYPE_CHECKING:
    import openmm


class BondedForm(Form):
    """Base class of forms that act on chains of bonded beads; every such chain needs an entry."""

    @abstractmethod
    def chains(self, topology: Topology) -> Chains:
        """The chains of a topology that the form acts on."""

    @abstractmethod
    def empty_force(self) -> openmm.Force:
        """The OpenMM force without members."""

    @abstractmethod
    def add(self, force: openmm.Force, chain: Sequence[int], values: Values) -> None:
        """Add one chain to the force."""

    def range(self, entries: IndexedEntries) -> float:
        """Zero: nothing but bonds ties the beads."""
        return 0.0

    def missing(self, entries: Collection[tuple[str, ...]], topology: Topology) -> Iterator[tuple[str, ...]]:
        found = {
            self.canonical(tuple(topology.types[index] for index in chain)) for chain in self.chains(topology)
        }
        return (key for key in sorted(found) if key not in entries)

    def create_force(self, entries: IndexedEntries, beads: TypedTopology) -> list[openmm.Force]:
        chains = self.chains(beads.topology)
        if not chains:
            return []
        force = self.empty_force()
        force.setUsesPeriodicBoundaryConditions(beads.periodic)
        for chain in chains:
            key = tuple(beads.types[index] for index in chain)
            self.add(force, chain, entries[key if key in entries else key[::-1]])
        return [force]


class HarmonicBond(BondedForm):
    """E = k/2 (r - r0)^2 for every bond."""

    name: ClassVar[str] = "harmonic-bond"
    label: ClassVar[str] = "bond"
    bodies: ClassVar[int] = 2
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("k", "eV/A^2", symbol="k", meaning="force constant, in E = k/2 (r - r0)^2"),
        Parameter("r0", "A", symbol="r₀", meaning="length of the bond at rest"),
    )

    def constraints(self, values: Values) -> Sequence[tuple[str, bool]]:
        return [("k >= 0", values["k"] >= 0), ("r0 >= 0", values["r0"] >= 0)] if values else []

    def chains(self, topology: Topology) -> Chains:
        return topology.bonds

    def empty_force(self) -> openmm.Force:
        import openmm

        return openmm.HarmonicBondForce()

    def add(self, force: openmm.Force, chain: Sequence[int], values: Values) -> None:
        force.addBond(*chain, values["r0"], values["k"])


class HarmonicAngle(BondedForm):
    """E = k/2 (theta - theta0)^2 for every angle; the second bead is its vertex."""

    name: ClassVar[str] = "harmonic-angle"
    label: ClassVar[str] = "angle"
    bodies: ClassVar[int] = 3
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("k", "eV/rad^2", symbol="k", meaning="force constant, in E = k/2 (theta - theta0)^2"),
        Parameter("theta0", "deg", symbol="θ₀", meaning="angle at rest"),
    )

    def constraints(self, values: Values) -> Sequence[tuple[str, bool]]:
        from math import pi

        if not values:
            return []
        # 180 deg read in degrees may lie a rounding above pi.
        return [("k >= 0", values["k"] >= 0), ("0 <= theta0 <= 180 deg", 0 <= values["theta0"] <= pi + 1e-9)]

    def chains(self, topology: Topology) -> Chains:
        return topology.angles

    def empty_force(self) -> openmm.Force:
        import openmm

        return openmm.HarmonicAngleForce()

    def add(self, force: openmm.Force, chain: Sequence[int], values: Values) -> None:
        force.addAngle(*chain, values["theta0"], values["k"])


class PeriodicTorsion(BondedForm):
    """E = k [1 + cos(n phi - phi0)] for every torsion."""

    name: ClassVar[str] = "periodic-torsion"
    label: ClassVar[str] = "torsion"
    bodies: ClassVar[int] = 4
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("k", "eV", symbol="k", meaning="half the barrier"),
        Parameter("n", "1", symbol="n", meaning="minima in a full turn, a whole number"),
        Parameter("phi0", "deg", value=0.0, symbol="φ₀", meaning="phase"),
    )

    def constraints(self, values: Values) -> Sequence[tuple[str, bool]]:
        if not values:
            return []
        return [("n is a whole number from 1 on", values["n"] >= 1 and values["n"] == round(values["n"]))]

    def chains(self, topology: Topology) -> Chains:
        return topology.torsions

    def empty_force(self) -> openmm.Force:
        import openmm

        return openmm.PeriodicTorsionForce()

    def add(self, force: openmm.Force, chain: Sequence[int], values: Values) -> None:
        force.addTorsion(*chain, round(values["n"]), values["phi0"], values["k"])
