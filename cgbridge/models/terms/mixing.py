"""Mixing rules: values of a pair of unlike beads, made of those of the two pairs of like beads.

``lorentz-berthelot``: energies have the geometric mean, all others (sigma, cutoff, exponents) the arithmetic
one; LAMMPS calls it ``mix arithmetic``, GROMACS combination rule 2. ``geometric``: all have the geometric
mean; LAMMPS's ``mix geometric``, GROMACS's combination rule 3.

Sources: H. A. Lorentz, Ann. Phys. 248, 127 (1881), doi:10.1002/andp.18812480110; D. Berthelot, C. R. Acad.
Sci. 126, 1703 (1898)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations

from cgbridge.records.parameter import Parameter
from cgbridge.units import parse_unit

_ENERGY = parse_unit("kJ/mol").dimension


def _arithmetic(x: float, y: float) -> float:
    return 0.5 * (x + y)


def _geometric(x: float, y: float) -> float:
    return math.sqrt(x * y) if x * y >= 0.0 else math.nan


#: The mean of what is no energy, by the name of the rule.
RULES: dict[str, Callable[[float, float], float]] = {
    "lorentz-berthelot": _arithmetic,
    "geometric": _geometric,
}


def mixed_values(
    rule: str, parameters: Sequence[Parameter], one: Mapping[str, float], other: Mapping[str, float]
) -> dict[str, float]:
    """The values of an unlike pair, in the units of ``parameters``; nan where a mean does not exist."""
    return {
        p.name: (_geometric if parse_unit(p.unit).dimension == _ENERGY else RULES[rule])(
            one[p.name], other[p.name]
        )
        for p in parameters
        if p.name in one and p.name in other
    }


def unlike_pairs(
    beads: Sequence[str], given: Mapping[tuple[str, ...], object]
) -> Iterator[tuple[tuple[str, str], bool]]:
    """The pairs of different ``beads`` that are not ``given``, and whether both their like pairs are."""
    for one, other in combinations(beads, 2):
        if (one, other) not in given and (other, one) not in given:
            yield (min(one, other), max(one, other)), (one, one) in given and (other, other) in given
