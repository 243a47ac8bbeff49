"""Frames as freud sees them: a box and wrapped positions, and neighbour vectors by distance or number."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from cgbridge.errors import SimulationError, UnstableError
from cgbridge.frames import FloatArray, Frame, Frames
from cgbridge.records.simulation import Run


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep freud on one thread: the workers already fill the cores, and small boxes gain nothing."""
    import freud

    with freud.parallel.NumThreads(1):
        yield


def freud_box(frame: Frame) -> Any:
    """The ``freud.box.Box`` of a frame whose box rows are in OpenMM's reduced (lower triangular) form."""
    import freud

    if not (np.all(np.isfinite(frame.positions)) and np.all(np.isfinite(frame.box))):
        raise UnstableError("positions are not finite: the simulation has exploded")
    return freud.box.Box.from_matrix(frame.box.T)


def half_width(frame: Frame) -> float:
    """Half the smallest distance between opposite faces of the box, in nm: no r may exceed it."""
    volume = abs(float(np.linalg.det(frame.box)))
    a, b, c = frame.box
    areas = [np.linalg.norm(np.cross(u, v)) for u, v in ((b, c), (c, a), (a, b))]
    return 0.5 * volume / float(max(areas))


def require_width(frame: Frame, reach: float) -> None:
    """Raise :class:`~cgbridge.errors.UnstableError` if ``reach`` (nm) exceeds half the box."""
    if half_width(frame) < reach:
        raise UnstableError(
            f"the box is {2 * half_width(frame):.3f} nm wide, less than twice {reach:.3f} nm",
            remedy="use more beads or a smaller r_max, unless the box has collapsed",
        )


def frames_of(run: Run) -> Frames:
    """The frames of a run. Raises :class:`SimulationError` when there are none."""
    if run.trajectory is None or len(run.trajectory) == 0:
        raise SimulationError(f"the run '{run.simulation.label}' has no frames")
    return run.trajectory


def neighbour_list(frame: Frame, query: dict[str, Any]) -> Any:
    """freud's neighbour list of all beads with all others for ``query`` (``r_max`` or ``num_neighbors``)."""
    import freud

    box = freud_box(frame)
    points = box.wrap(frame.positions)
    finder = freud.locality.AABBQuery(box, points)
    return finder.query(points, {**query, "exclude_ii": True}).toNeighborList()


def unit_vectors(vectors: FloatArray) -> FloatArray:
    """Rows divided by their lengths, for any leading shape."""
    scaled: FloatArray = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return scaled
