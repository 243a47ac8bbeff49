"""Do forces, positions and temperature belong together? An exact identity tells.

In the canonical ensemble the distances of a pair are distributed by

    d ln g(r)/dr = <(F_i - F_j) . r_ij / (2 r)>_r / kT,    r_ij from j to i,

whatever the model is, and for forces mapped to beads by any consistent map. The slope of the right-hand side
against the left, both integrated over r, is 1; forces in kcal/mol/A instead of kJ/mol/nm make it 41.8, a
lost constraint force or another temperature some other number (compare Borgis, Assaraf, Rotenberg and
Vuilleumier, doi:10.1080/00268976.2013.838316).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cgbridge.fits.training.data_set import Series
from cgbridge.fits.training.pair_geometry import pairs_within
from cgbridge.frames import FloatArray
from cgbridge.units import GAS_CONSTANT

_BIN = 0.005
#: Farthest distance in nm: beyond it g(r) is flat and tells nothing.
_REACH = 0.8
#: Frames that are enough: 50 of 216 waters give the slope to a few per cent.
_FRAMES = 50
_BLOCKS = 5
#: Pairs in a bin below which its logarithm is not looked at.
_LEAST = 20


@dataclass(frozen=True)
class ForceSlope:
    """The slope and its standard error over blocks of frames."""

    value: float
    error: float


def force_slope(series: Series) -> ForceSlope | None:
    """The slope of forces against distances; None without a temperature, or for too few pairs."""
    kelvin = series.state.temperature
    if kelvin is None or len(series) < _BLOCKS:
        return None
    width = float(np.diagonal(series.box, axis1=1, axis2=2).min())
    edges = np.arange(0.0, min(_REACH, 0.5 * width), _BIN)
    if len(edges) < 10:
        return None
    chosen = np.unique(np.linspace(0, len(series) - 1, min(_FRAMES, len(series))).astype(int))
    sums = np.array([_sums(series, int(index), edges) for index in chosen])
    parts = np.array_split(sums, _BLOCKS)
    slopes = [_slope(np.delete(sums, _places(parts, k), axis=0), edges, kelvin) for k in range(len(parts))]
    whole = _slope(sums, edges, kelvin)
    if whole is None or any(slope is None for slope in slopes):
        return None
    spread = np.array([slope for slope in slopes if slope is not None])
    # Jackknife over blocks that are left out one by one.
    error = float(np.sqrt((len(parts) - 1) * spread.var()))
    return ForceSlope(whole, error)


def _places(parts: list[FloatArray], number: int) -> np.ndarray:
    start = sum(len(part) for part in parts[:number])
    return np.arange(start, start + len(parts[number]))


def _sums(series: Series, index: int, edges: FloatArray) -> FloatArray:
    """Counts of pairs and sums of their relative forces by distance, (2, bins); bonded pairs do not count."""
    pairs = pairs_within(series.positions[index], series.box[index], float(edges[-1]), series.topology)
    forces = series.forces[index].astype(np.float64)
    along = np.einsum("pd,pd->p", forces[pairs.first] - forces[pairs.second], pairs.vector)
    bins = len(edges) - 1
    place = np.minimum((pairs.distance / _BIN).astype(int), bins - 1)
    relative = np.bincount(place, along / (2.0 * pairs.distance), minlength=bins)
    return np.array([np.bincount(place, minlength=bins).astype(float), relative])


def _slope(sums: FloatArray, edges: FloatArray, kelvin: float) -> float | None:
    counts, forces = sums.sum(axis=0)
    good = counts >= _LEAST
    if good.sum() < 10:
        return None
    start = int(np.argmax(good))
    stop = start + int(np.argmin(good[start:])) if not good[start:].all() else len(good)
    if stop - start < 10:
        return None
    r = 0.5 * (edges[1:] + edges[:-1])[start:stop]
    log_g = np.log(counts[start:stop] / r**2)
    mean = forces[start:stop] / counts[start:stop] / (GAS_CONSTANT * kelvin)
    predicted = np.concatenate([[0.0], np.cumsum(0.5 * (mean[1:] + mean[:-1]) * np.diff(r))])
    # By the numbers of pairs, so that the noise of rare distances does not decide.
    weight = counts[start:stop] / counts[start:stop].sum()
    x, y = log_g - weight @ log_g, predicted - weight @ predicted
    scatter = float(weight @ (x * x))
    return None if scatter <= 0.0 else float(weight @ (x * y)) / scatter
