"""Density of liquid and ice against temperature, beside experiment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from cgbridge.records.simulation import first_name
from cgbridge.records.target import Curve
from cgbridge.report.figures.canvas import INK, MODEL, REFERENCE, Figure, draw, legend_above, round_ticks
from cgbridge.report.references import is_water, water_density
from cgbridge.report.run_record import RunRecord
from cgbridge.report.substances import Substance, substance_of
from cgbridge.report.verdicts import Verdict, verdicts
from cgbridge.units import convert

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_UNIT = "g/cm^3"


@dataclass(frozen=True)
class Points:
    """Densities in g/cm^3 with standard errors (or tolerances) against T in K."""

    kelvin: tuple[float, ...]
    density: tuple[float, ...]
    error: tuple[float, ...]


def density_figures(run: RunRecord) -> tuple[Figure, ...]:
    """A picture of the liquid and one of ice, where densities were measured."""
    figures: list[Figure] = []
    for observable, phase in (("density", "liquid"), ("ice_density", "ice")):
        substances: dict[Substance, list[Verdict]] = {}
        for row in verdicts(run):
            substances.setdefault(substance_of(row.target), []).append(row)
        keys = (f"density-{phase}{'' if number == 1 else f'-{number}'}" for number in count(1))
        for substance, rows in substances.items():
            measured, wanted = _points(rows, observable), _targets(rows, observable)
            if measured.kelvin:
                known = is_water(run) and not substance.crystal and substance.pressure == 1.0
                experiment = water_density(observable) if known else None
                figures.append(_figure(next(keys), substance.words(phase), measured, wanted, experiment))
    return tuple(figures)


def _points(rows: Sequence[Verdict], observable: str) -> Points:
    """Measured points: the targets' own, and those of the temperature of maximum density for the liquid.

    At one temperature the last level counts, which has the longest run.
    """
    found: dict[float, tuple[float, float]] = {}
    for row in rows:
        if row.result is None:
            continue
        if row.target.observable == "tmd" and observable == "density" and "density" in row.result.curves:
            curve = row.result.curves["density"]
            for x, y, e in zip(curve.x, curve.y, curve.y_err, strict=True):
                found.setdefault(float(x), (float(y), float(e)))
        elif first_name(row.target.observable) == observable:
            value, error = (convert(v, row.target.unit, _UNIT) for v in (row.result.value, row.result.stderr))
            found[row.target.temperature] = (value, error)
    kelvin = sorted(found)
    return Points(tuple(kelvin), tuple(found[t][0] for t in kelvin), tuple(found[t][1] for t in kelvin))


def _targets(rows: Sequence[Verdict], observable: str) -> Points:
    """Reference values with tolerances; at one temperature the last, tightest one."""
    found = {
        row.target.temperature: tuple(
            convert(v, row.target.unit, _UNIT) for v in (row.target.value, row.target.tolerance)
        )
        for row in rows
        if first_name(row.target.observable) == observable
    }
    kelvin = sorted(found)
    return Points(tuple(kelvin), tuple(found[t][0] for t in kelvin), tuple(found[t][1] for t in kelvin))


def _figure(
    key: str, phase: str, measured: Points, wanted: Points, experiment: tuple[Curve, str] | None
) -> Figure:
    caption = f"Density of {phase} in g/cm³ against temperature in K; bars of the model are standard errors"
    caption += ", bars of the targets their tolerances." if wanted.kelvin else "."
    if experiment is not None:
        caption += f" Experiment: {experiment[1]}."
    return draw(
        key,
        f"Density of {phase} against temperature",
        caption,
        lambda axes: _paint(axes, measured, wanted, experiment[0] if experiment else None),
    )


def _paint(axes: Axes, measured: Points, wanted: Points, experiment: Curve | None) -> None:
    low, high = min(measured.kelvin + wanted.kelvin), max(measured.kelvin + wanted.kelvin)
    margin = max(20.0 if low == high else 5.0, 0.1 * (high - low))
    low, high = low - margin, high + margin
    if experiment is not None:
        # A neighbour beyond either end, so that the curve runs through the whole picture.
        inside = np.flatnonzero((experiment.x >= low) & (experiment.x <= high))
        if len(inside):
            part = slice(max(0, inside[0] - 1), inside[-1] + 2)
            axes.plot(experiment.x[part], experiment.y[part], color=REFERENCE, label="experiment")
    if wanted.kelvin:
        axes.errorbar(
            wanted.kelvin, wanted.density, wanted.error,
            fmt="_", markersize=9, color=INK, elinewidth=1.0, capsize=3, label="target ± tolerance",
        )  # fmt: skip
    axes.errorbar(
        measured.kelvin, measured.density, measured.error,
        fmt="o", color=MODEL, elinewidth=1.6, capsize=2.5, label="model",
    )  # fmt: skip
    axes.set_xlim(low, high)
    axes.set_xlabel("temperature (K)")
    axes.set_ylabel("density (g/cm³)")
    axes.margins(y=0.12)
    round_ticks(axes)
    legend_above(axes)
