"""Tersoff bond-order form in LAMMPS's convention (``pair_style tersoff``).

E = 1/2 sum_i sum_{j != i} fC(r_ij) [A exp(-lambda1 r_ij) - b_ij B exp(-lambda2 r_ij)]

b_ij = (1 + beta^n zeta_ij^n)^(-1/(2n))
zeta_ij = sum_{k != i,j} fC(r_ik) g(theta_ijk) exp[(lambda3 (r_ij - r_ik))^m]
g(theta) = gamma (1 + c^2/d^2 - c^2/(d^2 + (cos theta - costheta0)^2))
fC(r) = 1 for r < R - D, 0 for r >= R + D, (1 - sin(pi (r - R)/(2 D)))/2 between.

Source: J. Tersoff, Phys. Rev. B 37, 6991 (1988), doi:10.1103/PhysRevB.37.6991, with the generalised
exponent m and gamma of LAMMPS, https://docs.lammps.org/pair_tersoff.html
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


class Tersoff(ManyBodyForm):
    """Tersoff (bond-order) form; fourteen parameters per triplet in LAMMPS's column order."""

    name: ClassVar[str] = "tersoff"
    label: ClassVar[str] = "tersoff"
    suffix: ClassVar[str] = ".tersoff"
    pair_style: ClassVar[str] = "tersoff"
    reach: ClassVar[frozenset[str]] = frozenset({"R", "D"})
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("m", "1", value=1.0, symbol="m", meaning="exponent of the distance term in zeta, 1 or 3"),
        Parameter("gamma", "1", value=1.0, symbol="γ", meaning="prefactor of the angular function"),
        Parameter("lambda3", "1/A", value=0.0, symbol="λ₃", meaning="decay of the distance term in zeta"),
        Parameter("c", "1", symbol="c", meaning="strength of the angular function"),
        Parameter("d", "1", symbol="d", meaning="sharpness of the angular function"),
        Parameter(
            "costheta0", "1", symbol="cos θ₀", meaning="cosine of the favoured angle (h in the literature)"
        ),
        Parameter("n", "1", symbol="n", meaning="exponent of the bond order"),
        Parameter("beta", "1", symbol="β", meaning="strength of the bond order"),
        Parameter("lambda2", "1/A", symbol="λ₂", meaning="decay of the attraction"),
        Parameter("B", "eV", symbol="B", meaning="attraction"),
        Parameter("R", "A", symbol="R", meaning="middle of the cutoff region"),
        Parameter("D", "A", symbol="D", meaning="half width of the cutoff region"),
        Parameter("lambda1", "1/A", symbol="λ₁", meaning="decay of the repulsion"),
        Parameter("A", "eV", symbol="A", meaning="repulsion"),
    )

    def constraints(self, values: Values) -> Sequence[tuple[str, bool]]:
        v = values
        return [
            ("m is 1 or 3", v["m"] in (1.0, 3.0)),
            ("gamma >= 0", v["gamma"] >= 0),
            ("lambda3 >= 0", v["lambda3"] >= 0),
            ("c >= 0", v["c"] >= 0),
            ("d > 0", v["d"] > 0),
            ("R >= D >= 0", v["R"] >= v["D"] >= 0),
            ("n > 0", v["n"] > 0),
            ("beta >= 0", v["beta"] >= 0),
            ("lambda1 >= 0", v["lambda1"] >= 0),
            ("lambda2 >= 0", v["lambda2"] >= 0),
            ("A >= 0", v["A"] >= 0),
            ("B >= 0", v["B"] >= 0),
        ]

    def in_use(self, entries: IndexedEntries, key: tuple[int, ...]) -> frozenset[str]:
        i, j, k = key
        values, bond = entries[key], entries.get((i, j, j), entries[key])
        if self.cutoff(bond) == 0:
            return self.reach if j == k else frozenset()
        if self.cutoff(values) == 0:
            return self.reach
        used = {"R", "D"}
        weakened = bond["B"] != 0 and bond["beta"] != 0
        if j == k:
            used |= {"A", "lambda1", "B"}
            used |= {"lambda2", "beta"} if bond["B"] != 0 else set()
            used |= {"n"} if weakened else set()
        if weakened:
            # m of 2 would be refused by LAMMPS where lambda3 makes it void, too.
            used |= {"m", "gamma", "lambda3", "c", "costheta0"}
            used |= {"d"} if values["c"] != 0 else set()
        return frozenset(used)

    def disagreements(self, entries: IndexedEntries) -> Sequence[Disagreement]:
        found = []
        for (i, j, k), values in entries.items():
            other = entries.get((j, i, i))
            if j != k or i >= j or other is None:
                continue
            used = self.in_use(entries, (i, j, j)) | self.in_use(entries, (j, i, i))
            for name in ("A", "lambda1", "R", "D"):
                relative = relative_difference(values[name], other[name])
                if name in used and relative > EQUAL:
                    found.append(Disagreement((i, j, j), (j, i, i), name, relative, ordered=False))
        return found

    def cutoff(self, values: Values) -> float:
        """R + D in nm."""
        return values["R"] + values["D"]

    def switch(self, values: Values, distance: FloatArray) -> FloatArray:
        """Cutoff function fC(r) (Eq. 3 of the source); with D = 0 a step, as in LAMMPS 0 at R itself."""
        if values["D"] == 0.0:
            return np.where(distance < values["R"], 1.0, 0.0)
        phase = np.clip((distance - values["R"]) / values["D"], -1.0, 1.0)
        return np.asarray(0.5 * (1.0 - np.sin(0.5 * np.pi * phase)))

    def _bonded(self, values: Values, distance: FloatArray, order: FloatArray | float) -> FloatArray:
        repulsion = values["A"] * np.exp(-values["lambda1"] * distance)
        attraction = values["B"] * np.exp(-values["lambda2"] * distance)
        return self.switch(values, distance) * (repulsion - order * attraction)

    def dimer_energy(self, values: Values, distance: FloatArray) -> FloatArray:
        """fC (A exp(-lambda1 r) - B exp(-lambda2 r)): both centres, bond order 1."""
        return self._bonded(values, np.asarray(distance, dtype=np.float64), 1.0)

    def diamond_energy(self, values: Values, bond: FloatArray) -> FloatArray:
        """2 bonds per bead; three further neighbours of equal length at cos = -1/3 make zeta."""
        bond = np.asarray(bond, dtype=np.float64)
        if values["B"] == 0 or values["beta"] == 0:
            return 2.0 * self._bonded(values, bond, 1.0)
        x2 = (-1.0 / 3.0 - values["costheta0"]) ** 2
        c2, d2 = values["c"] ** 2, values["d"] ** 2
        angular = values["gamma"] * (1.0 + (c2 / d2 - c2 / (d2 + x2) if c2 else 0.0))
        zeta = 3.0 * self.switch(values, bond) * angular
        n = values["n"]
        order = (1.0 + (values["beta"] * zeta) ** n) ** (-0.5 / n)
        return 2.0 * self._bonded(values, bond, order)

    def new_force(self, types: int, replicas: int = 1) -> TripletForce:
        from cgbridge.openmm import TersoffForce

        return TersoffForce(types, replicas)
