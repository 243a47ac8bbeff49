"""g(r) of the best model beside its reference or experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cgbridge.records.target import Curve, Target
from cgbridge.report.digits import plain, unit_text
from cgbridge.report.figures.canvas import MODEL, MUTED, REFERENCE, Figure, draw, legend_above
from cgbridge.report.lengths import in_length_unit, length_unit
from cgbridge.report.references import Reference, rdf_reference
from cgbridge.report.run_record import RunRecord
from cgbridge.report.substances import substance_of
from cgbridge.report.verdicts import verdicts
from cgbridge.units import convert

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Empty space before the first beads, nm.
_MARGIN = 0.04


def rdf_figures(run: RunRecord) -> tuple[Figure, ...]:
    """One picture per state and pair of beads; of several levels the last, longest one counts."""
    found: dict[tuple[float, str], tuple[Target, Curve]] = {}
    for row in verdicts(run):
        if row.result is None or "rdf" not in row.result.curves:
            continue
        found[row.target.temperature, _of(row.target)] = (row.target, row.result.curves["rdf"])
    return tuple(_figure(run, number, *found[key]) for number, key in enumerate(sorted(found)))


def _of(target: Target) -> str:
    """``" of the pair Ar-Kr in liquid of Ar and Kr"``; empty for all beads of a liquid at 1 bar."""
    pair = target.options.get("pair")
    between = f" of the pair {'-'.join(pair)}" if pair else ""
    substance = substance_of(target).words("liquid")
    return between + ("" if substance == "liquid" else f"{' in' if pair else ' of'} {substance}")


def _figure(run: RunRecord, number: int, target: Target, curve: Curve) -> Figure:
    known, unit = rdf_reference(run, target), length_unit(run)
    title = f"Radial distribution function{_of(target)} at {plain(target.temperature)} K"
    caption = f"{title}, r in {unit_text(unit)}, g without unit. The band is one standard error."
    if known is not None:
        caption += f" {known.label.capitalize()}: {known.source}."
    return draw(
        f"rdf-{number}",
        title,
        caption,
        lambda axes: _paint(axes, curve, known, unit),
    )


def _paint(axes: Axes, model: Curve, known: Reference | None, unit: str) -> None:
    curve = in_length_unit(model, unit)
    axes.axhline(1.0, color=MUTED, linewidth=0.8)
    if known is not None:
        reference = in_length_unit(known.curve, unit)
        inside = reference.x <= curve.x.max()
        axes.plot(reference.x[inside], reference.y[inside], color=REFERENCE, label=known.label)
    low, high = curve.y - curve.y_err, curve.y + curve.y_err
    axes.fill_between(curve.x, low, high, color=MODEL, alpha=0.25, linewidth=0)
    axes.plot(curve.x, curve.y, color=MODEL, label="model")
    axes.set_xlabel(f"r ({unit_text(unit)})")
    axes.set_ylabel("g(r)")
    rises = np.flatnonzero(curve.y > 0.01)
    start = float(curve.x[rises[0]]) if len(rises) else 0.0
    axes.set_xlim(max(0.0, start - convert(_MARGIN, "nm", unit)), float(curve.x.max()))
    axes.set_ylim(bottom=0.0)
    legend_above(axes)
