"""Mass density of the bulk liquid."""

from __future__ import annotations

from collections.abc import Sequence

from cgbridge.interfaces import Estimate, Run, Sampling, Simulation, Target
from cgbridge.observables.bulk import bulk_simulation, density_series, drift_notes, require_phase
from cgbridge.observables.options import BulkOptions, parse_options
from cgbridge.observables.reporting import estimate, one_run, unit_factor
from cgbridge.observables.statistics import mean_error


class Density:
    """rho = <N m / V> of the liquid at the target's temperature and pressure, in g/cm^3.

    N beads of mass m in the fluctuating volume V of an NPT run. Raises
    :class:`~cgbridge.errors.UnstableError` when the liquid has frozen or the box has exploded.
    """

    name = "density"
    unit = "g/cm^3"

    def simulations(self, target: Target, sampling: Sampling) -> Sequence[Simulation]:
        """One bulk liquid."""
        unit_factor(target, self.unit)
        return [bulk_simulation(target, sampling, parse_options(BulkOptions, target))]

    def measure(self, target: Target, runs: Sequence[Run]) -> Estimate:
        """Mean and correlated error of the density series."""
        run = one_run(runs)
        density = density_series(run)
        require_phase(run, "liquid", parse_options(BulkOptions, target))
        mean = mean_error(density)
        return estimate(
            target,
            self.unit,
            mean.mean,
            stderr=mean.stderr,
            n_eff=mean.n_eff,
            notes=drift_notes(density),
        )
