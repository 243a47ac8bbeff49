"""Forces that are linear in their coefficients: splines of pairs, harmonic bonds and angles.

F = sum_k c_k X_k: every kind of interaction gives the columns X_k (3N, n) of a frame, and what each
coefficient adds to the virial sum r . F of pairs, (n,).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Protocol

import numpy as np
import numpy.typing as npt

from cgbridge.fits.training.data_set import Series
from cgbridge.fits.training.pair_geometry import Pairs, minimum_image, pairs_within
from cgbridge.frames import FloatArray

#: Bead types of an interaction, in alphabetical order.
Key = tuple[str, ...]


@dataclass(frozen=True)
class Columns:
    """``forces`` (3N, n) and ``virial`` (n,) per unit of each coefficient."""

    forces: FloatArray
    virial: FloatArray


class Interaction(Protocol):
    """A kind of interaction with ``size`` coefficients."""

    @property
    def size(self) -> int: ...

    def columns(self, series: Series, index: int) -> Columns:
        """Those of frame ``index`` of the series."""
        ...


@dataclass(frozen=True)
class SplineGrid:
    """Cubic B-splines b((r - t_k)/h), t_k = end - (4 + k) h, k = 0 to size - 1.

    All end at ``end`` nm or before, so that their sum goes to zero there with its first two derivatives; as
    many as cover everything down to ``begin`` nm.
    """

    begin: float
    end: float
    spacing: float

    @property
    def size(self) -> int:
        return max(1, math.ceil((self.end - self.begin) / self.spacing - 1e-9))

    def parts(self, distance: FloatArray) -> tuple[npt.NDArray[np.int64], FloatArray]:
        """The numbers of the (up to) four splines at every distance, (P, 4), and the fraction of their cell.

        Numbers outside 0 to size - 1 are of none.
        """
        steps = (self.end - distance) / self.spacing
        cell = np.floor(steps).astype(np.int64)
        # Spline k covers 0 to 4 cells above t_k: steps from k + 4 at its lower end to k at its upper one.
        return cell[:, None] - np.arange(4)[None, :], steps - cell

    def values(self, distance: FloatArray) -> FloatArray:
        """Values of all splines, (P, size)."""
        return self._spread(distance, _VALUE)

    def slopes(self, distance: FloatArray) -> FloatArray:
        """Derivatives by the distance, (P, size)."""
        return self._spread(distance, _SLOPE) / -self.spacing

    def slope_parts(self, distance: FloatArray) -> tuple[npt.NDArray[np.int64], FloatArray]:
        """Numbers of the splines at every distance, and their derivatives, both (P, 4)."""
        numbers, fraction = self.parts(distance)
        return numbers, _polynomials(fraction, _SLOPE) / -self.spacing

    def _spread(self, distance: FloatArray, table: FloatArray) -> FloatArray:
        numbers, fraction = self.parts(distance)
        found = np.zeros((len(distance), self.size))
        good = (numbers >= 0) & (numbers < self.size)
        rows = np.broadcast_to(np.arange(len(distance))[:, None], numbers.shape)
        found[rows[good], numbers[good]] = _polynomials(fraction, table)[good]
        return found


#: The cubic B-spline in its four cells, by powers of the fraction of the cell, counted from the upper end:
#: spline k - cell with k = cell, cell - 1, ...
_VALUE = np.array([[0, 0, 0, 1], [1, 3, 3, -3], [4, 0, -6, 3], [1, -3, 3, -1]]) / 6.0
_SLOPE = np.array([[0, 0, 3, 0], [3, 6, -9, 0], [0, -12, 9, 0], [-3, 6, -3, 0]]) / 6.0


def _polynomials(fraction: FloatArray, table: FloatArray) -> FloatArray:
    powers = fraction[:, None] ** np.arange(4)[None, :]
    found: FloatArray = powers @ table.T
    return found


@dataclass(frozen=True)
class PairSplines:
    """One spline for every pair of types of ``grids``."""

    grids: Mapping[Key, SplineGrid]

    @property
    def size(self) -> int:
        return sum(grid.size for grid in self.grids.values())

    def columns(self, series: Series, index: int) -> Columns:
        cutoff = max(grid.end for grid in self.grids.values())
        pairs = pairs_within(series.positions[index], series.box[index], cutoff, series.topology)
        kinds = pair_kinds(series, pairs, list(self.grids))
        forces, virial = [], []
        for number, grid in enumerate(self.grids.values()):
            mine = (kinds == number) & (pairs.distance < grid.end)
            found = _of_one_grid(grid, pairs, mine, series.particles)
            forces.append(found.forces)
            virial.append(found.virial)
        return Columns(np.concatenate(forces, axis=1), np.concatenate(virial))


def _of_one_grid(grid: SplineGrid, pairs: Pairs, mine: npt.NDArray[np.bool_], count: int) -> Columns:
    distance, vector = pairs.distance[mine], pairs.vector[mine]
    numbers, slopes = grid.slope_parts(distance)
    good = (numbers >= 0) & (numbers < grid.size)
    # -b'(r) is the force on the first along the vector from the second.
    strength = np.where(good, -slopes, 0.0)
    numbers = np.where(good, numbers, 0)
    along = strength[:, :, None] * (vector / distance[:, None])[:, None, :]
    size, flat = grid.size, np.zeros(3 * count * grid.size)
    for particles, sign in ((pairs.first[mine], 1.0), (pairs.second[mine], -1.0)):
        place = (3 * particles[:, None, None] + np.arange(3)[None, None, :]) * size + numbers[:, :, None]
        flat += np.bincount(place.ravel(), sign * along.ravel(), minlength=len(flat))
    virial = np.zeros(size)
    virial += np.bincount(numbers.ravel(), (strength * distance[:, None]).ravel(), minlength=size)
    return Columns(flat.reshape(3 * count, size), virial)


def pair_keys(types: tuple[str, ...]) -> list[Key]:
    """Every pair of types, in alphabetical order."""
    return list(combinations_with_replacement(sorted(types), 2))


def pair_kinds(series: Series, pairs: Pairs, keys: Sequence[Key]) -> npt.NDArray[np.int64]:
    """The place in ``keys`` of the types of every pair, -1 for one that is not there."""
    names = series.topology.types
    types = list(dict.fromkeys(names))
    table = np.full((len(types), len(types)), -1)
    for number, (one, other) in enumerate(keys):
        if one in types and other in types:
            i, j = types.index(one), types.index(other)
            table[i, j] = table[j, i] = number
    index = np.array([types.index(name) for name in names])
    found: npt.NDArray[np.int64] = table[index[pairs.first], index[pairs.second]]
    return found


@dataclass(frozen=True)
class HarmonicBonds:
    """k/2 (r - r0)^2 for the bonds of every key: coefficients k and k r0."""

    keys: tuple[Key, ...]

    @property
    def size(self) -> int:
        return 2 * len(self.keys)

    def columns(self, series: Series, index: int) -> Columns:
        forces, virial = np.zeros((3 * series.particles, self.size)), np.zeros(self.size)
        chains, number = _chains(series, series.topology.bonds, self.keys)
        if len(chains):
            positions = series.positions[index].astype(np.float64)
            vector = minimum_image(positions[chains[:, 0]] - positions[chains[:, 1]], series.box[index])
            length = np.linalg.norm(vector, axis=1)
            unit = vector / length[:, None]
            for column, strength in ((0, -length), (1, np.ones_like(length))):
                push = strength[:, None] * unit
                _add(forces, chains[:, 0], 2 * number + column, push)
                _add(forces, chains[:, 1], 2 * number + column, -push)
                np.add.at(virial, 2 * number + column, strength * length)
        return Columns(forces, virial)


@dataclass(frozen=True)
class HarmonicAngles:
    """k/2 (theta - theta0)^2 for the angles of every key: coefficients k and k theta0; no virial."""

    keys: tuple[Key, ...]

    @property
    def size(self) -> int:
        return 2 * len(self.keys)

    def columns(self, series: Series, index: int) -> Columns:
        forces = np.zeros((3 * series.particles, self.size))
        chains, number = _chains(series, series.topology.angles, self.keys)
        if len(chains):
            positions, box = series.positions[index].astype(np.float64), series.box[index]
            a = minimum_image(positions[chains[:, 0]] - positions[chains[:, 1]], box)
            b = minimum_image(positions[chains[:, 2]] - positions[chains[:, 1]], box)
            theta, to_a, to_b = _angle(a, b)
            for column, strength in ((0, -theta), (1, np.ones_like(theta))):
                push_a, push_b = strength[:, None] * to_a, strength[:, None] * to_b
                for place, push in ((0, push_a), (2, push_b), (1, -push_a - push_b)):
                    _add(forces, chains[:, place], 2 * number + column, push)
        return Columns(forces, np.zeros(self.size))


def _angle(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The angle between vectors, and its gradients by both."""
    la, lb = (np.linalg.norm(v, axis=1, keepdims=True) for v in (a, b))
    ua, ub = a / la, b / lb
    cosine = np.clip(np.einsum("nd,nd->n", ua, ub), -1.0, 1.0)[:, None]
    # The gradient has no direction where the three stand in a line; such angles are 1e-6 rad wide.
    sine = np.sqrt(np.maximum(1.0 - cosine**2, 1e-12))
    return np.arccos(cosine)[:, 0], (cosine * ua - ub) / (la * sine), (cosine * ub - ua) / (lb * sine)


def _chains(
    series: Series, chains: tuple[tuple[int, ...], ...], keys: tuple[Key, ...]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Chains whose key is among ``keys``, and the number of that key."""
    names = series.topology.types
    found = [(chain, _canonical(tuple(names[i] for i in chain))) for chain in chains]
    mine = [(chain, keys.index(key)) for chain, key in found if key in keys]
    if not mine:
        return np.zeros((0, 2), dtype=np.int64), np.zeros(0, dtype=np.int64)
    return np.array([chain for chain, _ in mine]), np.array([number for _, number in mine])


def _canonical(key: Key) -> Key:
    return min(key, key[::-1])


def chain_keys(series: Series, chains: tuple[tuple[int, ...], ...]) -> list[Key]:
    """The keys of chains, each once."""
    names = series.topology.types
    return list(dict.fromkeys(_canonical(tuple(names[i] for i in chain)) for chain in chains))


def _add(
    forces: FloatArray, particles: npt.NDArray[np.int64], columns: npt.NDArray[np.int64], push: FloatArray
) -> None:
    for axis in range(3):
        np.add.at(forces, (3 * particles + axis, columns), push[:, axis])
