"""Disordered configurations in orthogonal, triclinic and barely large enough boxes."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from potentials import Potential


@dataclass(frozen=True)
class Configuration:
    name: str
    vectors: np.ndarray  # (3, 3), rows a b c in OpenMM's reduced form / Angstrom
    positions: np.ndarray  # (n, 3) / Angstrom
    types: np.ndarray  # (n,)


# Shapes in units of twice the cutoff.  "tight" leaves 0.01 per cent.
_SHAPES = {
    "orthogonal": [[1.35, 0, 0], [0, 1.5, 0], [0, 0, 1.25]],
    "triclinic": [[1.4, 0, 0], [0.6, 1.3, 0], [-0.5, 0.55, 1.5]],
    "tight orthogonal": [[1.0001, 0, 0], [0, 1.0001, 0], [0, 0, 1.0001]],
    "tight triclinic": [[1.0001, 0, 0], [0.5, 1.0001, 0], [-0.5, 0.5, 1.0001]],
}
SHAPES = tuple(_SHAPES)

_IMAGES = np.array(list(itertools.product((-1, 0, 1), repeat=3)))


def configuration(potential: Potential, shape: str, seed: int = 1) -> Configuration:
    """Random positions, no two closer than 0.8 spacings, at about the density of a liquid.

    The number of particles follows from the volume (one per 1.25 cubed spacings), so the fill is
    the same in every box.
    """
    random = np.random.default_rng(seed)
    vectors = np.array(_SHAPES[shape]) * 2 * potential.cutoff
    shifts = _IMAGES @ vectors
    wanted = int(np.linalg.det(vectors) / (1.25 * potential.spacing**3))
    positions = np.empty((0, 3))
    minimum = 0.8 * potential.spacing
    while len(positions) < wanted:
        trial = random.random(3) @ vectors
        distances = np.linalg.norm(positions[:, None, :] + shifts[None] - trial, axis=2)
        if not np.any(distances < minimum):
            positions = np.vstack([positions, trial])
    types = np.arange(wanted) % potential.n_types
    random.shuffle(types)
    return Configuration(shape, vectors, positions, types)
