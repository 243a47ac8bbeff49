"""Verdict on a target and score of a candidate.

The normalised error of a target is e = |value - reference| / tolerance. A target is passed when

    |value - reference| <= tolerance    and    stderr <= precision,

where the precision is what the target asks for, half its tolerance by default. A larger standard error never
makes passing easier: what is not known does not pass. With an error of half a tolerance a right candidate
passes in 95 of 100 measurements, and one that is off by two tolerances in 2 of 100.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from cgbridge.records.evaluation import Score
from cgbridge.records.target import Estimate, Target, TargetResult

#: A target with its result.
Measured = tuple[Target, TargetResult]


def is_passed(deviation: float, tolerance: float, stderr: float, precision: float) -> bool:
    """The rule above for ``deviation`` = abs(value - reference); False for NaN."""
    return bool(deviation <= tolerance) and bool(stderr <= precision)


def judge(target: Target, estimate: Estimate, level: str, *, production: float = 0.0) -> TargetResult:
    """Compare an estimate with its target; both must be in the target's unit."""
    if estimate.unit != target.unit:
        raise ValueError(f"{target.name}: estimate in {estimate.unit!r}, target in {target.unit!r}")
    deviation = abs(estimate.value - target.value)
    return TargetResult(
        name=target.name,
        observable=target.observable,
        value=estimate.value,
        stderr=estimate.stderr,
        n_eff=estimate.n_eff,
        target=target.value,
        tolerance=target.tolerance,
        unit=target.unit,
        passed=is_passed(deviation, target.tolerance, estimate.stderr, target.known_to),
        level=level,
        normalised_error=deviation / target.tolerance,
        curves=estimate.curves,
        notes=estimate.notes,
        gate=target.gate,
        precision=target.known_to,
        production=production,
    )


def weighted_rms(results: Sequence[TargetResult], weights: Sequence[float]) -> float:
    """sqrt(sum w e^2 / sum w) of the normalised errors; 0 for no results."""
    largest = max((result.normalised_error for result in results), default=0.0)
    if largest == 0.0:
        return 0.0
    # In units of the largest: the square of what a wild candidate gives may overflow.
    squares = sum(w * (r.normalised_error / largest) ** 2 for w, r in zip(weights, results, strict=True))
    return largest * math.sqrt(squares / sum(weights))


def goals_error(measured: Iterable[Measured]) -> float:
    """:func:`weighted_rms` of the goals among ``measured``, as they are; gates count in no error."""
    goals = [(result, target.weight) for target, result in measured if not target.gate]
    return weighted_rms([result for result, _ in goals], [weight for _, weight in goals])


def gates_error(results: Iterable[TargetResult]) -> float:
    """sqrt(sum e^2) over the gates that were missed, each at least 1: an unknown value is no small miss."""
    missed = [max(1.0, r.normalised_error) for r in results if r.gate and not r.passed]
    return math.hypot(*missed)


def score_completed(failed: int, level_error: float, total_error: float, gate_error: float = 0.0) -> Score:
    """Score of a candidate that finished the level where it stopped (or all levels).

    With a ``gate_error`` it did not come to the goals of that level.
    """
    if gate_error:
        return Score(failed, 0.0, 0.0, total_error, gate_error=gate_error)
    return Score(failed, 0.0, total_error if failed == 0 else level_error, total_error)


def score_broken(failed: int, progress: float, total_error: float) -> Score:
    """Score of a candidate that broke down; ``progress`` in [0, 1) is how far its level got."""
    return Score(failed, 1.0 - progress, total_error, total_error)
