"""Runs as long as their precision asks for: when to stop, what it costs, what it does to the errors."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from noisy_liquids import NoisyLiquids

from cgbridge.models.database import load_model
from cgbridge.objectives.candidate import evaluate_candidate
from cgbridge.objectives.level import Level, PassRule
from cgbridge.objectives.precision import next_production
from cgbridge.records.evaluation import Evaluation, Outcome
from cgbridge.records.target import Sampling, Target

#: No value here depends on it.
MODEL = load_model("mw")
#: Without correlation a density of 0.01 g/cm^3 of spread is known to 0.001 after about 100 ps.
TARGET = Target("density", "density", 1.0, 0.002, "g/cm^3", options={"check_phase": False})
SAMPLING = Sampling(beads=100, equilibration=0.0, production=20.0, interval=1.0, maximum=1000.0)


def evaluate(engine: NoisyLiquids, folder: Path, *levels: Level, seed: int = 1, **options: Any) -> Evaluation:
    found = folder / str(sum(1 for _ in folder.iterdir()))
    found.mkdir()
    return evaluate_candidate(MODEL, levels, engine, seed=seed, scratch=found, **options)


def level(*targets: Target, name: str = "level", **sampling: float) -> Level:
    return Level(name, targets or (TARGET,), replace(SAMPLING, **sampling))


def test_a_run_is_gone_on_with_until_its_value_is_known(tmp_path: Path) -> None:
    engine = NoisyLiquids()
    found = evaluate(engine, tmp_path, level())
    (result,) = found.results
    assert result.known and result.stderr <= 0.001 < 2.0 * result.stderr  # and not longer than it must
    # 100 ps by the closed form s^2/error^2, more for the correction of short runs and the steps of growth.
    assert 80.0 <= result.production <= 250.0
    assert len(engine.asked) == 1 and len(engine.extended) >= 2  # begun once
    assert found.md_ns == pytest.approx(result.production / 1000.0)  # what was gone on with counts once


def test_the_same_seed_stops_at_the_same_place(tmp_path: Path) -> None:
    first, second = (evaluate(NoisyLiquids(memory=0.8), tmp_path, level(), seed=5) for _ in range(2))
    assert replace(first, wall_s=0, cpu_s=0) == replace(second, wall_s=0, cpu_s=0)


def test_what_is_not_known_at_the_maximum_does_not_pass(tmp_path: Path) -> None:
    engine = NoisyLiquids()
    found = evaluate(engine, tmp_path, level(maximum=50.0))
    (result,) = found.results
    assert result.production == 50.0 and not result.known and not result.passed
    assert result.normalised_error < 1.0  # it would have
    assert found.levels_passed == 0 and found.outcome is Outcome.OK
    assert "known to +- " in found.reason and "instead of 0.001" in found.reason


@pytest.mark.parametrize(("maximum", "longest"), [(None, 80.0), (0.0, 20.0), (35.5, 35.5)])
def test_the_maximum(tmp_path: Path, maximum: float | None, longest: float) -> None:
    """Four times the production by default; 0 switches it off."""
    engine = NoisyLiquids()
    sharp = replace(TARGET, precision=1e-6)
    (result,) = evaluate(engine, tmp_path, level(sharp, maximum=maximum)).results  # type: ignore[arg-type]
    assert result.production == longest


def test_a_clear_case_is_not_made_longer(tmp_path: Path) -> None:
    """A candidate whose density is 20 % off needs no 300 ps to be told so; one that is near does."""
    engine = NoisyLiquids(mean=1.2)
    found = evaluate(engine, tmp_path, level())
    assert not engine.extended and found.results[0].production == 20.0 and not found.results[0].known
    near = NoisyLiquids(mean=1.003)
    assert evaluate(near, tmp_path, level()).results[0].known and near.extended


def test_one_clear_miss_ends_the_level_for_all(tmp_path: Path) -> None:
    """Nothing that the other could become would let the candidate pass; a confirmation wants values."""
    targets = TARGET, replace(TARGET, name="hot", temperature=400.0)
    engine = NoisyLiquids(mean=lambda kelvin: 1.2 if kelvin > 350 else 1.0)
    assert evaluate(engine, tmp_path, level(*targets)).levels_passed == 0 and not engine.extended
    found = evaluate(engine, tmp_path, level(*targets), stop_early=False)
    assert [result.known for result in found.results] == [True, False]
    assert {simulation.temperature for simulation in engine.extended} == {300.0}


def test_clear_depends_on_the_rule_of_the_level(tmp_path: Path) -> None:
    engine = NoisyLiquids(mean=1.0 + 0.002 * 30)
    strict = Level("strict", (TARGET,), SAMPLING)
    evaluate(engine, tmp_path, strict)
    assert not engine.extended
    evaluate(engine, tmp_path, replace(strict, rule=PassRule(worst=40.0)))
    assert engine.extended


def test_targets_of_one_run_are_all_measured_on_its_longest(tmp_path: Path) -> None:
    """The second needs four times the time of the first, whose run it shares."""
    targets = TARGET, replace(TARGET, name="sharper", precision=0.0005)
    engine = NoisyLiquids()
    first, second = evaluate(engine, tmp_path, level(*targets)).results
    assert (first.value, first.stderr, first.production) == (second.value, second.stderr, second.production)
    assert len(engine.asked) == 1


def test_a_later_level_goes_on_with_the_run_of_an_earlier_one(tmp_path: Path) -> None:
    loose = replace(TARGET, tolerance=0.5)
    engine = NoisyLiquids()
    found = evaluate(engine, tmp_path, level(loose, name="early"), level(production=200.0, name="late"))
    assert len(engine.asked) == 1 and found.results[1].production == 200.0
    assert found.md_ns == pytest.approx(0.2)


def test_a_gate_that_is_missed_keeps_goals_from_being_simulated(tmp_path: Path) -> None:
    gate = replace(TARGET, name="gate", gate=True, temperature=250.0)
    engine = NoisyLiquids(mean=lambda kelvin: 1.1 if kelvin < 280 else 1.0)
    found = evaluate(engine, tmp_path, level(gate, TARGET))
    assert [simulation.temperature for simulation in engine.asked] == [250.0]
    assert found.score.gate_error > 1.0 and found.score.total_error == 0.0
    assert found.reason.startswith("level level missed its gate: gate 1.1")
    whole = evaluate(engine, tmp_path, level(gate, TARGET), stop_early=False)
    assert [result.name for result in whole.results] == ["gate", "density"] and whole.levels_passed == 0
    assert (whole.score.levels_failed, whole.score.gate_error > 1.0) == (1, True)


def test_confirmations_are_as_much_sharper_as_they_are_longer(tmp_path: Path) -> None:
    (usual,) = evaluate(NoisyLiquids(), tmp_path, level()).results
    (longer,) = evaluate(NoisyLiquids(), tmp_path, level().lengthened(4.0)).results
    assert longer.stderr <= 0.0005 < usual.stderr and longer.precision == usual.precision == 0.001


def test_states_that_share_a_context_are_gone_on_with_together(tmp_path: Path) -> None:
    targets = TARGET, replace(TARGET, name="cold", temperature=280.0, precision=0.1)
    engine = NoisyLiquids(together=True)
    found = evaluate(engine, tmp_path, level(*targets))
    lengths = {result.production for result in found.results}
    assert len(lengths) == 1 and found.md_ns == pytest.approx(2 * lengths.pop() / 1000.0)


@pytest.mark.parametrize("stderr", [0.0, 0.5, 1.0, 1.01, 1.5, 30.0, math.inf])
def test_growth(stderr: float) -> None:
    length = next_production(100.0, stderr, 1.0, 1000.0)
    assert length == (100.0 if stderr <= 1.0 else pytest.approx(min(max(100 * stderr**2, 125.0), 200.0)))
    assert next_production(100.0, stderr, 1.0, 90.0) == 100.0  # never back


Trials = Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray]]


def trials(folder: Path, memory: float, begin: float, needed: float, count: int) -> Any:
    """Deviations and errors in units of the precision, and productions in units of the time that it takes."""
    correlation = (1.0 + memory) / (1.0 - memory)
    precision = 0.01 * math.sqrt(correlation / needed)
    target = replace(TARGET, tolerance=2.0 * precision)
    sampling = replace(SAMPLING, production=begin, maximum=8.0 * needed)
    found = [
        evaluate(NoisyLiquids(memory=memory), folder, Level("level", (target,), sampling), seed=seed).results[
            0
        ]
        for seed in range(count)
    ]
    return tuple(
        np.array(column)
        for column in zip(
            *(((r.value - 1.0) / precision, r.stderr / precision, r.production / needed) for r in found),
            strict=True,
        )
    )


@pytest.mark.parametrize(
    ("memory", "begin", "needed", "calibration"),
    [
        (0.0, 20.0, 80.0, 1.15),
        (0.8, 100.0, 320.0, 1.3),  # the run begins with 11 correlation lengths
        (0.8, 40.0, 320.0, 1.6),  # with 4: too few to tell how few they are
    ],
)
def test_stopping_when_the_error_is_small_keeps_errors_honest(
    tmp_path: Path, memory: float, begin: float, needed: float, calibration: float
) -> None:
    """Who stops at a small error stops where it was estimated too small: by how much is bounded here.

    ``calibration`` bounds the root mean square of deviation over reported error, 1 for honest errors; 120
    trials know it to 7 %. Uncorrected errors, or a look after every sample, give 1.7 to 2.
    """
    off, errors, lengths = trials(tmp_path, memory, begin, needed, 120)
    assert np.all(errors <= 1.0)
    assert np.sqrt(np.mean((off / errors) ** 2)) < calibration
    assert np.sqrt(np.mean(off**2)) < 1.35  # the promise itself: the error that was asked for
    # No bias: which way a value is off has no part in when it is stopped.
    assert abs(np.mean(off / errors)) < 3.5 * calibration / math.sqrt(len(off))
    assert np.mean(lengths) < 1.7  # and it costs what it must, with the steps of growth


def test_near_misses_are_no_clear_cases(tmp_path: Path) -> None:
    """A right candidate must not be sent away early: 4 standard errors beyond the tolerance are once in 10^5
    for true errors, and rare for those that short runs estimate."""
    begin = level(production=40.0, maximum=4000.0)
    results = [
        evaluate(NoisyLiquids(memory=0.8), tmp_path, begin, seed=seed).results[0] for seed in range(100)
    ]
    assert sum(not result.known for result in results) <= 2
