"""Experimental curves to draw beside the model's, from the reference data of the package."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cgbridge.records.target import Curve, Target
from cgbridge.report.digits import plain
from cgbridge.report.run_record import RunRecord
from cgbridge.targets.library import list_targets, load_target
from cgbridge.units import convert

#: Mass of a water molecule in amu, and how far a bead's mass may be from it.
_WATER, _MARGIN = 18.015, 0.2


def is_water(run: RunRecord) -> bool:
    """Whether the only bead weighs as one water molecule: then experiments on water are drawn beside it."""
    if run.base is None or len(run.base.beads) != 1:
        return False
    return abs(run.base.bead_mass - _WATER) < _MARGIN


@lru_cache(maxsize=8)
def water_density(observable: str) -> tuple[Curve, str] | None:
    """Density in g/cm^3 against T in K of ``density`` (liquid) or ``ice_density``, with its source."""
    found = [load_target(name) for name in list_targets() if name.startswith("water/") and "density-" in name]
    targets = sorted((t for t in found if t.observable == observable), key=lambda t: t.temperature)
    if len(targets) < 2:
        return None
    y = np.array([convert(t.value, t.unit, "g/cm^3") for t in targets])
    errors = np.array([convert(t.error, t.unit, "g/cm^3") for t in targets])
    return Curve(np.array([t.temperature for t in targets]), y, errors, "K", "g/cm^3"), targets[0].source


@lru_cache(maxsize=1)
def water_observables() -> tuple[str, ...]:
    """Observables that the package has reference values of water for."""
    targets = [load_target(name) for name in list_targets() if name.startswith("water/")]
    return tuple(dict.fromkeys(target.observable for target in targets))


@dataclass(frozen=True)
class Reference:
    """A reference curve with what it is called in a picture and where it comes from."""

    curve: Curve
    label: str
    source: str
    kelvin: float


def rdf_reference(run: RunRecord, target: Target) -> Reference | None:
    """What g(r) of a target is drawn beside: a reference of the targets at its temperature, or experiment."""
    for one in (target, *reversed(run.targets.values())):
        same = one.observable == "rdf" and one.temperature == target.temperature
        if same and one.reference is not None:
            return Reference(
                one.reference, "reference", f"reference of the target {one.name}", one.temperature
            )
    known = water_rdf() if is_water(run) else None
    if known is None:
        return None
    curve, kelvin, where = known
    return Reference(curve, "experiment", f"oxygen atoms in water at {plain(kelvin)} K ({where})", kelvin)


@lru_cache(maxsize=1)
def water_rdf() -> tuple[Curve, float, str] | None:
    """g(r) of oxygen atoms in water with its temperature in K and source."""
    name = "water/rdf-298K"
    if name not in list_targets():
        return None
    target = load_target(name)
    if target.reference is None:
        return None
    found = re.search(r"doi:[^\s,;)]+", target.source)
    return target.reference, target.temperature, found.group(0) if found else target.source
