"""Counters of a running fit, for whoever shows them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cgbridge.fits.durations import duration_words
from cgbridge.fits.search.evaluator import Job, Origin
from cgbridge.records.evaluation import Evaluation, Outcome

#: Evaluations that the pace is taken from.
_RECENT = 100
#: A pace is told from so many evaluations on, or after so many seconds.
_FEW, _LONG = 10, 30.0


@dataclass
class Progress:
    """Counters of a running fit, handed to the display after every evaluation."""

    budget: int
    level_names: tuple[str, ...]
    stages: tuple[str, ...] = ()
    phase: str = "start"
    stage: int = 0
    generation: int = 0
    evaluations: int = 0
    from_journal: int = 0
    md_ns: float = 0.0
    cpu_s: float = 0.0
    outcomes: dict[str, int] = field(default_factory=dict)
    best: Evaluation | None = None
    reached: list[int] = field(init=False)
    _finished: deque[float] = field(
        init=False, default_factory=lambda: deque([time.monotonic()], _RECENT + 1)
    )

    def __post_init__(self) -> None:
        self.reached = [0] * len(self.level_names)

    def record(self, job: Job, evaluation: Evaluation, origin: Origin) -> None:
        """Count one evaluation; a repeated one uses up budget and costs nothing."""
        if job.stage != self.stage:
            self.generation = 0
        self.phase, self.stage = job.phase, job.stage
        self.generation = max(self.generation, job.generation)
        self.evaluations += 1
        self.from_journal += origin == "journal"
        if origin == "computed":
            self._finished.append(time.monotonic())
        if origin != "repeated":
            self.md_ns += evaluation.md_ns
            self.cpu_s += evaluation.cpu_s
        if job.phase != "validation":  # it has a level of its own
            for level in range(evaluation.levels_passed):
                self.reached[level] += 1
        self.outcomes[str(evaluation.outcome)] = self.outcomes.get(str(evaluation.outcome), 0) + 1
        if job.full or evaluation.outcome is Outcome.INFRA:
            return
        if self.best is None or evaluation.score < self.best.score:
            self.best = evaluation

    @property
    def doing(self) -> str:
        """What goes on: ``stage 2 of 2 (nelder-mead)``, or the phase."""
        if self.phase != "search":
            return self.phase
        return f"stage {self.stage + 1} of {len(self.stages)} ({self.stages[self.stage]})"

    @property
    def eta_s(self) -> float | None:
        """Seconds left at the pace of the last evaluations; None before there is one.

        Early evaluations say little: most candidates fail at the cheap levels at first, few do at the end.
        """
        computed = len(self._finished) - 1
        # The first ones come with the start of the workers: no pace, unless they took long themselves.
        if computed < 1 or (computed < _FEW and self._finished[-1] - self._finished[0] < _LONG):
            return None
        pace = (self._finished[-1] - self._finished[0]) / (len(self._finished) - 1)
        return max(0, self.budget - self.evaluations) * pace

    def rows(self) -> list[tuple[str, str]]:
        """What a user watches: names and values."""
        funnel = " > ".join(
            f"{level} {count}" for level, count in zip(self.level_names, self.reached, strict=True)
        )
        earlier = f" ({self.from_journal} of an earlier run)" if self.from_journal else ""
        rows = [
            ("doing", self.doing),
            ("generation", str(self.generation)),
            ("evaluations", f"{self.evaluations} of {self.budget}{earlier}"),
            ("levels passed", f"{self.evaluations} > {funnel}"),
            ("MD done", f"{self.md_ns:.2f} ns"),
            ("time left", duration_words(self.eta_s)),
        ]
        # A candidate that broke down before anything was measured has no error, and is no news.
        if self.best is not None and self.best.results:
            levels = f"{self.best.levels_passed} of {len(self.level_names)} levels"
            rows.insert(4, ("best", f"{levels}, error {self.best.score.total_error:.3g} tolerances"))
        return rows

    def totals(self) -> dict[str, Any]:
        """Cost figures for result.json and the report."""
        hours = self.cpu_s / 3600.0
        return {
            "evaluations": self.evaluations,
            "md_ns": self.md_ns,
            "core_hours": hours,
            "evaluations_per_core_hour": self.evaluations / hours if hours > 0 else None,
            "outcomes": dict(sorted(self.outcomes.items())),
            "levels_passed": dict(zip(self.level_names, self.reached, strict=True)),
        }


Display = Callable[[Progress], None]
