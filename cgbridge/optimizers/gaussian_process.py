"""A smooth function through noisy values and its uncertainty: Gaussian process regression (scikit-learn)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from cgbridge.frames import FloatArray

#: Values that a surface goes through, at most: those nearest to its centre.
_NEAREST = 1500
#: Of these, evenly by their distance, as many tell amplitude, lengths and noise: the likelihood is to be had
#: for hundreds of choices of those, at a cost that grows as the cube of the number of values.
_LEARNT = 500
#: Smallest variance of a value, over that of all: keeps the matrix regular where errors are zero.
_JITTER = 1e-8


@dataclass(frozen=True)
class Surface:
    """A fitted Gaussian process on standardised inputs and values."""

    process: Any
    inputs: FloatArray
    values: FloatArray
    shift: FloatArray
    width: FloatArray
    mean: float
    scale: float

    def predict(self, inputs: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Expectation and standard deviation of the function (without the noise), (points,) each."""
        mean, spread = self.process.predict((inputs - self.shift) / self.width, return_std=True)
        variance = np.maximum(spread**2 - _noise(self.process), 0.0)
        return mean * self.scale + self.mean, np.sqrt(variance) * self.scale

    def moved(self, random: np.random.RandomState) -> Surface:
        """The surface through values that are moved about by their errors."""
        errors = np.sqrt(self.process.alpha + _noise(self.process))
        values = self.values + errors * random.standard_normal(len(self.values))
        process = _process(self.process.kernel_, self.process.alpha, optimizer=None)
        return Surface(
            process.fit(self.inputs, values),
            self.inputs,
            values,
            self.shift,
            self.width,
            self.mean,
            self.scale,
        )


def fit_surface(inputs: FloatArray, values: FloatArray, errors: FloatArray, centre: FloatArray) -> Surface:
    """Fit the values nearest to ``centre``, which gives the first of the coordinates.

    inputs is (values, coordinates). The kernel is a Gaussian with a length for every coordinate; what errors
    do not explain of the scatter is a noise of its own. Amplitude, lengths and noise are those of the largest
    marginal likelihood.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    width = _widths(inputs)
    known = len(centre)
    distances = np.linalg.norm((inputs[:, :known] - centre) / width[:known], axis=1)
    nearest = np.argsort(distances, kind="stable")[:_NEAREST]
    inputs, values, errors = inputs[nearest], values[nearest], errors[nearest]
    width, shift = _widths(inputs), inputs.mean(axis=0)
    mean = float(values.mean())
    # What is the same everywhere (the energy of the pair in units of itself) is known to rounding.
    scale = max(float(values.std()), float(np.finfo(float).eps) * abs(mean)) or 1.0
    inputs, values = (inputs - shift) / width, (values - mean) / scale
    lengths = np.full(inputs.shape[1], 6.0)
    kernel = ConstantKernel(10.0, (1e-2, 1e5)) * RBF(lengths, (0.3, 300.0)) + WhiteKernel(0.02, (1e-6, 1.0))
    variances = (errors / scale) ** 2 + _JITTER
    some = np.unique(np.linspace(0, len(values) - 1, min(len(values), _LEARNT)).astype(int))
    learnt = _process(kernel, variances[some])
    with warnings.catch_warnings():
        # A length at its bound says that nothing depends on that coordinate.
        warnings.simplefilter("ignore", ConvergenceWarning)
        learnt.fit(inputs[some], values[some])
    process = _process(learnt.kernel_, variances, optimizer=None).fit(inputs, values)
    return Surface(process, inputs, values, shift, width, mean, scale)


def _process(kernel: Any, variances: FloatArray, **options: Any) -> Any:
    from sklearn.gaussian_process import GaussianProcessRegressor

    return GaussianProcessRegressor(kernel, alpha=variances, **options)


def _noise(process: Any) -> float:
    """Variance of the noise that the errors do not explain."""
    return float(process.kernel_.k2.noise_level)


def _widths(inputs: FloatArray) -> FloatArray:
    """Standard deviation of each coordinate; 1 for one that is the same everywhere."""
    widths: FloatArray = inputs.std(axis=0)
    widths[widths < 1e-12] = 1.0
    return widths
