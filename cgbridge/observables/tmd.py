"""Temperature of maximum density of the liquid."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from pydantic import Field

from cgbridge.errors import UnstableError
from cgbridge.frames import FloatArray
from cgbridge.observables.bulk import bulk_simulation, density_series, drift_notes, require_phase
from cgbridge.observables.fits import PolynomialFit, fit_polynomial
from cgbridge.observables.options import BulkOptions, Temperature, parse_options
from cgbridge.observables.reporting import estimate, unit_factor
from cgbridge.observables.statistics import mean_error
from cgbridge.observables.temperatures import checked_temperatures, ladder
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Curve, Estimate, Sampling, Target

#: Fewest densities behind a cubic fit with an error.
MINIMUM = 5
#: Draws of the parametric bootstrap; the error of the error is then 1 / sqrt(2 * 2000) = 2%.
DRAWS = 2000


class TMDOptions(BulkOptions):
    """Options of ``tmd``."""

    temperatures: tuple[Temperature, ...] | None = Field(
        None,
        description="temperatures, K; default: seven, 10 K apart, around the target value rounded to 10 K",
    )


class TMD:
    """T where rho(T) = c0 + c1 t + c2 t^2 + c3 t^3 has its maximum, t = T - mean(T), in K.

    A cubic weighted by the errors of the densities: over 50 to 60 K a parabola is biased by 2 K for
    water. The error is a parametric bootstrap with a fixed seed: densities are drawn from their
    errors (raised by the scatter where chi^2 per degree of freedom exceeds one), the cubic refitted.
    Temperatures where the liquid froze are left out with a note while five remain, else
    :class:`~cgbridge.errors.UnstableError` is raised. Without a maximum inside the range the value is
    the end of the range with the higher fitted density, the error half the range, with a note.
    """

    name = "tmd"
    unit = "K"
    options = TMDOptions
    words = "temperature of maximum density"
    state = ("pressure",)

    def simulations(self, target: Target, sampling: Sampling) -> Sequence[Simulation]:
        """One bulk liquid per temperature; round temperatures are shared with density targets."""
        centre = 10.0 * round(target.value / unit_factor(target, self.unit) / 10.0)
        options = parse_options(self.options, target)
        wanted = options.temperatures or ladder(centre, 60.0, 7)
        return [
            bulk_simulation(target, sampling, options, temperature=value)
            for value in checked_temperatures(target, wanted, MINIMUM)
        ]

    def measure(self, target: Target, runs: Sequence[Run]) -> Estimate:
        """Maximum of the cubic; ``curves["density"]`` holds g/cm^3 against K."""
        options = parse_options(self.options, target)
        kelvin, means, notes = [], [], []
        for run in runs:
            density = density_series(run)
            try:
                require_phase(run, "liquid", options)
            except UnstableError as error:
                notes.append(error.what)
                continue
            kelvin.append(run.simulation.temperature)
            means.append(mean_error(density))
            notes += [f"{run.simulation.label}: {note}" for note in drift_notes(density)]
        if len(kelvin) < MINIMUM:
            raise UnstableError(f"only {len(kelvin)} of {len(runs)} temperatures stayed liquid: {notes[0]}")
        x, y = np.array(kelvin), np.array([mean.mean for mean in means])
        error_bars = np.array([mean.stderr for mean in means])
        value, stderr, fit_notes = density_maximum(x, y, error_bars)
        return estimate(
            target,
            self.unit,
            value,
            stderr=stderr,
            n_eff=min(mean.n_eff for mean in means),
            curves={"density": Curve(x, y, error_bars, "K", "g/cm^3")},
            notes=notes + fit_notes,
        )


def density_maximum(x: FloatArray, y: FloatArray, y_err: FloatArray) -> tuple[float, float, list[str]]:
    """Location of the maximum of the cubic through (x, y), its standard error, and notes.

    The spread of the draws is half the central 68% interval, which single draws far out do not spoil.
    """
    fit = fit_polynomial(x, y, y_err, degree=3)
    inside = float(cubic_maximum(fit.coefficients[:, None])[0]) + fit.centre
    span = float(np.ptp(x))
    if not x.min() <= inside <= x.max():
        edge = float(x.max() if fit.value(x.max()) > fit.value(x.min()) else x.min())
        return edge, span / 2, ["no maximum inside the temperatures"]
    maxima = _bootstrap(fit, y, y_err)
    maxima = np.where(np.isfinite(maxima), np.clip(maxima + fit.centre, x.min(), x.max()), inside + span / 2)
    low, high = np.quantile(maxima, [0.1587, 0.8413])
    return inside, float(high - low) / 2, []


def _bootstrap(fit: PolynomialFit, y: FloatArray, y_err: FloatArray) -> FloatArray:
    scale = math.sqrt(max(1.0, fit.reduced_chi2 if math.isfinite(fit.reduced_chi2) else 1.0))
    noise = np.random.default_rng(20190122).standard_normal((len(y), DRAWS))
    return cubic_maximum(fit.hat @ (y[:, None] + scale * y_err[:, None] * noise))


def cubic_maximum(coefficients: FloatArray) -> FloatArray:
    """Where c0 + c1 t + c2 t^2 + c3 t^3 is largest locally; NaN where nowhere. Shapes (4, n) -> (n,).

    Root of the derivative with negative curvature: t = -c1 / (c2 - sqrt(c2^2 - 3 c1 c3)), the form
    that stays exact for c3 -> 0.
    """
    _, c1, c2, c3 = coefficients
    discriminant = c2**2 - 3 * c1 * c3
    with np.errstate(invalid="ignore", divide="ignore"):
        maximum: FloatArray = -c1 / (c2 - np.sqrt(discriminant))
    # For c2 > 0 the denominator may vanish; the other form of the same root is then the exact one.
    with np.errstate(invalid="ignore", divide="ignore"):
        other = (-c2 - np.sqrt(discriminant)) / (3 * c3)
    return np.where(c2 > 0, other, maximum)
