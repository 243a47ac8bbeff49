"""Energy, forces and virial as a sum over all pairs and all their images, straight from the formulas.

No cells, no lists, no wrapping into a box: every pair of beads is looked at with every image that could be
within the cutoff.  Derivatives of the elementary functions are taken with a complex step,
Im f(x + ih)/h, which is exact to rounding, so that not one of them is written down twice.  Units are those
of the potential files, eV and Angstrom.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from boxes import Configuration
from openmm_engine import Result
from potentials import Potential

_STEP = 1e-30
_QUARTER_PI = 0.25 * np.pi


@dataclass(frozen=True)
class Neighbours:
    """Beads within a cutoff, one entry for each centre and neighbour, in the order of the centres."""

    centre: np.ndarray  # (p,)
    other: np.ndarray  # (p,)
    vector: np.ndarray  # (p, 3), from the centre to the neighbour / Angstrom

    @property
    def distance(self) -> np.ndarray:
        return np.linalg.norm(self.vector, axis=1)

    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Every ordered pair of different entries with the same centre."""
        numbers = np.bincount(self.centre)
        start = (np.cumsum(numbers) - numbers)[self.centre]
        numbers = numbers[self.centre]
        first = np.repeat(np.arange(len(self.centre)), numbers)
        within = np.arange(len(first)) - np.repeat(np.cumsum(numbers) - numbers, numbers)
        second = start[first] + within
        different = first != second
        return first[different], second[different]


def face_distances(vectors: np.ndarray) -> np.ndarray:
    """Distances of the opposite faces of a box."""
    return 1 / np.linalg.norm(np.linalg.inv(vectors), axis=0)


def find_neighbours(positions: np.ndarray, vectors: np.ndarray, cutoff: float) -> Neighbours:
    """All neighbours, for box vectors of any form whose lattice vectors are longer than the cutoff.

    A difference of f box vectors along an axis is at least |f| face distances long, whatever it is along
    the others.  So no image can be in range that is more than cutoff/face distance away, and of an f
    between -1/2 and 1/2 there are no more than the next integers to look at.
    """
    widths = face_distances(vectors)
    places = positions @ np.linalg.inv(vectors)
    first, second = np.triu_indices(len(positions), 1)
    fractions = places[second] - places[first]
    fractions -= np.round(fractions)
    near = np.all(np.abs(fractions) * widths < cutoff, axis=1)
    first, second, fractions = first[near], second[near], fractions[near]
    reach = np.floor(cutoff / widths + 0.5).astype(int)
    found = []
    for image in itertools.product(*(range(-n, n + 1) for n in reach)):
        delta = (fractions + image) @ vectors
        inside = np.sum(delta**2, axis=1) < cutoff**2
        found.append((first[inside], second[inside], delta[inside]))
        found.append((second[inside], first[inside], -delta[inside]))
    centre, other, vector = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.argsort(centre, kind="stable")
    return Neighbours(centre[order], other[order], vector[order])


def evaluate(potential: Potential, configuration: Configuration) -> Result:
    """Everything that the plugin computes.  The box need not be in OpenMM's reduced form."""
    positions, types = configuration.positions, configuration.types
    near = find_neighbours(positions, configuration.vectors, potential.cutoff)
    table = np.array(
        [
            [[potential.rows[i, j, k] for k in range(potential.n_types)] for j in range(potential.n_types)]
            for i in range(potential.n_types)
        ]
    )
    form = {"sw": _stillinger_weber, "tersoff": _tersoff}[potential.form]
    energies, gradients = form(table, types[near.centre], types[near.other], near)
    particle_energies = np.zeros(len(positions))
    np.add.at(particle_energies, near.centre, energies)
    forces = np.zeros_like(positions)
    np.add.at(forces, near.centre, gradients)
    np.add.at(forces, near.other, -gradients)
    virial = -near.vector.T @ gradients
    return Result(float(np.sum(particle_energies)), forces, virial.ravel(), particle_energies)


def _slope(function: Callable[..., np.ndarray], which: int, *arguments: np.ndarray) -> np.ndarray:
    """The derivative by one argument."""
    shifted = [a + 1j * _STEP if i == which else a for i, a in enumerate(arguments)]
    return np.imag(function(*shifted)) / _STEP


