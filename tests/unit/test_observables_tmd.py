"""The density maximum of cubics with a known one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cgbridge.errors import ConfigError, UnstableError
from cgbridge.observables.tmd import TMD, cubic_maximum, density_maximum
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Sampling, Target
from cgbridge.testing.made_up_runs import correlated_noise, lattice_frame, write_frames
from cgbridge.units import AMU_PER_NM3

TARGET = Target("tmd", "tmd", 277.13, 2.0, "K")
KELVIN = np.linspace(250, 310, 7)


def cubic(t):
    """A cubic with its maximum at 280 K, curved like water."""
    return 0.9975 - 6e-6 * (t - 280.0) ** 2 + 2e-8 * (t - 280.0) ** 3


def make_run(temperature: float, density: np.ndarray, **fields) -> Run:
    volume = 500 * 18.015 * AMU_PER_NM3 / density
    return Run(Simulation("bulk", temperature=temperature), 500, 18.015, {"volume": volume}, **fields)


def test_exact_cubic() -> None:
    runs = [make_run(t, np.full(10, cubic(t))) for t in KELVIN]
    result = TMD().measure(TARGET, runs)
    assert result.value == pytest.approx(280.0, abs=1e-6)
    assert result.stderr < 1e-3
    assert result.curves["density"].y == pytest.approx(cubic(KELVIN), rel=1e-12)


def test_the_maximum_of_mlbop() -> None:
    """Public densities of ML-BOP over 260 to 310 K: a cubic gives 280 K, a parabola 2 K more."""
    kelvin = np.arange(260.0, 311.0, 10.0)
    density = np.array([0.99431, 0.99669, 0.99751, 0.99675, 0.99515, 0.99259])
    value, stderr, notes = density_maximum(kelvin, density, np.full(6, 2e-4))
    assert value == pytest.approx(280.0, abs=1.0)  # the digits of the source
    assert 0.2 < stderr < 1.5
    assert not notes


def test_errors_are_calibrated_and_as_large_as_known() -> None:
    scaled, errors = [], []
    rng = np.random.default_rng(7)
    kelvin = np.linspace(250, 310, 5)
    for _ in range(100):
        density = cubic(kelvin) + 2e-4 * rng.standard_normal(5)
        value, stderr, _ = density_maximum(kelvin, density, np.full(5, 2e-4))
        scaled.append((value - 280.0) / stderr)
        errors.append(stderr)
    assert 0.6 < np.std(scaled) < 1.3  # 100 deviates; chi^2 of one degree of freedom widens the errors
    # Slope of a cubic at the middle of five points h apart: (1, -8, 0, 8, -1) / (12 h), h = 15 K; divided
    # by the curvature 12e-6. The bootstrap's own error is 2%, the rest is scatter above chi^2 = 1.
    exact = np.sqrt(130.0) / (12 * 15) * 2e-4 / 12e-6
    assert np.median(errors) == pytest.approx(exact, rel=0.2)


def test_measured_errors(tmp_path: Path) -> None:
    scaled = []
    for seed in range(40):
        runs = [
            make_run(t, cubic(t) + 0.004 * correlated_noise(400, 0.5, seed=1000 * seed + int(t)))
            for t in KELVIN
        ]
        result = TMD().measure(TARGET, runs)
        scaled.append((result.value - 280.0) / result.stderr)
    assert 0.6 < np.std(scaled) < 1.4  # 40 deviates: +- 0.11


@pytest.mark.parametrize(("slope", "edge"), [(1e-4, 310.0), (-1e-4, 250.0)])
def test_no_maximum(slope: float, edge: float) -> None:
    value, stderr, notes = density_maximum(KELVIN, 1.0 + slope * (KELVIN - 280), np.full(7, 1e-5))
    assert (value, stderr) == (edge, 30.0)
    assert notes == ["no maximum inside the temperatures"]


def test_cubic_maximum_forms() -> None:
    # A parabola (c3 = 0), the same with a touch of cubic, a rising cubic with a maximum, none at all.
    coefficients = np.array([[0, 0, 0, 0], [2, 2, -3, 1], [-1, -1, 0, 0], [0, 1e-12, 1, 1]], dtype=float)
    found = cubic_maximum(coefficients)
    assert found[:2] == pytest.approx(1.0)
    assert found[2] == pytest.approx(-1.0)
    assert np.isnan(found[3])


def test_default_temperatures_are_round() -> None:
    kelvin = [simulation.temperature for simulation in TMD().simulations(TARGET, Sampling())]
    assert kelvin == KELVIN.tolist()
    four = Target("tmd", "tmd", 277, 2, "K", options={"temperatures": [250, 260, 270, 280]})
    with pytest.raises(ConfigError, match="at least 5"):
        TMD().simulations(four, Sampling())


def test_frozen_temperatures_are_left_out(tmp_path: Path) -> None:
    ice = write_frames(tmp_path / "ice.h5", [lattice_frame("diamond", 0.27, (3, 3, 3))])
    runs = [make_run(t, np.full(10, cubic(t))) for t in KELVIN]
    frozen = make_run(KELVIN[0], np.full(10, 0.92), trajectory=ice)
    result = TMD().measure(TARGET, [frozen, *runs[1:]])
    assert result.value == pytest.approx(280.0, abs=1e-6)
    assert any("frozen" in note for note in result.notes)
    all_frozen = [make_run(t, np.full(10, 0.92), trajectory=ice) for t in KELVIN]
    with pytest.raises(UnstableError, match="stayed liquid"):
        TMD().measure(TARGET, all_frozen)
