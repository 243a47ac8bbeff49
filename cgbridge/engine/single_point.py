"""Energy, forces and virial of one structure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from cgbridge.engine.structure_files import Structure, read_structure, require_wide
from cgbridge.errors import SimulationError
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.openmm_faults import openmm_faults
from cgbridge.units import BAR_NM3


def single_point(model: CoarseGrainedModel, structure: Path, platform: str = "Reference") -> dict[str, Any]:
    """Evaluate ``model`` on a structure file.

    Returns ``energy_kj_mol``, ``forces_kj_mol_nm`` (N x 3), ``virial_kj_mol`` (3 x 3,
    W_ab = sum r_a f_b over pairs and triplets), ``pressure_bar`` (the potential part tr W / 3V at 0 K,
    None without a box) and ``platform``.

    Raises :class:`SimulationError` for an unknown platform, a box below twice the cutoff, or beads so close
    that energy or forces are no numbers, and :class:`~cgbridge.errors.FileFormatError` for a structure that
    cannot be read.
    """
    content = read_structure(structure)
    # Of a file of many elements only those of the structure count.
    model = model.restricted(set(content.names))
    require_wide(content, model.cutoff, structure)
    return evaluate_structure(model, content, platform)


def evaluate_structure(model: CoarseGrainedModel, structure: Structure, platform: str) -> dict[str, Any]:
    """The same for a structure in memory."""
    import openmm

    # A one-type model takes every particle; names matter only where there is a choice.
    beads = len(structure.names)
    types = beads if len(model.beads) == 1 else structure.names
    # Energies need no masses, and OpenMM none that mean anything.
    system = model.create_system(types, structure.box, masses=np.ones(beads))
    try:
        chosen = openmm.Platform.getPlatformByName(platform)
    except openmm.OpenMMException:
        known = [openmm.Platform.getPlatform(i).getName() for i in range(openmm.Platform.getNumPlatforms())]
        raise SimulationError(
            f"OpenMM has no platform '{platform}'", remedy="available here: " + ", ".join(known)
        ) from None
    with openmm_faults("energy", model.bead_names):
        context = openmm.Context(system, openmm.VerletIntegrator(0.001), chosen)
        context.setPositions(structure.positions)
        state = context.getState(energy=True, forces=True)
        virial = np.reshape(system.getForce(0).getVirial(context), (3, 3))
    energy = float(state.getPotentialEnergy()._value)
    forces = np.asarray(state.getForces(asNumpy=True)._value, dtype=float)
    if not (np.isfinite(energy) and np.isfinite(forces).all() and np.isfinite(virial).all()):
        raise _not_numbers(structure)
    volume = None if structure.box is None else float(abs(np.linalg.det(structure.box)))
    return {
        "energy_kj_mol": energy,
        "forces_kj_mol_nm": forces.tolist(),
        "virial_kj_mol": virial.tolist(),
        "pressure_bar": None if volume is None else float(np.trace(virial) / 3.0 / volume / BAR_NM3),
        "platform": platform,
    }


def _not_numbers(structure: Structure) -> SimulationError:
    """The error that names the closest pair of beads, counted from 1."""
    from scipy.spatial import cKDTree

    positions = structure.positions
    if len(positions) < 2:
        return SimulationError("the energy or a force is not a number", where="energy")
    distances, neighbours = cKDTree(positions).query(positions, k=2)
    # Of equal places the tree may name the bead itself last.
    bead = int(np.argmin(distances[:, 1]))
    other = int(next(number for number in neighbours[bead] if number != bead))
    return SimulationError(
        f"the energy or a force is not a number; the closest beads, {bead + 1} and {other + 1}, are "
        f"{distances[bead, 1]:.3g} nm apart",
        where="energy",
        remedy="move overlapping beads apart; is the structure in the right unit of length?",
    )
