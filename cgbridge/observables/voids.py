"""Does the liquid fill its box? The largest empty sphere in the last frames of a run.

A liquid that started too thin, or that boils, becomes a foam: bubbles that stay, and a mean density that
depends on the seed. An empty sphere of radius R about any point costs a liquid the surface 4 pi R^2, some
tens of kT at the limit used here, 1.7 n^(-1/3) with n the mean number density of beads (of molecules,
where bonds make them as small as one); an ideal gas, which has no
surface, shows one at 10^-9 of its points. A bubble of a tenth of a box of 300 beads is larger.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from cgbridge.errors import UnstableError
from cgbridge.frames import Frame
from cgbridge.observables.neighbours import freud_box, one_thread
from cgbridge.observables.phase import LAST_FRAMES
from cgbridge.records.simulation import Run

#: Radius of an empty sphere in units of n^(-1/3) from which it is a void.
LIMIT = 1.7
#: Distance of the points looked at, in the same unit.
_SPACING = 0.5


def emptiest_radius(frame: Frame) -> float:
    """Radius in nm of the largest sphere about a point of a grid that holds no centre of a bead."""
    import freud

    box = freud_box(frame)
    spacing = math.cbrt(box.volume / len(frame.positions))
    counts = [max(2, math.ceil(length / (_SPACING * spacing))) for length in box.L]
    axes = [(np.arange(count) + 0.5) / count for count in counts]
    points = box.make_absolute(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3))
    with one_thread():
        finder = freud.locality.AABBQuery(box, box.wrap(frame.positions))
        nearest = finder.query(points, {"num_neighbors": 1}).toNeighborList()
    return float(np.max(nearest.distances))


def _sites(run: Run, frame: Frame) -> int:
    """Beads, those counted once that a bond holds nearer together than half the mean distance."""
    beads = len(frame.positions)
    if run.topology is None or not run.topology.bonds:
        return beads
    from cgbridge.observables.bonded import lengths

    half = 0.5 * math.cbrt(abs(float(np.linalg.det(frame.box))) / beads)
    near = int(np.count_nonzero(lengths(frame, np.array(run.topology.bonds)) < half))
    return max(run.topology.molecule_count, beads - near)


def check_filled(run: Run) -> None:
    """Raise :class:`UnstableError` when each of the last frames of a liquid has a void."""
    last = deque(run.trajectory or (), maxlen=LAST_FRAMES)
    if not last:
        return
    spacing = [math.cbrt(abs(float(np.linalg.det(f.box))) / _sites(run, f)) for f in last]
    radii = [emptiest_radius(frame) for frame in last]
    if min(r / a for r, a in zip(radii, spacing, strict=True)) < LIMIT:
        return
    raise UnstableError(
        f"no filled liquid: an empty sphere of {min(radii):.2f} nm stays in '{run.simulation.label}'; "
        "it boils, or started too thin",
        remedy="give engine.density, near that of the liquid",
    )
