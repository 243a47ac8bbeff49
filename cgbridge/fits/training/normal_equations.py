"""Least squares of forces by normal equations that are added up frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cgbridge.errors import ConfigError
from cgbridge.fits.training.data_set import DataSet, FrameAddress
from cgbridge.fits.training.linear_columns import Interaction
from cgbridge.frames import FloatArray
from cgbridge.units import BAR_NM3, GAS_CONSTANT


@dataclass
class NormalEquations:
    """Sums over frames: X^T X, X^T F, F^T F, and of the pressures of each series.

    ``virials`` (series, n) is the mean virial per unit of each coefficient, over 3 V, and ``wanted``
    (series,) the mean pressure that is left for it, both in units of the ideal pressure; ``frames`` (series,)
    counts those with a pressure.
    """

    matrix: FloatArray
    right: FloatArray
    squares: float
    components: int
    virials: FloatArray
    wanted: FloatArray
    frames: FloatArray

    @classmethod
    def empty(cls, size: int, series: int) -> NormalEquations:
        return cls(
            np.zeros((size, size)), np.zeros(size), 0.0, 0,
            np.zeros((series, size)), np.zeros(series), np.zeros(series),
        )  # fmt: skip

    def __add__(self, other: NormalEquations) -> NormalEquations:
        return NormalEquations(
            self.matrix + other.matrix,
            self.right + other.right,
            self.squares + other.squares,
            self.components + other.components,
            self.virials + other.virials,
            self.wanted + other.wanted,
            self.frames + other.frames,
        )

    def solve(self, penalty: FloatArray, pressure: float) -> FloatArray:
        """Coefficients of the least mean square error of forces, relative to their spread.

        ``penalty`` is added to the matrix relative to its mean diagonal element; ``pressure`` weighs the
        squares of the errors of the mean pressures. Raises :class:`ConfigError` for too few frames.
        """
        scale = float(np.trace(self.matrix)) / max(len(self.right), 1)
        if not scale > 0.0:
            raise ConfigError(
                "no pair of beads is within the cutoff, so that there is nothing to fit", where="model.cutoff"
            )
        matrix: FloatArray = self.matrix + scale * penalty
        right: FloatArray = self.right.copy()
        for row, wanted, count in zip(self.virials, self.wanted, self.frames, strict=True):
            if pressure and count:
                weight = pressure * self.squares * count / self.frames.sum()
                matrix += weight * np.outer(row, row) / count**2
                right += weight * row * wanted / count**2
        # A tiny ridge makes definite what no frame determines.
        matrix += 1e-12 * scale * np.eye(len(right))
        return np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)

    def mean_square(self, coefficients: FloatArray) -> float:
        """Mean square error of a component of a force."""
        error = self.squares - 2.0 * coefficients @ self.right + coefficients @ self.matrix @ coefficients
        return float(error) / max(self.components, 1)


def accumulate(
    data: DataSet,
    frames: Sequence[FrameAddress],
    interactions: Sequence[Interaction],
    seen: Callable[[], None] = lambda: None,
) -> NormalEquations:
    """The sums over ``frames``, one in memory at a time; ``seen`` is called after each."""
    total = NormalEquations.empty(sum(one.size for one in interactions), len(data.series))
    for number, index in frames:
        series = data.series[number]
        found = [one.columns(series, index) for one in interactions]
        columns = np.concatenate([one.forces for one in found], axis=1)
        labels = series.forces[index].astype(np.float64).ravel()
        total.matrix += columns.T @ columns
        total.right += columns.T @ labels
        total.squares += float(labels @ labels)
        total.components += len(labels)
        kelvin = series.state.temperature
        if series.pressure is not None and kelvin is not None:
            volume = float(series.volume[index])
            ideal = series.particles * GAS_CONSTANT * kelvin / volume
            total.virials[number] += np.concatenate([one.virial for one in found]) / (3.0 * volume * ideal)
            total.wanted[number] += float(series.pressure[index]) * BAR_NM3 / ideal - 1.0
            total.frames[number] += 1
        seen()
    return total
