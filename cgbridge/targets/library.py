"""Targets by name from the reference data, or from a mapping written inline in a fit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from cgbridge.config.loader import read_yaml, validate
from cgbridge.config.places import Place
from cgbridge.errors import ConfigError, UnitError, did_you_mean
from cgbridge.frames import FloatArray
from cgbridge.records.target import Curve, Target
from cgbridge.targets.data_files import data_files
from cgbridge.targets.table import column, read_table
from cgbridge.targets.target_file import ReferenceEntry, SeriesEntry, TargetEntry, TargetFile
from cgbridge.units import DIMENSIONLESS, convert, parse_unit, split_quantity

_PACKAGE = Path(__file__).parents[1]
_UNIT_SUFFIXES = {"_angstrom": "A", "_A": "A", "_nm": "nm", "_deg": "deg", "_degree": "deg", "_K": "K"}


def load_target(name: str, folder: str | Path | None = None) -> Target:
    """The reference target called ``name``, such as ``water/density-300K``.

    Looked for in ``targets/`` of ``folder`` (that of the user's YAML), then in the data of the package.
    Raises :class:`ConfigError` with a suggestion when there is none.
    """
    entry, path = _find(name, folder)
    return _target(entry, name, path.parent, f"{path}: targets.{name.partition('/')[2]}")


def _find(name: str, folder: str | Path | None) -> tuple[TargetEntry, Path]:
    """The entry of a reference target and the file it stands in."""
    subject, _, key = name.partition("/")
    for root in search_folders(folder):
        # Among what is there: a name that a user gives may be none of a file.
        path = next((path for path in root.glob("*.yaml") if path.stem == subject), None)
        if path is not None:
            entries = _read_library(path, path.stat().st_mtime_ns)
            if key in entries:
                return entries[key], path
    known = list_targets(folder)
    raise ConfigError(
        f"unknown target '{name}'{did_you_mean(name, known)}",
        remedy="`cgbridge targets` lists the reference data; or write the target inline with observable, "
        "value and tolerance",
    )


def list_targets(folder: str | Path | None = None) -> list[str]:
    """Names of all reference targets, the user's first."""
    names: dict[str, None] = {}
    for root in search_folders(folder):
        for path in sorted(root.glob("*.yaml")):
            entries = _read_library(path, path.stat().st_mtime_ns)
            names.update(dict.fromkeys(f"{path.stem}/{key}" for key in entries))
    return list(names)


def search_folders(folder: str | Path | None = None) -> list[Path]:
    """Existing folders with reference data, in the order in which they are searched."""
    candidates = [] if folder is None else [Path(folder) / "targets"]
    # Installed data; in a source checkout the same files stand at the top of the repository.
    candidates += [_PACKAGE / "data" / "targets", _PACKAGE.parent / "targets"]
    found = [path for path in candidates if path.is_dir()]
    return list({path.resolve(): path for path in found}.values())


def target_from_mapping(mapping: Mapping[str, Any], name: str, folder: str | Path | None = None) -> Target:
    """A target from a YAML mapping; paths in it are relative to ``folder``.

    With the key ``from`` it starts from a reference target and replaces what else is given, for example
    ``{from: water/density-300K, tolerance: 1 %}``.

    All numbers of the target are converted to the unit of ``value``; a bare number stays in the
    observable's own unit, written as the empty unit. Raises :class:`ConfigError` that names the dotted
    path, with a suggestion for an unknown key.
    """
    where = f"targets.{name}"
    if "from" in mapping:
        return _derived(mapping, folder, where)
    entry = validate(TargetEntry, dict(mapping), Place("", ("targets", name)))
    return _target(entry, entry.name or name, Path(folder) if folder is not None else Path(), where)


def _derived(mapping: Mapping[str, Any], folder: str | Path | None, where: str) -> Target:
    own = dict(mapping)
    source = str(own.pop("from"))
    base, path = _find(source, folder)
    content = base.model_dump(exclude_unset=True) | own
    content["options"] = _merged_options(base, own)
    entry = validate(TargetEntry, content, Place("", tuple(where.split(".", 1))))
    # A reference curve or file of one's own lies beside one's own file.
    beside = Path(folder or "") if {"reference", "files"} & own.keys() else path.parent
    return _target(entry, entry.name or source, beside, where)


def _merged_options(base: TargetEntry, own: Mapping[str, Any]) -> Any:
    """Options of the reference target under one's own; what is no mapping is left to the validation."""
    options = own.get("options")
    return {**base.options, **(options or {})} if options is None or isinstance(options, dict) else options


@lru_cache(maxsize=32)
def _read_library(path: Path, _modified: int) -> dict[str, TargetEntry]:
    """All entries of one file, the series expanded; the time of modification keeps the cache honest."""
    content, lines = read_yaml(path)
    file = validate(TargetFile, content, str(path), lines)
    entries = dict(file.targets)
    for pattern, series in file.series.items():
        for key, entry in _expand(pattern, series, path):
            if key in entries:
                raise ConfigError(f"target '{key}' is given twice", where=f"{path}: series.{pattern}")
            entries[key] = entry
    return entries


def _expand(pattern: str, series: SeriesEntry, path: Path) -> Iterator[tuple[str, TargetEntry]]:
    file = path.parent / series.csv
    table = read_table(file)
    values = column(table, series.column, file)
    errors = column(table, series.error_column, file) if series.error_column else np.zeros_like(values)
    for kelvin, value, error in zip(column(table, "T_K", file), values, errors, strict=True):
        yield (
            pattern.replace("{T}", f"{kelvin:.0f}"),
            TargetEntry(
                observable=series.observable,
                value=f"{float(value)!r} {series.unit}",
                error=float(error),
                tolerance=series.tolerance,
                temperature=float(kelvin),
                pressure=series.pressure,
                structure=series.structure,
                weight=series.weight,
                options=series.options,
                source=series.source,
            ),
        )


def _target(entry: TargetEntry, name: str, folder: Path, where: str) -> Target:
    try:
        value, unit = _split(entry.value)
        parse_unit(unit)
    except UnitError as error:
        raise UnitError(error.what, where=f"{where}.value", remedy=error.remedy) from None
    if not unit:
        _require_plain(entry.tolerance, value, where)
    return Target(
        name=name,
        observable=entry.observable,
        value=value,
        tolerance=_deviation(entry.tolerance, value, unit, f"{where}.tolerance", positive=True),
        error=_deviation(entry.error, value, unit, f"{where}.error"),
        precision=0.0
        if entry.precision is None
        else _deviation(entry.precision, value, unit, f"{where}.precision", positive=True),
        unit=unit,
        temperature=entry.temperature,
        pressure=entry.pressure,
        structure=entry.structure,
        composition=entry.composition,
        weight=entry.weight,
        reference=_reference(entry.reference, folder, f"{where}.reference"),
        files=data_files(entry.files, folder, f"{where}.files"),
        options=dict(entry.options),
        source=" ".join(entry.source.split()),
    )


def _split(value: str | float) -> tuple[float, str]:
    return split_quantity(value) if isinstance(value, str) else (float(value), "")


def _require_plain(tolerance: str | float, value: float, where: str) -> None:
    """A tolerance with a unit beside a value without one: the value lacks it."""
    own = _split(tolerance)[1]
    if own and own not in ("%", "percent") and parse_unit(own).dimension != DIMENSIONLESS:
        raise UnitError(
            f"the value {value:g} has no unit, and its tolerance is in {own}",
            where=f"{where}.value",
            remedy=f"write value: {value:g} {own}",
        )


def _deviation(
    value: str | float, reference: float, unit: str, where: str, *, positive: bool = False
) -> float:
    """A tolerance or error in ``unit``; a percentage is one of the reference value."""
    try:
        number, own = _split(value)
        if own in ("%", "percent") and unit not in ("%", "percent"):
            if reference == 0.0:
                raise UnitError("a percentage of the value 0 is 0", remedy="give an absolute number")
            number = abs(reference) * number / 100.0
        elif own:
            # Differences: K and degree-like units have no offset here, so a factor is right.
            number = convert(number, own, unit or "1")
    except UnitError as error:
        raise UnitError(error.what, where=where, remedy=error.remedy) from None
    if number < 0 or (positive and number == 0) or not math.isfinite(number):
        raise ConfigError(
            f"must be {'positive' if positive else 'zero or positive'}, found {value}", where=where
        )
    return number


def _reference(entry: str | ReferenceEntry | None, folder: Path, where: str) -> Curve | None:
    if entry is None:
        return None
    if isinstance(entry, str):
        path = folder / entry
        table = read_table(path)
        x_name = next(iter(table))
        suffix = next((suffix for suffix in _UNIT_SUFFIXES if x_name.endswith(suffix)), None)
        if suffix is None:
            raise ConfigError(
                f"the unit of column '{x_name}' of '{path}' is not known",
                where=where,
                remedy="call it for example r_angstrom or r_nm, or write reference: {csv: FILE, x_unit: A}",
            )
        entry = ReferenceEntry(csv=entry, x_unit=_UNIT_SUFFIXES[suffix])
    path = folder / entry.csv
    return _curve(entry, read_table(path), path, where)


def _curve(entry: ReferenceEntry, table: dict[str, FloatArray], path: Path, where: str) -> Curve:
    names = list(table)
    if len(names) < 2:
        raise ConfigError("a curve needs two columns", where=str(path))
    x = column(table, entry.x or names[0], path)
    y = column(table, entry.y or names[1], path)
    if not bool(np.all(np.diff(x) > 0)):
        raise ConfigError(f"x does not increase from row to row in '{path}'", where=where)
    error_name = entry.y_err or (names[2] if len(names) > 2 else None)
    y_err = np.zeros_like(y) if error_name is None else column(table, error_name, path)
    try:
        parse_unit(entry.x_unit), parse_unit(entry.y_unit)
        # Lengths are kept in nm, the internal unit; other x (degrees, K) stay as they are.
        if parse_unit(entry.x_unit).dimension == parse_unit("nm").dimension:
            return Curve(x * parse_unit(entry.x_unit).factor, y, y_err, "nm", entry.y_unit)
    except UnitError as error:
        raise UnitError(error.what, where=where, remedy=error.remedy) from None
    return Curve(x, y, y_err, entry.x_unit, entry.y_unit)
