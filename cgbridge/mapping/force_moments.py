"""Mean products of the forces on the atoms of a molecule: all that linear force maps are judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cgbridge.errors import ConfigError, FileFormatError
from cgbridge.frames import FloatArray, Frames
from cgbridge.mapping.molecule_kinds import MoleculeKind

#: Frames that are looked at, evenly over the series: those of one molecule tell the noise to 2 %, those of a
#: liquid far better.
MOST_FRAMES = 500


@dataclass(frozen=True)
class ForceMoments:
    """``products`` G (n, n) for each kind: <f_i . f_j> / 3 over molecules and ``frames``, (kJ/(mol nm))^2."""

    products: tuple[FloatArray, ...]
    frames: int


def force_moments(kinds: Sequence[MoleculeKind], frames: Frames, *, most: int = MOST_FRAMES) -> ForceMoments:
    """Moments over at most ``most`` of the frames, one frame in memory at a time.

    Raises :class:`ConfigError` for frames without forces and
    :class:`~cgbridge.errors.FileFormatError` for a force that is not a number.
    """
    every = max(1, -(-len(frames) // most))
    sums = [np.zeros((len(kind.names),) * 2) for kind in kinds]
    count = 0
    for number, frame in enumerate(frames):
        if number % every:
            continue
        if frame.forces is None:
            raise ConfigError(
                "these frames hold no forces",
                where=f"frame {number}",
                remedy="map positions alone, or write forces with the trajectory (TRR, LAMMPS dump with fx "
                "fy fz, extended XYZ, or the HDF5 of `cgbridge simulate`)",
            )
        if not np.isfinite(frame.forces).all():
            raise FileFormatError("a force is not a finite number", where=f"frame {number}")
        for total, kind in zip(sums, kinds, strict=True):
            forces = frame.forces[kind.atoms]
            total += np.einsum("kix,kjx->ij", forces, forces, optimize=True) / (3.0 * len(kind.atoms))
        count += 1
    if count == 0:
        raise ConfigError("there are no frames", where="forces")
    return ForceMoments(tuple(total / count for total in sums), count)
