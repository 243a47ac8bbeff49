"""Is a bead where a dense lattice has its sites? The averaged bond order of its neighbourhood.

q_l of Steinhardt, Nelson and Ronchetti (doi:10.1103/PhysRevB.28.784), averaged over a bead and its neighbours
as Lechner and Dellago do (doi:10.1063/1.2977970): in a crystal the neighbours have the same order and
orientation, so that the average stays, and in a liquid it falls. What kinds the beads are plays no part:
rocksalt is a simple cubic lattice here, and cesium chloride a body-centred one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from cgbridge.frames import Frame
from cgbridge.observables.neighbours import freud_box, one_thread

#: A bead counts as crystal above this share of the order of the perfect lattice: thermal crystals have 0.6 of
#: it and more, liquids 0.4 and less.
_SHARE = 0.5


@dataclass(frozen=True)
class _Order:
    """Degree l of the bond order, number of nearest neighbours, and q_l of the perfect lattice."""

    degree: int
    neighbours: int
    perfect: float


#: By the names of the lattices; the second shell of body-centred lattices is hardly farther than the first.
ORDERS: Mapping[str, _Order] = MappingProxyType(
    {
        "rocksalt": _Order(4, 6, 0.7638),
        "cesium-chloride": _Order(6, 14, 0.5107),
        "fcc": _Order(6, 12, 0.5745),
    }
)


def lattice_fraction(frame: Frame, structure: str) -> float:
    """Fraction of beads in [0, 1] whose neighbourhood is that of the lattice ``structure`` of :data:`ORDERS`.

    Raises :class:`~cgbridge.errors.UnstableError` when positions are not finite.
    """
    import freud

    order, box = ORDERS[structure], freud_box(frame)
    with one_thread():
        found = freud.order.Steinhardt(order.degree, average=True).compute(
            (box, box.wrap(frame.positions)), neighbors={"num_neighbors": order.neighbours}
        )
    return float(np.mean(found.particle_order > _SHARE * order.perfect))
