"""Atoms for given beads: molecules laid on them, turned at random where the beads leave it open."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from cgbridge.frames import FloatArray
from cgbridge.mapping.operator import MappingOperator


def back_map(
    operator: MappingOperator, template: FloatArray, beads: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Positions (N, 3) in nm of the atoms, whose beads are near ``beads`` (n, 3), those of a molecule in one
    piece.

    Every molecule is taken from ``template`` (N, 3), with molecules in one piece, moved and turned as a rigid
    body: so that its beads fit best (least squares, weights of the beads equal), and at random about what one
    bead, or two, leave open. Molecules without a bead stay where they are. Atoms may overlap: let them relax
    with their beads held.
    """
    placed = np.array(template, dtype=np.float64)
    molecule_of = np.asarray(operator.atoms.molecule_of)
    matrix = operator.positions.tocsr()
    first_atom = matrix.indices[matrix.indptr[:-1]]
    bead_molecule = molecule_of[first_atom]
    templates = matrix @ placed
    for molecule in np.unique(bead_molecule):
        own, atoms = np.flatnonzero(bead_molecule == molecule), np.flatnonzero(molecule_of == molecule)
        turn = Rotation.random(random_state=rng)
        here, there = templates[own].mean(axis=0), beads[own].mean(axis=0)
        turned = turn.apply(templates[own] - here)
        if len(own) > 1:
            turn = _aligned(turned, beads[own] - there) * turn
        placed[atoms] = there + turn.apply(placed[atoms] - here)
    return placed


def _aligned(points: FloatArray, wanted: FloatArray) -> Rotation:
    """The rotation of ``points`` that lays them on ``wanted``, both about their centres (Kabsch)."""
    left, _, right = np.linalg.svd(points.T @ wanted)
    handed = np.sign(np.linalg.det(left @ right))
    return Rotation.from_matrix((left @ np.diag([1.0, 1.0, handed]) @ right).T)
