"""Lists of temperatures for observables that need several states."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cgbridge.errors import ConfigError
from cgbridge.records.target import Target


def checked_temperatures(target: Target, temperatures: Sequence[float], minimum: int) -> list[float]:
    """The temperatures in K, sorted.

    Raises :class:`~cgbridge.errors.ConfigError` for repeated, non-positive or too few values.
    """
    where = f"targets.{target.name}.options.temperatures"
    ordered = sorted(float(value) for value in temperatures)
    if len(ordered) < minimum:
        raise ConfigError(f"{len(ordered)} temperatures given, at least {minimum} needed", where=where)
    if ordered[0] <= 0:
        raise ConfigError(f"temperature {ordered[0]:g} K is not positive", where=where)
    if len(set(ordered)) < len(ordered):
        raise ConfigError("a temperature is given twice", where=where)
    return ordered


def ladder(centre: float, width: float, count: int) -> list[float]:
    """``count`` equally spaced temperatures over ``width`` K around ``centre``."""
    return [float(value) for value in np.linspace(centre - width / 2, centre + width / 2, count)]
