"""Mass density of the bulk liquid."""

from __future__ import annotations

from collections.abc import Sequence

from cgbridge.observables.bulk import bulk_simulation, measure_density
from cgbridge.observables.options import BulkOptions, parse_options
from cgbridge.observables.reporting import unit_factor
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Estimate, Sampling, Target


class Density:
    """rho = <N m / V> of the liquid at the target's temperature and pressure, in g/cm^3.

    N beads of mass m in the fluctuating volume V of an NPT run. Raises
    :class:`~cgbridge.errors.UnstableError` when the liquid has frozen or the box has exploded.
    """

    name = "density"
    unit = "g/cm^3"
    options = BulkOptions

    def simulations(self, target: Target, sampling: Sampling) -> Sequence[Simulation]:
        """One bulk liquid."""
        unit_factor(target, self.unit)
        return [bulk_simulation(target, sampling, parse_options(self.options, target))]

    def measure(self, target: Target, runs: Sequence[Run]) -> Estimate:
        """Mean and correlated error of the density series."""
        return measure_density(target, runs, "liquid")
