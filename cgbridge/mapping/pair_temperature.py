"""At which temperature do the forces between molecules fit where the molecules are?

In the canonical ensemble distances r between the centres of two molecules have the density rho(r) with

    k T d ln(rho / r^2)/dr = <(F_i - F_j) . r_ij / (2 r)>_r,    r_ij from j to i,

where F sums the forces on the atoms of a molecule. Moved as a whole a molecule keeps its constraints, so
that it holds for rigid ones as well; and for mixtures, in boxes of any shape, with external forces. The
integral of the right-hand side against ln(rho / r^2) is a line of the slope k T (compare
doi:10.1080/00268976.2013.838316).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cgbridge.atoms import Atoms
from cgbridge.frames import FloatArray, Frame
from cgbridge.trajectories.bonds import with_images
from cgbridge.units import GAS_CONSTANT

#: Width of a bin, and the farthest distance, in nm: beyond it there is little structure left in a liquid.
_BIN, _REACH = 0.01, 0.9
#: Molecules of a frame whose neighbours are looked at; pairs in a bin that count; bins that make a line.
_PROBES, _LEAST, _BINS = 1000, 30, 10
#: Parts of the data that are left out in turn for the error.
_PARTS = 5


def pair_temperature(atoms: Atoms, frames: Sequence[Frame]) -> tuple[float, float] | None:
    """The temperature in K and its standard error, from frames whose molecules are whole.

    None where there are too few pairs of molecules, or they are everywhere as likely.
    """
    parts = np.zeros((_PARTS, 2, round(_REACH / _BIN)))
    for number, frame in enumerate(frames):
        # A single frame is parted by its molecules.
        for part, sums in enumerate(_sums(atoms, frame, 1 if len(frames) >= _PARTS else _PARTS)):
            parts[(number + part) % _PARTS] += sums
    whole = _slope(parts.sum(axis=0))
    others = [_slope(parts.sum(axis=0) - part) for part in parts]
    if whole is None or any(slope is None for slope in others):
        return None
    spread = np.array(others, dtype=float).std()
    return whole / GAS_CONSTANT, float(np.sqrt(_PARTS - 1) * spread) / GAS_CONSTANT


def _sums(atoms: Atoms, frame: Frame, parts: int) -> FloatArray:
    """Counts of pairs, and sums of their forces along the distance, by bins: (parts, 2, bins)."""
    from scipy.spatial import cKDTree

    assert frame.forces is not None
    masses, molecule = np.asarray(atoms.masses), np.unique(atoms.molecule_of, return_inverse=True)[1]
    weight = np.bincount(molecule, masses)
    known = np.flatnonzero(weight > 0.0)
    moments, force = (
        np.stack([np.bincount(molecule, values[:, axis], len(weight)) for axis in range(3)], axis=1)[known]
        for values in (frame.positions * masses[:, None], frame.forces)
    )
    centre: FloatArray = moments / weight[known, None]
    points, owner = with_images(centre, np.arange(len(centre)), frame.box, _REACH)
    probes = np.linspace(0, len(centre) - 1, min(_PROBES, len(centre))).astype(int)
    near = cKDTree(points[probes]).sparse_distance_matrix(cKDTree(points), _REACH, output_type="ndarray")
    near = near[near["v"] > 1e-6]
    one, image = probes[near["i"]], near["j"]
    near, one, image = (values[one != owner[image]] for values in (near, one, image))
    along = np.einsum("pd,pd->p", force[one] - force[owner[image]], points[one] - points[image])
    bins = round(_REACH / _BIN)
    place = np.minimum((near["v"] / _BIN).astype(int), bins - 1) + bins * (one % parts)
    counts = np.bincount(place, minlength=parts * bins)
    forces = np.bincount(place, along / (2.0 * near["v"]), minlength=parts * bins)
    return np.stack([counts.reshape(parts, bins), forces.reshape(parts, bins)], axis=1)


def _slope(sums: FloatArray) -> float | None:
    """k T in kJ/mol."""
    counts, forces = sums
    good = counts >= _LEAST
    # From the first good bin to the last before one that is not.
    start = int(np.argmax(good))
    stop = start + int(np.argmin(good[start:])) if not good[start:].all() else len(good)
    if not good.any() or stop - start < _BINS:
        return None
    r = _BIN * (np.arange(start, stop) + 0.5)
    logarithm, mean = np.log(counts[start:stop] / r**2), forces[start:stop] / counts[start:stop]
    work = np.concatenate([[0.0], np.cumsum(0.5 * (mean[1:] + mean[:-1]) * _BIN)])
    share = counts[start:stop] / counts[start:stop].sum()
    x, y = logarithm - share @ logarithm, work - share @ work
    scatter = float(share @ (x * x))
    return float(share @ (x * y)) / scatter if scatter > 0.0 else None
