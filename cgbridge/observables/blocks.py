"""Jackknife over blocks, for values that are not plain means, and how long the blocks must be."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from cgbridge.frames import FloatArray
from cgbridge.observables.statistics import block_means, short_run_factor, statistical_inefficiency

#: Statistical inefficiencies that a block spans, so that blocks are nearly independent.
_SPAN = 4.0
#: Fewest blocks that say anything about an error, where there are frames for them.
_FEWEST = 4
#: Most parts whose influence is looked at one by one.
_PARTS = 400


def jackknife(blocks: FloatArray, function: Callable[[FloatArray], float]) -> tuple[float, float]:
    """``function`` of the mean over blocks, and its standard error.

    ``blocks`` (B, ...) are means over B equally long, independent parts. With f_b the value when
    block b is left out, stderr^2 = (B - 1)/B sum_b (f_b - mean f)^2 (Efron, doi:10.1214/aos/1176345462).
    One block gives an infinite error.
    """
    count = len(blocks)
    value = function(blocks.sum(axis=0) / count)
    if count < 2:
        return value, math.inf
    return value, math.sqrt((count - 1) * float(np.var(_left_out(blocks, function))))


def value_and_error(
    samples: FloatArray, function: Callable[[FloatArray], float], most: int
) -> tuple[float, float, FloatArray]:
    """``function`` of the mean of samples (n, ...), its standard error, and the blocks behind the error.

    The error is that of :func:`jackknife` over :func:`independent_blocks`, at most ``most``, times
    :func:`~cgbridge.observables.statistics.short_run_factor`.
    """
    count = _independent_samples(samples, function)
    blocks = _blocks(samples, count, most)
    stderr = jackknife(blocks, function)[1] * short_run_factor(count)
    return function(samples.mean(axis=0)), stderr, blocks


def independent_blocks(samples: FloatArray, function: Callable[[FloatArray], float], most: int) -> FloatArray:
    """Means over at most ``most`` blocks of consecutive samples (n, ...), each long enough to be independent.

    A block spans four statistical inefficiencies g of the value itself: of the series of its influences,
    (n - 1) times what leaving one sample out does to ``function`` of the mean. With less than four such
    blocks in the run there are four, and the error of a :func:`jackknife` over them is too small. At four g
    a block, it is too small by 7 % in the limit of many.
    """
    return _blocks(samples, _independent_samples(samples, function), most)


def _blocks(samples: FloatArray, count: float, most: int) -> FloatArray:
    if len(samples) < 2 * _FEWEST:
        return block_means(samples, most)
    return block_means(samples, max(_FEWEST, min(most, int(count / _SPAN))))


def _independent_samples(samples: FloatArray, function: Callable[[FloatArray], float]) -> float:
    """The number of samples over their statistical inefficiency for ``function``; all of very few."""
    parts = block_means(samples, _PARTS)
    if len(parts) < 2 * _FEWEST:
        return float(len(parts))
    return len(parts) / statistical_inefficiency(-_left_out(parts, function))


def _left_out(blocks: FloatArray, function: Callable[[FloatArray], float]) -> FloatArray:
    """``function`` of the mean of all blocks but one, for each of them."""
    total = blocks.sum(axis=0)
    return np.array([function((total - block) / (len(blocks) - 1)) for block in blocks])
