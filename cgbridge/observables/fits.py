"""Weighted polynomial fits with their covariance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cgbridge.frames import FloatArray


@dataclass(frozen=True)
class PolynomialFit:
    """y = sum_k c_k (x - centre)^k with the covariance of c and chi^2 over the degrees of freedom.

    ``hat`` (degree + 1, n) maps data to coefficients: c = hat @ y.
    """

    centre: float
    coefficients: FloatArray
    covariance: FloatArray
    reduced_chi2: float
    hat: FloatArray

    def value(self, x: float) -> float:
        """Fitted y at x."""
        powers = (x - self.centre) ** np.arange(len(self.coefficients))
        return float(powers @ self.coefficients)

    def slope(self, x: float) -> tuple[float, float]:
        """Derivative at x and its standard error."""
        order = np.arange(len(self.coefficients))
        row = np.where(order > 0, order * (x - self.centre) ** np.maximum(order - 1, 0), 0.0)
        return float(row @ self.coefficients), float(np.sqrt(row @ self.covariance @ row))


def fit_polynomial(x: FloatArray, y: FloatArray, y_err: FloatArray, *, degree: int) -> PolynomialFit:
    """Least squares with weights 1/y_err^2; x is shifted by its mean for the sake of precision.

    Errors of zero are raised to 1e-9 of the range of y, so that exact data fit exactly. ``reduced_chi2``
    is NaN when no degree of freedom is left. Raises ValueError with fewer points than coefficients.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if len(x) <= degree:
        raise ValueError(f"a polynomial of degree {degree} needs {degree + 1} points, found {len(x)}")
    floor = 1e-9 * float(np.ptp(y)) + 1e-15 * float(np.max(np.abs(y))) + 1e-300
    error = np.maximum(np.asarray(y_err, dtype=np.float64), floor)
    centre = float(np.mean(x))
    scale = max(float(np.max(np.abs(x - centre))), 1e-300)
    design = ((x - centre) / scale)[:, None] ** np.arange(degree + 1)
    stretch = scale ** -np.arange(degree + 1, dtype=np.float64)
    hat = stretch[:, None] * (np.linalg.pinv(design / error[:, None]) / error[None, :])
    coefficients = hat @ y
    residual = (y - design @ (coefficients / stretch)) / error
    freedom = len(x) - degree - 1
    chi2 = float(residual @ residual) / freedom if freedom else float("nan")
    return PolynomialFit(centre, coefficients, (hat * error**2) @ hat.T, chi2, hat)
