"""One unit of length for a page: the user's."""

from __future__ import annotations

import re

from cgbridge.records.target import Curve
from cgbridge.report.run_record import RunRecord
from cgbridge.units import convert, parse_unit

_LENGTH = parse_unit("nm").dimension
#: What people who write no length at all are used to.
_USUAL = "A"


def length_unit(run: RunRecord) -> str:
    """The unit of the first target that is a length, else of the first searched length, else A."""
    units = [t.unit for t in run.targets.values()] + [p.unit for p in run.parameters]
    return next((unit for unit in units if unit and parse_unit(unit).dimension == _LENGTH), _USUAL)


def in_length_unit(curve: Curve, unit: str) -> Curve:
    """The curve with ``nm`` in the units of both axes replaced by ``unit``: nm^2 becomes A^2."""
    x_unit, y_unit = (re.sub(r"\bnm\b", unit, text) for text in (curve.x_unit, curve.y_unit))
    x, y = convert(1.0, curve.x_unit or "1", x_unit or "1"), convert(1.0, curve.y_unit or "1", y_unit or "1")
    return Curve(curve.x * x, curve.y * y, curve.y_err * y, x_unit, y_unit)
