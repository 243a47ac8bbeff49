"""A model as a serialized OpenMM System, for use in a user's own scripts."""

from __future__ import annotations

from pathlib import Path

from cgbridge.models.model import CoarseGrainedModel

#: Density of the box written, in beads per nm^3: that of liquid water (0.997 g/cm^3).
_BEADS_PER_NM3 = 33.3


def write_system(model: CoarseGrainedModel, path: Path, beads: int) -> None:
    """Write ``system.xml`` for a cubic periodic box of ``beads`` beads, at least twice the cutoff wide.

    The bead types take turns.

    Load it with ``import cgbridge.openmm`` and ``openmm.XmlSerializer.deserialize``; the box and the
    number of beads are meant to be replaced by the user's own.
    """
    from openmm import XmlSerializer

    edge = max((beads / _BEADS_PER_NM3) ** (1 / 3), 2.0 * model.cutoff)
    types = [number % len(model.beads) for number in range(beads)]
    path.write_text(XmlSerializer.serialize(model.create_system(types, edge)), encoding="utf-8")
