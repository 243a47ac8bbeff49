"""An engine without simulation: static states from closed forms, in microseconds.

Whole fits run on it in seconds, which is how the loop is tested.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cgbridge.errors import SimulationError, UnstableError
from cgbridge.interfaces import Run, Simulation
from cgbridge.models.closed_form import diamond_minimum, dimer_minimum


class ClosedFormEngine:
    """Answers ``lattice`` (both ices are degenerate within first neighbours) and ``dimer``."""

    def run(self, model: Any, simulation: Simulation, seed: int, scratch: Path) -> Run:
        """Raises :class:`SimulationError` for a state that needs dynamics."""
        protocol = {"dimer": _dimer, "lattice": _lattice}.get(simulation.kind)
        if protocol is None:
            raise SimulationError(
                f"the closed-form engine cannot simulate '{simulation.label}'",
                where="engine.method",
                remedy="use method: openmm",
            )
        try:
            scalars = protocol(model)
        except SimulationError as error:
            # Not bound, or second neighbours inside the cutoff: the candidate's fault.
            raise UnstableError(error.what) from None
        return Run(simulation, beads=1, bead_mass=model.bead_mass, scalars=scalars)

    def groups(self, simulations: Sequence[Simulation]) -> list[list[Simulation]]:
        """None: every state is answered at once."""
        return []

    def run_together(
        self, model: Any, simulations: Sequence[Simulation], seed: int, folders: Sequence[Path]
    ) -> list[Run]:
        """One after another."""
        return [self.run(model, s, seed, folder) for s, folder in zip(simulations, folders, strict=True)]


def _dimer(model: Any) -> dict[str, float]:
    pair = dimer_minimum(model)
    return {"energy": pair.energy, "distance": pair.distance}


def _lattice(model: Any) -> dict[str, float]:
    crystal = diamond_minimum(model)
    return {
        "energy_per_bead": crystal.energy_per_bead,
        "density": crystal.density,
        "bond_length": crystal.bond,
        "lattice_constant": crystal.lattice_constant,
    }
