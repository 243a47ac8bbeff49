"""The YAML form of a model, the same for the database and for a user's own file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from cgbridge.config.loader import read_yaml, validate
from cgbridge.config.quantities import Number
from cgbridge.errors import ConfigError, UnitError, did_you_mean
from cgbridge.models.model import Bead, CoarseGrainedModel, ParameterSpec, Triplet
from cgbridge.models.terms.forms import get_form
from cgbridge.units import parse_unit, quantity


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class BeadEntry(_Strict):
    """A bead type: ``{name: W, mass: 18.015 amu}``; energies need no mass."""

    name: str = Field(pattern=r"^[^\s#,\[\]]+$")
    mass: str | float | None = None


class ParameterEntry(_Strict):
    """A parameter with its unit; ``search`` absent means that a fit leaves it alone."""

    name: str
    unit: str
    value: Number | None = None
    symbol: str = ""
    bounds: list[Number] | None = Field(default=None, min_length=2, max_length=2)
    search: list[Number] | None = Field(default=None, min_length=2, max_length=2)
    scale: Literal["linear", "log"] = "linear"
    source: str = ""


class TripletEntry(_Strict):
    """Values for one ordered triplet, in the units of ``parameters``."""

    triplet: list[str] = Field(min_length=3, max_length=3)
    values: dict[str, Number]


class ModelFile(_Strict):
    """A model file; ``entries`` is for several bead types, else the values stand in ``parameters``."""

    name: str
    form: str
    beads: list[BeadEntry] = Field(min_length=1)
    parameters: list[ParameterEntry]
    entries: list[TripletEntry] | None = None
    description: str = ""
    source: str = ""


def read_model(path: Path) -> CoarseGrainedModel:
    """Read a YAML model file; raises :class:`ConfigError` naming the file and the dotted path."""
    content, lines = read_yaml(path)
    return model_from_dict(content, str(path), lines)


def model_from_dict(
    content: Mapping[str, Any], where: str, lines: Mapping[tuple[str | int, ...], int] | None = None
) -> CoarseGrainedModel:
    """Build a model from the content of a YAML file, whose line numbers make better messages."""
    file = validate(ModelFile, dict(content), where, lines)
    try:
        form = get_form(file.form)
        beads = tuple(
            Bead(bead.name, None if bead.mass is None else quantity(bead.mass, "amu")) for bead in file.beads
        )
    except ConfigError as error:
        raise type(error)(error.what, where=where, remedy=error.remedy) from None
    given = {entry.name: (number, entry) for number, entry in enumerate(file.parameters)}
    if len(given) != len(file.parameters):
        raise ConfigError("a parameter is given twice", where=f"{where}: parameters")
    known = [parameter.name for parameter in form.parameters]
    for name, (number, entry) in given.items():
        if name not in known:
            raise ConfigError(
                f"the {form.name} form has no parameter '{name}'{did_you_mean(name, known)}",
                where=f"{where}: parameters.{number}.name",
                remedy="its parameters: " + ", ".join(known),
            )
        _check_entry(entry, form.parameter(name).unit, f"{where}: parameters.{number}")
    specs, defaults = [], {}
    for parameter in form.parameters:
        if parameter.name in given:
            entry = given[parameter.name][1]
            specs.append(
                ParameterSpec(
                    name=entry.name,
                    unit=entry.unit,
                    symbol=entry.symbol or parameter.symbol,
                    bounds=_pair(entry.bounds),
                    search=_pair(entry.search),
                    scale=entry.scale,
                    source=entry.source,
                )
            )
            if entry.value is not None:
                defaults[entry.name] = entry.value
        else:
            specs.append(ParameterSpec(name=parameter.name, unit=parameter.unit, symbol=parameter.symbol))
        if parameter.name not in defaults and parameter.default is not None:
            defaults[parameter.name] = parameter.default
    try:
        model = CoarseGrainedModel(
            name=file.name,
            form=file.form,
            beads=beads,
            entries=_entries(file, defaults, known),
            specs=tuple(specs),
            description=file.description,
            source=file.source,
        )
        model.require_entries()
        return model
    except ConfigError as error:
        place = f"{where}: {error.where}" if error.where else where
        raise ConfigError(error.what, where=place, remedy=error.remedy) from None


def _pair(values: list[float] | None) -> tuple[float, float] | None:
    return None if values is None else (values[0], values[1])


def _check_entry(entry: ParameterEntry, unit: str, where: str) -> None:
    try:
        matches = parse_unit(entry.unit).dimension == parse_unit(unit).dimension
    except UnitError as error:
        raise UnitError(error.what, where=f"{where}.unit", remedy=error.remedy) from None
    if not matches:
        raise UnitError(
            f"{entry.name} cannot be in '{entry.unit}'", where=f"{where}.unit", remedy=f"use {unit}"
        )
    for key, interval in (("bounds", entry.bounds), ("search", entry.search)):
        if interval is None:
            continue
        if interval[0] >= interval[1]:
            raise ConfigError("the minimum must be below the maximum", where=f"{where}.{key}")
        if entry.scale == "log" and key == "search" and interval[0] <= 0:
            raise ConfigError("a logarithmic scale needs positive limits", where=f"{where}.{key}")
    if entry.bounds and entry.value is not None and not entry.bounds[0] <= entry.value <= entry.bounds[1]:
        raise ConfigError(f"{entry.value:g} lies outside the bounds {entry.bounds}", where=f"{where}.value")
    if (
        entry.bounds
        and entry.search
        and not (entry.bounds[0] <= entry.search[0] and entry.search[1] <= entry.bounds[1])
    ):
        raise ConfigError(f"the search range leaves the bounds {entry.bounds}", where=f"{where}.search")


def _entries(
    file: ModelFile, defaults: Mapping[str, float], known: list[str]
) -> dict[Triplet, dict[str, float]]:
    if file.entries is None:
        if len(file.beads) != 1:
            raise ConfigError("several bead types need 'entries', one for every ordered triplet")
        name = file.beads[0].name
        return {(name, name, name): {key: defaults[key] for key in known if key in defaults}}
    entries: dict[Triplet, dict[str, float]] = {}
    for number, entry in enumerate(file.entries):
        triplet = (entry.triplet[0], entry.triplet[1], entry.triplet[2])
        if triplet in entries:
            raise ConfigError(f"the triplet {' '.join(triplet)} is given twice", where=f"entries.{number}")
        for key in entry.values:
            if key not in known:
                raise ConfigError(
                    f"unknown parameter '{key}'{did_you_mean(key, known)}",
                    where=f"entries.{number}.values.{key}",
                )
        values = {**defaults, **entry.values}
        entries[triplet] = {key: values[key] for key in known if key in values}
    return entries


def model_to_dict(model: CoarseGrainedModel) -> dict[str, Any]:
    """The content of a model's YAML file; :func:`model_from_dict` gives an equal model back."""
    single = len(model.beads) == 1
    parameters = []
    for spec in model.specs:
        entry: dict[str, Any] = {"name": spec.name, "symbol": spec.symbol, "unit": spec.unit}
        if single:
            entry["value"] = model.parameters[spec.name]
        if spec.bounds is not None:
            entry["bounds"] = list(spec.bounds)
        if spec.search is not None:
            entry["search"] = list(spec.search)
            entry["scale"] = spec.scale
        if spec.source:
            entry["source"] = spec.source
        parameters.append(entry)
    content: dict[str, Any] = {
        "name": model.name,
        "description": model.description,
        "form": model.form,
        "source": model.source,
        "beads": [
            {"name": bead.name} | ({} if bead.mass is None else {"mass": f"{bead.mass!r} amu"})
            for bead in model.beads
        ],
        "parameters": parameters,
    }
    if not single:
        content["entries"] = [
            {"triplet": list(triplet), "values": dict(values)} for triplet, values in model.entries.items()
        ]
    return content


def write_model(model: CoarseGrainedModel, path: Path) -> None:
    """Write ``model`` as YAML, values in full precision."""
    text = yaml.safe_dump(
        model_to_dict(model), sort_keys=False, allow_unicode=True, default_flow_style=None, width=200
    )
    path.write_text(text, encoding="utf-8")
