"""Enthalpy of vaporisation of the liquid to an ideal gas of its molecules."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from cgbridge.observables.bulk import bulk_simulation, drift_notes, molecule_count, require_phase
from cgbridge.observables.options import BulkOptions, parse_options
from cgbridge.observables.reporting import estimate, one_run, series, unit_factor
from cgbridge.observables.statistics import mean_error
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Estimate, Sampling, Target
from cgbridge.simulation_kind import SimulationKind
from cgbridge.units import GAS_CONSTANT

#: Beads of the gas: they cost little beside a liquid, and their molecules are independent samples.
_GAS_BEADS = 120


class EnthalpyOfVaporization:
    """Hvap = <U_gas>/N_gas - <U>/N + R T per mole of molecules, in kJ/mol.

    U potential energy of the box, N molecules; a bead that is bonded to none is one. The vapour is an ideal
    gas: p V = R T, and of the potential energy what is within a molecule, zero for single beads. That of
    others is measured at the same temperature (:meth:`follow_up`). Kinetic energies cancel. The liquid's p V,
    0.002 kJ/mol for water at 1 bar, and the gas's imperfection (0.04 kJ/mol at 298 K for real water) are
    neglected. Ions evaporate to single ions.
    Raises :class:`~cgbridge.errors.UnstableError` when the liquid has frozen.
    """

    name = "enthalpy_of_vaporization"
    unit = "kJ/mol"
    options = BulkOptions

    def simulations(self, target: Target, sampling: Sampling) -> Sequence[Simulation]:
        """One bulk liquid."""
        unit_factor(target, self.unit)
        return [bulk_simulation(target, sampling, parse_options(self.options, target))]

    def follow_up(self, target: Target, runs: Sequence[Run]) -> Sequence[Simulation]:
        """The gas, where the liquid is one of molecules of several beads."""
        liquid = runs[0]
        if len(runs) > 1 or molecule_count(liquid) == liquid.beads:
            return []
        kind = SimulationKind.GAS
        return [
            replace(
                liquid.simulation,
                kind=kind,
                structure=kind.value,
                pressure=0.0,
                beads=_GAS_BEADS,
                density=0.0,
                reach=0.0,
            )
        ]

    def measure(self, target: Target, runs: Sequence[Run]) -> Estimate:
        """From the mean potential energies."""
        liquid = runs[0] if len(runs) == 2 else one_run(runs)
        energy = series(liquid, "potential_energy") / molecule_count(liquid)
        require_phase(liquid, "liquid", parse_options(self.options, target))
        low = mean_error(energy)
        value, stderr, n_eff = -low.mean, low.stderr, low.n_eff
        for gas in runs[1:]:
            high = mean_error(series(gas, "potential_energy") / molecule_count(gas))
            value, stderr = value + high.mean, math.hypot(stderr, high.stderr)
            n_eff = min(n_eff, high.n_eff)
        return estimate(
            target,
            self.unit,
            value + GAS_CONSTANT * liquid.simulation.temperature,
            stderr=stderr,
            n_eff=n_eff,
            notes=drift_notes(energy),
        )
