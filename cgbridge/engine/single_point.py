"""Energy, forces and virial of one structure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cgbridge.engine.bead_names import bead_names
from cgbridge.engine.skewed_boxes import keep_all_pairs
from cgbridge.engine.term_energies import TermEnergies
from cgbridge.engine.virial import Virial
from cgbridge.errors import SimulationError
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.openmm_faults import openmm_faults
from cgbridge.models.typed_beads import TypedBeads
from cgbridge.structures.cells import Placement, place
from cgbridge.structures.structure_files import Reading, Structure, read_structure
from cgbridge.units import BAR_NM3


def single_point(
    model: TypedBeads,
    structure: Path,
    platform: str = "Reference",
    *,
    reading: Reading | None = None,
) -> dict[str, Any]:
    """Evaluate ``model`` on a structure file; ``reading`` tells which frame and what its names mean.

    Returns ``energy_kj_mol``, ``forces_kj_mol_nm`` (N x 3), ``virial_kj_mol`` (3 x 3,
    W_ab = sum r_a f_b over pairs and triplets), ``pressure_bar`` (the potential part tr W / 3V at 0 K,
    None unless periodic in three directions), ``platform`` and ``notes`` of what was taken; of a model of
    several terms also ``terms``, the energy of each in kJ/mol by its name. All are of the beads of the file,
    in the frame of the file, also where its cell had to be turned or repeated.

    Raises :class:`SimulationError` for an unknown platform, or beads so close that energy or forces are no
    numbers, :class:`~cgbridge.errors.FileFormatError` for a structure that cannot be read and
    :class:`~cgbridge.errors.ConfigError` for names that the model does not have.
    """
    return evaluate_structure(model, read_structure(structure, reading), platform)


def evaluate_structure(model: TypedBeads, structure: Structure, platform: str) -> dict[str, Any]:
    """The same for a structure in memory."""
    import openmm

    names, notes = bead_names(model, structure)
    # Of a file of many elements only those of the structure count.
    model = model.restricted(set(names))
    placed = place(replace(structure, names=names), model.cutoff, repeat=True)
    # Energies need no masses, and OpenMM none that mean anything.
    system = model.create_system(placed.names, placed.box, masses=np.ones(len(placed.names)))
    try:
        chosen = openmm.Platform.getPlatformByName(platform)
    except openmm.OpenMMException:
        known = [openmm.Platform.getPlatform(i).getName() for i in range(openmm.Platform.getNumPlatforms())]
        raise SimulationError(
            f"OpenMM has no platform '{platform}'", remedy="available here: " + ", ".join(known)
        ) from None
    if platform == "Reference":
        keep_all_pairs(system)
    terms = TermEnergies(model, system)
    with openmm_faults("energy", model.bead_names):
        context = openmm.Context(system, openmm.VerletIntegrator(0.001), chosen)
        context.setPositions(placed.positions)
        state = context.getState(energy=True, forces=True)
        virial = Virial(context).tensor()
        shares = terms.of(context)
    energy = float(state.getPotentialEnergy()._value)
    forces = np.asarray(state.getForces(asNumpy=True)._value, dtype=float)
    if not (np.isfinite(energy) and np.isfinite(forces).all() and np.isfinite(virial).all()):
        raise _not_numbers(placed)
    beads = len(structure.names)
    pressure = None
    if placed.box is not None and all(structure.periodic):
        pressure = float(np.trace(virial) / 3.0 / np.prod(np.diag(placed.box)) / BAR_NM3)
    return {
        "energy_kj_mol": energy / placed.copies,
        **({"terms": {name: share / placed.copies for name, share in shares.items()}} if shares else {}),
        "forces_kj_mol_nm": placed.vectors_of_file(forces[:beads]).tolist(),
        "virial_kj_mol": (placed.tensor_of_file(virial) / placed.copies).tolist(),
        "pressure_bar": pressure,
        "platform": platform,
        "notes": [*structure.notes, *notes, *placed.notes, *terms.notes, *_below_tables(model, placed)],
    }


def _below_tables(model: TypedBeads, placed: Placement) -> Iterator[str]:
    """Pairs nearer than the first point of their table, whose energy is that of a straight line."""
    tables = {
        frozenset(key): table.distance[0]
        for term in (model.terms if isinstance(model, CoarseGrainedModel) else ())
        for key, table in term.tables.items()
    }
    if not tables:
        return
    names, bonded = np.array(placed.names), set(model.topology(placed.names).exclusions)
    near: Counter[frozenset[str]] = Counter()
    for bead, place_of in enumerate(placed.positions):
        apart = placed.positions[:bead] - place_of
        if placed.box is not None:
            # Far below half the box, so that the nearest image in fractions is the nearest.
            apart = apart - np.round(apart @ np.linalg.inv(placed.box)) @ placed.box
        distance = np.linalg.norm(apart, axis=1)
        for pair, first in tables.items():
            if names[bead] in pair:
                (other,) = pair - {names[bead]} or pair
                close = np.flatnonzero((distance < first) & (names[:bead] == other))
                near[pair] += sum((int(index), bead) not in bonded for index in close)
    for pair, count in near.items():
        if count:
            yield (
                f"{count} pair{'s' * (count != 1)} of {' and '.join(sorted(pair))} below the first point of "
                f"the table ({tables[pair]:g} nm): the energy goes on there along the tangent"
            )


def _not_numbers(structure: Placement) -> SimulationError:
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
