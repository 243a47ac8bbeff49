"""The YAML form of a model, the same for the database and for a user's own file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from cgbridge.config.loader import read_yaml, validate
from cgbridge.config.quantities import Number
from cgbridge.errors import CgbridgeError, ConfigError, UnitError, did_you_mean
from cgbridge.models.beads import Bead, Molecule
from cgbridge.models.files.model_doubts import silent_pairs, warn_of_forgotten_bonds
from cgbridge.models.files.network_entry import NetworkEntry, network_of_entry
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.term import Key, Term
from cgbridge.models.terms.catalogue import get_form
from cgbridge.models.terms.form import Form
from cgbridge.models.terms.network import Network, NetworkData
from cgbridge.models.terms.table import PairTable
from cgbridge.records.parameter import Parameter
from cgbridge.units import parse_unit, quantity, split_quantity


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class BeadEntry(_Strict):
    """A bead type: ``{name: W, mass: 18.015 amu}``; energies need no mass."""

    name: str = Field(pattern=r"^[^\s#,\[\]]+$")
    mass: str | float | None = None


class ParameterEntry(_Strict):
    """A parameter with its unit; ``value`` is that of all entries that give none of their own.

    ``search`` absent means that a fit leaves it alone unless it gives a range.
    """

    name: str
    unit: str
    value: Number | None = None
    symbol: str = ""
    bounds: list[Number] | None = Field(default=None, min_length=2, max_length=2)
    search: list[Number] | None = Field(default=None, min_length=2, max_length=2)
    scale: Literal["linear", "log"] = "linear"
    source: str = ""


class TableEntry(_Strict):
    """A tabulated energy: evenly spaced distances in nm and energies in kJ/mol, zero at the end."""

    distance: list[Number]
    energy: list[Number]


class ValuesEntry(_Strict):
    """Values for bead types, as numbers in the units of ``parameters`` or with units of their own."""

    types: list[str] = Field(min_length=1, max_length=4, validation_alias=AliasChoices("types", "triplet"))
    # As they stand: "120 deg" read as a plain number would be radians.
    values: dict[str, float | str] = Field(default_factory=dict)
    table: TableEntry | None = None


class TermEntry(_Strict):
    """One term; ``entries`` may be left out where the model has one bead type.

    ``mixing`` names the rule by which pairs of unlike beads without an entry are made of the like ones.
    """

    form: str
    mixing: str = ""
    name: str = Field(default="", pattern=r"^[\w-]*$")
    parameters: list[ParameterEntry] = Field(default_factory=list)
    entries: list[ValuesEntry] | None = None
    network: str | NetworkEntry | None = None


class MoleculeEntry(_Strict):
    """A kind of molecule: bead types, bonds as pairs of its beads counted from 0."""

    name: str
    beads: list[str] = Field(min_length=1)
    bonds: list[list[int]] = Field(default_factory=list)
    excluded: int = 3


class ModelFile(_Strict):
    """A model file; one of a single term may give the keys of the term at once."""

    name: str
    beads: list[BeadEntry] = Field(min_length=1)
    form: str | None = None
    mixing: str = ""
    parameters: list[ParameterEntry] = Field(default_factory=list)
    entries: list[ValuesEntry] | None = None
    network: str | NetworkEntry | None = None
    terms: list[TermEntry] | None = Field(default=None, min_length=1)
    molecules: list[MoleculeEntry] = Field(default_factory=list)
    description: str = ""
    source: str = ""


def read_model(path: Path) -> CoarseGrainedModel:
    """Read a YAML model file; raises :class:`ConfigError` naming the file and the dotted path.

    Warns of bonds that nothing acts on, and of terms that act on bonds where there are none.
    """
    content, lines = read_yaml(path)
    model = model_from_dict(content, str(path), lines)
    warn_of_forgotten_bonds(model, str(path))
    return model


def model_from_dict(
    content: Mapping[str, Any], where: str, lines: Mapping[tuple[str | int, ...], int] | None = None
) -> CoarseGrainedModel:
    """Build a model from the content of a YAML file, whose line numbers make better messages."""
    file = validate(ModelFile, dict(content), where, lines)
    try:
        beads = tuple(
            Bead(bead.name, None if bead.mass is None else quantity(bead.mass, "amu")) for bead in file.beads
        )
        model = CoarseGrainedModel(
            name=file.name,
            beads=beads,
            terms=tuple(
                _term(entry, [bead.name for bead in beads], place, Path(where).parent)
                for entry, place in _term_entries(file)
            ),
            molecules=tuple(
                Molecule(m.name, tuple(m.beads), tuple(map(tuple, m.bonds)), m.excluded)
                for m in file.molecules
            ),
            description=file.description,
            source=file.source,
        )
        model.require_entries()
        for molecule in model.molecules:
            model.require_entries(molecule.topology)
    except CgbridgeError as error:
        place = f"{where}: {error.where}" if error.where else where
        raise type(error)(error.what, where=place, remedy=error.remedy) from None
    return replace(model, notes=silent_pairs(model))


def _term_entries(file: ModelFile) -> list[tuple[TermEntry, str]]:
    """The terms of a file with their dotted paths, which end in a dot unless they are empty."""
    if file.terms is None:
        if file.form is None:
            raise ConfigError("no form is given", where="form", remedy="write form: ..., or a list of terms")
        entry = TermEntry(
            form=file.form,
            mixing=file.mixing,
            parameters=file.parameters,
            entries=file.entries,
            network=file.network,
        )
        return [(entry, "")]
    if file.form is not None or file.mixing or file.parameters or file.entries or file.network:
        raise ConfigError(
            "form, mixing, parameters, entries and network belong into the terms", where="terms"
        )
    return [(entry, f"terms.{number}.") for number, entry in enumerate(file.terms)]


def _term(entry: TermEntry, beads: Sequence[str], place: str, folder: Path) -> Term:
    try:
        form = get_form(entry.form)
    except ConfigError as error:
        raise ConfigError(error.what, where=f"{place}form", remedy=error.remedy) from None
    given = {item.name: (number, item) for number, item in enumerate(entry.parameters)}
    if len(given) != len(entry.parameters):
        raise ConfigError("a parameter is given twice", where=f"{place}parameters")
    for name, (number, item) in given.items():
        where = f"{place}parameters.{number}"
        try:
            declared = form.parameter(name)
        except ConfigError as error:
            raise ConfigError(error.what, where=f"{where}.name", remedy=error.remedy) from None
        _check_entry(item, declared.unit, where)
    parameters, defaults = [], {}
    for declared in (*form.parameters, *form.shared):
        found = given[declared.name][1] if declared.name in given else None
        parameters.append(_parameter(declared, found))
        value = found.value if found is not None and found.value is not None else declared.value
        if value is not None:
            defaults[declared.name] = value
    if isinstance(form, Network) and entry.entries is not None:
        _entries(entry, form, parameters, beads, place)
        raise ConfigError(
            "a network has its own beads", where=f"{place}entries", remedy="leave the entries out"
        )
    network = _network(entry, form, place, folder)
    if network is not None:
        for name, why in network.without.items():
            if name in given:
                raise ConfigError(
                    f"the network has no factor '{name}': {why}",
                    where=f"{place}parameters.{given[name][0]}",
                    remedy="leave it out",
                )
            defaults.pop(name)
        parameters = [parameter for parameter in parameters if parameter.name not in network.without]
        known = [bead for bead in network.beads if bead in beads]
        if not known:
            raise ConfigError(
                f"the network knows no bead {', '.join(beads)}",
                where=f"{place}network",
                remedy="its beads: " + ", ".join(network.beads),
            )
        entry = entry.model_copy(update={"entries": [ValuesEntry(types=[bead]) for bead in known]})
    entries, tables = _entries(entry, form, parameters, beads, place)
    parameters = [replace(p, written=_written_unit(entry, p)) for p in parameters]
    own = {parameter.name for parameter in form.parameters}
    filled: dict[Key, dict[str, float]] = {}
    if form.shared:
        filled[()] = {name: value for name, value in defaults.items() if name not in own}
    for key, values in entries.items():
        merged = {**defaults, **values}
        filled[key] = {p.name: merged[p.name] for p in form.parameters if p.name in merged}
    return Term(form.name, filled, tuple(parameters), entry.name, tables, entry.mixing, network)


def _network(entry: TermEntry, form: Form, place: str, folder: Path) -> NetworkData | None:
    if isinstance(form, Network) == (entry.network is not None):
        return None if entry.network is None else network_of_entry(entry.network, folder, f"{place}network")
    if entry.network is None:
        raise ConfigError(
            "a descriptor-network needs its numbers",
            where=f"{place}network",
            remedy="write network: model.cgnn, the file of a trained one",
        )
    raise ConfigError(
        f"the form {form.name} has no network",
        where=f"{place}network",
        remedy=f"write form: {Network.name}, or leave it out",
    )


def _parameter(declared: Parameter, entry: ParameterEntry | None) -> Parameter:
    """The parameter of the term: as the form declares it, or as the file does."""
    if entry is None:
        return Parameter(declared.name, declared.unit, symbol=declared.symbol, meaning=declared.meaning)
    return Parameter(
        name=entry.name,
        unit=entry.unit,
        symbol=entry.symbol or declared.symbol,
        meaning=declared.meaning,
        bounds=_pair(entry.bounds),
        range=_pair(entry.search),
        scale=entry.scale,
        source=entry.source,
    )


def _written_unit(term: TermEntry, parameter: Parameter) -> str:
    """The one unit in which entries give a parameter, where it is not its own; empty if there is none."""
    found = [entry.values.get(parameter.name) for entry in term.entries or ()]
    units = {split_quantity(value)[1] for value in found if isinstance(value, str)}
    return units.pop() if len(units) == 1 and units != {parameter.unit} else ""


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
    term: TermEntry, form: Form, parameters: Sequence[Parameter], beads: Sequence[str], place: str
) -> tuple[dict[Key, dict[str, float]], dict[Key, PairTable]]:
    """Values and tables by bead types."""
    if term.entries is None:
        if len(beads) != 1:
            what = (
                "every ordered triplet"
                if form.bodies == 3 and not form.mirrored
                else "every pair of like beads (and mixing: lorentz-berthelot for the others)"
                if form.mixes
                else "the types they are for"
            )
            raise ConfigError(
                f"several bead types need 'entries', one for {what}", where=f"{place}entries".rstrip(".")
            )
        return {(beads[0],) * form.bodies: {}}, {}
    units = {parameter.name: parameter.unit for parameter in parameters}
    entries: dict[Key, dict[str, float]] = {}
    tables: dict[Key, PairTable] = {}
    for number, entry in enumerate(term.entries):
        where, key = f"{place}entries.{number}", form.canonical(tuple(entry.types))
        if len(key) != form.bodies:
            raise ConfigError(
                f"a {form.name} entry is for {form.bodies} bead types, not {len(key)}", where=f"{where}.types"
            )
        if key in entries:
            what = "triplet" if form.bodies == 3 else "entry"
            raise ConfigError(f"the {what} {' '.join(entry.types)} is given twice", where=where)
        entries[key] = _values(entry, form, units, where)
        if entry.table is not None:
            try:
                tables[key] = PairTable(tuple(entry.table.distance), tuple(entry.table.energy))
            except ConfigError as error:
                raise ConfigError(error.what, where=f"{where}.table", remedy=error.remedy) from None
    return entries, tables


def _values(entry: ValuesEntry, form: Form, units: Mapping[str, str], where: str) -> dict[str, float]:
    known = [parameter.name for parameter in form.parameters]
    values = {}
    for name, value in entry.values.items():
        if name in {parameter.name for parameter in form.shared}:
            shared = form.parameter(name)
            raise ConfigError(
                f"'{name}' is one value for the whole term {form.name}, not for an entry",
                where=f"{where}.values.{name}",
                remedy=f"write it beside entries: parameters: [{{name: {name}, unit: '{shared.unit}', "
                "value: ...}]",
            )
        if name not in known:
            raise ConfigError(
                f"unknown parameter '{name}'{did_you_mean(name, known)}", where=f"{where}.values.{name}"
            )
        unit = units[name]
        try:
            values[name] = quantity(value, "" if unit == "1" else unit)
        except UnitError as error:
            raise UnitError(error.what, where=f"{where}.values.{name}", remedy=error.remedy) from None
    return values
