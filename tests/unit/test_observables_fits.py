"""Weighted polynomial fits against exact polynomials and textbook errors."""

from __future__ import annotations

import numpy as np
import pytest

from cgbridge.observables.fits import fit_polynomial


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_exact_polynomial(degree: int) -> None:
    x = np.linspace(250, 310, 7)
    y = np.polynomial.polynomial.polyval(x - 270, [1.0, 0.2, -0.03, 0.004][: degree + 1])
    fit = fit_polynomial(x, y, np.full(7, 0.1), degree=degree)
    assert fit.value(263.0) == pytest.approx(
        np.polynomial.polynomial.polyval(-7.0, [1.0, 0.2, -0.03, 0.004][: degree + 1]), rel=1e-9
    )
    assert fit.slope(270.0)[0] == pytest.approx(0.2, rel=1e-8)
    assert fit.reduced_chi2 < 1e-12


def test_error_of_a_slope() -> None:
    # sigma / sqrt(sum (x - mean)^2) for equal errors.
    x = np.array([0.0, 1.0, 2.0, 3.0])
    slope, error = fit_polynomial(x, 2 * x, np.full(4, 0.3), degree=1).slope(1.0)
    assert (slope, error) == (pytest.approx(2.0), pytest.approx(0.3 / np.sqrt(5.0), rel=1e-10))


def test_weights_count() -> None:
    x, y = np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 8.0])
    fit = fit_polynomial(x, y, np.array([1e-3, 1e-3, 1e3]), degree=1)
    assert fit.slope(0.0)[0] == pytest.approx(1.0, rel=1e-9)


def test_exact_data_and_too_few_points() -> None:
    fit = fit_polynomial(np.array([1.0, 2.0]), np.array([1.0, 3.0]), np.zeros(2), degree=1)
    assert fit.slope(0.0)[0] == pytest.approx(2.0)
    assert np.isnan(fit.reduced_chi2)
    with pytest.raises(ValueError, match="needs 3 points"):
        fit_polynomial(np.array([1.0, 2.0]), np.array([1.0, 3.0]), np.zeros(2), degree=2)
