"""Compressibility of volumes drawn with the variance of a known compressibility."""

from __future__ import annotations

import numpy as np
import pytest

from cgbridge.observables.compressibility import Compressibility
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Estimate, Target
from cgbridge.testing.made_up_runs import correlated_noise

#: k in bar nm^3 / K, independent of the package: 1.380649e-23 J/K / (1e5 Pa * 1e-27 m^3).
BOLTZMANN = 0.1380649
KAPPA = 0.45e-4  # 1/bar
VOLUME = 15.0


def measured(memory: float, count: int, seed: int, unit: str = "1/GPa") -> Estimate:
    spread = np.sqrt(KAPPA * VOLUME * BOLTZMANN * 300.0)
    volume = VOLUME + spread * correlated_noise(count, memory, seed=seed)
    run = Run(Simulation("bulk", temperature=300.0), 500, 18.0, {"volume": volume})
    return Compressibility().measure(Target("k", "compressibility", 0.45, 0.02, unit), [run])


def test_exact_variance() -> None:
    # Two values, each for half of the time in turn: <V^2> - <V>^2 = d^2 exactly; g = 1 or less.
    deviation = 0.1
    volume = VOLUME + deviation * np.tile([1.0, -1.0], 5000)
    run = Run(Simulation("bulk", temperature=300.0), 500, 18.0, {"volume": volume})
    result = Compressibility().measure(Target("k", "compressibility", 1, 1, "1/bar"), [run])
    # n / (n - g) = 1 + 1e-4 remains.
    assert result.value == pytest.approx(deviation**2 / (VOLUME * BOLTZMANN * 300.0), rel=2e-4)


@pytest.mark.parametrize("memory", [0.0, 0.8])
def test_unbiased_and_calibrated(memory: float) -> None:
    results = [measured(memory, 1000, seed) for seed in range(100)]
    values = np.array([result.value for result in results])
    scaled = (values - 0.45) / np.array([result.stderr for result in results])
    # The true error of one is sqrt(2 tau2 / n): the mean of a hundred is within four of its tenth.
    assert abs(values.mean() - 0.45) < 4 * values.std() / 10
    # Student's t of 15 and correlation between estimate and error widen the spread.
    assert 0.75 < scaled.std() < 1.6


def test_short_runs_say_so() -> None:
    assert any("short" in note for note in measured(0.95, 300, 1).notes)
    assert not measured(0.0, 1000, 1).notes
