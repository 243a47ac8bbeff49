"""Evaluate one candidate: level after level, each state simulated once, stop at the first level missed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from cgbridge.errors import StepLimitError, UnstableError
from cgbridge.interfaces import Engine, Model
from cgbridge.objectives.faults import candidate_faults
from cgbridge.objectives.level import Level
from cgbridge.objectives.measurement import LevelMeasurement
from cgbridge.objectives.quantities import counted
from cgbridge.objectives.scoring import (
    Measured,
    gates_error,
    goals_error,
    score_broken,
    score_completed,
)
from cgbridge.objectives.session import Prepared, Session
from cgbridge.records.evaluation import Evaluation, Outcome
from cgbridge.records.target import TargetResult


@dataclass(frozen=True)
class _LevelReport:
    """What one level gave: targets measured, and why it was missed, or broke and how far it got (0 to 1).

    ``seen`` are those that a candidate is judged by: where a gate is missed, the gates alone, whatever else
    was measured.
    """

    measured: list[Measured]
    passed: bool
    outcome: Outcome = Outcome.OK
    reason: str = ""
    progress: float = 1.0

    @property
    def gate_error(self) -> float:
        return gates_error(result for _, result in self.measured)

    @property
    def error(self) -> float:
        return goals_error(self.measured)


def _evaluate_level(level: Level, session: Session, stop_early: bool) -> _LevelReport:
    """Measure the gates, and unless one is missed (or ``stop_early`` is false) the goals."""
    measurement = LevelMeasurement(level, session, thorough=not stop_early)
    try:
        with candidate_faults():
            gates = measurement.of(level.gates)
            if not stop_early or all(result.passed for result in gates):
                measurement.of(level.goals)
    except (UnstableError, StepLimitError) as error:
        measured = measurement.measured
        return _LevelReport(
            measured,
            False,
            Outcome.UNSTABLE if isinstance(error, UnstableError) else Outcome.TIMEOUT,
            f"level {level.name}, target {measurement.at}: {error.what}",
            (len(measured) + getattr(error, "progress", 0.0)) / len(level.targets),
        )
    measured = measurement.measured
    goals = [pair for pair in measured if not pair[0].gate]
    passed = len(measured) == len(level.targets) and all(
        result.passed for target, result in measured if target.gate
    )
    passed = passed and level.rule.allows(goals)
    return _LevelReport(measured, passed, reason="" if passed else _reason(level, measured))


def _reason(level: Level, measured: Sequence[Measured]) -> str:
    gates = [_missed_words(result) for _, result in measured if result.gate and not result.passed]
    if gates:
        return f"level {level.name} missed its gate{'s' if len(gates) > 1 else ''}: {', '.join(gates)}"
    missed = [_missed_words(result) for _, result in measured if not result.passed]
    return f"level {level.name} missed: {', '.join(missed)}"


def _missed_words(result: TargetResult) -> str:
    known = "" if result.known else f", known to +- {result.stderr:.3g} instead of {result.precision:.3g}"
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

    Stops after the first level that is not passed, unless ``stop_early`` is false (then every level is
    measured, for final reports). ``prepared`` holds runs made beforehand. Instability and used-up step
    budgets are outcomes, not errors.
    """
    session = Session(engine, model, seed, scratch, prepared)
    started, cpu = time.perf_counter(), time.process_time()
    measured: list[Measured] = []
    passed, counting, stopped, gate = 0, True, 0.0, 0.0
    outcome, reason, progress = Outcome.OK, "", 0.0

    for level in levels:
        report = _evaluate_level(level, session, stop_early)
        measured += report.measured
        if report.outcome is not Outcome.OK:
            outcome, reason, progress = report.outcome, report.reason, report.progress
            break
        if report.passed:
            passed += counting
        elif counting:
            counting = False
            stopped, gate, reason = report.error, report.gate_error, report.reason
            if stop_early:
                break

    total = goals_error(counted(measured))
    failed = len(levels) - passed
    return Evaluation(
        parameters=dict(model.parameters),
        seed=seed,
        outcome=outcome,
        levels_passed=passed,
        score=score_completed(failed, stopped, total, gate)
        # A breakdown beyond the level where a candidate stops would not have been seen with ``stop_early``.
        if outcome is Outcome.OK or not counting
        else score_broken(failed, progress, total),
        results=tuple(result for _, result in measured),
        reason=reason,
        md_ns=session.md_ns,
        wall_s=time.perf_counter() - started,
        cpu_s=time.process_time() - cpu,
    )
