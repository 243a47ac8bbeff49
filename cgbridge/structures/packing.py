"""Molecules at random places and orientations in a cube, whole and apart from each other; lengths in nm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cgbridge.errors import SimulationError
from cgbridge.frames import FloatArray

#: Beads of different molecules are this many times the mean distance of beads apart, or the next of these
#: where no room is found. Spheres put at random fill 0.38 of space at most, which is a share of 0.9.
_SHARES = (0.75, 0.65, 0.55, 0.45, 0.35)
#: How often all that found no place is tried anew, and how many poses are tried together at least.
_ROUNDS, _POSES = 60, 64


def packed(shapes: Sequence[FloatArray], edge: float, seed: int) -> FloatArray:
    """Positions of the beads of all molecules, in the order of ``shapes``, in a periodic cube.

    Each molecule has its shape (beads, 3), turned and moved at random. Molecules are not broken across the
    faces. Raises :class:`SimulationError` where there is no room.
    """
    beads = sum(map(len, shapes))
    generator = np.random.default_rng(seed)
    for share in _SHARES:
        places = _placed(shapes, edge, share * edge / math.cbrt(beads), generator)
        if places is not None:
            return np.concatenate(places)
    raise SimulationError(
        f"no room is found for {len(shapes)} molecules of {beads} beads in a box of {edge:.3f} nm",
        remedy="give a lower density to start from: engine.density, or --density",
    )


def _placed(
    shapes: Sequence[FloatArray], edge: float, apart: float, generator: np.random.Generator
) -> list[FloatArray] | None:
    """Places of all molecules whose beads are ``apart`` from those of others; None where none are found."""
    found: dict[int, FloatArray] = {}
    # Large ones first, while there is room.
    waiting = sorted(range(len(shapes)), key=lambda index: -len(shapes[index]))
    for _ in range(_ROUNDS):
        tried = waiting * math.ceil(_POSES / len(waiting))
        poses = _poses([shapes[index] for index in tried], edge, generator)
        for index, pose in _fitting(tried, poses, _Placed(found, edge, apart)):
            found[index] = pose
        waiting = [index for index in waiting if index not in found]
        if not waiting:
            return [found[index] for index in range(len(shapes))]
    return None


def _poses(shapes: Sequence[FloatArray], edge: float, generator: np.random.Generator) -> list[FloatArray]:
    from scipy.spatial.transform import Rotation

    turns = Rotation.random(len(shapes), random_state=generator).as_matrix()
    centres = generator.uniform(0.0, edge, size=(len(shapes), 3))
    return [
        (shape - shape.mean(axis=0)) @ turn.T + centre
        for shape, turn, centre in zip(shapes, turns, centres, strict=True)
    ]


@dataclass(frozen=True)
class _Placed:
    """Molecules that have found their places in a cube of ``edge``, and how far others must be."""

    molecules: dict[int, FloatArray]
    edge: float
    apart: float


def _fitting(tried: Sequence[int], poses: list[FloatArray], placed: _Placed) -> list[tuple[int, FloatArray]]:
    """Of the poses of the molecules ``tried``, one after another, those that are free."""
    from scipy.spatial import cKDTree

    before = len(placed.molecules)
    everything = [*placed.molecules.values(), *poses]
    owner = np.repeat(np.arange(len(everything)), [len(places) for places in everything])
    points = np.concatenate(everything)
    # The remainder of a tiny negative number is the edge itself, which the tree does not take.
    wrapped = np.minimum(
        points - np.floor(points / placed.edge) * placed.edge, np.nextafter(placed.edge, 0.0)
    )
    close = cKDTree(wrapped, boxsize=placed.edge).query_pairs(placed.apart, output_type="ndarray")
    first, second = owner[close[:, 0]], owner[close[:, 1]]
    foes: list[set[int]] = [set() for _ in everything]
    for one, other in zip(first[first != second], second[first != second], strict=True):
        foes[one].add(int(other))
        foes[other].add(int(one))
    taken = set(range(before))
    fitting: dict[int, FloatArray] = {}
    for number, index in enumerate(tried, start=before):
        if index not in fitting and not foes[number] & taken:
            taken.add(number)
            fitting[index] = everything[number]
    return list(fitting.items())
