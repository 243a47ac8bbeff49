"""Experimental curves to draw beside the model's, from the reference data of the package."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from cgbridge.interfaces import Curve
from cgbridge.report.run_record import RunRecord
from cgbridge.targets.library import list_targets, load_target
from cgbridge.units import convert

#: Mass of a water molecule in amu, and how far a bead's mass may be from it.
_WATER, _MARGIN = 18.015, 0.2


def is_water(run: RunRecord) -> bool:
    """Whether the bead weighs as one water molecule: then experiments on water are drawn beside it."""
    return run.base is not None and abs(run.base.bead_mass - _WATER) < _MARGIN


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
