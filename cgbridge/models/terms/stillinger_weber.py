"""Stillinger-Weber form in LAMMPS's convention (``pair_style sw``).

E = sum_{i<j} phi2(r_ij) + sum_i sum_{j<k} phi3(r_ij, r_ik, theta_jik)

phi2(r) = A epsilon [B (sigma/r)^p - (sigma/r)^q] exp(sigma/(r - a sigma))
phi3 = lambda epsilon (cos theta - costheta0)^2 exp(gamma sigma/(r_ij - a sigma))
                                                exp(gamma sigma/(r_ik - a sigma))

Source: F. H. Stillinger and T. A. Weber, Phys. Rev. B 31, 5262 (1985), doi:10.1103/PhysRevB.31.5262;
https://docs.lammps.org/pair_sw.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from cgbridge.frames import FloatArray
from cgbridge.models.terms.form import (
    EQUAL,
    Disagreement,
    IndexedEntries,
    Values,
    relative_difference,
)
from cgbridge.models.terms.many_body import ManyBodyForm
from cgbridge.records.parameter import Parameter

if TYPE_CHECKING:
    from cgbridge.openmm import TripletForce


class StillingerWeber(ManyBodyForm):
    """Stillinger-Weber form; eleven parameters per triplet in LAMMPS's column order."""

    name: ClassVar[str] = "stillinger-weber"
    label: ClassVar[str] = "sw"
    suffix: ClassVar[str] = ".sw"
    pair_style: ClassVar[str] = "sw"
    reach: ClassVar[frozenset[str]] = frozenset({"sigma", "a"})
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("epsilon", "eV", symbol="ε", meaning="energy scale"),
        Parameter("sigma", "A", symbol="σ", meaning="length scale"),
        Parameter("a", "1", symbol="a", meaning="cutoff in units of sigma"),
        Parameter("lambda", "1", symbol="λ", meaning="strength of the three-body term"),
        Parameter("gamma", "1", symbol="γ", meaning="decay of the three-body term"),
        Parameter("costheta0", "1", symbol="cos θ₀", meaning="cosine of the favoured angle"),
        Parameter("A", "1", symbol="A", meaning="strength of the two-body term"),
        Parameter("B", "1", symbol="B", meaning="repulsion relative to attraction"),
        Parameter("p", "1", symbol="p", meaning="exponent of the repulsion"),
        Parameter("q", "1", symbol="q", meaning="exponent of the attraction"),
        Parameter(
            "tol",
            "1",
            value=0.0,
            symbol="tol",
            meaning="LAMMPS's cutoff shift by energy tolerance; 0 for none",
        ),
    )

    def constraints(self, values: Values) -> Sequence[tuple[str, bool]]:
        v = values
        rules = [
            (f"{name} >= 0", v[name] >= 0)
            for name in ("sigma", "a", "epsilon", "lambda", "gamma", "A", "B", "q", "tol")
        ]
        # Otherwise the attraction wins at short distances, and the beads fall into each other.
        bounded = v["p"] > v["q"] or (v["p"] == v["q"] and v["B"] >= 1)
        return [*rules, ("p > q >= 0, or p = q where B >= 1", bounded)]

    def in_use(self, entries: IndexedEntries, key: tuple[int, ...]) -> frozenset[str]:
        i, j, k = key
        values = entries[key]
        if j != k:
            legs = (entries.get((i, j, j)), entries.get((i, k, k)))
            meet = all(leg is not None and self.cutoff(leg) != 0 for leg in legs)
            return frozenset({"epsilon", "lambda", "costheta0"}) if meet else frozenset()
        if self.cutoff(values) == 0:
            return self.reach
        used = self.reach | {"epsilon", "lambda", "gamma", "costheta0", "A", "tol"}
        return used | {"B", "p", "q"} if values["A"] * values["epsilon"] != 0 else used

    def disagreements(self, entries: IndexedEntries) -> Sequence[Disagreement]:
        found = []
        for (i, j, k), values in entries.items():
            if j == k and i < j and (other := entries.get((j, i, i))) is not None:
                pair = {
                    name: relative_difference(x, _pair_terms(other)[name])
                    for name, x in _pair_terms(values).items()
                }
                found += [
                    Disagreement((i, j, j), (j, i, i), name, relative, ordered=False)
                    for name, relative in pair.items()
                    if relative > EQUAL
                ]
            if j < k and (other := entries.get((i, k, j))) is not None and self.in_use(entries, (i, j, k)):
                strength = relative_difference(
                    values["lambda"] * values["epsilon"], other["lambda"] * other["epsilon"]
                )
                cosine = abs(values["costheta0"] - other["costheta0"]) if values["lambda"] else 0.0
                found += [
                    Disagreement((i, j, k), (i, k, j), name, relative, ordered=True)
                    for name, relative in (("lambda*epsilon", strength), ("costheta0", cosine))
                    if relative > EQUAL
                ]
        return found

    def cutoff(self, values: Values) -> float:
        """a sigma in nm."""
        return values["a"] * values["sigma"]

    def _decay(self, values: Values, distance: FloatArray, strength: float) -> FloatArray:
        """exp(strength sigma/(r - a sigma)), zero from the cutoff on."""
        gap = distance - self.cutoff(values)
        inside = gap < 0
        safe = np.where(inside, gap, -1.0)
        return np.where(inside, np.exp(strength * values["sigma"] / safe), 0.0)

    def dimer_energy(self, values: Values, distance: FloatArray) -> FloatArray:
        """phi2(r): an isolated pair has no three-body term."""
        distance = np.asarray(distance, dtype=np.float64)
        x = values["sigma"] / distance
        radial = values["B"] * x ** values["p"] - x ** values["q"]
        return values["A"] * values["epsilon"] * radial * self._decay(values, distance, 1.0)

    def diamond_energy(self, values: Values, bond: FloatArray) -> FloatArray:
        """2 phi2 + 6 phi3 per bead: two bonds and six angles with cos = -1/3."""
        bond = np.asarray(bond, dtype=np.float64)
        angular = values["lambda"] * values["epsilon"] * (-1.0 / 3.0 - values["costheta0"]) ** 2
        three_body = angular * self._decay(values, bond, 2.0 * values["gamma"])
        return 2.0 * self.dimer_energy(values, bond) + 6.0 * three_body

    def new_force(self, types: int, replicas: int = 1) -> TripletForce:
        from cgbridge.openmm import StillingerWeberForce

        return StillingerWeberForce(types, replicas)


def _pair_terms(values: Values) -> dict[str, float]:
    """What the pair energy is made of; where it is zero, nothing."""
    cutoff, strength = values["a"] * values["sigma"], values["A"] * values["epsilon"]
    if cutoff == 0 or strength == 0:
        return {"A*epsilon": 0.0, "sigma": 0.0, "a": 0.0, "B": 0.0, "p": 0.0, "q": 0.0}
    return {"A*epsilon": strength} | {name: values[name] for name in ("sigma", "a", "B", "p", "q")}
