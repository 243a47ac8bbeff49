"""Growth and melting rates against temperature, with the zero crossing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from cgbridge.records.target import Curve, TargetResult
from cgbridge.report.digits import with_error
from cgbridge.report.figures.canvas import (
    INK,
    MODEL,
    MUTED,
    REFERENCE,
    THIRD,
    Figure,
    draw,
    legend_above,
    round_ticks,
)
from cgbridge.report.run_record import RunRecord
from cgbridge.report.verdicts import verdicts
from cgbridge.units import convert

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BRACKET = re.compile(r"bracket ([\d.]+) to ([\d.]+) K")
#: Rates are of the order of 1e-4 kJ/mol/ps; the same number in J/mol/ps is easier to read.
_SCALE = 1000.0


def melting_figures(run: RunRecord) -> tuple[Figure, ...]:
    """One picture per melting-temperature target of the best candidate."""
    results = [row.result for row in verdicts(run) if row.result is not None and "rates" in row.result.curves]
    return tuple(_figure(number, result) for number, result in enumerate(results))


def _figure(number: int, result: TargetResult) -> Figure:
    kelvin = [convert(v, result.unit, "K") for v in (result.value, result.stderr, result.target)]
    value, error = with_error(kelvin[0], kelvin[1])
    bracket = bracket_of(result.notes)
    caption = (
        f"Target {result.name}: rate d(U/N)/dt of half ice, half liquid boxes in J/mol/ps against "
        f"temperature in K, negative while ice grows, positive while it melts. "
        f"The rate is zero at {value} ± {error} K (band); "
        "the line has the least-squares slope through that point."
    )
    if bracket:
        caption += f" Clear freezing and melting bracket it from {bracket[0]:g} to {bracket[1]:g} K (rule)."
    return draw(
        f"melting-{number}",
        "Melting: growth rate against temperature",
        caption,
        lambda axes: _paint(axes, result.curves["rates"], (kelvin[0], kelvin[1], kelvin[2]), bracket),
    )


def bracket_of(notes: tuple[str, ...]) -> tuple[float, float] | None:
    """The bracket named in the notes of a melting temperature."""
    for note in notes:
        match = _BRACKET.search(note)
        if match:
            return float(match[1]), float(match[2])
    return None


def slope_through(rates: Curve, crossing: float) -> float:
    """Weighted least-squares slope of a line that is zero at ``crossing``: sum w t y / sum w t^2."""
    t = rates.x - crossing
    weights = 1.0 / np.maximum(rates.y_err, 1e-12) ** 2
    norm = float(np.sum(weights * t * t))
    return float(np.sum(weights * t * rates.y)) / norm if norm > 0 else 0.0


def _paint(
    axes: Axes, rates: Curve, kelvin: tuple[float, float, float], bracket: tuple[float, float] | None
) -> None:
    crossing, stderr, target = kelvin
    axes.axhline(0.0, color=MUTED, linewidth=0.8)
    axes.axvspan(crossing - stderr, crossing + stderr, color=THIRD, alpha=0.25, linewidth=0)
    axes.axvline(crossing, color=THIRD, linewidth=1.4, label="zero crossing")
    axes.axvline(target, color=REFERENCE, linewidth=1.4, linestyle=(0, (4, 3)), label="target")
    ends = np.array([min(rates.x.min(), crossing), max(rates.x.max(), crossing)])
    axes.plot(ends, _SCALE * slope_through(rates, crossing) * (ends - crossing), color=INK, linewidth=1.0)
    axes.errorbar(
        rates.x, _SCALE * rates.y, _SCALE * rates.y_err,
        fmt="o", color=MODEL, elinewidth=1.6, capsize=2.5, label="boxes",
    )  # fmt: skip
    if bracket is not None:
        # In axes coordinates, so that it never covers a point.
        axes.plot(bracket, (0.02, 0.02), color=MUTED, linewidth=3.5, transform=axes.get_xaxis_transform())
    axes.set_xlabel("temperature (K)")
    axes.set_ylabel("d(U/N)/dt (J/mol/ps)")
    round_ticks(axes)
    legend_above(axes)
