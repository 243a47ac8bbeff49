"""What a fit will cost: simulated time and core hours, from a plan of its simulations and a short timing."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cgbridge.engine.engine import simulated_time
from cgbridge.engine.factory import create_engine
from cgbridge.errors import MissingDependencyError, StepLimitError, UnstableError
from cgbridge.fits.search.problem import FitProblem
from cgbridge.fits.search.stages import stages_of
from cgbridge.fits.search.start import start_count
from cgbridge.interfaces import Engine
from cgbridge.objectives.faults import candidate_faults
from cgbridge.objectives.level import Level
from cgbridge.objectives.session import covers, merge_simulations
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Target
from cgbridge.simulation_kind import SimulationKind
from cgbridge.workers.worker_count import worker_count

#: Shares of the candidates that pass a level in a typical fit, of the first sample and of those bred from
#: it; fits of water lie within a factor of three of the cost that follows.
TYPICAL_FIRST, TYPICAL_BRED = 1.0 / 3.0, 1.0 / 2.0
#: Core seconds of an evaluation besides its simulations: its process, its files, its line in the journal.
OVERHEAD = 0.03
#: Seconds that the timing of one box may take.
_TIMING = 1.0
#: Larger boxes are not timed; their cost follows from the number of beads.
_LARGEST_TIMED = 1000


@dataclass(frozen=True)
class LevelCost:
    """What one candidate costs on one level, beyond what the levels before have simulated.

    ``md_ps`` is simulated time; ``seconds`` is core time, None where nothing was timed. :data:`OVERHEAD`
    comes once per candidate.
    """

    name: str
    targets: tuple[Target, ...]
    simulations: tuple[Simulation, ...]
    md_ps: float
    seconds: float | None


@dataclass(frozen=True)
class Total:
    """Cost of a whole fit under one assumption; times are None where nothing was timed."""

    assumption: str
    md_ns: float
    core_hours: float | None
    wall_hours: float | None


@dataclass(frozen=True)
class Timing:
    """Core seconds: per bead and step by number of beads, per static state by its key, per measurement."""

    platform: str
    per_bead_step: Mapping[int, float]
    static: Mapping[Any, float]
    measurement: float

    def seconds(self, simulation: Simulation, timestep: float) -> float:
        """Core time of one simulation."""
        if simulation.key in self.static:
            return self.static[simulation.key]
        nearest = min(self.per_bead_step, key=lambda beads: abs(beads - simulation.beads))
        steps = simulated_time(simulation) / timestep
        return self.per_bead_step[nearest] * simulation.beads * steps


@dataclass(frozen=True)
class CostEstimate:
    """Cost per level and in total.

    ``confirmed`` is what one confirmation costs (all levels), ``first`` the size of the first sample among
    the ``candidates``. ``fault`` says why the base model could not be timed.
    """

    levels: tuple[LevelCost, ...]
    confirmed: tuple[LevelCost, ...]
    first: int
    candidates: int
    confirmations: int
    workers: int
    threads: int
    timing: Timing | None
    fault: str = ""

    def totals(self) -> tuple[Total, Total, Total]:
        """At least, typical, at most."""
        count = len(self.levels)
        seen = 2 if count > 2 else 1
        few = [1.0 if level < seen else 0.0 for level in range(count)]
        of_first = self.first / self.candidates
        typical = [
            of_first * TYPICAL_FIRST**level + (1.0 - of_first) * TYPICAL_BRED**level for level in range(count)
        ]
        return (
            self._total(f"every candidate stops at the {('first', 'second')[seen - 1]} level", few),
            self._total("a third of the first sample and half of the others pass a level", typical),
            self._total("every candidate passes every level", [1.0] * count),
        )

    def _total(self, assumption: str, reach: Sequence[float]) -> Total:
        """``reach`` is the share of the candidates that come to each level."""
        ps, seconds = 0.0, OVERHEAD * (self.candidates + self.confirmations)
        for share, search, confirmed in zip(reach, self.levels, self.confirmed, strict=True):
            ps += self.candidates * share * search.md_ps + self.confirmations * confirmed.md_ps
            seconds += self.candidates * share * (search.seconds or 0.0)
            seconds += self.confirmations * (confirmed.seconds or 0.0)
        if self.timing is None:
            return Total(assumption, ps / 1000.0, None, None)
        wall = seconds / (self.workers * self.threads)
        return Total(assumption, ps / 1000.0, seconds / 3600.0, wall / 3600.0)


def estimate_cost(problem: FitProblem, *, timing: bool = True) -> CostEstimate:
    """Plan the simulations of every level, and time the engine for a second or three.

    Raises :class:`~cgbridge.errors.SimulationError` for an engine that cannot run here. Where the base
    model itself breaks down there is no timing.
    """
    config = problem.config
    measured, fault = None, ""
    try:
        measured = time_engine(problem) if timing else None
    except (UnstableError, StepLimitError) as error:
        fault = error.what
    longer = [level.lengthened(config.optimizer.confirm.factor) for level in problem.levels]
    candidates, first = candidate_count(problem), first_count(problem)
    return CostEstimate(
        levels=_costs(problem, problem.levels, measured),
        confirmed=_costs(problem, longer, measured),
        first=min(first, candidates),
        candidates=candidates,
        confirmations=confirmation_count(problem),
        workers=worker_count(config),
        threads=config.engine.threads,
        timing=measured,
        fault=fault,
    )


def candidate_count(problem: FitProblem) -> int:
    """Evaluations of the known candidates and of all stages, or as many as ``stop`` allows."""
    budget = sum(stage.settings.budget for stage in stages_of(problem.config.optimizer)) + start_count(
        problem
    )
    limit = problem.config.stop.evaluations
    return budget if limit is None else min(budget, max(limit, start_count(problem)))


def first_count(problem: FitProblem) -> int:
    """Candidates that no other was the model for: drawn evenly, or known before."""
    first = stages_of(problem.config.optimizer)[0].settings
    return first.first_sample + start_count(problem)


def confirmation_count(problem: FitProblem) -> int:
    """Re-runs of the best, at most (one that leads for long is confirmed once), and that of the winner."""
    confirm, stop, during = problem.config.optimizer.confirm, problem.config.stop, 0
    for stage in stages_of(problem.config.optimizer):
        generations = stage.settings.generation_count(problem.space.dimension)
        during += generations // confirm.every * confirm.leaders if confirm.every else 0
        during += 0 if stop.when is None else stop.confirmed
    return during + confirm.candidates + 1


def planned_simulations(levels: Sequence[Level]) -> list[tuple[Simulation, ...]]:
    """What each level simulates, states that a level before has simulated long enough left out."""
    known: dict[Any, Simulation] = {}
    plan = []
    for level in levels:
        wanted = merge_simulations([s for target in level.targets for s in level.simulations(target)])
        new = [s for s in wanted.values() if s.key not in known or not covers(known[s.key], s)]
        known.update({simulation.key: simulation for simulation in new})
        plan.append(tuple(new))
    return plan


def _costs(problem: FitProblem, levels: Sequence[Level], timing: Timing | None) -> tuple[LevelCost, ...]:
    timestep = problem.config.engine.timestep
    costs = []
    for level, simulations in zip(levels, planned_simulations(levels), strict=True):
        seconds = None
        if timing is not None:
            seconds = sum(timing.seconds(simulation, timestep) for simulation in simulations)
            seconds += timing.measurement * any(not s.static for s in simulations)
        md_ps = sum(simulated_time(simulation) for simulation in simulations)
        costs.append(LevelCost(level.name, level.targets, simulations, md_ps, seconds))
    return tuple(costs)


def time_engine(problem: FitProblem) -> Timing:
    """Run the base model for a moment in every static state and in boxes of every size.

    Raises :class:`UnstableError` and :class:`StepLimitError` where it breaks down.
    """
    engine = create_engine(problem.config.engine)
    simulations = [s for level in planned_simulations(problem.levels) for s in level]
    static: dict[Any, float] = {}
    pace: dict[int, float] = {}
    measurement = 0.0
    with tempfile.TemporaryDirectory(prefix="cgbridge-") as scratch:
        for simulation in simulations:
            if simulation.static:
                with candidate_faults():
                    static[simulation.key] = _timed(problem, engine, simulation, scratch)[0]
                continue
            beads = min(simulation.beads, _LARGEST_TIMED)
            if beads not in pace:
                probe = Simulation(
                    SimulationKind.BULK,
                    # Of a crystal that meets its liquid the crystal, for the liquid may have no density.
                    simulation.structure,
                    temperature=simulation.temperature,
                    beads=beads,
                    production=1.0,
                    interval=0.5,
                    density=simulation.density,
                    composition=simulation.composition,
                )
                with candidate_faults():
                    pace[beads], run = _pace(problem, engine, probe, scratch)
                measurement = measurement or _measurement(problem, run)
    return Timing(engine.platform, pace, static, measurement)


def _pace(problem: FitProblem, engine: Engine, probe: Simulation, scratch: str) -> tuple[float, Run]:
    """Core seconds per bead and step of a liquid, from a run as long as the timing may take."""
    first, run = _timed(problem, engine, probe, scratch)
    longer = min(max(1.0, simulated_time(probe) * _TIMING / max(first, 1e-3)), 1000.0)
    seconds, run = _timed(problem, engine, replace(probe, production=longer), scratch)
    return seconds / (run.md_steps * probe.beads), run


def _timed(problem: FitProblem, engine: Engine, simulation: Simulation, scratch: str) -> tuple[float, Run]:
    """Core time on the processor, which a busy machine does not change; wall time on a device."""
    clock = time.perf_counter if engine.on_device else time.process_time
    folder = Path(tempfile.mkdtemp(dir=scratch))
    started = clock()
    run = engine.run(problem.base, simulation, 1, folder)
    return clock() - started, run


def _measurement(problem: FitProblem, run: Run) -> float:
    """Core time of looking at one run: recognising ice, with the start of the program that does it."""
    from cgbridge.observables.phase import check_phase

    started = time.process_time()
    with contextlib.suppress(UnstableError, MissingDependencyError):  # not needed, or told before
        check_phase(run, "liquid", threshold=0.5)
    return time.process_time() - started
