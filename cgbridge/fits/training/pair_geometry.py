"""Pairs of particles within a cutoff, under periodic boundaries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cgbridge.frames import FloatArray
from cgbridge.topology import Topology

#: Pairs that are looked at in one go where all of them are.
_CHUNK = 2_000_000


@dataclass(frozen=True)
class Pairs:
    """P pairs i < j: ``vector`` (P, 3) from j to i in nm, ``distance`` (P,)."""

    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    vector: FloatArray
    distance: FloatArray


def pairs_within(positions: FloatArray, box: FloatArray, cutoff: float, topology: Topology | None) -> Pairs:
    """All pairs nearer than ``cutoff`` nm but those that ``topology`` excludes.

    ``box`` has the form of OpenMM (a along x, b in the xy plane), and is at least twice the cutoff wide.
    """
    positions = np.asarray(positions, dtype=np.float64)
    first, second = _candidates(positions, box, cutoff)
    vector = minimum_image(positions[first] - positions[second], box)
    distance = np.sqrt(np.einsum("pd,pd->p", vector, vector))
    inside = distance < cutoff
    if topology is not None and topology.exclusions:
        count = len(positions)
        excluded = np.sort(np.asarray(topology.exclusions), axis=1)
        inside &= ~np.isin(first * count + second, excluded[:, 0] * count + excluded[:, 1])
    return Pairs(first[inside], second[inside], vector[inside], distance[inside])


def minimum_image(vector: FloatArray, box: FloatArray) -> FloatArray:
    """The shortest image of every vector, for boxes in OpenMM's reduced form."""
    found = np.array(vector, dtype=np.float64)
    for axis in (2, 1, 0):
        found -= np.round(found[..., axis] / box[axis, axis])[..., None] * box[axis]
    return found


def _candidates(
    positions: FloatArray, box: FloatArray, cutoff: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Pairs i < j that may be within the cutoff."""
    from scipy.spatial import cKDTree

    edges = np.diag(box)
    if np.array_equal(box, np.diag(edges)):
        inside = positions - np.floor(positions / edges) * edges
        # Rounding may put a particle on the upper face, which the tree refuses.
        inside = np.where(inside >= edges, 0.0, inside)
        # A little more than the cutoff: the exact distance decides later.
        found = cKDTree(inside, boxsize=edges).query_pairs(cutoff * (1.0 + 1e-9), output_type="ndarray")
        ordered = found[np.lexsort((found[:, 1], found[:, 0]))].astype(np.int64)
        return ordered[:, 0], ordered[:, 1]
    near = list(_near_pairs(positions, box, cutoff))
    return np.concatenate([i for i, _ in near]), np.concatenate([j for _, j in near])


def _near_pairs(
    positions: FloatArray, box: FloatArray, cutoff: float
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    count = len(positions)
    rows = max(1, _CHUNK // count)
    for start in range(0, count, rows):
        vector = minimum_image(positions[start : start + rows, None] - positions[None], box)
        i, j = np.nonzero(np.einsum("ijd,ijd->ij", vector, vector) < cutoff**2)
        later = j > i + start
        yield i[later] + start, j[later]
