"""Surface tension from pressure tensors with a known anisotropy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cgbridge.errors import ConfigError, SimulationError
from cgbridge.observables.surface_tension import SurfaceTension
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Sampling, Target
from cgbridge.testing.made_up_runs import correlated_noise, gas_frames, write_frames

TARGET = Target("gamma", "surface_tension", 72.0, 2.0, "mN/m")
SLAB = Simulation("slab", temperature=300.0)


def tensor(count: int, normal: float, tangential: float) -> np.ndarray:
    return np.tile(np.diag([tangential - 5.0, tangential + 5.0, normal]), (count, 1, 1))


def test_closed_form() -> None:
    # Lz/2 (Pzz - Pt) = 5 nm * 144 bar = 5e-9 m * 1.44e7 Pa = 72 mN/m.
    run = Run(SLAB, 500, 18.0, {"pressure_tensor": tensor(50, 44.0, -100.0), "box_z": np.full(50, 10.0)})
    result = SurfaceTension().measure(TARGET, [run])
    assert result.value == pytest.approx(72.0, rel=1e-9)
    assert result.stderr == 0.0


def test_height_from_the_frames(tmp_path: Path) -> None:
    trajectory = write_frames(tmp_path / "slab.h5", gas_frames(20, 10.0, 2))
    run = Run(SLAB, 20, 18.0, {"pressure_tensor": tensor(50, 44.0, -100.0)}, trajectory=trajectory)
    assert SurfaceTension().measure(TARGET, [run]).value == pytest.approx(72.0, rel=1e-9)
    with pytest.raises(SimulationError, match="box_z"):
        SurfaceTension().measure(TARGET, [Run(SLAB, 20, 18.0, {"pressure_tensor": tensor(9, 1, 0)})])


def test_errors_are_calibrated() -> None:
    scaled = []
    for seed in range(60):
        pressures = tensor(1000, 44.0, -100.0)
        pressures[:, 2, 2] += 300.0 * correlated_noise(1000, 0.7, seed=seed)
        run = Run(SLAB, 500, 18.0, {"pressure_tensor": pressures, "box_z": np.full(1000, 10.0)})
        result = SurfaceTension().measure(TARGET, [run])
        scaled.append((result.value - 72.0) / result.stderr)
    assert 0.6 < np.std(scaled) < 1.25  # 60 deviates: +- 0.09, at most 30% too cautious


def test_simulation() -> None:
    (simulation,) = SurfaceTension().simulations(TARGET, Sampling())
    assert (simulation.kind, simulation.temperature) == ("slab", 300.0)
    cold = Target("gamma", "surface_tension", 72.0, 2.0, "mN/m", temperature=0.0)
    with pytest.raises(ConfigError, match="positive"):
        SurfaceTension().simulations(cold, Sampling())
