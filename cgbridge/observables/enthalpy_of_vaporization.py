"""Enthalpy of vaporisation of the liquid to an ideal gas of beads."""

from __future__ import annotations

from collections.abc import Sequence

from cgbridge.observables.bulk import bulk_simulation, drift_notes, require_phase
from cgbridge.observables.options import BulkOptions, parse_options
from cgbridge.observables.reporting import estimate, one_run, series, unit_factor
from cgbridge.observables.statistics import mean_error
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Estimate, Sampling, Target
from cgbridge.units import GAS_CONSTANT


class EnthalpyOfVaporization:
    """Hvap = -<U>/N + R T per mole of beads, in kJ/mol.

    U potential energy of the box, N beads. The vapour is an ideal gas of single beads (potential
    energy zero, p V = R T); kinetic energies cancel. The liquid's p V, 0.002 kJ/mol for water at
    1 bar, and the gas's imperfection (0.04 kJ/mol at 298 K for real water) are neglected.
    Raises :class:`~cgbridge.errors.UnstableError` when the liquid has frozen.
    """

    name = "enthalpy_of_vaporization"
    unit = "kJ/mol"
    options = BulkOptions

    def simulations(self, target: Target, sampling: Sampling) -> Sequence[Simulation]:
        """One bulk liquid."""
        unit_factor(target, self.unit)
        return [bulk_simulation(target, sampling, parse_options(self.options, target))]

    def measure(self, target: Target, runs: Sequence[Run]) -> Estimate:
        """From the mean potential energy."""
        run = one_run(runs)
        energy = series(run, "potential_energy") / run.beads
        require_phase(run, "liquid", parse_options(self.options, target))
        mean = mean_error(energy)
        value = -mean.mean + GAS_CONSTANT * run.simulation.temperature
        return estimate(
            target, self.unit, value, stderr=mean.stderr, n_eff=mean.n_eff, notes=drift_notes(energy)
        )
