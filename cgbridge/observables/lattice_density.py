"""Density of the lattice relaxed in volume at 0 K."""

from __future__ import annotations

from collections.abc import Sequence

from cgbridge.interfaces import Estimate, Run, Sampling, Simulation, Target
from cgbridge.observables.options import StaticOptions, parse_options
from cgbridge.observables.reporting import estimate, lattice_structure, one_run, scalar, unit_factor


class LatticeDensity:
    """Density of the lattice relaxed in volume at 0 K, in g/cm^3.

    Static: the engine minimises and the result has no statistical error.
    Raises :class:`~cgbridge.errors.SimulationError` when the run lacks the scalar ``density``.
    """

    name = "lattice_density"
    unit = "g/cm^3"

    def simulations(self, target: Target, sampling: Sampling) -> Sequence[Simulation]:
        """One static calculation."""
        parse_options(StaticOptions, target)
        unit_factor(target, self.unit)
        return [Simulation(kind="lattice", structure=lattice_structure(target))]

    def measure(self, target: Target, runs: Sequence[Run]) -> Estimate:
        """The scalar ``density`` of the run."""
        value = scalar(one_run(runs), "density")
        return estimate(target, self.unit, value, stderr=0.0, n_eff=1.0)
