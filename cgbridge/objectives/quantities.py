"""What a target measures, whatever it is called and however long: a quantity counts once."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from cgbridge.objectives.scoring import Measured
from cgbridge.observables.options import SamplingOptions
from cgbridge.records.simulation import first_name
from cgbridge.records.target import Target

#: Options that say how, and not what, is measured.
_HOW = {*SamplingOptions.model_fields, "check_phase", "crystal_threshold", "ice_threshold", "blocks"}


def quantity_of(target: Target) -> str:
    """Observable, state, options that change what is measured, and reference; equal texts are one quantity.

    Lengths, sizes, tolerance, precision and weight do not belong to it.
    """
    curve = target.reference
    what = [
        first_name(target.observable),
        first_name(target.structure),
        target.temperature,
        target.pressure,
        list(target.composition),
        {name: value for name, value in target.options.items() if name not in _HOW},
        [target.value, target.unit],
        None if curve is None else [curve.x.tolist(), curve.y.tolist(), curve.x_unit, curve.y_unit],
        *(file.digest for file in target.files),
    ]
    return json.dumps(what, sort_keys=True, default=str)


def once(targets: Iterable[Target]) -> list[Target]:
    """The goals among ``targets``, of each quantity the last, with the largest weight that one of it has."""
    found: dict[str, Target] = {}
    for target in targets:
        if not target.gate:
            key = quantity_of(target)
            weight = max(target.weight, found[key].weight if key in found else 0.0)
            found[key] = replace(target, weight=weight)
    return list(found.values())


def counted(measured: Iterable[Measured]) -> list[Measured]:
    """The goals among ``measured``, of each quantity the measurement with the smallest standard error.

    That is the one with the longest runs; of equal errors, such as those of static values, the last. Its
    tolerance counts, with the largest weight that one of its targets has. So a target that stands at several
    levels has the weight of one.
    """
    best: dict[str, Measured] = {}
    weights: dict[str, float] = {}
    for target, result in measured:
        if target.gate:
            continue
        key = quantity_of(target)
        weights[key] = max(target.weight, weights.get(key, 0.0))
        if key not in best or not best[key][1].stderr < result.stderr:
            best[key] = target, result
    return [(replace(target, weight=weights[key]), result) for key, (target, result) in best.items()]
