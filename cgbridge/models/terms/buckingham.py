"""Buckingham (exp-6) form: u(r) = A exp(-r/rho) - C/r^6.

At short distances the attraction wins and the energy falls without bound, as it does in LAMMPS's
``pair_style buck``; MD stays outside as long as the barrier is high.

Source: R. A. Buckingham, Proc. R. Soc. Lond. A 168, 264 (1938), doi:10.1098/rspa.1938.0173
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from cgbridge.frames import FloatArray
from cgbridge.models.terms.form import Values
from cgbridge.models.terms.pair import CUTOFF, PairForm, pair_constraints
from cgbridge.records.parameter import Parameter


class Buckingham(PairForm):
    """u(r) = A exp(-r/rho) - C/r^6."""

    name: ClassVar[str] = "buckingham"
    label: ClassVar[str] = "buckingham"
    expression: ClassVar[str] = "A*exp(-r/rho) - C/r^6"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("A", "eV", symbol="A", meaning="repulsion"),
        Parameter("rho", "A", symbol="ρ", meaning="decay length of the repulsion"),
        Parameter("C", "eV*A^6", symbol="C", meaning="attraction"),
        CUTOFF,
    )

    def constraints(self, values: Values) -> Sequence[tuple[str, bool]]:
        v = values
        return pair_constraints(
            v,
            ("A >= 0", v.get("A", 0.0) >= 0),
            ("rho > 0", v.get("rho", 1.0) > 0),
            ("C >= 0", v.get("C", 0.0) >= 0),
        )

    def energy(self, values: Values, distance: FloatArray) -> FloatArray:
        repulsion: FloatArray = values["A"] * np.exp(-distance / values["rho"])
        return repulsion - values["C"] / distance**6
