"""Verdict on a target and score of a candidate.

The normalised error of a target is e = |value - reference| / tolerance. A target is passed when

    |value - reference| <= tolerance + min(stderr, tolerance),

so that a candidate is not thrown out for what may be noise, while the ranking by e never rewards noise.
A standard error above the tolerance excuses no more than the tolerance: what is hardly known proves nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from cgbridge.interfaces import Estimate, Score, Target, TargetResult


def is_passed(deviation: float, tolerance: float, stderr: float) -> bool:
    """The rule above for ``deviation`` = abs(value - reference); False for NaN."""
    return bool(deviation <= tolerance + min(stderr, tolerance))


def judge(target: Target, estimate: Estimate, level: str) -> TargetResult:
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
        passed=is_passed(deviation, target.tolerance, estimate.stderr),
        level=level,
        normalised_error=deviation / target.tolerance,
        curves=estimate.curves,
        notes=estimate.notes,
    )


def weighted_rms(results: Sequence[TargetResult], weights: Sequence[float]) -> float:
    """sqrt(sum w e^2 / sum w) of the normalised errors; 0 for no results."""
    total = sum(weights)
    if total == 0:
        return 0.0
    return math.sqrt(sum(w * r.normalised_error**2 for w, r in zip(weights, results, strict=True)) / total)


def score_completed(failed: int, level_error: float, total_error: float) -> Score:
    """Score of a candidate that finished the level where it stopped (or all levels)."""
    return Score(failed, 0.0, total_error if failed == 0 else level_error, total_error)


def score_broken(failed: int, progress: float, total_error: float) -> Score:
    """Score of a candidate that broke down; ``progress`` in [0, 1) is how far its level got."""
    return Score(failed, 1.0 - progress, total_error, total_error)
