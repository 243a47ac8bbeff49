"""Verdicts on targets, and the order of candidates."""

from __future__ import annotations

import math

import pytest

from cgbridge.interfaces import Estimate, Target
from cgbridge.objectives.scoring import is_passed, judge, score_broken, score_completed, weighted_rms

TARGET = Target("density", "density", value=1.0, tolerance=0.02, unit="g/cm^3")


@pytest.mark.parametrize(
    ("deviation", "stderr", "passed"),
    [
        (0.019, 0.0, True),
        (0.021, 0.0, False),
        (0.021, 0.002, False),  # noise is no excuse: it would be one for every candidate
        (0.019, 0.039, True),  # a good value is not thrown out for its noise
        (0.0, 0.041, False),  # a value that is hardly known is no proof
        (math.nan, 0.002, False),
        (0.0, math.nan, False),
        (0.0, math.inf, False),
    ],
)
def test_passed_is_within_the_tolerance_and_known(deviation: float, stderr: float, passed: bool) -> None:
    assert is_passed(deviation, 0.02, stderr) is passed


def test_a_larger_standard_error_never_makes_passing_easier() -> None:
    errors = [0.0, *(10.0 ** (k / 4) for k in range(-16, 9))]
    for deviation in [k * 0.05 for k in range(60)]:
        verdicts = [is_passed(deviation, 1.0, error) for error in errors]
        assert verdicts == sorted(verdicts, reverse=True)


def test_error_is_in_units_of_the_tolerance_and_noise_does_not_lower_it() -> None:
    sharp, noisy = (judge(TARGET, Estimate(0.97, error, 10.0, "g/cm^3"), "liquid") for error in (0.001, 0.5))
    assert sharp.normalised_error == noisy.normalised_error == pytest.approx(1.5)
    assert not sharp.passed and not noisy.passed


def test_errors_of_wild_candidates_have_a_mean_as_well() -> None:
    wild = judge(TARGET, Estimate(1e200, 0.0, 1.0, "g/cm^3"), "liquid")
    assert weighted_rms([wild, wild], [1.0, 3.0]) == pytest.approx(5e201)


def test_units_must_agree() -> None:
    with pytest.raises(ValueError, match="kg/m"):
        judge(TARGET, Estimate(970.0, 1.0, 10.0, "kg/m^3"), "liquid")


def test_weighted_rms_of_errors() -> None:
    off = [judge(TARGET, Estimate(1.0 + d, 0.0, 10.0, "g/cm^3"), "liquid") for d in (0.02, 0.04)]
    assert weighted_rms(off, [1.0, 1.0]) == pytest.approx(math.sqrt((1 + 4) / 2))
    assert weighted_rms(off, [0.0, 2.0]) == pytest.approx(2.0)
    assert weighted_rms([], []) == 0.0


def test_order_of_candidates() -> None:
    """Levels passed first; then finishing a level, how far one got in it, its error; then all errors."""
    ranked = [
        score_completed(0, 9.0, 0.5),
        score_completed(0, 0.1, 0.6),
        score_completed(1, 1.2, 9.0),
        score_completed(1, 1.3, 0.1),
        score_broken(1, 0.9, 0.1),
        score_broken(1, 0.2, 0.1),
        score_completed(2, 1.1, 0.1),
    ]
    assert sorted(ranked) == ranked
