"""g(r) of the best model beside its reference or experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cgbridge.interfaces import Curve, Target
from cgbridge.report.digits import plain
from cgbridge.report.figures.canvas import MODEL, MUTED, REFERENCE, Figure, draw, legend_above
from cgbridge.report.references import is_water, water_rdf
from cgbridge.report.run_record import RunRecord
from cgbridge.report.verdicts import verdicts

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def rdf_figures(run: RunRecord) -> tuple[Figure, ...]:
    """One picture per temperature; of several levels at one temperature the last, longest one counts."""
    found: dict[float, tuple[Target, Curve, Curve | None]] = {}
    for row in verdicts(run):
        if row.result is None or "rdf" not in row.result.curves:
            continue
        known = found.get(row.target.temperature)
        reference = row.target.reference or (known[2] if known else None)
        found[row.target.temperature] = (row.target, row.result.curves["rdf"], reference)
    return tuple(_figure(run, number, *found[key]) for number, key in enumerate(sorted(found)))


def _figure(run: RunRecord, number: int, target: Target, curve: Curve, reference: Curve | None) -> Figure:
    label, source = "reference", f"reference of the target {target.name}"
    if reference is None and is_water(run):
        known = water_rdf()
        if known is not None:
            reference, kelvin, where = known
            label, source = "experiment", f"oxygen atoms in water at {plain(kelvin)} K ({where})"
    caption = f"Radial distribution function at {plain(target.temperature)} K, r in nm, g without unit."
    caption += " The band is one standard error."
    if reference is not None:
        caption += f" {label.capitalize()}: {source}."
    return draw(
        f"rdf-{number}",
        f"Radial distribution function at {plain(target.temperature)} K",
        caption,
        lambda axes: _paint(axes, curve, reference, label),
    )


def _paint(axes: Axes, curve: Curve, reference: Curve | None, label: str) -> None:
    axes.axhline(1.0, color=MUTED, linewidth=0.8)
    if reference is not None:
        inside = reference.x <= curve.x.max()
        axes.plot(reference.x[inside], reference.y[inside], color=REFERENCE, label=label)
    low, high = curve.y - curve.y_err, curve.y + curve.y_err
    axes.fill_between(curve.x, low, high, color=MODEL, alpha=0.25, linewidth=0)
    axes.plot(curve.x, curve.y, color=MODEL, label="model")
    axes.set_xlabel("r (nm)")
    axes.set_ylabel("g(r)")
    rises = np.flatnonzero(curve.y > 0.01)
    start = float(curve.x[rises[0]]) if len(rises) else 0.0
    axes.set_xlim(max(0.0, start - 0.04), float(curve.x.max()))
    axes.set_ylim(bottom=0.0)
    legend_above(axes)
