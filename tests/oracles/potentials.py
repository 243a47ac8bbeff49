"""Potentials that the plugin and LAMMPS are both given, in LAMMPS "metal" units (eV, Angstrom).

A potential maps an ordered triplet of type numbers to a row of a LAMMPS potential file without its
element names.  One-element rows are published; the mixtures of Tersoff, Phys. Rev. B 39, 5566
(1989), doi:10.1103/PhysRevB.39.5566, follow from its mixing rules.  Published mixtures repeat values
in many triplets and would hide a value read from the wrong one, so for three types of each form
there is also an invented potential in which all values that may differ do.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

Row = tuple[float, ...]


@dataclass(frozen=True)
class Potential:
    name: str
    form: str  # "tersoff" or "sw"
    n_types: int
    rows: dict[tuple[int, int, int], Row]
    spacing: float
    """Typical distance of neighbours / Angstrom; the boxes are filled accordingly."""

    @property
    def cutoff(self) -> float:
        """Largest distance of interaction / Angstrom, without tol."""
        if self.form == "tersoff":
            return max(row[10] + row[11] for row in self.rows.values())
        return max(row[1] * row[2] for row in self.rows.values())


def _one(name: str, form: str, row: Row, spacing: float) -> Potential:
    return Potential(name, form, 1, {(0, 0, 0): row}, spacing)


# m gamma lambda3 c d cosTheta0 n beta lambda2 B R D lambda1 A
ML_BOP: Row = (1, 1, 0, 77638.534354, 16.148387, -0.471029, 0.770018, 1e-6, 2.199640, 473.621419,
               3.282761, 0.270511, 2.750522, 1684.301476)  # fmt: skip
# Tersoff 1988, doi:10.1103/PhysRevB.37.6991: m = 3, lambda3 > 0 and a large n.
SILICON_1988: Row = (3, 1, 1.3258, 4.8381, 2.0417, 0.0, 22.956, 0.33675, 1.3258, 95.373,
                     3.0, 0.2, 3.2394, 3264.7)  # fmt: skip
# epsilon sigma a lambda gamma cosTheta0 A B p q tol
MW: Row = (6.189 * 4.184 / 96.48533212331, 2.3925, 1.80, 23.15, 1.20, -1 / 3,
           7.049556277, 0.6022245584, 4, 0, 0)  # fmt: skip
ML_MW: Row = (0.297284, 1.884015, 2.124872, 24.673877, 1.207943, -0.279667,
              7.111598, 1.991526, 4.011214, 0, 0)  # fmt: skip
# Stillinger and Weber 1985, doi:10.1103/PhysRevB.31.5262.
SILICON_1985: Row = (2.1683, 2.0951, 1.80, 21.0, 1.20, -1 / 3, 7.049556277, 0.6022245584, 4, 0, 0)

# A B lambda mu beta n c d h R S of Si, C, Ge
_TERSOFF_1989 = (
    (1830.8, 471.18, 2.4799, 1.7322, 1.1000e-6, 0.78734, 1.0039e5, 16.217, -0.59825, 2.7, 3.0),
    (1393.6, 346.74, 3.4879, 2.2119, 1.5724e-7, 0.72751, 3.8049e4, 4.3484, -0.57058, 1.8, 2.1),
    (1769.0, 419.23, 2.4451, 1.7047, 9.0166e-7, 0.75627, 1.0643e5, 15.652, -0.43884, 2.8, 3.1),
)
_CHI_1989 = {(0, 1): 0.9776, (0, 2): 1.00061, (1, 2): 1.0}


def _tersoff_1989(elements: tuple[int, ...], name: str, spacing: float) -> Potential:
    rows = {}
    for i, j, k in itertools.product(range(len(elements)), repeat=3):
        e = [_TERSOFF_1989[elements[t]] for t in (i, j, k)]
        pair = tuple(sorted((elements[i], elements[j])))
        chi = 1.0 if i == j else _CHI_1989[pair]
        inner, outer = (float(np.sqrt(e[0][column] * e[2][column])) for column in (9, 10))
        rows[i, j, k] = (
            3, 1, 0, e[0][6], e[0][7], e[0][8], e[0][5], e[0][4], (e[0][3] + e[1][3]) / 2,
            chi * float(np.sqrt(e[0][1] * e[1][1])), (inner + outer) / 2, (outer - inner) / 2,
            (e[0][2] + e[1][2]) / 2, float(np.sqrt(e[0][0] * e[1][0])),
        )  # fmt: skip
    return Potential(name, "tersoff", len(elements), rows, spacing)


def _invented_tersoff() -> Potential:
    random = np.random.default_rng(7)
    vary = lambda value: float(value * random.uniform(0.85, 1.15))  # noqa: E731
    # LAMMPS evaluates the repulsion of a pair from either partner, so (i,j,j) and (j,i,i) share it.
    repulsion = {}
    for pair in itertools.combinations_with_replacement(range(3), 2):
        repulsion[pair] = (vary(2.9), vary(0.2), vary(3.0), vary(1800.0))
    rows = {}
    for i, j, k in itertools.product(range(3), repeat=3):
        if j == k:
            middle, width, lambda1, a = repulsion[tuple(sorted((i, j)))]
        else:
            middle, width, lambda1, a = vary(2.9), vary(0.2), vary(3.0), vary(1800.0)
        rows[i, j, k] = (
            1 if (i + j + k) % 2 else 3, vary(0.8), vary(1.0), vary(20.0), vary(3.0), vary(-0.4), vary(0.8),
            vary(0.1), vary(1.8), vary(400.0), middle, width, lambda1, a,
        )  # fmt: skip
    return Potential("invented, 3 types", "tersoff", 3, rows, 2.5)


def _invented_sw(n_types: int, tol: float) -> Potential:
    random = np.random.default_rng(11 + n_types)
    vary = lambda value: float(value * random.uniform(0.9, 1.1))  # noqa: E731
    rows = {}
    for i, j, k in itertools.product(range(n_types), repeat=3):
        rows[i, j, k] = (
            vary(0.3), vary(2.2), vary(1.85), vary(23.0), vary(1.1), vary(-0.33),
            vary(7.0), vary(0.8), vary(4.0), vary(0.5), tol,
        )  # fmt: skip
    for i, j, k in itertools.product(range(n_types), repeat=3):
        if j == k and j < i:  # the two-body values of a pair belong to both partners
            rows[i, j, j] = rows[j, i, i]
        elif j > k:  # as do those of an angle to both of its ends
            rows[i, j, k] = rows[i, k, j]
    return Potential(f"invented, {n_types} types, tol {tol}", "sw", n_types, rows, 2.6)


TERSOFF = (
    _one("ML-BOP", "tersoff", ML_BOP, 2.75),
    _one("Si 1988", "tersoff", SILICON_1988, 2.4),
    _tersoff_1989((0, 1), "SiC 1989", 2.1),
    _tersoff_1989((0, 1, 2), "SiCGe 1989", 2.3),
    _invented_tersoff(),
)
STILLINGER_WEBER = (
    _one("mW", "sw", MW, 2.75),
    _one("ML-mW", "sw", ML_MW, 2.75),
    _one("Si 1985", "sw", SILICON_1985, 2.4),
    _invented_sw(2, 0.0),
    _invented_sw(3, 0.0),
    _invented_sw(3, 0.005),
)
