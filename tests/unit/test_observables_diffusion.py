"""Diffusion of random walkers with a known coefficient."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cgbridge.errors import ConfigError, SimulationError
from cgbridge.frames import Frame
from cgbridge.observables.diffusion import Diffusion, squared_displacements
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Sampling, Target
from cgbridge.testing.made_up_runs import walk_frames, write_frames

D = 2.3e-3  # nm^2/ps, water at 298 K
EDGE = 2.17


def make_run(path: Path, frames: list[Frame]) -> Run:
    volume = np.full(len(frames), EDGE**3)
    simulation = Simulation("bulk", temperature=298.15)
    return Run(
        simulation, len(frames[0].positions), 18.0, {"volume": volume}, trajectory=write_frames(path, frames)
    )


def make_target(unit: str = "cm^2/s", **options: object) -> Target:
    return Target("D", "diffusion", 2.3e-5, 1e-6, unit, options={"check_phase": False, **options})


def test_random_walk(tmp_path: Path) -> None:
    run = make_run(tmp_path / "walk.h5", walk_frames(343, EDGE, 200, diffusion=D))
    result = Diffusion().measure(make_target(), [run])
    assert abs(result.value - 2.3e-5) < 4 * result.stderr
    assert result.stderr < 0.03 * 2.3e-5
    msd = result.curves["msd"]
    # 6 D t (N - 1)/N with the centre of mass taken out; 343 * 190 displacements, correlated over 10 ps.
    assert msd.y == pytest.approx(6 * D * msd.x, rel=0.03)
    assert any("finite-size" in note for note in result.notes)


def test_errors_are_calibrated(tmp_path: Path) -> None:
    scaled = []
    for seed in range(40):
        run = make_run(tmp_path / f"{seed}.h5", walk_frames(100, EDGE, 150, diffusion=D, seed=seed))
        result = Diffusion().measure(make_target("nm^2/ps"), [run])
        scaled.append((result.value - D * 99 / 100) / result.stderr)
    # Student's t of 7 degrees of freedom: spread 1.18 +- 0.15; neighbouring blocks overlap by the lag.
    assert 0.7 < np.std(scaled) < 1.8
    assert abs(np.mean(scaled)) < 4 * 1.3 / np.sqrt(40)


def test_a_straight_flight_is_ballistic(tmp_path: Path) -> None:
    velocity = np.random.default_rng(2).normal(size=(50, 3)) * 0.05
    velocity -= velocity.mean(axis=0)
    start = np.random.default_rng(3).random((50, 3)) * EDGE
    frames = [Frame((start + velocity * t) % EDGE, np.eye(3) * EDGE, float(t)) for t in range(20)]
    trajectory = write_frames(tmp_path / "flight.h5", frames)
    for squared in squared_displacements(trajectory, 4):
        exact = np.mean(np.sum(velocity**2, axis=1)) * np.arange(1, 5) ** 2
        assert squared == pytest.approx(exact, rel=1e-4)  # single-precision frames


def test_wrapping_drift_and_the_barostat_are_not_motion(tmp_path: Path) -> None:
    still = walk_frames(100, EDGE, 60, diffusion=D, seed=1)
    rng = np.random.default_rng(4)
    moved = []
    for index, frame in enumerate(still):
        scale = 1.0 + 0.01 * rng.standard_normal()
        positions = (frame.positions + 0.02 * index) * scale  # drifts out of the box, which breathes
        moved.append(Frame(positions, frame.box * scale, frame.time))
    plain = Diffusion().measure(make_target(), [make_run(tmp_path / "a.h5", still)]).value
    other = Diffusion().measure(make_target(), [make_run(tmp_path / "b.h5", moved)]).value
    # Steps are scaled by 1% at random, which changes their squares by 1e-4 on average, 0.3% at most.
    assert other == pytest.approx(plain, rel=5e-3)


def test_finite_size_correction(tmp_path: Path) -> None:
    run = make_run(tmp_path / "walk.h5", walk_frames(100, EDGE, 60, diffusion=D))
    plain = Diffusion().measure(make_target("m^2/s"), [run])
    corrected = Diffusion().measure(make_target("m^2/s", viscosity="8.9e-4 Pa*s"), [run])
    # xi k T / (6 pi eta L) in SI units.
    shift = 2.837297 * 1.380649e-23 * 298.15 / (6 * np.pi * 8.9e-4 * EDGE * 1e-9)
    assert corrected.value - plain.value == pytest.approx(shift, rel=1e-6)
    assert corrected.stderr == plain.stderr
    with pytest.raises(ConfigError, match="viscosity"):
        Diffusion().simulations(make_target(viscosity="1 nm"), Sampling())


def test_too_short_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="three lags"):
        Diffusion().simulations(make_target(production=10.0), Sampling())
    run = make_run(tmp_path / "short.h5", walk_frames(20, EDGE, 6, diffusion=D))
    with pytest.raises(SimulationError, match="too few"):
        Diffusion().measure(make_target(), [run])
