"""Evaluate one candidate: level after level, each state simulated once, stop at the first level missed."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cgbridge.errors import CgbridgeError, StepLimitError, UnstableError
from cgbridge.interfaces import (
    Adaptive,
    Engine,
    Estimate,
    Evaluation,
    Model,
    Observable,
    Outcome,
    Run,
    Sampling,
    Score,
    Simulation,
    Target,
    TargetResult,
)
from cgbridge.objectives.faults import candidate_faults
from cgbridge.objectives.scoring import is_known, judge, score_broken, score_completed, weighted_rms
from cgbridge.observables.catalogue import get_observable

#: A melting bracket may be moved this often before the estimate is taken as it is.
MAX_FOLLOW_UPS = 3


@dataclass(frozen=True)
class Level:
    """A named level with its resolved targets, and how long and large its simulations are by default.

    All production runs are made ``factor`` times as long as the targets ask for.
    """

    name: str
    targets: tuple[Target, ...]
    sampling: Sampling = field(default_factory=Sampling)
    factor: float = 1.0

    def lengthened(self, factor: float) -> Level:
        """The same level with production runs ``factor`` times as long (for confirmations)."""
        return replace(self, factor=self.factor * factor)

    def simulations(self, target: Target) -> list[Simulation]:
        """What one of the targets needs, those with a production of their own lengthened as well."""
        wanted = get_observable(target.observable, target.folder).simulations(target, self.sampling)
        return [replace(one, production=one.production * self.factor) for one in wanted]


#: Runs made beforehand, or how they failed, by the key of their simulation.
Prepared = Mapping[tuple[Any, ...], Run | CgbridgeError]


class _Session:
    """Runs of one candidate, each state simulated once and shared between targets and levels."""

    def __init__(self, engine: Engine, model: Model, seed: int, scratch: Path, prepared: Prepared) -> None:
        self._engine, self._model, self._seed, self._scratch = engine, model, seed, scratch
        self._runs = dict(prepared)
        self._folders = 0
        self.md_ns = 0.0

    def provide(self, simulation: Simulation) -> Run:
        run = self._runs.get(simulation.key)
        if isinstance(run, CgbridgeError):
            raise run
        if run is None or not covers(run.simulation, simulation):
            run = self._engine.run(self._model, simulation, self._seed, self._folder())
            self._keep(run)
        return run

    def prepare(self, simulations: Sequence[Simulation]) -> None:
        """Make those of the simulations that the engine had better run together, unless they are there.

        A failure is kept for when one of them is asked for.
        """
        missing = []
        for simulation in simulations:
            run = self._runs.get(simulation.key)
            if run is None or (isinstance(run, Run) and not covers(run.simulation, simulation)):
                missing.append(simulation)
        for group in self._engine.groups(missing):
            try:
                folders = [self._folder() for _ in group]
                with candidate_faults():
                    for run in self._engine.run_together(self._model, group, self._seed, folders):
                        self._keep(run)
            except (UnstableError, StepLimitError) as error:
                self._runs.update({simulation.key: error for simulation in group})

    def _folder(self) -> Path:
        self._folders += 1
        folder = self._scratch / f"{self._folders:03d}"
        folder.mkdir(parents=True)
        return folder

    def _keep(self, run: Run) -> None:
        self._runs[run.simulation.key] = run
        self.md_ns += run.md_steps * run.timestep / 1000.0


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


def follow_ups(observable: Observable, target: Target, runs: Sequence[Run]) -> list[Simulation]:
    """What an adaptive observable wants besides, now that it has seen these runs."""
    return list(observable.follow_up(target, runs)) if isinstance(observable, Adaptive) else []


def measure(
    observable: Observable,
    target: Target,
    session: _Session,
    plan: Mapping[Any, Simulation],
    level: Level,
) -> Estimate:
    """Simulate what the target needs (as merged in ``plan``) and measure; follow up where asked."""
    wanted = level.simulations(target)
    runs = [session.provide(plan.get(simulation.key, simulation)) for simulation in wanted]
    for _ in range(MAX_FOLLOW_UPS):
        extra = follow_ups(observable, target, runs)
        if not extra:
            break
        runs += [session.provide(simulation) for simulation in extra]
    return observable.measure(target, runs)


@dataclass(frozen=True)
class _LevelReport:
    """What one level gave: results of the targets measured, or why it broke and how far it got (0 to 1)."""

    results: list[TargetResult]
    weights: list[float]
    outcome: Outcome = Outcome.OK
    reason: str = ""
    progress: float = 1.0

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.OK and all(result.passed for result in self.results)


def _evaluate_level(level: Level, session: _Session) -> _LevelReport:
    """Simulate and measure every target of one level."""
    observables = [get_observable(target.observable, target.folder) for target in level.targets]
    plan = merge_simulations([s for target in level.targets for s in level.simulations(target)])
    session.prepare(list(plan.values()))
    results: list[TargetResult] = []
    weights = [target.weight for target in level.targets]
    for observable, target in zip(observables, level.targets, strict=True):
        try:
            with candidate_faults():
                estimate = measure(observable, target, session, plan, level)
            result = judge(target, estimate, level.name)
            if not math.isfinite(result.normalised_error):
                raise UnstableError(f"{target.name} is not a finite number")
        except (UnstableError, StepLimitError) as error:
            return _LevelReport(
                results,
                weights[: len(results)],
                Outcome.UNSTABLE if isinstance(error, UnstableError) else Outcome.TIMEOUT,
                f"level {level.name}, target {target.name}: {error.what}",
                (len(results) + getattr(error, "progress", 0.0)) / len(level.targets),
            )
        results.append(result)
    missed = ", ".join(_missed_words(result) for result in results if not result.passed)
    return _LevelReport(results, weights, reason=f"level {level.name} missed: {missed}" if missed else "")


def _missed_words(result: TargetResult) -> str:
    known = "" if is_known(result.tolerance, result.stderr) else f", known to +- {result.stderr:.3g} only"
    wanted = f"wanted {result.target:.5g} +- {result.tolerance:.3g}"
    return f"{result.name} {result.value:.5g} {result.unit} ({wanted}{known})"


def evaluate_candidate(
    model: Model,
    levels: Sequence[Level],
    engine: Engine,
    *,
    seed: int,
    scratch: Path,
    stop_early: bool = True,
    prepared: Prepared = MappingProxyType({}),
) -> Evaluation:
    """Evaluate ``model`` on ``levels``.

    Stops after the first level with a target not passed, unless ``stop_early`` is false (then every level
    is measured, for final reports). ``prepared`` holds runs made beforehand. Instability and
    used-up step budgets are outcomes, not errors.
    """
    session = _Session(engine, model, seed, scratch, prepared)
    started, cpu = time.perf_counter(), time.process_time()
    results: list[TargetResult] = []
    weights: list[float] = []
    passed, counting, stopped_error = 0, True, 0.0
    outcome, reason, progress = Outcome.OK, "", 0.0

    for level in levels:
        report = _evaluate_level(level, session)
        results += report.results
        weights += report.weights
        if report.outcome is not Outcome.OK:
            outcome, reason, progress = report.outcome, report.reason, report.progress
            break
        if report.passed:
            passed += counting
        elif counting:
            counting = False
            stopped_error = weighted_rms(report.results, report.weights)
            reason = report.reason
            if stop_early:
                break

    total = weighted_rms(results, weights)
    failed = len(levels) - passed
    score: Score = (
        score_completed(failed, stopped_error, total)
        # A breakdown beyond the level where a candidate stops would not have been seen with ``stop_early``.
        if outcome is Outcome.OK or not counting
        else score_broken(failed, progress, total)
    )
    return Evaluation(
        parameters=dict(model.parameters),
        seed=seed,
        outcome=outcome,
        levels_passed=passed,
        score=score,
        results=tuple(results),
        reason=reason,
        md_ns=session.md_ns,
        wall_s=time.perf_counter() - started,
        cpu_s=time.process_time() - cpu,
    )
