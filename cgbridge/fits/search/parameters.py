"""The searched parameters of a fit: names, ranges and ties, from the YAML and the base model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cgbridge.config.model_section import SearchSection, fraction_of
from cgbridge.errors import ConfigError
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.records.parameter import Parameter
from cgbridge.units import quantity

#: Range about the base's value that ``default`` means where the database gives none.
_DEFAULT = 0.2


def searched_parameters(
    base: CoarseGrainedModel, search: Mapping[str, SearchSection | str]
) -> tuple[Parameter, ...]:
    """One parameter with a range for every entry of ``model.search``.

    Raises :class:`ConfigError` with the dotted path for an unknown name, an empty range, one beyond the
    physical bounds, and for a parameter that would be searched twice.
    """
    found = tuple(_searched(base, name, section) for name, section in search.items())
    seen: set[str] = set()
    for parameter in found:
        for name in (parameter.name, *parameter.tie):
            if name in seen:
                raise ConfigError(
                    f"'{name}' would get two values",
                    where="model.search",
                    remedy="search it once, or tie it to one other parameter",
                )
            seen.add(name)
    return found


def own_value(base: CoarseGrainedModel, name: str, value: str | float, where: str) -> float:
    """A number or quantity of the YAML in the parameter's own unit; raises :class:`ConfigError`."""
    unit = _parameter(base, name, where).unit
    try:
        return quantity(value, "" if unit == "1" else unit)
    except ConfigError as error:
        raise ConfigError(error.what, where=where, remedy=error.remedy) from None


def _parameter(base: CoarseGrainedModel, name: str, where: str) -> Parameter:
    try:
        return base.parameter(name)
    except ConfigError as error:
        raise ConfigError(error.what, where=where, remedy=error.remedy) from None


def _searched(base: CoarseGrainedModel, name: str, search: SearchSection | str) -> Parameter:
    where = f"model.search.{name}"
    parameter = _parameter(base, name, where)
    if isinstance(search, str):
        fraction = None if search == "default" else fraction_of(search)
        if fraction is None and parameter.range is not None:
            return _checked(parameter, where)
        return _checked(_around(parameter, fraction or _DEFAULT, where), where)
    scale = search.scale or parameter.scale
    if search.around is not None:
        parameter = _around(replace(parameter, scale=scale), fraction_of(search.around), where)
    else:
        low, high = (
            own_value(base, name, value, f"{where}.{key}")
            for key, value in (("min", search.min), ("max", search.max))
            if value is not None
        )
        parameter = replace(parameter, range=(low, high), scale=scale)
    ties = tuple(
        _tied(base, parameter, other, f"{where}.tie.{number}") for number, other in enumerate(search.tie)
    )
    return _checked(replace(parameter, tie=ties), where)


def _around(parameter: Parameter, fraction: float, where: str) -> Parameter:
    """The range of ``fraction`` of the value to either side of it, within the bounds."""
    value = parameter.value or 0.0
    if value == 0.0:
        raise ConfigError(
            f"'{parameter.name}' is 0 in the base model, so that a fraction of it is no range",
            where=where,
            remedy="give min and max",
        )
    low, high = sorted((value * (1.0 - fraction), value * (1.0 + fraction)))
    if parameter.bounds is not None:
        low, high = max(low, parameter.bounds[0]), min(high, parameter.bounds[1])
    return replace(parameter, range=(low, high))


def _tied(base: CoarseGrainedModel, parameter: Parameter, name: str, where: str) -> str:
    other = _parameter(base, name, where)
    if other.unit != parameter.unit:
        raise ConfigError(
            f"'{other.name}' is in {other.unit}, '{parameter.name}' in {parameter.unit}: "
            "they cannot be equal",
            where=where,
        )
    return other.name


def _checked(parameter: Parameter, where: str) -> Parameter:
    (low, high), unit, bounds = parameter.searched, parameter.unit, parameter.bounds
    if not low < high:
        raise ConfigError(f"min ({low:g} {unit}) is not below max ({high:g} {unit})", where=where)
    if bounds and not (bounds[0] <= low and high <= bounds[1]):
        raise ConfigError(
            f"the range {low:g} .. {high:g} leaves the physical bounds {bounds[0]:g} .. {bounds[1]:g} {unit}",
            where=where,
        )
    if parameter.scale == "log" and low * high <= 0:
        raise ConfigError(
            "a log scale needs bounds of one sign, not zero", where=where, remedy="use scale: linear"
        )
    return parameter
