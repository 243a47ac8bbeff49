"""Shapes of isolated molecules: what liquids of molecules are made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from cgbridge.errors import UnstableError
from cgbridge.frames import FloatArray
from cgbridge.interfaces import Model
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.openmm_faults import openmm_faults
from cgbridge.models.pairs import bond_length
from cgbridge.models.systems import create_system
from cgbridge.topology import Topology

#: Length of a bond in nm that no term tells.
_BOND = 0.35
#: Directions that a new bead of a growing molecule may take: that farthest from the other beads is taken.
_DIRECTIONS = 20
#: Different shapes of molecules that have torsions or more; smaller ones have one.
_SHAPES = 8
#: Largest root mean square force in kJ/mol/nm of a relaxed molecule.
_TOLERANCE = 10.0


def molecule_shapes(model: Model, molecule: Topology, seed: int) -> list[FloatArray]:
    """Positions in nm of the beads of one isolated molecule, (beads, 3) each: grown at random, then relaxed.

    Raises :class:`UnstableError` where the molecule has no energy.
    """
    if len(molecule) == 1:
        return [np.zeros((1, 3))]
    import openmm

    generator = np.random.default_rng(seed)
    with openmm_faults("molecule", model.bead_names, kind=UnstableError):
        system = create_system(model, molecule, masses=np.ones(len(molecule)))
        platform = openmm.Platform.getPlatformByName("Reference")
        context = openmm.Context(system, openmm.VerletIntegrator(0.001), platform)
        count = _SHAPES if molecule.torsions else 1
        return [_relaxed(context, grown(model, molecule, generator), model.name) for _ in range(count)]


def grown(model: Model, molecule: Topology, generator: np.random.Generator) -> FloatArray:
    """Beads one after another along the bonds, each as far from all others as its bond allows."""
    bonds: dict[int, list[int]] = {}
    for i, j in molecule.bonds:
        bonds.setdefault(i, []).append(j)
        bonds.setdefault(j, []).append(i)
    places: dict[int, FloatArray] = {}
    for start in range(len(molecule)):  # one round, where all beads hang together
        reached = [(start, next(iter(places), start))]
        while reached:
            bead, origin = reached.pop(0)
            if bead in places:
                continue
            places[bead] = _beside(model, molecule, (bead, origin), places, generator)
            reached += [(other, bead) for other in bonds.get(bead, ())]
    return np.array([places[bead] for bead in range(len(molecule))])


def _beside(
    model: Model,
    molecule: Topology,
    bond: tuple[int, int],
    places: dict[int, FloatArray],
    generator: np.random.Generator,
) -> FloatArray:
    bead, origin = bond
    if not places:
        return np.zeros(3)
    length = _BOND
    if isinstance(model, CoarseGrainedModel):
        length = bond_length(model, molecule.types[bead], molecule.types[origin]) or _BOND
    directions = generator.normal(size=(_DIRECTIONS, 3))
    free = places[origin] + length * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    others = np.array(list(places.values()))
    nearest = np.linalg.norm(free[:, None] - others[None], axis=2).min(axis=1)
    chosen: FloatArray = free[int(np.argmax(nearest))]
    return chosen


def _relaxed(context: Any, positions: FloatArray, name: str) -> FloatArray:
    import openmm

    context.setPositions(positions)
    openmm.LocalEnergyMinimizer.minimize(context, _TOLERANCE)
    state = context.getState(positions=True, energy=True)
    found = np.asarray(state.getPositions(asNumpy=True)._value, dtype=float)
    if not (np.isfinite(found).all() and np.isfinite(state.getPotentialEnergy()._value)):
        raise UnstableError(f"a molecule of '{name}' has no shape: its energy is not a number")
    return found
