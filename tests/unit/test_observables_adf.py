"""Angles of lattices and of an ideal gas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cgbridge.errors import UnstableError
from cgbridge.frames import Frame
from cgbridge.observables.adf import ADF, angles
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Curve, Target
from cgbridge.testing.made_up_runs import gas_frames, lattice_frame, write_frames

TETRAHEDRAL = np.degrees(np.arccos(-1 / 3))


def make_run(path: Path, frames: list[Frame]) -> Run:
    simulation = Simulation("bulk", temperature=300.0)
    return Run(simulation, len(frames[0].positions), 18.015, trajectory=write_frames(path, frames))


def make_target(feature: str, unit: str, **fields: object) -> Target:
    return Target("adf", "adf", 0.0, 1.0, unit, options={"feature": feature, "check_phase": False}, **fields)


@pytest.mark.parametrize("name", ["diamond", "ice-ih"])
def test_ice_has_one_angle_and_six_per_bead(name: str) -> None:
    frame = lattice_frame(name, 0.27, {"diamond": (3, 3, 3), "ice-ih": (5, 5, 3)}[name])
    found = angles(frame, 0.34)
    assert len(found) == 6 * len(frame.positions)
    # freud works in single precision; d theta = d cos / sin.
    assert np.degrees(found) == pytest.approx(TETRAHEDRAL, abs=1e-3)


def test_fcc_has_the_known_angles() -> None:
    frame = lattice_frame("fcc", 0.3, (4, 4, 4))
    values, counts = np.unique(np.round(np.degrees(angles(frame, 0.35))), return_counts=True)
    # Pairs of the twelve neighbours: 24 at 60, 12 at 90, 24 at 120, 6 at 180 degrees.
    assert values.tolist() == [60.0, 90.0, 120.0, 180.0]
    assert (counts / len(frame.positions)).tolist() == [24.0, 12.0, 24.0, 6.0]


def test_ideal_gas_is_a_sine(tmp_path: Path) -> None:
    run = make_run(tmp_path / "gas.h5", gas_frames(400, 2.0, 60))
    x = np.linspace(5.0, 175.0, 86)
    sine = Curve(x, np.sin(np.radians(x)) / 2 * np.pi / 180, np.zeros(86), "deg", "1/deg")
    result = ADF().measure(make_target("curve", "1/deg", reference=sine), [run])
    curve = result.curves["adf"]
    assert np.sum(curve.y) * (curve.x[1] - curve.x[0]) == pytest.approx(1.0, rel=1e-12)
    # 200 thousand angles: 2% noise in a bin of the maximum 0.0087.
    assert result.value < 3e-4
    mean = ADF().measure(make_target("mean_angle", "deg"), [run])
    assert abs(mean.value - 90.0) < 4 * mean.stderr
    assert mean.stderr < 0.5


def test_peak_of_warm_ice(tmp_path: Path) -> None:
    frames = [lattice_frame("diamond", 0.2766, (3, 3, 3), jitter=0.01, seed=seed) for seed in range(20)]
    result = ADF().measure(make_target("peak_angle", "deg"), [make_run(tmp_path / "ice.h5", frames)])
    assert result.value == pytest.approx(TETRAHEDRAL, abs=1.5)  # less than a bin of 2 degrees


def test_no_neighbours_is_unstable(tmp_path: Path) -> None:
    run = make_run(tmp_path / "thin.h5", [lattice_frame("fcc", 0.5, (3, 3, 3))])
    with pytest.raises(UnstableError, match="two neighbours"):
        ADF().measure(make_target("mean_angle", "deg"), [run])
