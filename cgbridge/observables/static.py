"""Energies, densities and distances of what is at rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from cgbridge.observables.options import StaticOptions, parse_options
from cgbridge.observables.reporting import estimate, lattice_structure, one_run, scalar, unit_factor
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Estimate, Sampling, Target
from cgbridge.simulation_kind import SimulationKind


@dataclass(frozen=True)
class StaticProperty:
    """The scalar ``scalar`` of one static calculation of ``kind``, in ``unit``.

    The engine minimises, so that there is no statistical error. Raises
    :class:`~cgbridge.errors.SimulationError` when the run lacks the scalar.
    """

    name: str
    unit: str
    summary: str
    kind: SimulationKind
    scalar: str

    options: ClassVar[type[StaticOptions]] = StaticOptions

    @property
    def state(self) -> tuple[str, ...]:
        """A lattice has a structure; nothing else of a target's state plays a part."""
        return ("structure",) if self.kind is SimulationKind.LATTICE else ()

    def simulations(self, target: Target, sampling: Sampling) -> Sequence[Simulation]:
        """One static calculation."""
        parse_options(self.options, target)
        unit_factor(target, self.unit)
        lattice = self.kind is SimulationKind.LATTICE
        structure = lattice_structure(target) if lattice else self.kind.value
        return [Simulation(self.kind, structure, composition=target.composition)]

    def measure(self, target: Target, runs: Sequence[Run]) -> Estimate:
        """The scalar of the run."""
        return estimate(target, self.unit, scalar(one_run(runs), self.scalar), stderr=0.0, n_eff=1.0)


LATTICE_ENERGY = StaticProperty(
    "lattice_energy",
    "kJ/mol",
    "Potential energy per bead of the relaxed lattice at 0 K",
    SimulationKind.LATTICE,
    "energy_per_bead",
)
LATTICE_DENSITY = StaticProperty(
    "lattice_density",
    "g/cm^3",
    "Density of the lattice relaxed in volume at 0 K",
    SimulationKind.LATTICE,
    "density",
)
LATTICE_CONSTANT = StaticProperty(
    "lattice_constant",
    "nm",
    "First edge of the orthorhombic cell of the lattice relaxed in volume at 0 K",
    SimulationKind.LATTICE,
    "lattice_constant",
)
DIMER_ENERGY = StaticProperty(
    "dimer_energy",
    "kJ/mol",
    "Potential energy of a pair of beads at its minimum",
    SimulationKind.DIMER,
    "energy",
)
DIMER_DISTANCE = StaticProperty(
    "dimer_distance",
    "nm",
    "Distance of a pair of beads at its energy minimum",
    SimulationKind.DIMER,
    "distance",
)
