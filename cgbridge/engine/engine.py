"""The engine: a model and a state in, frames and time series out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cgbridge.engine.bulk import run_bulk
from cgbridge.engine.coexistence import PREPARATION, run_coexistence
from cgbridge.engine.liquid_replicas import groups_of_liquids, run_liquids
from cgbridge.engine.liquid_start import MELT_TIME
from cgbridge.engine.molecular_dynamics import platform_name
from cgbridge.engine.settings import EngineSettings
from cgbridge.engine.slab import run_slab
from cgbridge.engine.static import run_dimer, run_lattice
from cgbridge.errors import SimulationError, UnstableError
from cgbridge.interfaces import Model, Run, Simulation
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.openmm_faults import openmm_faults
from cgbridge.simulation_kind import SimulationKind


@dataclass(frozen=True)
class _Procedure:
    """How one kind of state is simulated, and the ps that it takes beside melting before equilibration."""

    run: Callable[[Model, Simulation, EngineSettings, int, Path], Run]
    preparation: float = 0.0


_PROCEDURES: Mapping[SimulationKind, _Procedure] = {
    SimulationKind.LATTICE: _Procedure(run_lattice),
    SimulationKind.DIMER: _Procedure(run_dimer),
    SimulationKind.BULK: _Procedure(run_bulk),
    SimulationKind.SLAB: _Procedure(run_slab),
    SimulationKind.COEXISTENCE: _Procedure(run_coexistence, PREPARATION),
}


def simulated_time(simulation: Simulation) -> float:
    """All the time in ps that the engine simulates for ``simulation``, with what prepares it."""
    if simulation.static:
        return 0.0
    melting = MELT_TIME if simulation.is_liquid else 0.0
    return _PROCEDURES[simulation.kind].preparation + melting + simulation.duration


class Engine:
    """Runs simulations with OpenMM."""

    #: What it can simulate.
    kinds = frozenset(_PROCEDURES)

    def __init__(self, settings: EngineSettings) -> None:
        self.settings = settings

    @property
    def platform(self) -> str:
        """The platform that a small box runs on."""
        return platform_name(self.settings)

    @property
    def on_device(self) -> bool:
        """Whether that is no part of the processor."""
        from cgbridge.openmm import DEVICE_PLATFORMS

        return self.platform in DEVICE_PLATFORMS

    def run(self, model: Model, simulation: Simulation, seed: int, scratch: Path) -> Run:
        """Simulate; equal arguments give equal results on one machine with the single-threaded CPU platform.

        Raises :class:`~cgbridge.errors.UnstableError`, :class:`~cgbridge.errors.StepLimitError`,
        :class:`SimulationError` for what cannot be set up, and :class:`~cgbridge.errors.MachineFault` for a
        device that fails.
        """
        if simulation.kind not in self.kinds:
            raise SimulationError(f"no procedure for '{simulation.kind}'")
        with openmm_faults("simulation", model.bead_names, kind=UnstableError):
            return _PROCEDURES[simulation.kind].run(model, simulation, self.settings, seed, scratch)

    def groups(self, simulations: Sequence[Simulation]) -> list[list[Simulation]]:
        """Those of the simulations that are best run together, by :meth:`run_together`, group by group."""
        return groups_of_liquids(simulations, self.settings)

    def run_together(
        self, model: Model, simulations: Sequence[Simulation], seed: int, folders: Sequence[Path]
    ) -> list[Run]:
        """Simulate one group of :meth:`groups`, with a folder for each; raises what :meth:`run` does."""
        with openmm_faults("simulation", model.bead_names, kind=UnstableError):
            if isinstance(model, CoarseGrainedModel) and model.many_body and len(model.beads) == 1:
                return run_liquids(model, simulations, self.settings, seed, folders)
        # Other forces know no replicas.
        return [self.run(model, s, seed, folder) for s, folder in zip(simulations, folders, strict=True)]

    def cost(self, simulation: Simulation) -> float:
        """All the time in ps that is simulated for it, with what prepares it."""
        return simulated_time(simulation)
