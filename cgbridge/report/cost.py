"""What the run cost: core hours, simulated time, evaluations; by stage and phase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cgbridge.report.run_record import RunRecord
from cgbridge.store.journal_entries import Entry

_AFTER = ("confirm", "final", "validation")


@dataclass(frozen=True)
class Cost:
    """Sums over some evaluations; ``worker_s`` is the wall time summed over workers."""

    name: str
    evaluations: int
    md_ns: float
    core_hours: float
    worker_s: float

    @property
    def per_core_hour(self) -> float | None:
        """Evaluations per core hour; None when the clock was too coarse to see them."""
        return self.evaluations / self.core_hours if self.core_hours > 0 else None


def cost(name: str, entries: Sequence[Entry]) -> Cost:
    """The cost of some evaluations."""
    evaluations = [entry.evaluation for entry in entries]
    return Cost(
        name,
        len(evaluations),
        sum(e.md_ns for e in evaluations),
        sum(e.cpu_s for e in evaluations) / 3600.0,
        sum(e.wall_s for e in evaluations),
    )


def costs(run: RunRecord) -> tuple[Cost, ...]:
    """One record per stage and phase that has evaluations, then the total."""
    entries = (*run.entries, *run.validated)
    phases = [cost("start", [e for e in entries if e.phase == "start"])]
    for number, stage in enumerate(run.config.optimizer.stages):
        found = [e for e in entries if e.phase == "search" and e.stage == number]
        phases.append(cost(f"stage {number + 1}, {stage.method}", found))
    phases += [cost(phase, [e for e in entries if e.phase == phase]) for phase in _AFTER]
    return (*(found for found in phases if found.evaluations), cost("total", entries))


def elapsed_s(run: RunRecord) -> float | None:
    """Seconds from the creation of the folder to the last result, pauses included."""
    if run.started is None or run.last_result is None:
        return None
    return max(0.0, (run.last_result - run.started).total_seconds())
