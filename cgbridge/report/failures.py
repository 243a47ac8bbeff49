"""Why evaluations failed: broken runs grouped by reason, missed targets counted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from cgbridge.records.evaluation import Outcome
from cgbridge.report.run_record import RunRecord
from cgbridge.store.journal_entries import Entry

_NUMBER = re.compile(r"[-+]?\d[\d.]*(?:[eE][-+]?\d+)?")
_PLACE = re.compile(r"^level (?P<level>.+?), target (?P<target>.+?): (?P<what>.*)$", re.DOTALL)


@dataclass(frozen=True)
class FailureGroup:
    """Evaluations that broke down alike; ``example`` is the reason of the first of them in full."""

    outcome: Outcome
    level: str
    target: str
    pattern: str
    count: int
    example: str


@dataclass(frozen=True)
class MissedTarget:
    """How many candidates stopped at a level with this target missed, and by how many tolerances."""

    level: str
    target: str
    count: int
    median_error: float


def failure_groups(entries: Iterable[Entry]) -> tuple[FailureGroup, ...]:
    """Groups of unstable, timed-out and lost evaluations, the largest first; numbers do not split them."""
    groups: dict[tuple[Outcome, str, str, str], list[str]] = {}
    for entry in entries:
        evaluation = entry.evaluation
        if evaluation.outcome is Outcome.OK:
            continue
        level, target, what = split_reason(evaluation.reason)
        key = (evaluation.outcome, level, target, _NUMBER.sub("…", what))
        groups.setdefault(key, []).append(what)
    found = [FailureGroup(*key, len(reasons), reasons[0]) for key, reasons in groups.items()]
    return tuple(sorted(found, key=lambda group: -group.count))


def split_reason(reason: str) -> tuple[str, str, str]:
    """Level, target and cause of a breakdown; level and target are empty where the reason names none."""
    match = _PLACE.match(reason)
    if match is None:
        return "", "", reason or "no reason was recorded"
    return match["level"], match["target"], match["what"]


def missed_targets(run: RunRecord) -> tuple[MissedTarget, ...]:
    """Targets missed at the level where candidates stopped, in the order of the levels."""
    found = []
    for index, level in enumerate(run.levels):
        stopped = [e.evaluation for e in run.candidates if e.evaluation.levels_passed == index]
        for target in level.targets:
            errors = [
                result.normalised_error
                for evaluation in stopped
                for result in evaluation.results
                if (result.level, result.name) == (level.name, target.name) and not result.passed
            ]
            if errors:
                found.append(MissedTarget(level.name, target.name, len(errors), median(errors)))
    return tuple(found)
