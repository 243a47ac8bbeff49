"""Energy of a pair of beads at its minimum."""

from __future__ import annotations

from collections.abc import Sequence

from cgbridge.interfaces import Estimate, Run, Sampling, Simulation, Target
from cgbridge.observables.options import StaticOptions, parse_options
from cgbridge.observables.reporting import estimate, one_run, scalar, unit_factor


class DimerEnergy:
    """Energy of a pair of beads at its minimum, in kJ/mol.

    Static: the engine minimises and the result has no statistical error.
    Raises :class:`~cgbridge.errors.SimulationError` when the run lacks the scalar ``energy``.
    """

    name = "dimer_energy"
    unit = "kJ/mol"

    def simulations(self, target: Target, sampling: Sampling) -> Sequence[Simulation]:
        """One static calculation."""
        parse_options(StaticOptions, target)
        unit_factor(target, self.unit)
        return [Simulation(kind="dimer", structure="dimer")]

    def measure(self, target: Target, runs: Sequence[Run]) -> Estimate:
        """The scalar ``energy`` of the run."""
        value = scalar(one_run(runs), "energy")
        return estimate(target, self.unit, value, stderr=0.0, n_eff=1.0)
