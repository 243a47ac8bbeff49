"""Errors of correlated series against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cgbridge.errors import UnstableError
from cgbridge.observables.blocks import jackknife
from cgbridge.observables.statistics import (
    block_error,
    block_means,
    block_spread,
    drift,
    mean_error,
    statistical_inefficiency,
)
from cgbridge.observables.synthetic import correlated_noise


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.9])
def test_ar1_has_the_closed_form_correlation_time(memory: float) -> None:
    # g = (1 + a) / (1 - a) for x_{t+1} = a x_t + e; estimated from 20000 steps, i.e. more than 1000
    # independent samples: 15% is three times the scatter over seeds seen at a = 0.9.
    g = statistical_inefficiency(correlated_noise(20000, memory, seed=3))
    assert g == pytest.approx((1 + memory) / (1 - memory), rel=0.15)


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.9])
def test_both_error_estimators_agree_with_the_closed_form(memory: float) -> None:
    count = 20000
    exact = math.sqrt((1 + memory) / (1 - memory) / count)
    series = correlated_noise(count, memory, seed=5)
    # Blocking takes the largest of about ten noisy levels, the last of 16 blocks (18% scatter each).
    assert block_error(series) == pytest.approx(exact, rel=0.5)
    assert block_error(series) > 0.85 * exact
    assert mean_error(series).stderr == pytest.approx(exact, rel=0.5)


def test_errors_are_calibrated() -> None:
    results = [mean_error(correlated_noise(1000, 0.8, seed=seed)) for seed in range(200)]
    scaled = np.array([result.mean / result.stderr for result in results])
    # Spread of 200 normal deviates: 1 +- 0.05; up to 25% too cautious since the larger estimator wins.
    assert 0.7 < scaled.std() < 1.15
    assert abs(scaled.mean()) < 4 / math.sqrt(200)


def test_white_noise_keeps_its_samples() -> None:
    series = np.random.default_rng(1).standard_normal(4096)
    result = mean_error(series)
    assert statistical_inefficiency(series) == pytest.approx(1.0, abs=0.1)  # 3 / sqrt(n) and rounding up
    assert result.n_eff > 2000
    assert result.stderr == pytest.approx(1 / 64, rel=0.4)


def test_constant_series_has_no_error() -> None:
    result = mean_error(np.full(100, 3.7))
    assert (result.mean, result.stderr, result.n_eff) == (pytest.approx(3.7, rel=1e-15), 0.0, 100.0)
    assert statistical_inefficiency(np.zeros(50)) == 1.0
    assert drift(np.full(100, 3.7)) == 0.0


def test_one_sample_has_an_infinite_error() -> None:
    result = mean_error(np.array([2.0]))
    assert (result.mean, result.stderr, result.n_eff) == (2.0, math.inf, 1.0)


@pytest.mark.parametrize("bad", [[], [1.0, np.nan], [np.inf, 1.0]])
def test_bad_series_are_unstable(bad: list[float]) -> None:
    with pytest.raises(UnstableError):
        mean_error(np.array(bad))


def test_drift_is_detected_and_stationarity_is_not() -> None:
    noise = correlated_noise(2000, 0.5, seed=2)
    assert np.mean([drift(correlated_noise(2000, 0.5, seed=seed)) > 3 for seed in range(50)]) < 0.1
    assert drift(noise + np.linspace(0, 2, 2000)) > 4


def test_blocks() -> None:
    assert block_means(np.arange(12.0), 3).tolist() == [1.5, 5.5, 9.5]
    assert len(block_means(np.arange(2.0), 10)) == 2
    assert np.all(np.isinf(block_spread(np.ones((1, 4)))))
    assert block_spread(np.array([[0.0], [2.0]]))[0] == pytest.approx(1.0)


def test_jackknife_of_a_mean_is_the_standard_error() -> None:
    blocks = np.array([1.0, 2.0, 4.0, 7.0])
    value, error = jackknife(blocks, float)
    # Identity: for a plain mean the jackknife is s / sqrt(n) exactly.
    assert value == pytest.approx(3.5, rel=1e-14)
    assert error == pytest.approx(blocks.std(ddof=1) / 2, rel=1e-12)
    assert jackknife(blocks[:1], float)[1] == math.inf
