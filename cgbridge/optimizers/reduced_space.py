"""Candidates in the units that each brings along: the depth and the distance of its own pair.

Two models that differ by units of energy and length only are one model (``CoarseGrainedModel.rescaled``). In
reduced units they are one point, and what was measured on one of them at T is known for the other at its T.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cgbridge.frames import FloatArray
from cgbridge.optimizers.method import PairScales
from cgbridge.records.parameter import Parameter
from cgbridge.units import GAS_CONSTANT, similarity_factor


@dataclass(frozen=True)
class ReducedPoint:
    """A candidate as its shape, (parameters,), and the units of energy (kJ/mol) and length (nm)."""

    shape: FloatArray
    energy: float
    length: float

    def temperature(self, kelvin: float) -> float:
        """k T over the unit of energy."""
        return GAS_CONSTANT * kelvin / self.energy

    def unit_of(self, unit: str) -> float:
        """What a quantity given in ``unit`` is divided by to be in reduced units (the mass of all is one)."""
        return similarity_factor(unit, self.energy, self.length)


class ReducedSpace:
    """Maps parameter values to reduced points."""

    def __init__(self, parameters: tuple[Parameter, ...], scales: PairScales) -> None:
        self._parameters, self._scales = parameters, scales

    def point(self, values: Mapping[str, float]) -> ReducedPoint | None:
        """The reduced point; parameters that are positive over their range enter by their logarithm.

        None for a candidate whose pair does not bind: it has no units of its own.
        """
        scales = self._scales(values)
        if scales is None:
            return None
        energy, length = scales
        shape = []
        for parameter in self._parameters:
            value = values[parameter.name] / similarity_factor(parameter.unit, energy, length)
            shape.append(math.log(value) if parameter.minimum > 0.0 else value)
        return ReducedPoint(np.array(shape), energy, length)
