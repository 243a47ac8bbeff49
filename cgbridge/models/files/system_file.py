"""A model as a serialized OpenMM System, for use in a user's own scripts."""

from __future__ import annotations

import math
from pathlib import Path

from cgbridge.models.typed_beads import TypedBeads
from cgbridge.topology import Topology, joined

#: Density of the box written, in beads per nm^3: that of liquid water (0.997 g/cm^3).
_BEADS_PER_NM3 = 33.3


def write_system(model: TypedBeads, path: Path, beads: int) -> None:
    """Write ``system.xml`` for a cubic periodic box of about ``beads`` beads, at least twice the cutoff wide.

    The kinds of molecules take turns, or else the bead types.

    Load it with ``import cgbridge.openmm`` and ``openmm.XmlSerializer.deserialize``; the box and the
    number of beads are meant to be replaced by the user's own.
    """
    from openmm import XmlSerializer

    kinds = [m.topology for m in model.molecules] or [Topology((name,)) for name in model.bead_names]
    one_of_each = joined(kinds)
    topology = one_of_each.repeated(math.ceil(beads / len(one_of_each)))
    edge = max((beads / _BEADS_PER_NM3) ** (1 / 3), 2.0 * model.cutoff)
    path.write_text(XmlSerializer.serialize(model.create_system(topology, edge)), encoding="utf-8")
