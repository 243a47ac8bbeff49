"""How many beads a box needs so that no bead sees its own image."""

from __future__ import annotations

import math

from cgbridge.units import AMU_PER_NM3

#: Start density of a liquid in g/cm^3; the barostat finds the right one.
START_DENSITY = 0.95
#: Room left above twice the cutoff, for thermal breathing of the box.
MARGIN = 1.08


def liquid_edge(beads: int, mass: float, density: float) -> float:
    """Edge in nm of the cube that holds ``beads`` beads of ``mass`` amu at ``density`` g/cm^3."""
    return float((beads * mass * AMU_PER_NM3 / density) ** (1 / 3))


def least_liquid_beads(cutoff: float, mass: float, density: float, *, cutoffs: float = 2.0) -> int:
    """Smallest number of beads whose cube is at least ``cutoffs`` times ``cutoff`` (nm) wide."""
    return math.ceil((cutoffs * cutoff) ** 3 * density / (mass * AMU_PER_NM3) - 1e-9)
