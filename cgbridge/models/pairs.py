"""Isolated pairs of beads: energy, minimum and vibration, over all terms of a model."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np

from cgbridge.frames import FloatArray
from cgbridge.models.model import CoarseGrainedModel

#: Shortest distance looked at, as a fraction of the longest cutoff: that of a pair may be much shorter.
_NEAREST = 0.05
_GRID = 4001


@dataclass(frozen=True)
class PairMinimum:
    """Types, distance in nm, energy in kJ/mol (negative) and curvature in kJ/mol/nm^2 at the minimum."""

    first: int
    second: int
    distance: float
    energy: float
    curvature: float


def pair_energy(
    model: CoarseGrainedModel, first: int, second: int, distance: FloatArray
) -> FloatArray | None:
    """Energy in kJ/mol of two unbonded beads of these types at ``distance`` in nm; None without any term."""
    index = model.bead_index
    shares = [
        term.bound_form(index).pair_energy(term.indexed(index), first, second, distance)
        for term in model.terms
        if {model.beads[first].name, model.beads[second].name} <= set(term.beads)
    ]
    present = [share for share in shares if share is not None]
    return np.sum(present, axis=0) if present else None


def pair_grid(model: CoarseGrainedModel) -> FloatArray:
    """Distances in nm between which the minimum of a pair is looked for."""
    return np.linspace(_NEAREST * model.cutoff, model.cutoff, _GRID)


def bound_pairs(model: CoarseGrainedModel) -> Iterator[PairMinimum]:
    """The deepest minimum of every pair of bead types that binds, on a grid.

    A minimum has higher energies on both sides: Buckingham's form falls without bound at short distances.
    """
    if not model.cutoff > 0.0:
        return
    distance = pair_grid(model)
    for first, second in combinations_with_replacement(range(len(model.beads)), 2):
        with np.errstate(all="ignore"):
            energy = pair_energy(model, first, second, distance)
        if energy is None:
            continue
        inner = energy[1:-1]
        minima = 1 + np.flatnonzero((inner < 0.0) & (inner < energy[:-2]) & (inner <= energy[2:]))
        if not len(minima):
            continue
        best = int(minima[np.argmin(energy[minima])])
        below, at, above = energy[best - 1 : best + 2]
        curvature = (below - 2.0 * at + above) / (distance[1] - distance[0]) ** 2
        yield PairMinimum(first, second, float(distance[best]), float(at), float(curvature))


def bond_length(model: CoarseGrainedModel, first: str, second: str) -> float | None:
    """Length at rest in nm of the bond between beads of these types; None where no term tells it."""
    wanted = {model.bead_index[first], model.bead_index[second]}
    for term in model.terms:
        if term.form == "harmonic-bond":
            for key, values in term.indexed(model.bead_index).items():
                if set(key) == wanted:
                    return values["r0"]
    return None


def shortest_period(model: CoarseGrainedModel) -> float:
    """Period in ps of the stiffest pair, 2 pi sqrt(mu/k); infinite if none binds.

    k is the curvature of the energy of an isolated pair at its minimum, or the force constant of a bond, and
    mu the reduced mass.
    """
    found = [(pair.first, pair.second, pair.curvature) for pair in bound_pairs(model)]
    for term in model.terms:
        if term.form == "harmonic-bond":
            found += [(key[0], key[1], values["k"]) for key, values in term.indexed(model.bead_index).items()]
    periods = [
        2.0 * math.pi * math.sqrt(1.0 / (1.0 / model.mass_of(i) + 1.0 / model.mass_of(j)) / k)
        for i, j, k in found
        if k > 0.0
    ]
    return min(periods, default=math.inf)
