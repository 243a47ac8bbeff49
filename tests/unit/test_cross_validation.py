"""Choosing again without a part of the state points: what is left out, and what the figures are worth."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from cgbridge.errors import ConfigError
from cgbridge.objectives.cross_validation import Candidate, cross_validate, deal, error_on, states_of
from cgbridge.objectives.quantities import quantity_of
from cgbridge.objectives.scoring import judge
from cgbridge.records.target import Estimate, Target

KELVIN = (250.0, 270.0, 290.0, 310.0, 330.0, 350.0)
DENSITIES = [Target(f"density-{t:g}K", "density", 1.0, 0.01, "g/cm^3", temperature=t) for t in KELVIN]
#: On the run of the density at 290 K, and on five of them.
PEAK = Target("peak", "rdf", 2.8, 0.1, "A", temperature=290.0, options={"feature": "first_peak_position"})
TMD = Target("tmd", "tmd", 277.0, 3.0, "K", options={"temperatures": list(KELVIN[:5])})
DIMER = Target("dimer", "dimer_energy", -21.0, 2.0, "kJ/mol")


def candidate(goals: Sequence[Target], errors: Sequence[float], stderr: float = 0.1) -> Candidate:
    """Deviations in tolerances, in the order of the goals."""
    return {
        quantity_of(goal): judge(
            goal,
            Estimate(goal.value + error * goal.tolerance, stderr * goal.tolerance, 10.0, goal.unit),
            "level",
        )
        for goal, error in zip(goals, errors, strict=True)
    }


def test_targets_of_one_run_share_their_fold() -> None:
    """The luck of a run is in all that is measured on it."""
    folds = deal([*DENSITIES, PEAK], 6)
    assert len(folds) == 6
    (shared,) = (fold for fold in folds if PEAK in fold)
    assert {goal.name for goal in shared} == {"peak", "density-290K"}


def test_neighbours_in_temperature_are_in_different_folds() -> None:
    folds = deal(DENSITIES, 3)
    assert [[goal.temperature for goal in fold] for fold in folds] == [
        [250.0, 310.0], [270.0, 330.0], [290.0, 350.0],
    ]  # fmt: skip
    assert sorted(goal.name for fold in folds for goal in fold) == [goal.name for goal in DENSITIES]


def test_there_are_no_more_folds_than_states() -> None:
    assert len(deal(DENSITIES[:2], 9)) == 2
    with pytest.raises(ConfigError, match="nothing to leave out"):
        deal([PEAK, DENSITIES[2]], 4)


def test_what_needs_a_state_that_is_left_out_has_no_part_in_the_choice() -> None:
    """A maximum of density comes from the runs of the densities: it would tell what was left out."""
    goals = [*DENSITIES, TMD, DIMER]
    assert states_of(TMD) == frozenset().union(*(states_of(goal) for goal in DENSITIES[:5]))
    # One is right at the maximum and the dimer, the other at the densities; both are right at 350 K.
    by_maximum = candidate(goals, [3.0] * 5 + [0.0, 0.0, 0.5])
    by_densities = candidate(goals, [0.0] * 5 + [0.0, 3.0, 0.0])
    found = cross_validate(goals, [by_maximum, by_densities], len(goals))
    assert found is not None and found.folds == 8
    errors = {one.target.name: abs(one.result.normalised_error) for one in found.left_out}
    # Without the maximum all five densities are out too, and the dimer decides: the second, 3 off.
    assert errors["tmd"] == pytest.approx(3.0)
    # Without one density the maximum is out, and the four others decide.
    assert all(errors[goal.name] == pytest.approx(0.0, abs=1e-9) for goal in DENSITIES)


def test_figures_are_those_of_the_definition() -> None:
    rng = np.random.default_rng(3)
    pool = [candidate(DENSITIES, rng.normal(0.0, 2.0, 6)) for _ in range(7)]
    found = cross_validate(DENSITIES, pool, 3)
    assert found is not None and found.candidates == 7
    squares = []
    for fold in deal(DENSITIES, 3):
        rest = [goal for goal in DENSITIES if goal not in fold]
        best = min(pool, key=lambda one, rest=rest: error_on(rest, one))
        squares += [best[quantity_of(goal)].normalised_error ** 2 for goal in fold]
    assert found.error == pytest.approx(math.sqrt(np.mean(squares)))
    assert found.chosen == pytest.approx(min(error_on(DENSITIES, one) for one in pool))
    assert found.typical == pytest.approx(np.median([error_on(DENSITIES, one) for one in pool]))
    assert found.noise == pytest.approx(0.1)


def test_candidates_that_were_not_measured_as_a_whole_are_left_aside() -> None:
    whole = candidate(DENSITIES, [1.0] * 6)
    part = candidate(DENSITIES[:3], [0.0] * 3)
    broken = candidate(DENSITIES, [0.0] * 5 + [math.nan])
    assert cross_validate(DENSITIES, [whole, part, broken], 3) is None
    found = cross_validate(DENSITIES, [whole, part, broken, whole], 3)
    assert found is not None and found.candidates == 2 and found.error == pytest.approx(1.0)


def test_errors_left_out_are_honest_where_errors_of_the_chosen_flatter() -> None:
    """Candidates that are all alike but for their luck: the best of 30 looks better than it is, by what the
    choice has gained; left out, it is exactly as good as any other, sqrt(1) tolerance of noise."""
    rng = np.random.default_rng(11)
    found = [
        cross_validate(DENSITIES, [candidate(DENSITIES, rng.normal(0.0, 1.0, 6), 1.0) for _ in range(30)], 3)
        for _ in range(150)
    ]
    squares = [np.mean([getattr(one, name) ** 2 for one in found]) for name in ("error", "chosen", "typical")]
    # A mean of 150 x 6 squares of normal numbers: sqrt(2/900) = 0.047, three of these.
    assert squares[0] == pytest.approx(1.0, abs=0.15)
    assert squares[1] < 0.5  # the flattered figure
    assert squares[2] == pytest.approx(0.9, abs=0.15)  # a median of chi^2 with six degrees of freedom


def test_targets_that_imply_each_other_are_met_when_left_out() -> None:
    """Densities that rise and fall together: one number decides all, and any part of them finds it."""
    pool = [candidate(DENSITIES, [shift] * 6, 0.05) for shift in np.linspace(-3.0, 3.0, 13)]
    found = cross_validate(DENSITIES, pool, 3)
    assert found is not None and found.error == pytest.approx(0.0, abs=1e-9) and found.typical > 1.0
