"""OpenMM's Reference platform in skewed boxes.

Its neighbour list (of 8.6.1) loses pairs in skewed boxes of few cutoffs: up to a tenth of a per cent of the
energy where the tilts have different signs (tests/oracles/test_terms_lammps.py). Interaction groups go over
all pairs instead. The plugin's own forces have lists of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cgbridge.errors import SimulationError

if TYPE_CHECKING:
    import openmm


def keep_all_pairs(system: openmm.System) -> None:
    """Make ``system`` exact on the Reference platform; call before its Context is made.

    Raises :class:`SimulationError` for point charges in a skewed box, for which there is no such way.
    """
    import openmm

    vectors = np.array([list(v._value) for v in system.getDefaultPeriodicBoxVectors()])
    if np.count_nonzero(vectors - np.diag(np.diag(vectors))) == 0:
        return
    everything = range(system.getNumParticles())
    for force in system.getForces():
        if isinstance(force, openmm.NonbondedForce) and force.usesPeriodicBoundaryConditions():
            raise SimulationError(
                "point charges in a skewed box cannot be computed in double precision: OpenMM's Reference "
                "platform loses pairs there",
                remedy="use --platform CPU, or for pressures a box with right angles",
            )
        if isinstance(force, openmm.CustomNonbondedForce) and force.getNumInteractionGroups() == 0:
            force.addInteractionGroup(everything, everything)
