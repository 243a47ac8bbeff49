"""Jackknife over blocks, for values that are not plain means."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from cgbridge.frames import FloatArray


def jackknife(blocks: FloatArray, function: Callable[[FloatArray], float]) -> tuple[float, float]:
    """``function`` of the mean over blocks, and its standard error.

    ``blocks`` (B, ...) are means over B equally long, independent parts. With f_b the value when
    block b is left out, stderr^2 = (B - 1)/B sum_b (f_b - mean f)^2 (Efron, doi:10.1214/aos/1176345462).
    One block gives an infinite error.
    """
    count = len(blocks)
    total = blocks.sum(axis=0)
    value = function(total / count)
    if count < 2:
        return value, math.inf
    left_out = np.array([function((total - block) / (count - 1)) for block in blocks])
    return value, math.sqrt((count - 1) * float(np.var(left_out)))
