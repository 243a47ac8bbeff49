"""Morse form: u(r) = D [exp(-2 alpha (r - r0)) - 2 exp(-alpha (r - r0))].

Source: P. M. Morse, Phys. Rev. 34, 57 (1929), doi:10.1103/PhysRev.34.57
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from cgbridge.frames import FloatArray
from cgbridge.models.terms.form import Values
from cgbridge.models.terms.pair import CUTOFF, PairForm, pair_constraints
from cgbridge.records.parameter import Parameter


class Morse(PairForm):
    """u(r) = D [exp(-2 alpha (r - r0)) - 2 exp(-alpha (r - r0))]; the minimum -D lies at r0."""

    name: ClassVar[str] = "morse"
    label: ClassVar[str] = "morse"
    expression: ClassVar[str] = "D*(exp(-2*alpha*(r - r0)) - 2*exp(-alpha*(r - r0)))"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("D", "eV", symbol="D", meaning="depth"),
        Parameter("alpha", "1/A", symbol="α", meaning="stiffness"),
        Parameter("r0", "A", symbol="r₀", meaning="distance of the minimum"),
        CUTOFF,
    )

    def constraints(self, values: Values) -> Sequence[tuple[str, bool]]:
        v = values
        return pair_constraints(
            v,
            ("D >= 0", v.get("D", 0.0) >= 0),
            ("alpha > 0", v.get("alpha", 1.0) > 0),
            ("r0 > 0", v.get("r0", 1.0) > 0),
        )

    def energy(self, values: Values, distance: FloatArray) -> FloatArray:
        decay: FloatArray = np.exp(-values["alpha"] * (distance - values["r0"]))
        return values["D"] * decay * (decay - 2.0)
