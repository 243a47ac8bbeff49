"""Mie form, also called n-m: u(r) = C epsilon [(sigma/r)^n - (sigma/r)^m].

C = n/(n - m) (n/m)^(m/(n - m)) makes -epsilon the minimum; n = 12, m = 6 is Lennard-Jones.

Source: G. Mie, Ann. Phys. 316, 657 (1903), doi:10.1002/andp.19033160802
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from cgbridge.frames import FloatArray
from cgbridge.models.terms.form import Values
from cgbridge.models.terms.pair import CUTOFF, PairForm, pair_constraints
from cgbridge.records.parameter import Parameter


class Mie(PairForm):
    """u(r) = C epsilon [(sigma/r)^n - (sigma/r)^m], C = n/(n - m) (n/m)^(m/(n - m))."""

    name: ClassVar[str] = "mie"
    label: ClassVar[str] = "mie"
    mixes: ClassVar[bool] = True
    expression: ClassVar[str] = "n/(n - m)*(n/m)^(m/(n - m))*epsilon*((sigma/r)^n - (sigma/r)^m)"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("epsilon", "eV", symbol="ε", meaning="depth"),
        Parameter("sigma", "A", symbol="σ", meaning="distance at which the energy is zero"),
        Parameter("n", "1", symbol="n", meaning="exponent of the repulsion"),
        Parameter("m", "1", symbol="m", meaning="exponent of the attraction"),
        CUTOFF,
    )

    def constraints(self, values: Values) -> Sequence[tuple[str, bool]]:
        v = values
        return pair_constraints(
            v,
            ("epsilon >= 0", v.get("epsilon", 0.0) >= 0),
            ("sigma > 0", v.get("sigma", 1.0) > 0),
            ("n > m > 0", v.get("n", 2.0) > v.get("m", 1.0) > 0),
        )

    def energy(self, values: Values, distance: FloatArray) -> FloatArray:
        n, m, x = values["n"], values["m"], values["sigma"] / distance
        prefactor = n / (n - m) * (n / m) ** (m / (n - m))
        found: FloatArray = prefactor * values["epsilon"] * (x**n - x**m)
        return found
