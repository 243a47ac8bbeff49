"""Mass density of the bulk crystal (hexagonal diamond or ice, unless the target names another)."""

from __future__ import annotations

from collections.abc import Sequence

from cgbridge.observables.bulk import bulk_simulation, crystal_structure, measure_density
from cgbridge.observables.options import BulkOptions, parse_options
from cgbridge.observables.reporting import unit_factor
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Estimate, Sampling, Target


class CrystalDensity:
    """rho = <N m / V> of the crystal at the target's temperature and pressure, in g/cm^3.

    ``target.structure`` names the crystal; ``liquid`` (the default) means ``ice-ih``. Raises
    :class:`~cgbridge.errors.UnstableError` when the crystal has melted.
    """

    name = "crystal_density"
    unit = "g/cm^3"
    options = BulkOptions
    phase = "crystal"

    def simulations(self, target: Target, sampling: Sampling) -> Sequence[Simulation]:
        """One bulk crystal."""
        unit_factor(target, self.unit)
        options = parse_options(self.options, target)
        return [bulk_simulation(target, sampling, options, structure=crystal_structure(target))]

    def measure(self, target: Target, runs: Sequence[Run]) -> Estimate:
        """Mean and correlated error of the density series."""
        return measure_density(target, runs, "crystal")
