"""Zero crossing of growth rates against temperature: the melting point and its error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cgbridge.errors import UnstableError
from cgbridge.frames import FloatArray
from cgbridge.observables.fits import PolynomialFit, fit_polynomial
from cgbridge.observables.growth import Growth

OUTSIDE = "crossing outside the bracket"
#: Draws of the parametric bootstrap.
DRAWS = 1000


@dataclass(frozen=True)
class Crossing:
    """Melting temperature and standard error in K, points used, and caveats."""

    temperature: float
    stderr: float
    points: int
    notes: tuple[str, ...]


def bracket(rates: Sequence[Growth]) -> tuple[float | None, float | None]:
    """Highest clearly freezing temperature below, and lowest clearly melting one above the change.

    The change is where the number of contradicted directions is smallest, so that one stray run does
    not turn the bracket inside out; where several places are equally good, the bracket spans them.
    """
    decided = sorted((r.temperature, r.direction) for r in rates if r.direction)
    if not decided:
        return None, None
    wrong = [
        sum(d > 0 for _, d in decided[:split]) + sum(d < 0 for _, d in decided[split:])
        for split in range(len(decided) + 1)
    ]
    splits = np.flatnonzero(np.array(wrong) == min(wrong))
    freezing = [t for t, d in decided[: splits[0]] if d < 0]
    melting = [t for t, d in decided[splits[-1] :] if d > 0]
    return (max(freezing) if freezing else None, min(melting) if melting else None)


def find_crossing(rates: Sequence[Growth]) -> Crossing:
    """T where the rate d(U/N)/dt is zero.

    A straight line through the rates, weighted with errors that include the scatter between runs (an
    equal error per point is added until chi^2 per degree of freedom is one); a parabola if five or
    more points remain and it halves chi^2 while rising over the whole range. The error is a
    parametric bootstrap with a fixed seed. Runs that had transformed before they were measured give
    no rate, only a side of the bracket; with fewer than two rates the value is the middle of the
    bracket and the error its width over sqrt(12).

    Without a change of sign the line is extrapolated, at most by the width of the range, and the
    distance is added to the error in quadrature, with the note ``crossing outside the bracket``.
    Raises :class:`~cgbridge.errors.UnstableError` when nothing moved at any temperature.
    """
    low, high = bracket(rates)
    if low is None and high is None:
        raise UnstableError(
            "neither freezing nor melting at any temperature: the interface does not move",
            remedy="longer production, or temperatures further apart",
        )
    kelvin = np.array([r.temperature for r in rates])
    if low is None or high is None:
        return _outside(rates, float(kelvin.min()), float(kelvin.max()), melting=low is None)
    notes = (f"bracket {low:g} to {high:g} K",)
    usable = [r for r in rates if r.rate is not None]
    middle = Crossing(0.5 * (low + high), max(high - low, 1.0) / math.sqrt(12), len(usable), notes)
    if len({r.temperature for r in usable}) < 2:
        return middle
    x, y, err = _arrays(usable)
    fit, err = _fit(x, y, err)
    root = _root(fit.coefficients[:, None])[0] + fit.centre
    if not (math.isfinite(root) and kelvin.min() <= root <= kelvin.max()):
        return Crossing(
            middle.temperature,
            middle.stderr,
            len(usable),
            (*notes, "rates do not cross zero: middle of bracket"),
        )
    return Crossing(float(root), _spread(fit, y, err, float(np.ptp(kelvin))), len(usable), notes)


def _arrays(rates: Sequence[Growth]) -> tuple[FloatArray, FloatArray, FloatArray]:
    x = np.array([r.temperature for r in rates], dtype=np.float64)
    y = np.array([0.0 if r.rate is None else r.rate for r in rates], dtype=np.float64)
    return x, y, np.array([r.stderr for r in rates], dtype=np.float64)


def _with_scatter(x: FloatArray, y: FloatArray, err: FloatArray, degree: int) -> FloatArray:
    """Errors with an equal part added in quadrature so that chi^2 per degree of freedom is at most one."""
    if len(x) <= degree + 1:
        return err
    low, high = 0.0, float(np.ptp(y)) + 1e-300
    if not fit_polynomial(x, y, err, degree=degree).reduced_chi2 > 1.0:
        return err
    for _ in range(60):
        extra = 0.5 * (low + high)
        chi2 = fit_polynomial(x, y, np.hypot(err, extra), degree=degree).reduced_chi2
        low, high = (extra, high) if chi2 > 1.0 else (low, extra)
    return np.hypot(err, high)


def _fit(x: FloatArray, y: FloatArray, err: FloatArray) -> tuple[PolynomialFit, FloatArray]:
    line_error = _with_scatter(x, y, err, 1)
    line = fit_polynomial(x, y, line_error, degree=1)
    if len(set(x.tolist())) >= 5:
        curve_error = _with_scatter(x, y, err, 2)
        curve = fit_polynomial(x, y, curve_error, degree=2)
        plain_line = fit_polynomial(x, y, err, degree=1).reduced_chi2
        plain_curve = fit_polynomial(x, y, err, degree=2).reduced_chi2
        rising = min(curve.slope(float(x.min()))[0], curve.slope(float(x.max()))[0]) > 0
        if rising and plain_line > 1.0 and plain_curve < 0.5 * plain_line:
            return curve, curve_error
    return line, line_error


def _root(coefficients: FloatArray) -> FloatArray:
    """Root on the rising branch of a line or parabola, NaN if it does not rise; (k, n) -> (n,)."""
    c0, c1 = coefficients[0], coefficients[1]
    c2 = coefficients[2] if len(coefficients) > 2 else np.zeros_like(c0)
    with np.errstate(invalid="ignore", divide="ignore"):
        root = -2.0 * c0 / (c1 + np.sqrt(c1**2 - 4.0 * c2 * c0))
    rising: FloatArray = np.where(c1 > 0, root, np.nan)
    return rising


def _spread(fit: PolynomialFit, y: FloatArray, err: FloatArray, span: float) -> float:
    noise = np.random.default_rng(20190123).standard_normal((len(y), DRAWS))
    roots = _root(fit.hat @ (y[:, None] + err[:, None] * noise))
    centre = _root(fit.coefficients[:, None])[0]
    deviations = np.where(np.isfinite(roots), np.abs(roots - centre), span)
    return float(min(np.quantile(deviations, 0.6827), span))


def _outside(rates: Sequence[Growth], low: float, high: float, *, melting: bool) -> Crossing:
    span = max(high - low, 10.0)
    edge, sign = (low, -1.0) if melting else (high, 1.0)
    x, y, err = _arrays([r for r in rates if r.rate is not None])
    distance, stderr = span, 0.0
    if len(set(x.tolist())) >= 2:
        line = fit_polynomial(x, y, _with_scatter(x, y, err, 1), degree=1)
        root = float(_root(line.coefficients[:, None])[0]) + line.centre
        if math.isfinite(root):
            distance = float(np.clip(sign * (root - edge), 0.0, span))
            stderr = _spread(line, y, err, span)
    inflated = math.hypot(stderr, max(distance, 0.25 * span))
    return Crossing(max(1.0, edge + sign * distance), inflated, len(x), (OUTSIDE,))
