"""How wide a box is at the start, and how many beads it needs so that no bead sees its own image."""

from __future__ import annotations

import math

from cgbridge.errors import SimulationError
from cgbridge.units import AMU_PER_NM3

#: Start densities of liquids are this one in g/cm^3, close to water's, times a whole power of the step. A
#: liquid forgets what it started from within the melt and the equilibration, so that the nearest of these is
#: as good as the best guess, and states that differ a little start alike.
_ROUND_DENSITY, _STEP = 0.95, 1.25
#: Room left above twice the cutoff, for thermal breathing of the box.
MARGIN = 1.08
#: Room left above twice the distance that is looked at: the volume of a box of some hundred beads fluctuates
#: by a percent or two.
BREATHING = 1.02


def require_width(
    width: float, cutoff: float, *, where: str | None = None, remedy: str = "use more beads"
) -> None:
    """Raise :class:`SimulationError` for a periodic box narrower than twice the cutoff, both in nm.

    A bead in a narrower one would have to feel two images of another. The width is the smallest diagonal
    element of box vectors in OpenMM's form.
    """
    if width < 2.0 * cutoff:
        raise SimulationError(
            f"the box ({width:.3f} nm) is narrower than twice the cutoff ({2.0 * cutoff:.3f} nm)",
            where=where,
            remedy=remedy,
        )


def start_density(expected: float) -> float:
    """Density in g/cm^3 at which a liquid starts that is expected to have ``expected`` g/cm^3.

    Within 12 % of it; the barostat does the rest.
    """
    return float(_ROUND_DENSITY * _STEP ** round(math.log(expected / _ROUND_DENSITY, _STEP)))


def liquid_edge(beads: int, mass: float, density: float) -> float:
    """Edge in nm of the cube that holds ``beads`` beads of ``mass`` amu at ``density`` g/cm^3."""
    return float((beads * mass * AMU_PER_NM3 / density) ** (1 / 3))


def least_liquid_beads(cutoff: float, mass: float, density: float, *, cutoffs: float = 2.0) -> int:
    """Smallest number of beads whose cube is at least ``cutoffs`` times ``cutoff`` (nm) wide."""
    return math.ceil((cutoffs * cutoff) ** 3 * density / (mass * AMU_PER_NM3) - 1e-9)
