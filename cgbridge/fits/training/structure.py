"""Structure of a series of frames: g(r) of every pair of types, and the angles of the first shell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from cgbridge.fits.training.linear_columns import Key, pair_keys
from cgbridge.fits.training.pair_geometry import pairs_within
from cgbridge.frames import FloatArray, Frame
from cgbridge.observables.bonded import LONGEST, bond_angles, lengths
from cgbridge.topology import Topology

#: Width of a bin of angles in degrees.
_DEGREES = 2.0
#: Width of a bin of bond lengths in nm.
_BOND = 0.002


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
    molecule that the topology excludes are not in it. ``bonded`` (frames, bins) are counts of the bond
    lengths and angles within molecules, by the types along them.
    """

    grid: Grid
    rdf: Mapping[Key, FloatArray]
    angles: FloatArray
    bonded: Mapping[Key, FloatArray] = field(default_factory=dict)

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
        return Structure(
            self.grid,
            {key: g[frames] for key, g in self.rdf.items()},
            self.angles[frames],
            {key: counts[frames] for key, counts in self.bonded.items()},
        )

    def share(self, key: Key) -> FloatArray:
        """The share of every bin in the bonds or angles ``key``, with sum 1."""
        total: FloatArray = self.bonded[key].sum(axis=0)
        return total / max(float(total.sum()), 1e-300)

    def blocks(self, count: int) -> list[Structure]:
        """That of ``count`` parts of successive frames."""
        edges = np.linspace(0, len(self.angles), count + 1).astype(int)
        return [self.part(slice(a, b)) for a, b in pairwise(edges) if b > a]


def structure_of(frames: Iterable[Frame], topology: Topology, grid: Grid) -> Structure:
    """From frames of the beads of ``topology``, one in memory at a time."""
    types = np.array(topology.types)
    counts = {name: int((types == name).sum()) for name in dict.fromkeys(topology.types)}
    rdf: dict[Key, list[FloatArray]] = {key: [] for key in pair_keys(tuple(counts))}
    angles: list[FloatArray] = []
    chains = _chains_by_key(topology)
    bonded: dict[Key, list[FloatArray]] = {key: [] for key in chains}
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
        for key, mine in chains.items():
            values = lengths(frame, mine) if len(key) == 2 else bond_angles(frame, mine)
            bonded[key].append(np.histogram(values, bonded_edges(key))[0])
    return Structure(
        grid,
        {key: np.array(found) for key, found in rdf.items()},
        np.array(angles),
        {key: np.array(found) for key, found in bonded.items()},
    )


def bonded_edges(key: Key) -> FloatArray:
    """Edges of the bins of a bond, in nm, or of an angle, in degrees."""
    end, width = (LONGEST, _BOND) if len(key) == 2 else (180.0, _DEGREES)
    return np.linspace(0.0, end, round(end / width) + 1)


def _chains_by_key(topology: Topology) -> dict[Key, npt.NDArray[np.int64]]:
    """Bonds and angles by the types along them, the same either way round."""
    found: dict[Key, list[tuple[int, ...]]] = {}
    for chain in (*topology.bonds, *topology.angles):
        key = tuple(topology.types[bead] for bead in chain)
        found.setdefault(min(key, key[::-1]), []).append(chain)
    return {key: np.array(chains, dtype=np.int64) for key, chains in found.items()}


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
    return shared(one * _DEGREES, other * _DEGREES)


def shared(one: FloatArray, other: FloatArray) -> float:
    """What two distributions of sum 1 have in common: 1 for equal ones."""
    return float(np.minimum(one, other).sum())


def jackknife_error(parts: Sequence[float]) -> float:
    """Standard error of what was computed with one block left out at a time."""
    return float(np.sqrt((len(parts) - 1) * np.var(parts))) if len(parts) > 1 else float("nan")
