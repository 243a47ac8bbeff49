"""A mapping on the atoms of one system: matrices from atoms to beads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from cgbridge.atoms import Atoms
from cgbridge.errors import FileFormatError
from cgbridge.frames import FloatArray, Frame
from cgbridge.mapping.whole import Whole
from cgbridge.topology import Topology

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True)
class MappingOperator:
    """Beads of given atoms: R = C r, F = B f.

    ``positions`` C (beads, atoms) has rows that sum to 1, ``forces`` is B: the weights that the mapping gives
    (``own_forces``), else 1 for the atoms that a bead takes its position from; force maps with more thought
    are in :mod:`cgbridge.mapping.force_maps`. ``masses`` are in amu; together they are those of the atoms
    that are in a bead, unless the mapping gives others. ``unmapped`` are the atoms in no bead. ``topology``
    has the beads, bonded where their atoms are. Atoms that one bead joins are in one molecule of ``atoms``.
    ``notes`` say what was taken.
    """

    atoms: Atoms
    positions: csr_array
    forces: csr_array
    topology: Topology
    masses: tuple[float, ...]
    unmapped: tuple[int, ...]
    own_forces: bool = False
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.topology)

    def apply(self, frame: Frame) -> Frame:
        """The beads of a frame: molecules are made whole first, and forces mapped where there are some.

        Beads may lie outside of the box, and those of one molecule are in one piece. Raises
        :class:`~cgbridge.errors.FileFormatError` for a frame of other atoms.
        """
        return Frame(
            positions=self.positions @ self.whole(frame),
            box=frame.box,
            time=frame.time,
            forces=None if frame.forces is None else self.forces @ frame.forces,
            velocities=None if frame.velocities is None else self.positions @ frame.velocities,
            types=self.topology.types,
            energy=frame.energy,
            pressure=frame.pressure,
        )

    def whole(self, frame: Frame) -> FloatArray:
        """The positions of the atoms, every molecule in one piece; raises as :meth:`apply` does."""
        if len(frame.positions) != len(self.atoms):
            raise FileFormatError(
                f"the frame has {len(frame.positions)} atoms, and the topology {len(self.atoms)}",
                remedy="give the topology of this trajectory",
            )
        return self._whole(np.asarray(frame.positions, dtype=np.float64), frame.box)

    @cached_property
    def _whole(self) -> Whole:
        return Whole(self.atoms)
