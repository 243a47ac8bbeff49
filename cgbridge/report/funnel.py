"""How many candidates each level let through, and what became of the others."""

from __future__ import annotations

from dataclasses import dataclass

from cgbridge.records.evaluation import Outcome
from cgbridge.report.run_record import RunRecord


@dataclass(frozen=True)
class FunnelStage:
    """Counts of candidates at one level: ``reached`` = passed + missed + unstable + timeout + infra."""

    level: str
    reached: int
    passed: int
    missed: int
    unstable: int
    timeout: int
    infra: int


def funnel(run: RunRecord) -> tuple[FunnelStage, ...]:
    """One stage per level, over the candidates of all stages (confirmations measure every level)."""
    evaluations = [entry.evaluation for entry in run.candidates]
    stages = []
    for index, level in enumerate(run.levels):
        reached = [e for e in evaluations if e.levels_passed >= index]
        stopped = [e.outcome for e in reached if e.levels_passed == index]
        stages.append(
            FunnelStage(
                level=level.name,
                reached=len(reached),
                passed=len(reached) - len(stopped),
                missed=stopped.count(Outcome.OK),
                unstable=stopped.count(Outcome.UNSTABLE),
                timeout=stopped.count(Outcome.TIMEOUT),
                infra=stopped.count(Outcome.INFRA),
            )
        )
    return tuple(stages)
