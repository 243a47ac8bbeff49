"""The search space: the unit cube on one side, parameters with units and scales on the other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cgbridge.records.evaluation import Point
from cgbridge.records.parameter import Parameter
from cgbridge.units import similarity_factor


@dataclass(frozen=True)
class SearchSpace:
    """Maps u in [0, 1]^d to parameters: p = min + u (max - min), or log p likewise on a log scale."""

    parameters: tuple[Parameter, ...]

    @property
    def dimension(self) -> int:
        return len(self.parameters)

    def decode(self, point: Sequence[float]) -> dict[str, float]:
        """Unit cube -> parameter values in their own units."""
        values = {}
        for parameter, u in zip(self.parameters, point, strict=True):
            low, high = parameter.minimum, parameter.maximum
            if parameter.scale == "log":
                # A log range may be negative as a whole; the magnitude is what is scaled.
                sign = math.copysign(1.0, low)
                value = sign * math.exp(math.log(abs(low)) + u * (math.log(abs(high)) - math.log(abs(low))))
            else:
                value = low + u * (high - low)
            values[parameter.name] = min(max(value, low), high)
        return values

    def encode(self, values: Mapping[str, float]) -> Point:
        """Parameter values -> unit cube, the inverse of :meth:`decode` to rounding.

        A value outside its range is moved to the bound.
        """
        point = []
        for parameter in self.parameters:
            low, high = parameter.minimum, parameter.maximum
            # Into the range first: outside a log range lie values that have no logarithm, or another sign.
            value = min(max(values[parameter.name], low), high)
            if parameter.scale == "log":
                u = (math.log(abs(value)) - math.log(abs(low))) / (math.log(abs(high)) - math.log(abs(low)))
            else:
                u = (value - low) / (high - low)
            point.append(min(max(u, 0.0), 1.0))
        return tuple(point)

    def rescaled(self, point: Sequence[float], energy: float, length: float) -> Point:
        """The point with the energies and lengths of ``point`` times two factors, as far as the ranges go.

        A parameter of dimension energy^a length^b is multiplied by energy^a length^b (the decay constant of a
        potential, 1/length, by 1/length). At zero pressure such a model is the old one in other units: its
        temperatures are multiplied by ``energy``, its densities by length^-3, and its energies by ``energy``.
        """
        values = self.decode(point)
        for parameter in self.parameters:
            values[parameter.name] *= similarity_factor(parameter.unit, energy, length)
        return self.encode(values)
