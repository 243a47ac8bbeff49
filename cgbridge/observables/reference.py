"""Reference curves and the deviation from them."""

from __future__ import annotations

import numpy as np

from cgbridge.errors import ConfigError
from cgbridge.frames import FloatArray
from cgbridge.records.target import Curve, Target
from cgbridge.units import convert


def reference_curve(target: Target, x_unit: str, low: float, high: float) -> Curve:
    """The target's reference between ``low`` and ``high``, its x converted to ``x_unit``.

    Raises :class:`~cgbridge.errors.ConfigError` if there is none or fewer than three points remain.
    """
    where = f"targets.{target.name}"
    if target.reference is None:
        raise ConfigError(
            "a comparison of curves needs a reference curve",
            where=where,
            remedy="give reference: FILE.csv, or choose another feature",
        )
    curve = target.reference
    x = np.asarray(curve.x, dtype=np.float64) * convert(1.0, curve.x_unit, x_unit)
    inside = (x >= low) & (x <= high)
    if int(inside.sum()) < 3:
        raise ConfigError(
            f"the reference has {int(inside.sum())} points in [{low:g}, {high:g}] {x_unit}, needs three",
            where=where,
        )
    y, error = np.asarray(curve.y, dtype=np.float64), np.asarray(curve.y_err, dtype=np.float64)
    return Curve(x[inside], y[inside], error[inside], x_unit, curve.y_unit)


def mean_absolute_deviation(x: FloatArray, y: FloatArray, reference: Curve) -> float:
    """Mean of |y(x_k) - y_k| over the reference points x_k, with y interpolated linearly."""
    return float(np.mean(np.abs(np.interp(reference.x, x, y) - reference.y)))
