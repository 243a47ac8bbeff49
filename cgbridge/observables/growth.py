"""Rate at which ice grows or melts in a half ice, half liquid box: the slope of energy against time.

The box is at constant temperature, so that its potential energy per bead e(t) falls while ice grows
and rises while ice melts. When one phase has used up the other, e(t) becomes flat; the rate must come
from the part before. A kinked line

    e(t) = e0 + s min(t, t_p)

is fitted for every plateau time t_p and accepted against the straight line by an F ratio.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cgbridge.errors import SimulationError
from cgbridge.frames import FloatArray
from cgbridge.observables.reporting import series
from cgbridge.observables.statistics import block_means, statistical_inefficiency
from cgbridge.records.simulation import Run

#: Points into which a series is averaged before fitting.
POINTS = 60
#: F ratio from which a plateau is believed; pure noise gives more than 12 once in some thousand runs.
PLATEAU_F = 12.0
#: Parts of the transforming part that tell the interface's walk from thermal noise.
EIGHTHS = 8
#: A box is called frozen above and molten below these CHILL+ ice fractions.
FROZEN, MOLTEN = 0.85, 0.15
#: A direction is clear when the rate exceeds this many standard errors.
CLEAR = 2.0


@dataclass(frozen=True)
class Slope:
    """Slope of the transforming part of one energy series, in kJ/mol/ps, and what its error is made of.

    ``thermal`` is the slope's standard error from noise around the line. ``walk`` estimates the
    diffusivity K of the interface's random walk, (kJ/mol)^2/ps, unbiased and thus sometimes negative;
    ``length`` is the fitted time in ps; ``plateau`` the time after which nothing was left to transform.
    """

    value: float
    thermal: float
    walk: float
    length: float
    plateau: float | None


@dataclass(frozen=True)
class Growth:
    """What one coexistence run says: rate d(U/N)/dt and its error in kJ/mol/ps, negative while freezing.

    ``direction`` is -1 for clearly freezing, +1 for clearly melting, 0 for undecided. ``rate`` is None
    where the box had transformed before the series began. ``plateau`` as in :class:`Slope`.
    """

    temperature: float
    rate: float | None
    stderr: float
    direction: int
    plateau: float | None = None


def growth_rates(runs: Sequence[Run]) -> list[Growth]:
    """Rates and directions of coexistence runs of one system, sorted by temperature.

    The error of a rate has two parts: thermal noise around the line (with its autocorrelation), and
    the random walk of the interface. A walk of diffusivity K over a time t gives a least-squares
    slope the variance 6/5 K / t. K from one run is mostly noise, so it is averaged over all runs.
    Raises :class:`~cgbridge.errors.UnstableError` when an energy is not finite.
    """
    ordered = sorted(runs, key=lambda run: run.simulation.temperature)
    states = [_transformed(run) for run in ordered]
    slopes = [
        None if state is not None and state[0] else energy_slope(series(run, "time"), _energy(run))
        for run, state in zip(ordered, states, strict=True)
    ]
    known = [slope for slope in slopes if slope is not None]
    weight = sum(slope.length for slope in known)
    walk = max(0.0, sum(slope.walk * slope.length for slope in known) / weight) if weight else 0.0
    rates = []
    for run, state, slope in zip(ordered, states, slopes, strict=True):
        kelvin, ended = run.simulation.temperature, state[1] if state else 0
        if slope is None:
            rates.append(Growth(kelvin, None, math.inf, ended))
            continue
        stderr = math.sqrt(slope.thermal**2 + 1.2 * walk / slope.length)
        clear = int(np.sign(slope.value)) if abs(slope.value) > CLEAR * stderr else 0
        rates.append(Growth(kelvin, slope.value, stderr, ended or clear, slope.plateau))
    return rates


def outcomes(runs: Sequence[Run]) -> list[Growth]:
    """What is left at the end of coexistence runs, sorted by temperature: crystal, liquid, or both.

    No rate is looked at, so that the verdict is independent of :func:`growth_rates`. Raises
    :class:`~cgbridge.errors.SimulationError` for a run without frames.
    """
    found = []
    for run in sorted(runs, key=lambda run: run.simulation.temperature):
        state = _transformed(run)
        if state is None:
            raise SimulationError(f"the run '{run.simulation.label}' has no frames to tell its phase from")
        found.append(Growth(run.simulation.temperature, None, math.inf, state[1]))
    return found


def _energy(run: Run) -> FloatArray:
    energy: FloatArray = series(run, "potential_energy") / run.beads
    return energy


def energy_slope(time: FloatArray, energy: FloatArray) -> Slope:
    """Least-squares slope of the transforming part of e(t), in kJ/mol against ps.

    Raises :class:`~cgbridge.errors.SimulationError` for fewer than sixteen samples.
    """
    if len(time) < 16:
        raise SimulationError(f"{len(time)} samples are too few for a rate", remedy="lower interval")
    count = min(POINTS, len(energy))
    plateau = _plateau(block_means(time, count), block_means(energy, count))
    if plateau is not None:
        # Leave out the rounding of the kink, where the interfaces merge.
        inside = time <= time[0] + 0.95 * (plateau - time[0])
        if int(inside.sum()) >= 16:
            time, energy = time[inside], energy[inside]
    slope, intercept = np.polyfit(time - time[0], energy, 1)
    residual = energy - (intercept + slope * (time - time[0]))
    length, n = float(time[-1] - time[0]), len(time)
    # Correlations within an eighth of the run count as thermal noise, slower ones as the walk.
    parts = np.array_split(residual, min(EIGHTHS, n // 8))
    g = float(np.mean([statistical_inefficiency(part) for part in parts]))
    variance = float(np.mean([np.var(part) for part in parts])) / max(0.5, 1.0 - g / len(parts[-1]))
    thermal = math.sqrt(12.0 * variance * g / n) / length
    walk = _walk(time, residual, thermal=variance * g)
    return Slope(float(slope), thermal, walk, length, plateau)


def _walk(time: FloatArray, residual: FloatArray, *, thermal: float) -> float:
    """K of the interface's random walk: its increments dx between parts have <dx^2> = K dt.

    Differences of part means: 2/3 K dt from a walk (averaged within parts), 2 s^2 g / m from noise.
    """
    number = min(EIGHTHS, len(time) // 8)
    if number < 3:
        return 0.0
    t, e = block_means(time, number), block_means(residual, number)
    increments = np.diff(e)
    spread = float(np.sum((increments - increments.mean()) ** 2)) / (len(increments) - 1)
    # Noise increments are anticorrelated and sum to little, so that taking out their mean removes
    # next to nothing: n of them over n - 1.
    noise = 2.0 * thermal * number / len(time) * len(increments) / (len(increments) - 1)
    return (spread - noise) / (2.0 / 3.0 * float(np.mean(np.diff(t))))


def _plateau(t: FloatArray, e: FloatArray) -> float | None:
    n = len(t)
    if n < 12:
        return None
    straight = _residual(t, e)
    best, where = straight, None
    for index in range(max(3, n // 12), n - max(4, n // 8)):
        sse = _residual(np.minimum(t, t[index]), e)
        if sse < best:
            best, where = sse, index
    if where is None or (straight - best) / max(best / (n - 3), 1e-300) < PLATEAU_F:
        return None
    after = n - where
    # Flat means flat: a slope after the kink that is still a fifth of that before is no plateau.
    before_slope = abs(np.polyfit(t[: where + 1], e[: where + 1], 1)[0])
    after_slope = abs(np.polyfit(t[-after:], e[-after:], 1)[0])
    return float(t[where]) if after_slope < 0.2 * before_slope else None


def _residual(t: FloatArray, e: FloatArray) -> float:
    shifted = t - t.mean()
    fall = e - e.mean()
    norm = float(shifted @ shifted)
    slope = float(shifted @ fall) / norm if norm > 0 else 0.0
    rest = fall - slope * shifted
    return float(rest @ rest)


def _transformed(run: Run) -> tuple[bool, int] | None:
    """(transformed at the start already, direction at the end) by its order; None without frames."""
    if run.trajectory is None or len(run.trajectory) == 0:
        return None
    from cgbridge.observables.phase import crystal_fraction, final_crystal_fraction

    structure = run.simulation.structure
    start = crystal_fraction(next(iter(run.trajectory)), structure)
    end = final_crystal_fraction(run.trajectory, structure)
    direction = -1 if end > FROZEN else 1 if end < MOLTEN else 0
    return not MOLTEN <= start <= FROZEN, direction
