"""Potential energy per bead of the relaxed lattice at 0 K."""

from __future__ import annotations

from collections.abc import Sequence

from cgbridge.interfaces import Estimate, Run, Sampling, Simulation, Target
from cgbridge.observables.options import StaticOptions, parse_options
from cgbridge.observables.reporting import estimate, lattice_structure, one_run, scalar, unit_factor


class LatticeEnergy:
    """Potential energy per bead of the relaxed lattice at 0 K, in kJ/mol.

    Static: the engine minimises and the result has no statistical error.
    Raises :class:`~cgbridge.errors.SimulationError` when the run lacks the scalar ``energy_per_bead``.
    """

    name = "lattice_energy"
    unit = "kJ/mol"

    def simulations(self, target: Target, sampling: Sampling) -> Sequence[Simulation]:
        """One static calculation."""
        parse_options(StaticOptions, target)
        unit_factor(target, self.unit)
        return [Simulation(kind="lattice", structure=lattice_structure(target))]

    def measure(self, target: Target, runs: Sequence[Run]) -> Estimate:
        """The scalar ``energy_per_bead`` of the run."""
        value = scalar(one_run(runs), "energy_per_bead")
        return estimate(target, self.unit, value, stderr=0.0, n_eff=1.0)
