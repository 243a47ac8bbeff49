"""Verdict on a target and score of a candidate.

The normalised error of a target is e = |value - reference| / tolerance. A target is passed when

    |value - reference| <= tolerance    and    stderr <= 2 tolerance.

A larger standard error never makes passing easier. Up to twice the tolerance it does not make it harder
either: one value cannot tell bad luck from a bad candidate, near misses rank next to those that pass, and
the best are measured again. Beyond that a value is not known: it falls within the tolerance of a right
candidate in fewer than 38 of 100 cases, and of one that is off by two tolerances in 24.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from cgbridge.interfaces import Estimate, Score, Target, TargetResult

#: Tolerances to which a value must be known.
_KNOWN = 2.0


def is_passed(deviation: float, tolerance: float, stderr: float) -> bool:
    """The rule above for ``deviation`` = abs(value - reference); False for NaN."""
    return bool(deviation <= tolerance) and is_known(tolerance, stderr)


def is_known(tolerance: float, stderr: float) -> bool:
    """Whether a value with this standard error can be judged at all; False for NaN."""
    return bool(stderr <= _KNOWN * tolerance)


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
    largest = max((result.normalised_error for result in results), default=0.0)
    if largest == 0.0:
        return 0.0
    # In units of the largest: the square of what a wild candidate gives may overflow.
    squares = sum(w * (r.normalised_error / largest) ** 2 for w, r in zip(weights, results, strict=True))
    return largest * math.sqrt(squares / sum(weights))


def score_completed(failed: int, level_error: float, total_error: float) -> Score:
    """Score of a candidate that finished the level where it stopped (or all levels)."""
    return Score(failed, 0.0, total_error if failed == 0 else level_error, total_error)


def score_broken(failed: int, progress: float, total_error: float) -> Score:
    """Score of a candidate that broke down; ``progress`` in [0, 1) is how far its level got."""
    return Score(failed, 1.0 - progress, total_error, total_error)
