"""Distance of a pair of beads at its energy minimum."""

from __future__ import annotations

from collections.abc import Sequence

from cgbridge.interfaces import Estimate, Run, Sampling, Simulation, Target
from cgbridge.observables.options import StaticOptions, parse_options
from cgbridge.observables.reporting import estimate, one_run, scalar, unit_factor


class DimerDistance:
    """Distance of a pair of beads at its energy minimum, in nm.

    Static: the engine minimises and the result has no statistical error.
    Raises :class:`~cgbridge.errors.SimulationError` when the run lacks the scalar ``distance``.
    """

    name = "dimer_distance"
    unit = "nm"

    def simulations(self, target: Target, sampling: Sampling) -> Sequence[Simulation]:
        """One static calculation."""
        parse_options(StaticOptions, target)
        unit_factor(target, self.unit)
        return [Simulation(kind="dimer", structure="dimer")]

    def measure(self, target: Target, runs: Sequence[Run]) -> Estimate:
        """The scalar ``distance`` of the run."""
        value = scalar(one_run(runs), "distance")
        return estimate(target, self.unit, value, stderr=0.0, n_eff=1.0)
