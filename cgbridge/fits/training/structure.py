"""Structure of a series of frames: g(r) of every pair of types, and the angles of the first shell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from cgbridge.fits.training.linear_columns import Key, pair_keys
from cgbridge.fits.training.pair_geometry import pairs_within
from cgbridge.frames import FloatArray, Frame
from cgbridge.topology import Topology

#: Width of a bin of angles in degrees.
_DEGREES = 2.0


@dataclass(frozen=True)
class Grid:
    """Distances to ``reach`` nm in bins of about ``width`` nm; the first shell ends at ``shell`` nm."""

    reach: float
    width: float
    shell: float

    @property
    def edges(self) -> FloatArray:
        return np.linspace(0.0, self.reach, max(10, round(self.reach / self.width)) + 1)

    @property
    def centres(self) -> FloatArray:
        centres: FloatArray = 0.5 * (self.edges[1:] + self.edges[:-1])
        return centres

    @property
    def angles(self) -> FloatArray:
        """Centres of the bins of angles, in degrees."""
        return np.arange(0.5 * _DEGREES, 180.0, _DEGREES)


@dataclass(frozen=True)
class Structure:
    """``rdf`` (frames, bins) of every pair of types, ``angles`` (frames, bins) as counts; pairs of one
    molecule that the topology excludes are not in it.
    """

    grid: Grid
    rdf: Mapping[Key, FloatArray]
    angles: FloatArray

    def mean_rdf(self, key: Key) -> FloatArray:
        """g(r) over all frames."""
        mean: FloatArray = self.rdf[key].mean(axis=0)
        return mean

    @property
    def angle_density(self) -> FloatArray:
        """P(theta) in 1/degree, with integral 1; zeros where no bead has two neighbours."""
        total = self.angles.sum(axis=0)
        return total / max(float(total.sum()) * _DEGREES, 1e-300)

    def part(self, frames: slice) -> Structure:
        """That of some of the frames."""
        return Structure(self.grid, {key: g[frames] for key, g in self.rdf.items()}, self.angles[frames])

    def blocks(self, count: int) -> list[Structure]:
        """That of ``count`` parts of successive frames."""
        edges = np.linspace(0, len(self.angles), count + 1).astype(int)
        return [self.part(slice(a, b)) for a, b in pairwise(edges) if b > a]


def structure_of(frames: Iterable[Frame], topology: Topology, grid: Grid) -> Structure:
    """From frames of the beads of ``topology``, one in memory at a time."""
    types = np.array(topology.types)
    counts = {name: int((types == name).sum()) for name in dict.fromkeys(topology.types)}
    rdf: dict[Key, list[FloatArray]] = {key: [] for key in pair_keys(tuple(counts))}
    angles = []
    shells = 4.0 / 3.0 * np.pi * np.diff(grid.edges**3)
    for frame in frames:
        pairs = pairs_within(frame.positions, frame.box, max(grid.reach, grid.shell), topology)
        volume = float(np.linalg.det(frame.box))
        first, second = types[pairs.first], types[pairs.second]
        for (a, b), found in rdf.items():
            mine = ((first == a) & (second == b)) | ((first == b) & (second == a))
            number = np.histogram(pairs.distance[mine], grid.edges)[0]
            possible = counts[a] * (counts[a] - 1) / 2.0 if a == b else counts[a] * counts[b]
            found.append(number / np.maximum(possible / volume * shells, 1e-300))
        angles.append(_angles(pairs.first, pairs.second, pairs.vector, pairs.distance < grid.shell))
    return Structure(grid, {key: np.array(found) for key, found in rdf.items()}, np.array(angles))


def _angles(first: np.ndarray, second: np.ndarray, vector: FloatArray, near: np.ndarray) -> FloatArray:
    """Counts of the angles between all neighbours of every bead."""
    unit = vector[near] / np.linalg.norm(vector[near], axis=1, keepdims=True)
    centre = np.concatenate([first[near], second[near]])
    along = np.concatenate([-unit, unit])
    order = np.argsort(centre, kind="stable")
    centre, along = centre[order], along[order]
    _, starts, sizes = np.unique(centre, return_index=True, return_counts=True)
    edges = np.arange(0.0, 180.0 + 0.5 * _DEGREES, _DEGREES)
    total = np.zeros(len(edges) - 1)
    for size in np.unique(sizes[sizes > 1]):
        group = along[starts[sizes == size][:, None] + np.arange(size)]
        i, j = np.triu_indices(int(size), 1)
        cosine = np.einsum("npd,npd->np", group[:, i], group[:, j])
        total += np.histogram(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))), edges)[0]
    return total


def rdf_difference(one: FloatArray, other: FloatArray, grid: Grid) -> float:
    """Integral of |g - g'| dr in nm."""
    width = float(grid.edges[1] - grid.edges[0])
    return float(np.abs(one - other).sum() * width)


def overlap(one: FloatArray, other: FloatArray) -> float:
    """Integral of the smaller of two densities of angles: 1 for equal ones."""
    return float(np.minimum(one, other).sum() * _DEGREES)


def jackknife_error(parts: Sequence[float]) -> float:
    """Standard error of what was computed with one block left out at a time."""
    return float(np.sqrt((len(parts) - 1) * np.var(parts))) if len(parts) > 1 else float("nan")
