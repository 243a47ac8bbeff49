"""The force map of one kind of molecule that has the least noise.

Of all linear maps B of atomistic forces f to beads that give the right mean force, the one with the smallest
<|B f|^2>: the mean force is the same for all of them, so that what a map adds to it is noise
(Kraemer et al., doi:10.1021/acs.jpclett.3c00444).
"""

from __future__ import annotations

import numpy as np

from cgbridge.frames import FloatArray
from cgbridge.mapping.molecule_kinds import IntArray

#: Singular values below this share of the largest are zero: the weights are ratios of masses, some good to
#: seven digits.
_RANK = 1e-7
#: Directions in which the forces vary less than this share of the most are left at zero: nothing is gained
#: there, and their inverse would blow up rounding.
_VARIANCE = 1e-10


def least_noise_map(weights: FloatArray, rigid: IntArray, free: FloatArray, gram: FloatArray) -> FloatArray:
    """B (m, n) with the smallest trace of B G B^T, where B M^T = 1 and B is constant on rigid bodies.

    ``weights`` M (m, n) of the positions, ``rigid`` the number of the rigid body of every atom, ``free``
    (n,) one for an atom and zero for a site without mass, whose coefficient is zero, ``gram`` G (n, n) the
    mean of f_i f_j. Raises :class:`ValueError` where no such map exists.
    """
    bodies = np.zeros((len(rigid), int(rigid.max()) + 1))
    bodies[np.arange(len(rigid)), rigid] = free
    constraint, cost = weights @ bodies, bodies.T @ gram @ bodies
    # B = (particular + null @ x) over bodies: the first solves the condition, the rest leaves it alone.
    left, singular, right = np.linalg.svd(constraint)
    rank = int(np.sum(singular > _RANK * max(float(singular.max(initial=0.0)), 1e-300)))
    if rank < len(weights):
        raise ValueError("the beads are not independent of each other")
    particular = right[:rank].T @ (left[:, :rank].T / singular[:rank, None])
    null = right[rank:].T
    reduced = null.T @ cost @ null
    values, vectors = np.linalg.eigh(reduced)
    kept = values > _VARIANCE * max(float(np.trace(cost)), 1e-300)
    inverse = (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
    solution = particular - null @ (inverse @ (null.T @ cost @ particular))
    found: FloatArray = (bodies @ solution).T
    return found
