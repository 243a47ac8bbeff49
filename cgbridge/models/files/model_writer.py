"""A model as the content of its YAML file, which :mod:`cgbridge.models.files.model_file` reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from cgbridge.models.files.network_entry import network_to_dict
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.term import Term


def model_to_dict(model: CoarseGrainedModel) -> dict[str, Any]:
    """The content of a model's YAML file; ``model_from_dict`` gives an equal model back."""
    content: dict[str, Any] = {"name": model.name, "description": model.description}
    terms = [_term_to_dict(term, single=len(model.beads) == 1) for term in model.terms]
    alone = len(terms) == 1 and not model.terms[0].label
    if alone:
        content |= {key: terms[0].pop(key) for key in ("form", "mixing") if key in terms[0]}
    content["source"] = model.source
    content["beads"] = [
        {"name": bead.name} | ({} if bead.mass is None else {"mass": f"{bead.mass!r} amu"})
        for bead in model.beads
    ]
    if model.molecules:
        content["molecules"] = [
            {
                "name": m.name,
                "beads": list(m.beads),
                "bonds": [list(b) for b in m.bonds],
                "excluded": m.excluded,
            }
            for m in model.molecules
        ]
    return content | (terms[0] if alone else {"terms": terms})


def _term_to_dict(term: Term, *, single: bool) -> dict[str, Any]:
    keys = [key for key in term.entries if key]
    plain = (single and len(keys) == 1 and not term.tables) or term.network is not None
    values = {**term.entries.get((), {}), **(term.entries[keys[0]] if plain and keys else {})}
    parameters = []
    for parameter in term.parameters:
        entry: dict[str, Any] = {"name": parameter.name, "symbol": parameter.symbol, "unit": parameter.unit}
        if parameter.name in values:
            entry["value"] = values[parameter.name]
        if parameter.bounds is not None:
            entry["bounds"] = list(parameter.bounds)
        if parameter.range is not None:
            entry["search"] = list(parameter.range)
        if parameter.range is not None or parameter.scale != "linear":
            entry["scale"] = parameter.scale
        if parameter.source:
            entry["source"] = parameter.source
        parameters.append(entry)
    content: dict[str, Any] = {"form": term.form}
    if term.label:
        content["name"] = term.label
    if term.mixing:
        content["mixing"] = term.mixing
    content["parameters"] = parameters
    if term.network is not None:
        content["network"] = network_to_dict(term.network)
    if not plain:
        content["entries"] = [
            {"types": list(key), "values": dict(term.entries[key])}
            | (
                {"table": {"distance": list(table.distance), "energy": list(table.energy)}}
                if (table := term.tables.get(key)) is not None
                else {}
            )
            for key in keys
        ]
    return content


def write_model(model: CoarseGrainedModel, path: Path) -> None:
    """Write ``model`` as YAML, values in full precision."""
    text = yaml.safe_dump(
        model_to_dict(model), sort_keys=False, allow_unicode=True, default_flow_style=None, width=200
    )
    path.write_text(text, encoding="utf-8")
