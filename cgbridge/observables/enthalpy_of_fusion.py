"""Enthalpy of fusion: liquid minus crystal at the same temperature."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cgbridge.errors import SimulationError
from cgbridge.observables.bulk import (
    bulk_simulation,
    crystal_structure,
    drift_notes,
    enthalpy_series,
    require_phase,
)
from cgbridge.observables.options import BulkOptions, parse_options
from cgbridge.observables.reporting import estimate, unit_factor
from cgbridge.observables.statistics import mean_error
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Estimate, Sampling, Target


class EnthalpyOfFusion:
    """dH = <U + p V>/N of the liquid minus that of the crystal, in kJ/mol of molecules.

    Both bulk phases at the target's temperature and pressure; kinetic energies cancel.
    ``target.structure`` names the crystal; ``liquid`` (the default) means ``ice-ih``. Raises
    :class:`~cgbridge.errors.UnstableError` when the liquid has frozen or the crystal has melted.
    """

    name = "enthalpy_of_fusion"
    unit = "kJ/mol"
    options = BulkOptions
    phase = "crystal"

    def simulations(self, target: Target, sampling: Sampling) -> Sequence[Simulation]:
        """The bulk liquid, then the bulk crystal."""
        unit_factor(target, self.unit)
        options = parse_options(self.options, target)
        return [
            bulk_simulation(target, sampling, options),
            bulk_simulation(target, sampling, options, structure=crystal_structure(target)),
        ]

    def measure(self, target: Target, runs: Sequence[Run]) -> Estimate:
        """Difference of the mean enthalpies; the errors add in quadrature."""
        if len(runs) != 2:
            raise SimulationError(f"expected a liquid and a crystal run, found {len(runs)} runs")
        options = parse_options(self.options, target)
        liquid, ice = (enthalpy_series(run) for run in runs)
        require_phase(runs[0], "liquid", options)
        require_phase(runs[1], "crystal", options)
        high, low = mean_error(liquid), mean_error(ice)
        return estimate(
            target,
            self.unit,
            high.mean - low.mean,
            stderr=math.hypot(high.stderr, low.stderr),
            n_eff=min(high.n_eff, low.n_eff),
            notes=drift_notes(liquid) + drift_notes(ice),
        )
