"""Small drawings inside tables: a deviation on its tolerance, a value in its range. Pure geometry."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cgbridge.report.ranges import RangePosition
from cgbridge.report.verdicts import Verdict

#: Drawing area in pixels; marks stay ``_INSET`` from its ends.
WIDTH, _INSET = 132.0, 7.0
#: Deviations beyond this many tolerances are drawn as an arrow at the end.
REACH = 3.0


@dataclass(frozen=True)
class DeviationMark:
    """Positions in pixels of a deviation, its error bar and the tolerance; ``beyond`` is -1, 0 or 1."""

    x: float
    low: float
    high: float
    tolerance: tuple[float, float]
    zero: float
    beyond: int


def deviation_mark(row: Verdict) -> DeviationMark | None:
    """The mark of a measured target, None for one without a finite value."""
    if not math.isfinite(row.offset):
        return None
    beyond = 0 if abs(row.offset) <= REACH else int(math.copysign(1, row.offset))
    spread = row.spread if math.isfinite(row.spread) else 0.0
    return DeviationMark(
        x=_across((row.offset / REACH + 1) / 2),
        low=_across(((row.offset - spread) / REACH + 1) / 2),
        high=_across(((row.offset + spread) / REACH + 1) / 2),
        tolerance=(_across((1 - 1 / REACH) / 2), _across((1 + 1 / REACH) / 2)),
        zero=_across(0.5),
        beyond=beyond,
    )


@dataclass(frozen=True)
class RangeMark:
    """Positions in pixels of a value in its range, with quantiles of the good candidates and decades."""

    start: float
    end: float
    x: float
    base: float | None
    spread: tuple[float, ...] | None
    decades: tuple[float, ...]


def range_mark(place: RangePosition) -> RangeMark:
    """The mark of one parameter."""
    return RangeMark(
        start=_across(0.0),
        end=_across(1.0),
        x=_across(place.position),
        base=None if place.base is None else _across(place.base),
        spread=None if place.spread is None else tuple(_across(q) for q in place.spread),
        decades=tuple(_across(u) for u in _decades(place)),
    )


def _decades(place: RangePosition) -> list[float]:
    """Positions of the powers of ten inside a logarithmic range of more than one decade."""
    parameter = place.parameter
    if parameter.scale != "log":
        return []
    ends = sorted(math.log10(abs(value)) for value in (parameter.minimum, parameter.maximum))
    if ends[1] - ends[0] < 1.0:
        return []
    inside = [(k - ends[0]) / (ends[1] - ends[0]) for k in range(math.ceil(ends[0]), math.floor(ends[1]) + 1)]
    return inside if parameter.minimum > 0 else [1.0 - u for u in inside]


def _across(fraction: float) -> float:
    """0..1 -> pixels, cut at the ends."""
    return round(_INSET + min(max(fraction, 0.0), 1.0) * (WIDTH - 2 * _INSET), 2)
