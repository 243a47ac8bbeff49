"""OpenMM Systems of models: masses, box and forces."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from cgbridge.errors import ConfigError
from cgbridge.interfaces import Model
from cgbridge.models.openmm_faults import openmm_faults
from cgbridge.structures.box_sizes import require_width
from cgbridge.topology import Topology

if TYPE_CHECKING:
    import openmm


def create_system(
    model: Model, topology: Topology, box: Any = None, *, masses: Iterable[float] | None = None
) -> openmm.System:
    """An OpenMM System of the beads of ``topology`` with masses, box and the forces of ``model``.

    ``box`` is the edge of a cube, three edges, or three box vectors as rows, in nm; None for an isolated
    system without periodic boundaries. ``masses`` in amu replace those of the model. Raises
    :class:`ConfigError` for an unknown mass and :class:`~cgbridge.errors.SimulationError` for a box that is
    narrower than twice the cutoff.
    """
    from openmm import System, Vec3

    system = System()
    for mass in model.masses(topology) if masses is None else masses:
        system.addParticle(float(mass))
    if system.getNumParticles() != len(topology):
        raise ConfigError(f"{system.getNumParticles()} masses were given for {len(topology)} beads")
    if box is not None:
        vectors = np.asarray(box, dtype=float)
        if vectors.ndim < 2:
            vectors = np.diag(np.broadcast_to(vectors, 3))
        if model.cutoff is not None:
            require_width(float(min(np.diag(vectors))), model.cutoff)
        with openmm_faults("the box"):
            system.setDefaultPeriodicBoxVectors(*(Vec3(*map(float, row)) for row in vectors))
    model.add_forces(system, topology, periodic=box is not None)
    return system