def _stillinger_weber(
    table: np.ndarray, centre: np.ndarray, other: np.ndarray, near: Neighbours
) -> tuple[np.ndarray, np.ndarray]:
    """Energy of each entry, and the derivative of the centre's energy by its vector."""
    eps, sigma, a, _, gamma, _, big_a, big_b, p, q, _ = table[centre, other, other].T
    r = near.distance
    reach = np.where(r < a * sigma, a * sigma, np.inf)  # infinite where it is not in reach

    def pair(r: np.ndarray) -> np.ndarray:
        value = big_a * eps * (big_b * (sigma / r) ** p - (sigma / r) ** q) * np.exp(sigma / (r - reach))
        return np.where(np.isinf(reach), 0, 0.5 * value)

    energies = pair(r)
    radial = _slope(pair, 0, r)

    j, k = near.pairs()
    eps3, lam, cos0 = table[centre[j], other[j], other[k]][:, [0, 3, 5]].T
    inside = np.isfinite(reach[j] + reach[k])

    # Every angle comes twice, once for each order of its ends.
    def angle(rj: np.ndarray, rk: np.ndarray, cosine: np.ndarray) -> np.ndarray:
        decay = gamma[j] * sigma[j] / (rj - reach[j]) + gamma[k] * sigma[k] / (rk - reach[k])
        return np.where(inside, 0.5 * lam * eps3 * (cosine - cos0) ** 2 * np.exp(decay), 0)

    unit = near.vector / r[:, None]
    geometry = (r[j], r[k], np.sum(unit[j] * unit[k], axis=1))
    np.add.at(energies, j, angle(*geometry))
    return energies, _collect(near, radial, (j, k), [_slope(angle, i, *geometry) for i in range(3)])


def _tersoff(
    table: np.ndarray, centre: np.ndarray, other: np.ndarray, near: Neighbours
) -> tuple[np.ndarray, np.ndarray]:
    """Energy of each entry, and the derivative of the centre's energy by its vector."""
    bond = table[centre, other, other].T
    n, beta, lambda2, big_b, _, _, lambda1, big_a = bond[6:]
    r = near.distance
    unit = near.vector / r[:, None]
    j, k = near.pairs()
    triplet = table[centre[j], other[j], other[k]].T
    m, gamma, lambda3, c, d, cos0 = triplet[:6]

    def cut(row: np.ndarray, r: np.ndarray) -> np.ndarray:
        middle, half = row[10], row[11]
        # 1/2 - 1/2 sin[pi/2 (r-R)/D], which near the end would be a difference of equal numbers.
        wave = np.sin(_QUARTER_PI * (middle + half - r) / half) ** 2
        outer = np.where(r.real < middle + half, wave, 0)
        return np.where(r.real <= middle - half, 1, outer)

    def term(rj: np.ndarray, rk: np.ndarray, cosine: np.ndarray) -> np.ndarray:
        g = gamma * (1 + c**2 / d**2 - c**2 / (d**2 + (cosine - cos0) ** 2))
        x = lambda3 * (rj - rk)
        return cut(triplet, rk) * g * np.exp(np.where(m == 3, x**3, x))

    geometry = (r[j], r[k], np.sum(unit[j] * unit[k], axis=1))
    zeta = np.zeros(len(r))
    np.add.at(zeta, j, term(*geometry))

    def energy(r: np.ndarray, zeta: np.ndarray) -> np.ndarray:
        order = (1 + (beta * zeta) ** n) ** (-0.5 / n)
        attraction = np.where(zeta.real > 0, order, 1) * big_b * np.exp(-lambda2 * r)
        return 0.5 * cut(bond, r) * (big_a * np.exp(-lambda1 * r) - attraction)

    with np.errstate(divide="ignore", invalid="ignore"):  # a power of zero has no derivative
        by_zeta = np.where(zeta > 0, _slope(energy, 1, r, zeta), 0)
    slopes = [by_zeta[j] * _slope(term, i, *geometry) for i in range(3)]
    return energy(r, zeta), _collect(near, _slope(energy, 0, r, zeta), (j, k), slopes)


def _collect(
    near: Neighbours, radial: np.ndarray, pairs: tuple[np.ndarray, np.ndarray], slopes: list[np.ndarray]
) -> np.ndarray:
    """Derivatives by the vectors, from those by distances and by the cosines of angles."""
    (j, k), (by_rj, by_rk, by_cosine) = pairs, slopes
    r = near.distance[:, None]
    unit = near.vector / r
    cosine = np.sum(unit[j] * unit[k], axis=1)[:, None]
    gradients = radial[:, None] * unit
    np.add.at(gradients, j, by_rj[:, None] * unit[j])
    np.add.at(gradients, k, by_rk[:, None] * unit[k])
    np.add.at(gradients, j, by_cosine[:, None] * (unit[k] - cosine * unit[j]) / r[j])
    np.add.at(gradients, k, by_cosine[:, None] * (unit[j] - cosine * unit[k]) / r[k])
    return gradients
