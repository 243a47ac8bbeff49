"""Isobaric heat capacity from the enthalpy at several temperatures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from cgbridge.observables.bulk import (
    bulk_simulation,
    drift_notes,
    enthalpy_series,
    molecule_count,
    require_phase,
)
from cgbridge.observables.fits import fit_polynomial
from cgbridge.observables.options import BulkOptions, Temperature, parse_options
from cgbridge.observables.reporting import estimate, unit_factor
from cgbridge.observables.statistics import mean_error
from cgbridge.observables.temperatures import checked_temperatures, ladder
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Curve, Estimate, Sampling, Target
from cgbridge.units import GAS_CONSTANT


class HeatCapacityOptions(BulkOptions):
    """Options of ``heat_capacity``."""

    temperatures: tuple[Temperature, ...] | None = Field(
        None, description="temperatures, K; default: three, 20 K apart, around the target's"
    )
    degree: Annotated[int, Field(ge=1, le=3)] | None = Field(
        None, description="degree of the fit of H(T); default: 1 below five temperatures, else 2"
    )


class HeatCapacity:
    """Cp = d<H>/dT at the target's temperature, H = (U + p V)/N + 3/2 n R T, in J/mol/K of molecules.

    N molecules of n beads on average; a bead that is bonded to none is a molecule. The derivative of a
    weighted polynomial through H(T) at three or more temperatures; on the default symmetric triple a straight
    line and a parabola have the same slope at the centre. The kinetic part, 3/2 R = 12.47 J/mol/K for every
    bead, is that of classical point beads without constraints.
    Raises :class:`~cgbridge.errors.UnstableError` when a liquid has frozen.
    """

    name = "heat_capacity"
    unit = "J/mol/K"
    options = HeatCapacityOptions

    def simulations(self, target: Target, sampling: Sampling) -> Sequence[Simulation]:
        """One bulk liquid per temperature."""
        unit_factor(target, self.unit)
        options = parse_options(self.options, target)
        default = ladder(target.temperature, 40.0, 3)
        kelvin = checked_temperatures(target, options.temperatures or default, (options.degree or 1) + 2)
        return [bulk_simulation(target, sampling, options, temperature=value) for value in kelvin]

    def measure(self, target: Target, runs: Sequence[Run]) -> Estimate:
        """Slope of the fitted H(T); ``curves["enthalpy"]`` holds H in kJ/mol against T in K."""
        options = parse_options(self.options, target)
        degree = options.degree or (2 if len(runs) >= 5 else 1)
        kelvin = np.array([run.simulation.temperature for run in runs])
        notes: list[str] = []
        means = []
        for run in runs:
            enthalpy = enthalpy_series(run)
            require_phase(run, "liquid", options)
            means.append(mean_error(enthalpy))
            notes += [f"{run.simulation.label}: {note}" for note in drift_notes(enthalpy)]
        beads = runs[0].beads / molecule_count(runs[0])
        y = np.array([mean.mean for mean in means]) + 1.5 * GAS_CONSTANT * kelvin * beads
        error = np.array([mean.stderr for mean in means])
        slope, slope_error = fit_polynomial(kelvin, y, error, degree=degree).slope(target.temperature)
        return estimate(
            target,
            "kJ/mol/K",
            slope,
            stderr=slope_error,
            n_eff=min(mean.n_eff for mean in means),
            curves={"enthalpy": Curve(kelvin, y, error, "K", "kJ/mol")},
            notes=notes,
        )
