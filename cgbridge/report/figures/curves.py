"""Curves of any other observable, drawn as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cgbridge.records.target import Curve
from cgbridge.report.digits import unit_text
from cgbridge.report.figures.canvas import MODEL, REFERENCE, Figure, draw, legend_above
from cgbridge.report.lengths import in_length_unit, length_unit
from cgbridge.report.run_record import RunRecord
from cgbridge.report.verdicts import Verdict, verdicts
from cgbridge.report.words import observable_words
from cgbridge.units import convert

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Curves that have a picture of their own.
_ELSEWHERE = ("rdf", "rates")
#: Names of axes by curve; the units come from the curve.
_AXES = {
    "adf": ("angle", "P(angle)"),
    "msd": ("time", "mean square displacement"),
    "enthalpy": ("temperature", "enthalpy per bead"),
    "density": ("temperature", "density"),
}
#: More points than this are a line; fewer are points with error bars.
_LINE = 24


def other_figures(run: RunRecord) -> tuple[Figure, ...]:
    """One picture per further curve of the best candidate."""
    found: list[Figure] = []
    for row in verdicts(run):
        if row.result is None:
            continue
        for name in row.result.curves:
            # The densities behind a temperature of maximum density are in the density picture.
            if name not in _ELSEWHERE and not (name == "density" and row.target.observable == "tmd"):
                curve = in_length_unit(row.result.curves[name], length_unit(run))
                found.append(_figure(len(found), row, name, curve))
    return tuple(found)


def _figure(number: int, row: Verdict, name: str, curve: Curve) -> Figure:
    x_name, y_name = _AXES.get(name, ("x", name.replace("_", " ")))
    labels = (_label(x_name, curve.x_unit), _label(y_name, curve.y_unit))
    reference = row.target.reference
    caption = (
        f"{y_name} ({unit_text(curve.y_unit) or 'no unit'}) against {x_name} "
        f"({unit_text(curve.x_unit) or 'no unit'}) behind {row.target.name} "
        f"({observable_words(row.target)}), with standard errors."
    )
    return draw(
        f"curve-{number}",
        f"{row.target.name}: {y_name}",
        caption[0].upper() + caption[1:],
        lambda axes: _paint(axes, curve, reference, labels),
    )


def _label(name: str, unit: str) -> str:
    shown = unit_text(unit)
    return f"{name} ({shown})" if shown else name


def _paint(axes: Axes, curve: Curve, reference: Curve | None, labels: tuple[str, str]) -> None:
    if reference is not None:
        factor = convert(1.0, reference.x_unit, curve.x_unit)
        axes.plot(reference.x * factor, reference.y, color=REFERENCE, label="reference")
    if len(curve.x) > _LINE:
        low, high = curve.y - curve.y_err, curve.y + curve.y_err
        axes.fill_between(curve.x, low, high, color=MODEL, alpha=0.25, linewidth=0)
        axes.plot(curve.x, curve.y, color=MODEL, label="model")
    else:
        axes.errorbar(
            curve.x, curve.y, curve.y_err, fmt="o", color=MODEL, elinewidth=1.6, capsize=2.5, label="model"
        )
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    if reference is not None:
        legend_above(axes)
