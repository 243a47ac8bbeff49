"""When a value is known well enough, and how much longer a simulation must be if it is not.

A value is looked at a few times at most, since its run grows by a quarter at least each time: who stops as
soon as the estimated error is small stops more often where it was estimated too small. What that does to the
errors is measured in the tests.
"""

from __future__ import annotations

from cgbridge.records.target import TargetResult

#: Standard errors beyond the limit from which a value is missed for certain. Errors of short runs are
#: estimated too small by up to a half, so that these are two at least: 2 of 100.
CLEAR = 4.0
#: A run grows by these factors at least and at most before it is looked at again: an error from a short run
#: is too uncertain to be trusted with more.
_LEAST, _MOST = 1.25, 2.0


def is_clearly_missed(result: TargetResult, limit: float) -> bool:
    """Whether no longer run would bring the value within ``limit`` of its reference."""
    return abs(result.value - result.target) - limit > CLEAR * result.stderr


def next_production(production: float, stderr: float, aim: float, maximum: float) -> float:
    """Production in ps to look at next, for an error that falls with the square root of the time."""
    growth = min(max((stderr / aim) ** 2, _LEAST), _MOST) if stderr > aim else 1.0
    return min(max(maximum, production), production * growth)
