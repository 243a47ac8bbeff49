"""Positions and heights of maxima of tabulated functions."""

from __future__ import annotations

import numpy as np

from cgbridge.errors import UnstableError
from cgbridge.frames import FloatArray

#: The second peak of g(r) is looked for between these multiples of the first peak's position.
SECOND_PEAK_WINDOW = (1.35, 2.3)
#: A peak is the highest point between r / 1.2 and 1.2 r, and at least this share of the highest of all.
DOMINANCE, SHARE = 1.2, 0.6


def peak(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Position and height of the highest point, by a parabola through the five points around it."""
    return _refine(x, y, int(np.argmax(y)))


def first_peak(r: FloatArray, g: FloatArray) -> tuple[float, float]:
    """Position and height of the first peak of g(r), which need not be the highest."""
    smooth = np.convolve(g, np.full(3, 1 / 3), mode="same")
    for index in np.flatnonzero(g >= SHARE * g.max()):
        around = (r >= r[index] / DOMINANCE) & (r <= r[index] * DOMINANCE)
        if smooth[index] >= smooth[around].max():
            return _refine(r, g, int(index))
    return peak(r, g)


def second_peak(r: FloatArray, g: FloatArray) -> tuple[float, float]:
    """Position and height of the second maximum, after a running mean over five bins.

    Raises :class:`~cgbridge.errors.UnstableError` when r ends before the second shell, which depends on where
    the first one is.
    """
    first = first_peak(r, g)[0]
    smooth = np.convolve(g, np.full(5, 0.2), mode="same")
    window = (r > SECOND_PEAK_WINDOW[0] * first) & (r < SECOND_PEAK_WINDOW[1] * first)
    if int(window.sum()) < 5:
        raise UnstableError(
            f"g(r) is known to {r[-1]:.3g} nm, which ends before the second peak",
            remedy="give a larger r_max, or more beads",
        )
    return peak(r[window], smooth[window])


def _refine(x: FloatArray, y: FloatArray, top: int) -> tuple[float, float]:
    low, high = max(0, top - 2), min(len(x), top + 3)
    if high - low < 3:
        return float(x[top]), float(y[top])
    centre = float(x[top])
    a, b, c = np.polyfit(x[low:high] - centre, y[low:high], 2)
    shift = -b / (2 * a) if a < 0 else 0.0
    if not x[low] - centre <= shift <= x[high - 1] - centre:
        return centre, float(y[top])
    return centre + float(shift), float(c + shift * (b + a * shift))
