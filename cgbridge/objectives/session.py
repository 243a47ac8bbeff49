"""The runs of one candidate: each state simulated once, shared by targets and levels, and gone on with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cgbridge.errors import CgbridgeError, StepLimitError, UnstableError
from cgbridge.interfaces import Engine, Model
from cgbridge.objectives.faults import candidate_faults
from cgbridge.records.simulation import Run, Simulation

#: Runs made beforehand, or how they failed, by the key of their simulation.
Prepared = Mapping[tuple[Any, ...], Run | CgbridgeError]


class Session:
    """Runs of one candidate; ``md_ns`` is the time simulated for them."""

    def __init__(self, engine: Engine, model: Model, seed: int, scratch: Path, prepared: Prepared) -> None:
        self._engine, self._model, self._seed, self._scratch = engine, model, seed, scratch
        self._runs = dict(prepared)
        self._folders = 0
        self.md_ns = 0.0

    def provide(self, simulation: Simulation) -> Run:
        """A run that serves the request; raises what kept it from being made."""
        run = self._runs.get(simulation.key)
        if isinstance(run, CgbridgeError):
            raise run
        if run is not None and not covers(run.simulation, simulation):
            run = self._longer(run, simulation)
        if run is None:
            run = self._engine.run(self._model, simulation, self._seed, self._folder())
            self._keep(run)
        return run

    def prepare(self, simulations: Sequence[Simulation]) -> None:
        """Make those of the simulations that the engine had better run together, unless they are there.

        A failure is kept for when one of them is asked for.
        """
        missing = [simulation for simulation in simulations if not self._has(simulation)]
        for group in self._engine.groups(missing):
            try:
                folders = [self._folder() for _ in group]
                with candidate_faults():
                    for run in self._engine.run_together(self._model, group, self._seed, folders):
                        self._keep(run)
            except (UnstableError, StepLimitError) as error:
                self._runs.update({simulation.key: error for simulation in group})

    def _has(self, simulation: Simulation) -> bool:
        """Whether there is a run, or why there is none, that needs to be longer at most."""
        run = self._runs.get(simulation.key)
        wanted = simulation.lengthened(0.0)
        return run is not None and (not isinstance(run, Run) or covers(run.simulation, wanted))

    def _longer(self, run: Run, simulation: Simulation) -> Run | None:
        """The run gone on with, where nothing but its length is missing; None where it cannot be."""
        if not self._has(simulation):
            return None
        wanted = run.simulation.lengthened(simulation.production)
        for longer in self._engine.extend(self._model, wanted, self._seed):
            before = self._runs.get(longer.simulation.key)
            self._keep(longer, done=before.md_steps if isinstance(before, Run) else 0)
        found = self._runs[simulation.key]
        return found if isinstance(found, Run) and covers(found.simulation, simulation) else None

    def _folder(self) -> Path:
        self._folders += 1
        folder = self._scratch / f"{self._folders:03d}"
        folder.mkdir(parents=True)
        return folder

    def _keep(self, run: Run, done: int = 0) -> None:
        """Keep a run, of which ``done`` steps have been counted before."""
        self._runs[run.simulation.key] = run
        self.md_ns += (run.md_steps - done) * run.timestep / 1000.0


def covers(done: Simulation, wanted: Simulation) -> bool:
    """Whether a run serves a request for the same state: settled as long, measured as long and as often."""
    return (
        done.equilibration >= wanted.equilibration
        and done.production >= wanted.production
        and done.interval <= wanted.interval
    )


def merge_simulations(simulations: Sequence[Simulation]) -> dict[tuple[Any, ...], Simulation]:
    """One simulation per state, as long as the longest request."""
    merged: dict[tuple[Any, ...], Simulation] = {}
    for simulation in simulations:
        known = merged.get(simulation.key)
        merged[simulation.key] = simulation if known is None else known.merged(simulation)
    return merged
