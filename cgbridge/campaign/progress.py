"""Counters of a running fit, for whoever shows them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cgbridge.campaign.evaluator import Job
from cgbridge.interfaces import Evaluation

#: Evaluations that the pace is taken from.
_RECENT = 100


@dataclass
class Progress:
    """Counters of a running fit, handed to the display after every evaluation."""

    budget: int
    level_names: tuple[str, ...]
    phase: str = "search"
    generation: int = 0
    evaluations: int = 0
    from_journal: int = 0
    md_ns: float = 0.0
    cpu_s: float = 0.0
    reached: list[int] = field(default_factory=list)
    outcomes: dict[str, int] = field(default_factory=dict)
    best: Evaluation | None = None
    _finished: deque[float] = field(
        init=False, default_factory=lambda: deque([time.monotonic()], _RECENT + 1)
    )

    def record(self, job: Job, evaluation: Evaluation, known: bool) -> None:
        self.phase, self.generation = job.phase, max(self.generation, job.generation)
        self.evaluations += 1
        self.from_journal += known
        if not known:
            self._finished.append(time.monotonic())
        self.md_ns += evaluation.md_ns
        self.cpu_s += evaluation.cpu_s
        for level in range(evaluation.levels_passed):
            self.reached[level] += 1
        self.outcomes[str(evaluation.outcome)] = self.outcomes.get(str(evaluation.outcome), 0) + 1
        if job.phase != "confirm" and (self.best is None or evaluation.score < self.best.score):
            self.best = evaluation

    @property
    def eta_s(self) -> float | None:
        """Seconds left at the pace of the last evaluations; None before anything was computed.

        Early evaluations say little: most candidates fail at the cheap levels at first, few do at the end.
        """
        if len(self._finished) < 2:
            return None
        pace = (self._finished[-1] - self._finished[0]) / (len(self._finished) - 1)
        return max(0, self.budget - self.evaluations) * pace

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
