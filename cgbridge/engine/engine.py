"""The engine: a model and a state in, frames and time series out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cgbridge.engine.bulk import run_bulk
from cgbridge.engine.coexistence import PREPARATION, run_coexistence
from cgbridge.engine.configurations import run_configurations
from cgbridge.engine.gas import run_gas
from cgbridge.engine.liquid_replicas import groups_of_liquids, run_liquids
from cgbridge.engine.liquid_start import MELT_TIME
from cgbridge.engine.molecular_dynamics import platform_name
from cgbridge.engine.recording import Recording
from cgbridge.engine.settings import EngineSettings
from cgbridge.engine.slab import run_slab
from cgbridge.engine.static import run_dimer, run_lattice
from cgbridge.errors import SimulationError, UnstableError
from cgbridge.interfaces import Model
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.openmm_faults import openmm_faults
from cgbridge.records.simulation import Run, Simulation
from cgbridge.simulation_kind import SimulationKind


@dataclass(frozen=True)
class _Procedure:
    """How one kind of state is simulated, and the ps that it takes beside melting before equilibration."""

    record: Callable[[Model, Simulation, EngineSettings, int, Path], Recording]
    preparation: float = 0.0


_AT_REST: Mapping[SimulationKind, Callable[[Model, Simulation, EngineSettings, int, Path], Run]] = {
    SimulationKind.LATTICE: run_lattice,
    SimulationKind.DIMER: run_dimer,
    SimulationKind.CONFIGURATIONS: run_configurations,
}
_MOVING: Mapping[SimulationKind, _Procedure] = {
    SimulationKind.BULK: _Procedure(run_bulk),
    SimulationKind.SLAB: _Procedure(run_slab),
    SimulationKind.COEXISTENCE: _Procedure(run_coexistence, PREPARATION),
    SimulationKind.GAS: _Procedure(run_gas),
}


def simulated_time(simulation: Simulation) -> float:
    """All the time in ps that the engine simulates for ``simulation``, with what prepares it."""
    if simulation.static:
        return 0.0
    melting = MELT_TIME if simulation.is_liquid else 0.0
    return _MOVING[simulation.kind].preparation + melting + simulation.duration


class Engine:
    """Runs simulations with OpenMM; it keeps them, to go on with those that turn out to be too short."""

    #: What it can simulate.
    kinds = frozenset((*_AT_REST, *_MOVING))

    def __init__(self, settings: EngineSettings) -> None:
        self.settings = settings
        self._recordings: dict[tuple[Any, ...], Recording] = {}

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
            if simulation.static:
                return _AT_REST[simulation.kind](model, simulation, self.settings, seed, scratch)
            record = _MOVING[simulation.kind].record
            recording = record(model, simulation, self.settings, seed, scratch)
        self._keep(model, seed, recording)
        return recording.runs[0]

    def groups(self, simulations: Sequence[Simulation]) -> list[list[Simulation]]:
        """Those of the simulations that are best run together, by :meth:`run_together`, group by group."""
        return groups_of_liquids(simulations, self.settings)

    def run_together(
        self, model: Model, simulations: Sequence[Simulation], seed: int, folders: Sequence[Path]
    ) -> list[Run]:
        """Simulate one group of :meth:`groups`, with a folder for each; raises what :meth:`run` does."""
        with openmm_faults("simulation", model.bead_names, kind=UnstableError):
            single = isinstance(model, CoarseGrainedModel) and len(model.beads) == 1 and not model.molecules
            if isinstance(model, CoarseGrainedModel) and single and model.many_body:
                recording = run_liquids(model, simulations, self.settings, seed, folders)
                self._keep(model, seed, recording)
                return recording.runs
        # Other forces know no replicas.
        return [self.run(model, s, seed, folder) for s, folder in zip(simulations, folders, strict=True)]

    def extend(self, model: Model, simulation: Simulation, seed: int) -> list[Run]:
        """Go on with the run of this state until it is as long as ``simulation``; with those that share its
        Context.

        The result is that of a run that was as long from the beginning. Empty where this engine has made no
        run of the state with this model and seed, or one with another interval. Raises what :meth:`run` does.
        """
        recording = self._recordings.get((model.fingerprint(), seed, simulation.key))
        if recording is None or recording.runs[0].simulation.interval != simulation.interval:
            return []
        with openmm_faults("simulation", model.bead_names, kind=UnstableError):
            recording.extend(simulation.production)
        return recording.runs

    def _keep(self, model: Model, seed: int, recording: Recording) -> None:
        for run in recording.runs:
            self._recordings[(model.fingerprint(), seed, run.simulation.key)] = recording

    def cost(self, simulation: Simulation) -> float:
        """All the time in ps that is simulated for it, with what prepares it."""
        return simulated_time(simulation)
