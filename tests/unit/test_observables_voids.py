"""A foam is told from a liquid."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from cgbridge.errors import UnstableError
from cgbridge.frames import Frame
from cgbridge.observables.catalogue import get_observable
from cgbridge.observables.voids import LIMIT, check_filled, emptiest_radius
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Target
from cgbridge.testing.made_up_runs import gas_frames, lattice_frame, write_frames


def bubble(share: float, repeats: int = 4) -> Frame:
    """A jittered lattice, about as dense everywhere, without the beads in a sphere of a share of the box."""
    frame = lattice_frame("diamond", 0.28, (repeats,) * 3, jitter=0.03)
    edge = frame.box[0, 0]
    away = frame.positions - 0.3 * edge
    away -= edge * np.round(away / edge)
    keep = np.linalg.norm(away, axis=1) > edge * math.cbrt(3 * share / (4 * math.pi))
    return Frame(frame.positions[keep], frame.box, 0.0)


def relative(frame: Frame) -> float:
    return emptiest_radius(frame) / math.cbrt(abs(np.linalg.det(frame.box)) / len(frame.positions))


def test_the_emptiest_place_of_a_lattice_is_its_hole():
    # Diamond: the hole at (1/2, 1/2, 1/2) of the cell is a neighbour distance from its four neighbours. The
    # grid of half a spacing misses it by a quarter of the spacing at most, along each axis.
    frame = lattice_frame("diamond", 0.28, (4, 4, 4))
    spacing = math.cbrt(np.linalg.det(frame.box) / len(frame.positions))
    assert 0.28 - 0.25 * math.sqrt(3) * spacing < emptiest_radius(frame) <= 0.28 + 1e-6


@pytest.mark.parametrize(
    "frame",
    [*gas_frames(216, 1.9, 5), lattice_frame("fcc", 0.3, (4, 4, 4), jitter=0.03), bubble(0.0)],
)
def test_what_fills_its_box_has_no_void(frame):
    # The largest of 200 frames of a gas of 343 beads was 1.41.
    assert relative(frame) < LIMIT - 0.2


@pytest.mark.parametrize(("share", "repeats"), [(0.15, 3), (0.05, 4), (0.2, 4), (0.03, 6)])
def test_a_bubble_is_a_void(share, repeats):
    assert relative(bubble(share, repeats)) > LIMIT


def test_a_tilted_box_is_looked_at_alike():
    frame = bubble(0.1)
    tilted = frame.box.copy()
    tilted[1] += tilted[0]  # the same lattice of boxes
    # Another grid of points: each is within a quarter of the spacing of some point of the other.
    assert emptiest_radius(Frame(frame.positions, tilted, 0.0)) == pytest.approx(
        emptiest_radius(frame), rel=0.1
    )


def run_of(frames, path: Path) -> Run:
    series = {"volume": np.full(20, float(np.linalg.det(frames[0].box)))}
    simulation = Simulation("bulk", temperature=300.0)
    return Run(simulation, len(frames[0].positions), 28.0, series, trajectory=write_frames(path, frames))


def test_a_foam_has_no_density_and_a_bubble_that_closed_does_not_matter(tmp_path: Path):
    target = Target("rho", "density", 1.0, 0.1, "g/cm^3", temperature=300.0)
    foam = run_of([bubble(0.2)] * 6, tmp_path / "foam.h5")
    # The radius of the sphere that was cut out is 0.94 nm; the grid and the jitter take off a little.
    with pytest.raises(UnstableError, match=r"an empty sphere of 0\.8. nm stays in 'bulk liquid 300 K'"):
        get_observable("density").measure(target, [foam])
    # The check can be switched off.
    unchecked = Target("rho", "density", 1.0, 0.1, "g/cm^3", options={"check_phase": False})
    assert get_observable("density").measure(unchecked, [foam]).value > 0
    count = len(bubble(0.2).positions)
    gas = gas_frames(count, bubble(0.2).box[0, 0], 1)[0]
    check_filled(run_of([bubble(0.2)] * 5 + [gas], tmp_path / "closed.h5"))
