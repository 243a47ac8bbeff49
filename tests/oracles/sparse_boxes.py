"""Random triclinic boxes of any size, with groups of beads here and there and images chosen at random.

Most beads of a large box would be alone if they were placed at random, and a list that loses neighbours
would not be noticed; so every bead but the first of a group of three is placed within the cutoff of
another one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from all_images import face_distances, find_neighbours
from boxes import Configuration
from potentials import Potential

from cgbridge.structures.cells import openmm_box

#: Numbers of beads, so that boxes can share a Context; the grid has at most the cube root and one a side.
NUMBERS = (8, 27, 64, 125, 216)
MAX_CELLS = 12
_GROUP = 3
# Relative to the spacing; closer ones would drown all others in their repulsion.
_CLOSEST = 0.8


@dataclass(frozen=True)
class SparseBox:
    configuration: Configuration
    """The beads in the box in OpenMM's reduced form."""
    lattice: np.ndarray
    """Vectors of the same lattice, possibly not reduced / Angstrom."""
    cells: np.ndarray
    """Cutoffs that fit between opposite faces."""

    @property
    def whole(self) -> Configuration:
        """The beads in the box as it was before it was reduced."""
        given = self.configuration
        return Configuration(given.name, self.lattice, given.positions, given.types)


def random_box(potential: Potential, seed: int, number: int | None = None) -> SparseBox:
    """A box with 1 to 12 cells a side, given in another form than the reduced one if ``seed`` is odd.

    With a ``number`` of beads it is a wide one, with at least twelve cells along every axis.
    """
    random = np.random.default_rng(seed)
    # The logarithm makes as many narrow boxes as wide ones; a tilt makes them narrower still.
    edges = np.exp(random.uniform(np.log(2.0001), np.log(MAX_CELLS + 1), 3))
    tilts = np.where(random.random(3) < 0.3, 0.4999 * random.choice([-1, 1], 3), random.uniform(-0.5, 0.5, 3))
    if number:
        edges[:] = MAX_CELLS
    reduced = np.diag(edges)
    reduced[1, 0], reduced[2, 0], reduced[2, 1] = tilts * edges[[0, 0, 1]]
    if number:
        reduced *= MAX_CELLS / (0.999 * np.min(face_distances(reduced)))
    reduced *= potential.cutoff
    vectors = reduced
    if seed % 2:
        steps = np.eye(3)
        steps[1, 0], steps[2, 0], steps[2, 1] = random.integers(-2, 3, 3)
        vectors = steps @ reduced
        reduced = openmm_box(vectors)[1]
    positions = _groups(potential, vectors, number, random)
    span = random.choice([0, 1, 1000])
    positions = positions + random.integers(-span, span + 1, positions.shape) @ vectors
    types = np.arange(len(positions)) % potential.n_types
    cells = np.floor(face_distances(reduced) / potential.cutoff).astype(int)
    return SparseBox(Configuration(f"box {seed}", reduced, positions, types), vectors, cells)


def _groups(
    potential: Potential, vectors: np.ndarray, number: int | None, random: np.random.Generator
) -> np.ndarray:
    """Positions of ``number`` beads, or of as many of those in NUMBERS as fit well."""
    volume = abs(np.linalg.det(vectors))
    wanted = number or min(NUMBERS[-1], int(volume / (1.1 * potential.spacing) ** 3))
    # Some will be too close to others.
    positions = np.repeat(random.random((wanted // 2, 3)) @ vectors, _GROUP, axis=0)
    directions = random.normal(size=positions.shape)
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    lengths = random.uniform(0.85 * potential.spacing, 0.98 * potential.cutoff, len(positions))
    lengths[::_GROUP] = 0
    positions += directions * lengths[:, None]
    close = find_neighbours(positions, vectors, _CLOSEST * potential.spacing)
    free = np.ones(len(positions), dtype=bool)
    for first, second in zip(close.centre, close.other, strict=True):
        if first < second and free[first]:
            free[second] = False
    positions = positions[free]
    return positions[: number or max(n for n in NUMBERS if n <= len(positions))]
