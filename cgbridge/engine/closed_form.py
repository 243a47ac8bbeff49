"""An engine without simulation: static states from closed forms, in microseconds.

Whole fits run on it in seconds, which is how the loop is tested.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cgbridge.errors import SimulationError, UnstableError
from cgbridge.interfaces import Model
from cgbridge.models.closed_form import diamond_minimum, dimer_minimum
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.records.simulation import Run, Simulation
from cgbridge.simulation_kind import SimulationKind


def _analytical(model: Model) -> CoarseGrainedModel:
    if not isinstance(model, CoarseGrainedModel):
        raise SimulationError(f"model '{model.name}' has no closed form", where="engine.method")
    return model


def _dimer(model: CoarseGrainedModel) -> dict[str, float]:
    pair = dimer_minimum(model)
    return {"energy": pair.energy, "distance": pair.distance}


def _lattice(model: CoarseGrainedModel) -> dict[str, float]:
    crystal = diamond_minimum(model)
    return {
        "energy_per_bead": crystal.energy_per_bead,
        "density": crystal.density,
        "bond_length": crystal.bond,
        "lattice_constant": crystal.lattice_constant,
    }


_FORMULAS: Mapping[SimulationKind, Callable[[CoarseGrainedModel], dict[str, float]]] = {
    SimulationKind.DIMER: _dimer,
    SimulationKind.LATTICE: _lattice,
}


class ClosedFormEngine:
    """Answers ``lattice`` (both ices are degenerate within first neighbours) and ``dimer``."""

    platform = "closed form"
    on_device = False
    #: What it can answer.
    kinds = frozenset(_FORMULAS)

    def run(self, model: Model, simulation: Simulation, seed: int, scratch: Path) -> Run:
        """Raises :class:`SimulationError` for a state that needs dynamics."""
        if simulation.kind not in self.kinds:
            raise SimulationError(
                f"the closed-form engine cannot simulate '{simulation.label}'",
                where="engine.method",
                remedy="use method: openmm",
            )
        try:
            scalars = _FORMULAS[simulation.kind](_analytical(model))
        except SimulationError as error:
            # Not bound, or second neighbours inside the cutoff: the candidate's fault.
            raise UnstableError(error.what) from None
        return Run(simulation, beads=1, bead_mass=_analytical(model).bead_mass, scalars=scalars)

    def extend(self, model: Model, simulation: Simulation, seed: int) -> list[Run]:
        """Nothing: no value here becomes more accurate with time."""
        return []

    def groups(self, simulations: Sequence[Simulation]) -> list[list[Simulation]]:
        """None: every state is answered at once."""
        return []

    def run_together(
        self, model: Model, simulations: Sequence[Simulation], seed: int, folders: Sequence[Path]
    ) -> list[Run]:
        """One after another."""
        return [self.run(model, s, seed, folder) for s, folder in zip(simulations, folders, strict=True)]

    def cost(self, simulation: Simulation) -> float:
        """Nothing is simulated."""
        return 0.0
