"""Lennard-Jones form: u(r) = 4 epsilon [(sigma/r)^12 - (sigma/r)^6]."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from cgbridge.frames import FloatArray
from cgbridge.models.terms.form import Values
from cgbridge.models.terms.pair import CUTOFF, PairForm, pair_constraints
from cgbridge.records.parameter import Parameter


class LennardJones(PairForm):
    """u(r) = 4 epsilon [(sigma/r)^12 - (sigma/r)^6]; the minimum -epsilon lies at 2^(1/6) sigma."""

    name: ClassVar[str] = "lennard-jones"
    label: ClassVar[str] = "lj"
    mixes: ClassVar[bool] = True
    expression: ClassVar[str] = "4*epsilon*((sigma/r)^12 - (sigma/r)^6)"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("epsilon", "eV", symbol="ε", meaning="depth"),
        Parameter("sigma", "A", symbol="σ", meaning="distance at which the energy is zero"),
        CUTOFF,
    )

    def constraints(self, values: Values) -> Sequence[tuple[str, bool]]:
        v = values
        return pair_constraints(
            v, ("epsilon >= 0", v.get("epsilon", 0.0) >= 0), ("sigma > 0", v.get("sigma", 1.0) > 0)
        )

    def energy(self, values: Values, distance: FloatArray) -> FloatArray:
        attraction: FloatArray = (values["sigma"] / distance) ** 6
        return 4.0 * values["epsilon"] * attraction * (attraction - 1.0)
