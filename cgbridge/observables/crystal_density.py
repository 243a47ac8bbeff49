"""Mass density of the bulk crystal (hexagonal diamond or ice, unless the target names another)."""

from __future__ import annotations

from collections.abc import Sequence

from cgbridge.interfaces import Estimate, Run, Sampling, Simulation, Target
from cgbridge.observables.bulk import (
    bulk_simulation,
    crystal_structure,
    density_series,
    drift_notes,
    require_phase,
)
from cgbridge.observables.options import BulkOptions, parse_options
from cgbridge.observables.reporting import estimate, one_run, unit_factor
from cgbridge.observables.statistics import mean_error


class CrystalDensity:
    """rho = <N m / V> of the crystal at the target's temperature and pressure, in g/cm^3.

    ``target.structure`` names the crystal; ``liquid`` (the default) means ``ice-ih``. Raises
    :class:`~cgbridge.errors.UnstableError` when the crystal has melted.
    """

    name = "crystal_density"
    unit = "g/cm^3"

    def simulations(self, target: Target, sampling: Sampling) -> Sequence[Simulation]:
        """One bulk crystal."""
        unit_factor(target, self.unit)
        options = parse_options(BulkOptions, target)
        return [bulk_simulation(target, sampling, options, structure=crystal_structure(target))]

    def measure(self, target: Target, runs: Sequence[Run]) -> Estimate:
        """Mean and correlated error of the density series."""
        run = one_run(runs)
        density = density_series(run)
        require_phase(run, "crystal", parse_options(BulkOptions, target))
        mean = mean_error(density)
        return estimate(
            target,
            self.unit,
            mean.mean,
            stderr=mean.stderr,
            n_eff=mean.n_eff,
            notes=drift_notes(density),
        )
