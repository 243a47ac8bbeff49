"""What the fit did not aim at: measured on the way beside a reference, or not measured at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cgbridge.observables.catalogue import get_observable
from cgbridge.observables.traits import traits_of
from cgbridge.records.simulation import first_name
from cgbridge.records.target import Curve, Target
from cgbridge.report.digits import plain, unit_text
from cgbridge.report.lengths import length_unit
from cgbridge.report.references import is_water, rdf_reference, water_observables
from cgbridge.report.run_record import RunRecord
from cgbridge.report.verdicts import verdicts
from cgbridge.report.words import listing
from cgbridge.units import convert

#: A reference at a temperature further away is another state, K.
_NEAR = 10.0
#: Beads this near do not count as a peak, nm.
_CORE = 0.2
#: Features of g(r) by the option ``feature`` of a target.
_HEIGHT, _POSITION = "first_peak_height", "first_peak_position"


@dataclass(frozen=True)
class Aside:
    """A feature of the model that no target asked for, beside that of the reference."""

    what: str
    model: str
    reference: str
    source: str

    def __str__(self) -> str:
        return f"{self.what}: {self.model}, {self.source} {self.reference}"


def asides(run: RunRecord) -> tuple[Aside, ...]:
    """First peaks of g(r) that no target asked for, of curves with a reference; the last level counts."""
    found: dict[float, tuple[Target, Curve]] = {}
    for row in verdicts(run):
        if row.result is not None and "rdf" in row.result.curves:
            found[row.target.temperature] = (row.target, row.result.curves["rdf"])
    lines: list[Aside] = []
    for kelvin in sorted(found):
        lines += _peaks(run, *found[kelvin])
    return tuple(lines)


def not_asked(run: RunRecord) -> tuple[str, ...]:
    """Properties with reference data for water that are no target; empty for other substances."""
    if not is_water(run):
        return ()
    targeted = {first_name(one.observable) for one in (*run.targets.values(), *run.validation)}
    return tuple(
        traits_of(get_observable(name)).words
        for name in water_observables()
        if first_name(name) not in targeted
    )


def aside_words(run: RunRecord) -> str:
    """A sentence or two; empty before the first result."""
    if run.best is None:
        return ""
    parts = [words for words in (measured_words(run),) if words]
    names = list(not_asked(run))
    if names:
        parts.append(f"Neither asked for nor measured: {listing(names)} of water.")
    elif not is_water(run):
        parts.append("Whatever no target names was neither asked for nor measured.")
    return " ".join(parts)


def measured_words(run: RunRecord) -> str:
    """What was measured beside a reference without being a target, in a sentence; may be empty."""
    lines = "; ".join(str(line) for line in asides(run))
    return f"Measured, but no target: {lines}." if lines else ""


def _peaks(run: RunRecord, target: Target, curve: Curve) -> list[Aside]:
    known = rdf_reference(run, target)
    if known is None or abs(known.kelvin - target.temperature) > _NEAR:
        return []
    asked = {
        str(one.options.get("feature", "curve"))
        for one in (*run.targets.values(), *run.validation)
        if one.observable == "rdf" and one.temperature == target.temperature
    }
    if "curve" in asked:
        return []
    unit = length_unit(run)
    place = f"of g(r) at {plain(target.temperature)} K"
    found = []
    (r, g), (r_wanted, g_wanted) = _first_peak(curve), _first_peak(known.curve)
    if _HEIGHT not in asked:
        found.append(Aside(f"height of the first peak {place}", plain(g, 2), plain(g_wanted, 2), known.label))
    if _POSITION not in asked:
        here, there = (f"{plain(convert(x, 'nm', unit), 3)} {unit_text(unit)}" for x in (r, r_wanted))
        found.append(Aside(f"place of the first peak {place}", here, there, known.label))
    return found


def _first_peak(curve: Curve) -> tuple[float, float]:
    """r in nm and g of the highest point outside the core; the first peak is the highest of a liquid."""
    r = np.asarray(curve.x) * convert(1.0, curve.x_unit, "nm")
    outside = r >= _CORE
    index = int(np.argmax(np.where(outside, curve.y, -np.inf)))
    return float(r[index]), float(curve.y[index])
