"""Frames that are not periodic in every direction, in a box whose images see nothing of each other."""

from __future__ import annotations

import numpy as np

from cgbridge.frames import FloatArray

#: nm of vacuum between images: no cutoff of a model is longer than half of it, the width that one needs.
VACUUM = 4.0


def closed_box(box: FloatArray, positions: FloatArray) -> FloatArray:
    """The ``box`` with a vector for every direction that has none (a row of zeros).

    It stands at right angles to those that are there, and is longer than the particles extend by
    :data:`VACUUM`, so that energies and forces are those without periodicity.
    """
    kept = box.any(axis=1)
    if kept.all():
        return box
    # The last columns of a full QR span what is at right angles to the periodic vectors.
    basis = np.linalg.qr(box[kept].T, mode="complete")[0] if kept.any() else np.eye(3)
    found = box.copy()
    for axis, direction in zip(np.flatnonzero(~kept), basis[:, int(kept.sum()) :].T, strict=True):
        found[axis] = direction * (float(np.ptp(positions @ direction)) + VACUUM)
    if np.linalg.det(found) < 0.0:
        opened = int(np.flatnonzero(~kept)[0])
        found[opened] = -found[opened]
    return found
