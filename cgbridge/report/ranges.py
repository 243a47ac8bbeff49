"""Where the best values lie in their search ranges, and how far the good candidates spread."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cgbridge.frames import FloatArray
from cgbridge.records.parameter import Parameter
from cgbridge.report.run_record import RunRecord

#: A value within this fraction of its range from an end counts as lying on the bound.
EDGE = 0.02
#: Fewest candidates from which a spread is drawn.
_ENOUGH = 5


@dataclass(frozen=True)
class RangePosition:
    """One searched parameter of the best candidate; positions run from 0 (minimum) to 1 (maximum).

    On a log scale positions are those of the logarithm. ``spread`` holds the 5, 25, 75 and 95 %
    quantiles of the candidates that passed ``spread_levels`` levels, None for too few. ``base`` is the
    position of the base model's value, None outside the range.
    """

    parameter: Parameter
    symbol: str
    value: float
    position: float
    base: float | None
    spread: tuple[float, float, float, float] | None
    spread_levels: int

    @property
    def bound(self) -> str:
        """``min`` or ``max`` when the value lies on a bound, else empty."""
        if self.position <= EDGE:
            return "min"
        return "max" if self.position >= 1.0 - EDGE else ""

    @property
    def distance(self) -> float:
        """Distance to the nearer end as a fraction of the range."""
        return max(0.0, min(self.position, 1.0 - self.position))


def position(parameter: Parameter, value: float) -> float:
    """(value - min) / (max - min), of the logarithms of the magnitudes on a log scale."""
    low, high = parameter.minimum, parameter.maximum
    if parameter.scale == "log":
        if value * low <= 0:
            return math.nan
        low, high, value = math.log(abs(low)), math.log(abs(high)), math.log(abs(value))
    return (value - low) / (high - low)


def range_positions(run: RunRecord) -> tuple[RangePosition, ...]:
    """One record per searched parameter; none before the first result."""
    if run.best is None or run.base is None:
        return ()
    levels, points = _good_points(run)
    fixed = run.base.parameters
    found = []
    for index, parameter in enumerate(run.parameters):
        value = run.best.evaluation.parameters[parameter.name]
        base = position(parameter, fixed[parameter.name])
        quantiles = np.quantile(points[:, index], (0.05, 0.25, 0.75, 0.95)) if len(points) else None
        found.append(
            RangePosition(
                parameter=parameter,
                symbol=parameter.symbol,
                value=value,
                position=position(parameter, value),
                base=base if 0.0 <= base <= 1.0 else None,
                spread=None if quantiles is None else tuple(float(q) for q in quantiles),  # type: ignore[arg-type]
                spread_levels=levels,
            )
        )
    return tuple(found)


def _good_points(run: RunRecord) -> tuple[int, FloatArray]:
    """Points in the unit cube of the candidates that got furthest, where enough of them did."""
    for levels in range(len(run.levels), -1, -1):
        points = [entry.point for entry in run.candidates if entry.evaluation.levels_passed >= levels]
        if len(points) >= _ENOUGH:
            return levels, np.array(points)
    return 0, np.empty((0, len(run.parameters)))
