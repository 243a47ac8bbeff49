"""Verdicts on targets, and the order of candidates."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist
from typing import Any

import pytest

from cgbridge.objectives.level import PassRule
from cgbridge.objectives.quantities import counted, once, quantity_of
from cgbridge.objectives.scoring import (
    Measured,
    gates_error,
    goals_error,
    is_passed,
    judge,
    score_broken,
    score_completed,
    weighted_rms,
)
from cgbridge.records.target import DEFAULT_PRECISION, Estimate, Target

TARGET = Target("density", "density", value=1.0, tolerance=0.02, unit="g/cm^3")


@pytest.mark.parametrize(
    ("deviation", "stderr", "passed"),
    [
        (0.019, 0.0, True),
        (0.021, 0.0, False),
        (0.021, 0.002, False),  # noise is no excuse: it would be one for every candidate
        (0.019, 0.010, True),  # known as well as is asked for
        (0.0, 0.011, False),  # a value that is not known is no proof
        (math.nan, 0.002, False),
        (0.0, math.nan, False),
        (0.0, math.inf, False),
    ],
)
def test_passed_is_within_the_tolerance_and_known(deviation: float, stderr: float, passed: bool) -> None:
    assert is_passed(deviation, 0.02, stderr, 0.01) is passed


def test_a_larger_standard_error_never_makes_passing_easier() -> None:
    errors = [0.0, *(10.0 ** (k / 4) for k in range(-16, 9))]
    for deviation in [k * 0.05 for k in range(60)]:
        verdicts = [is_passed(deviation, 1.0, error, 0.5) for error in errors]
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
    """Levels passed first; then how far one got in the next; its gates; its error; then all errors."""
    ranked = [
        score_completed(0, 9.0, 0.5),
        score_completed(0, 0.1, 0.6),
        score_completed(1, 1.2, 9.0),
        score_completed(1, 1.3, 0.1),
        score_completed(1, 0.0, 0.0, gate_error=1.1),  # no error of a goal makes up for a gate
        score_completed(1, 0.0, 0.0, gate_error=2.0),
        score_broken(1, 0.9, 0.1),
        score_broken(1, 0.2, 0.1),
        score_completed(2, 1.1, 0.1),
    ]
    assert sorted(ranked) == ranked


def found(target: Target, off: float, stderr: float = 0.1, level: str = "level") -> Measured:
    """A target with a value ``off`` tolerances away, known to ``stderr`` tolerances."""
    estimate = Estimate(target.value + off * target.tolerance, stderr * target.tolerance, 10.0, target.unit)
    return target, judge(target, estimate, level)


def test_the_default_precision_is_what_its_reason_says() -> None:
    """Half a tolerance: a right candidate passes in 95 of 100, one that is off by two in 2 of 100."""
    normal = NormalDist(0.0, DEFAULT_PRECISION)
    assert normal.cdf(1.0) - normal.cdf(-1.0) == pytest.approx(0.954, abs=0.001)
    assert normal.cdf(-1.0) - normal.cdf(-3.0) == pytest.approx(0.023, abs=0.001)
    assert TARGET.known_to == 0.01 and replace(TARGET, precision=0.001).known_to == 0.001


def test_a_target_at_two_levels_counts_once() -> None:
    """The density of early levels had the weight of as many targets as it had levels."""
    other = Target("hvap", "enthalpy_of_vaporization", 44.0, 2.0, "kJ/mol")
    early = replace(TARGET, name="early", tolerance=0.08, options={"production": "8 ps", "beads": 100})
    late = found(TARGET, 1.0, stderr=0.2)
    once_only = goals_error(counted([late, found(other, 0.5)]))
    assert once_only == pytest.approx(math.sqrt((1 + 0.25) / 2))
    for repeated in range(1, 4):
        measured = [*[found(early, 0.9, stderr=0.4)] * repeated, late, found(other, 0.5)]
        assert goals_error(counted(measured)) == once_only
    # Without that, three times the same density would have three votes.
    assert goals_error([late, late, late, found(other, 0.5)]) > once_only + 0.05


def test_the_best_measurement_counts_whatever_its_level() -> None:
    long, short = found(TARGET, 0.3, stderr=0.1), found(TARGET, 0.9, stderr=0.3)
    assert [result for _, result in counted([long, short])] == [long[1]]
    assert [result for _, result in counted([short, long])] == [long[1]]
    first, last = found(TARGET, 0.3, stderr=0.0), found(replace(TARGET, tolerance=0.01), 0.4, stderr=0.0)
    assert counted([first, last]) == [last]  # static values are alike: the later tolerance is the tighter


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"name": "another", "tolerance": 0.5, "weight": 3.0, "precision": 0.1, "source": "x"}, True),
        ({"options": {"beads": 1000, "production": "1 ns", "check_phase": False}}, True),
        ({"temperature": 310.0}, False),
        ({"pressure": 1000.0}, False),
        ({"structure": "ice-ih"}, False),
        ({"observable": "ice_density"}, False),
        ({"options": {"feature": "second_peak_position"}}, False),
        ({"value": 0.99}, False),
    ],
)
def test_what_is_one_quantity(changes: dict[str, Any], same: bool) -> None:
    assert (quantity_of(TARGET) == quantity_of(replace(TARGET, **changes))) is same


def test_names_of_one_thing_are_one_quantity() -> None:
    crystal = replace(TARGET, observable="crystal_density", structure="hexagonal-diamond")
    assert quantity_of(crystal) == quantity_of(replace(TARGET, observable="ice_density", structure="ice-ih"))


def test_gates_count_in_no_error() -> None:
    gate = replace(TARGET, name="gate", gate=True)
    goals = [found(TARGET, 0.5)]
    for off in (0.0, 7.0):
        assert goals_error([found(gate, off), *goals]) == goals_error(goals) == pytest.approx(0.5)
        assert counted([found(gate, off, stderr=0.001), *goals]) == goals
    assert once([gate, TARGET, replace(TARGET, weight=4.0), TARGET]) == [replace(TARGET, weight=4.0)]


def test_missed_gates_rank_candidates() -> None:
    gate = replace(TARGET, gate=True)
    errors = [
        gates_error(result for _, result in gates)
        for gates in (
            [found(gate, 0.9), found(TARGET, 9.0)],
            [found(gate, 0.1, stderr=0.6)],  # not known: a miss, however near it looks
            [found(gate, 1.5)],
            [found(gate, 1.5), found(gate, 1.2)],
        )
    ]
    assert errors[0] == 0.0 and errors[1] == 1.0 and errors == sorted(errors)


def test_rules_of_a_level() -> None:
    goals = [
        found(replace(TARGET, weight=weight), off) for weight, off in ((1.0, 1.4), (1.0, 0.2), (2.0, 0.6))
    ]
    assert not PassRule().allows(goals)  # the first is missed
    assert PassRule(mean=0.71).allows(goals)  # (1.4 + 0.2 + 2 * 0.6) / 4 = 0.7
    assert not PassRule(mean=0.69).allows(goals)
    assert PassRule(worst=1.5).allows(goals) and not PassRule(worst=1.3).allows(goals)
    assert not PassRule(mean=0.71, worst=1.3).allows(goals)
    unknown = [*goals, found(TARGET, 0.0, stderr=0.6)]
    assert not PassRule(mean=9.0, worst=9.0).allows(unknown)


@pytest.mark.parametrize("rule", [PassRule(), PassRule(mean=1.0), PassRule(worst=2.0), PassRule(1.0, 2.0)])
def test_beyond_the_largest_deviation_no_level_is_passed(rule: PassRule) -> None:
    """Who stops a simulation there must not stop one that could still have passed."""
    targets = [replace(TARGET, name=str(weight), weight=weight) for weight in (1.0, 3.0)]
    largest = [rule.largest(target, targets) / target.tolerance for target in targets]
    for index in (0, 1):
        for step, allowed in ((0.999, True), (1.001, False)):
            offs = [0.0, 0.0]
            offs[index] = step * largest[index]
            assert rule.allows([found(*pair) for pair in zip(targets, offs, strict=True)]) is allowed
