"""Verdict on every target for one candidate, measured or not."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cgbridge.records.target import Target, TargetResult
from cgbridge.report.run_record import RunRecord


@dataclass(frozen=True)
class Verdict:
    """One row: the target and, if it was measured, its result.

    ``offset`` and ``spread`` are the deviation and its standard error in tolerances (NaN if unknown).
    """

    level: str
    target: Target
    result: TargetResult | None

    @property
    def passed(self) -> bool:
        return self.result is not None and self.result.passed

    @property
    def offset(self) -> float:
        if self.result is None:
            return math.nan
        return (self.result.value - self.result.target) / self.result.tolerance

    @property
    def spread(self) -> float:
        return math.nan if self.result is None else self.result.stderr / self.result.tolerance

    @property
    def word(self) -> str:
        if self.result is None:
            return "not measured"
        if self.passed:
            return "passed"
        return "not known" if not self.result.known and abs(self.offset) <= 1.0 else "missed"


def verdicts(run: RunRecord) -> tuple[Verdict, ...]:
    """Rows for the best candidate in the order of the levels; none before the first result."""
    if run.best is None:
        return ()
    measured = {(result.level, result.name): result for result in run.best.evaluation.results}
    return tuple(
        Verdict(level.name, target, measured.get((level.name, target.name)))
        for level in run.levels
        for target in level.targets
    )
