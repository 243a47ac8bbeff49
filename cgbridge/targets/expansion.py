"""Targets written many at a time: patterns of names, and lists of temperatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from cgbridge.errors import ConfigError, UnitError, did_you_mean
from cgbridge.targets.library import list_targets
from cgbridge.units import quantity

Item = str | dict[str, Any]
#: Keys of a target that may be lists beside a list of temperatures, one value for each.
_PARALLEL = ("value", "tolerance", "error", "weight", "pressure")


def expand_target(item: Item, folder: Path, where: str) -> list[Item]:
    """The targets that one entry of a list stands for, mostly itself.

    ``mine/density-*`` stands for every reference target that matches, by itself or after ``from:``. A list
    of temperatures stands for one target each; then ``value`` is a list as well, or ``from`` names
    reference targets with ``{T}`` for the rounded temperature. Raises :class:`ConfigError`.
    """
    if isinstance(item, str):
        return [*_matching(item, folder, where)]
    if isinstance(item.get("temperature"), list):
        return [*_by_temperature(item, where)]
    for key in _PARALLEL:
        if isinstance(item.get(key), list):
            raise ConfigError(
                "a list of values needs a list of temperatures, one for each", where=f"{where}.{key}"
            )
    source = item.get("from")
    if not isinstance(source, str) or not _is_pattern(source):
        return [item]
    names = _matching(source, folder, f"{where}.from")
    if "name" in item and len(names) > 1:
        raise ConfigError(f"one name for {len(names)} targets", where=f"{where}.name", remedy="leave it out")
    return [{**item, "from": name} for name in names]


def _is_pattern(text: str) -> bool:
    return any(sign in text for sign in "*?[")


def _matching(text: str, folder: Path, where: str) -> list[str]:
    if not _is_pattern(text):
        return [text]
    known = list_targets(folder)
    found = [name for name in known if fnmatchcase(name, text)]
    if not found:
        raise ConfigError(
            f"no reference target matches '{text}'{did_you_mean(text, known)}",
            where=where,
            remedy="`cgbridge targets` lists the reference data",
        )
    return found


def _by_temperature(item: Mapping[str, Any], where: str) -> list[dict[str, Any]]:
    temperatures: list[Any] = item["temperature"]
    kelvin = [_kelvin(value, f"{where}.temperature.{number}") for number, value in enumerate(temperatures)]
    if not kelvin:
        raise ConfigError("the list of temperatures is empty", where=f"{where}.temperature")
    source = item.get("from")
    several = isinstance(source, str) and "{T}" in source
    if not several and not isinstance(item.get("value"), list):
        raise ConfigError(
            f"{len(kelvin)} temperatures, but one value",
            where=f"{where}.value",
            remedy="give a list of values, one for each, or from: mine/density-{T}K",
        )
    lists = {key: item[key] for key in _PARALLEL if isinstance(item.get(key), list)}
    for key, values in lists.items():
        if len(values) != len(kelvin):
            raise ConfigError(f"{len(values)} values for {len(kelvin)} temperatures", where=f"{where}.{key}")
    return [
        {**item, **_own(item, value, lists, number), "temperature": temperatures[number]}
        for number, value in enumerate(kelvin)
    ]


def _own(
    item: Mapping[str, Any], kelvin: float, lists: Mapping[str, Sequence[Any]], number: int
) -> dict[str, Any]:
    """What the target at one of the temperatures has for itself."""
    own = {key: values[number] for key, values in lists.items()}
    source = item.get("from")
    if isinstance(source, str):
        own["from"] = source.replace("{T}", f"{kelvin:.0f}")
    if "name" in item or not isinstance(source, str) or own["from"] == source:
        own["name"] = f"{item.get('name') or source or item.get('observable')}-{kelvin:g}K"
    return own


def _kelvin(value: Any, where: str) -> float:
    try:
        return quantity(value, "K")
    except UnitError as error:
        raise UnitError(error.what, where=where, remedy=error.remedy) from None
