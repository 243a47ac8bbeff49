"""What the report computes from a run: funnel, convergence, ranges, correlations, failures, cost, words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from synthetic_reports import OPTIMUM, entry, measured, record, water_run

from cgbridge.records.evaluation import Outcome
from cgbridge.records.parameter import Parameter
from cgbridge.records.target import Curve, Target
from cgbridge.report.correlations import error_correlations, parameter_correlations, spearman
from cgbridge.report.cost import costs, elapsed_s
from cgbridge.report.failures import failure_groups, missed_targets, split_reason
from cgbridge.report.figures.melting import bracket_of, slope_through
from cgbridge.report.fit_in_words import fit_words
from cgbridge.report.funnel import funnel
from cgbridge.report.marks import WIDTH, deviation_mark, range_mark
from cgbridge.report.progress import progress
from cgbridge.report.ranges import RangePosition, position, range_positions
from cgbridge.report.references import water_density, water_rdf
from cgbridge.report.run_record import LevelRecord
from cgbridge.report.verdicts import verdicts
from cgbridge.report.words import observable_words, target_words

TARGET = Target("a", "density", 1.0, 0.1, "g/cm^3")
LEVEL = LevelRecord("one", (TARGET,))


def test_funnel_accounts_for_every_candidate(tmp_path: Path) -> None:
    run = water_run(tmp_path)
    stages = funnel(run)
    assert stages[0].reached == len(run.candidates)
    for stage, following in zip(stages, [*stages[1:], None], strict=True):
        ends = stage.missed + stage.unstable + stage.timeout + stage.infra
        assert stage.reached == stage.passed + ends
        assert following is None or following.reached == stage.passed


def test_progress_keeps_the_best_and_the_median() -> None:
    errors = {0: [3.0, 1.0, 2.0], 1: [4.0, 2.0]}
    entries = [
        entry([measured(TARGET, "one", 1.0 + 0.1 * e)], generation=g) for g, es in errors.items() for e in es
    ]
    entries.append(entry([measured(TARGET, "one", 1.05)], stage=1))
    (found,) = progress(record((LEVEL,), entries))
    assert found.best == pytest.approx((1.0, 1.0, 0.5))  # the best so far never rises
    assert found.median == pytest.approx((2.0, 3.0, 0.5))
    assert found.counts == (3, 2, 1)
    # Generations are counted through the stages.
    assert found.generations == (0, 1, 2) and found.begins == ((0, "hoga"), (2, "nelder-mead"))


@pytest.mark.parametrize(
    ("parameter", "value", "expected"),
    [
        (Parameter("p", "1", range=(2.0, 4.0)), 2.5, 0.25),
        (Parameter("p", "1", range=(1e-8, 1e-4), scale="log"), 1e-6, 0.5),
        (
            Parameter("p", "1", range=(-1e-2, -1.0), scale="log"),
            -0.1,
            0.5,
        ),  # a negative range scales its magnitude
    ],
)
def test_position_in_the_range_follows_the_scale(parameter: Parameter, value: float, expected: float) -> None:
    assert position(parameter, value) == pytest.approx(expected)


def test_values_near_an_end_are_flagged() -> None:
    place = RangePosition(Parameter("p", "1", range=(0.0, 1.0)), "", 0.015, 0.015, None, None, 0)
    assert place.bound == "min"
    assert replace(place, position=0.985).bound == "max"
    assert replace(place, position=0.03).bound == ""


def test_ranges_show_the_best_and_the_good_candidates(tmp_path: Path) -> None:
    places = range_positions(water_run(tmp_path))
    for place, optimum in zip(places, OPTIMUM, strict=True):
        assert place.position == pytest.approx(optimum, abs=0.05)
        assert place.spread is not None and place.spread[0] <= place.position <= place.spread[3]
        assert place.base is not None  # mW lies inside the made-up ranges


def test_marks_stay_inside_their_drawing(tmp_path: Path) -> None:
    run = water_run(tmp_path)
    far = measured(TARGET, "one", 2.0, stderr=0.5)
    rows = verdicts(record((LEVEL,), [entry([far])]))
    mark = deviation_mark(rows[0])
    assert mark is not None and mark.beyond == 1 and 0 < mark.low <= mark.x < WIDTH
    for place in range_positions(run):
        drawn = range_mark(place)
        assert drawn.start <= drawn.x <= drawn.end


def test_decades_divide_a_logarithmic_range() -> None:
    place = RangePosition(Parameter("p", "1", range=(1e-3, 1.0), scale="log"), "", 0.01, 1 / 3, None, None, 0)
    steps = np.diff(range_mark(place).decades)
    assert len(steps) == 3 and steps == pytest.approx(steps[0], abs=0.02)  # pixels are rounded to 0.01


def test_spearman_sees_order_only() -> None:
    x = np.linspace(0.1, 2.0, 20)
    assert spearman(x, np.exp(3 * x)).value == pytest.approx(1.0)
    assert spearman(x, 1 / x).value == pytest.approx(-1.0)
    assert spearman(x, np.ones(20)).value is None  # what does not vary has no rank
    noise = np.random.default_rng(1).standard_normal((2, 400))
    assert not spearman(*noise).significant


def test_correlations_find_the_made_up_law(tmp_path: Path) -> None:
    run = water_run(tmp_path)
    between = parameter_correlations(run, 0)
    assert between is not None
    assert between.cells[0][1].value == pytest.approx(between.cells[1][0].value)
    table = error_correlations(run)
    assert table is not None
    # The made-up dimer energy rises with the first parameter alone.
    cell = table.cells[0][table.columns.index("dimer_energy")]
    assert cell.value is not None and cell.value > 0.9


def test_too_few_candidates_have_no_correlations() -> None:
    run = record((LEVEL,), [entry([measured(TARGET, "one", 1.0)])] * 5)
    assert parameter_correlations(run, 0) is None and error_correlations(run) is None


def test_failures_are_grouped_whatever_their_numbers() -> None:
    reasons = ["the box is 1.5 nm wide", "the box is 1.62e+1 nm wide", "positions are not finite"]
    entries = [
        entry(outcome=Outcome.UNSTABLE, reason=f"level one, target a: {reason}", levels=1)
        for reason in reasons
    ]
    groups = failure_groups(entries)
    assert [(group.count, group.pattern) for group in groups] == [
        (2, "the box is … nm wide"),
        (1, "positions are not finite"),
    ]
    assert groups[0].example == "the box is 1.5 nm wide" and groups[0].target == "a"


def test_reasons_without_a_place_are_kept_whole() -> None:
    assert split_reason("the worker died") == ("", "", "the worker died")
    assert split_reason("") == ("", "", "no reason was recorded")


def test_missed_targets_count_candidates_that_stopped_there() -> None:
    entries = [entry([measured(TARGET, "one", 1.0 + 0.1 * e)]) for e in (2.0, 3.0, 4.0)]
    entries.append(entry([measured(TARGET, "one", 1.0)], passed=1))
    (row,) = missed_targets(record((LEVEL,), entries))
    assert (row.count, row.median_error) == (3, pytest.approx(3.0))


def test_cost_is_a_sum(tmp_path: Path) -> None:
    run = water_run(tmp_path)
    *phases, total = costs(run)
    assert total.evaluations == len(run.entries) == sum(phase.evaluations for phase in phases)
    assert total.core_hours == pytest.approx(sum(phase.core_hours for phase in phases))
    assert total.per_core_hour == pytest.approx(total.evaluations / total.core_hours)
    assert elapsed_s(run) == 1800.0


def test_melting_line_goes_through_the_crossing() -> None:
    kelvin = np.array([260.0, 270.0, 280.0])
    rates = Curve(kelvin, 2e-5 * (kelvin - 273.0), np.full(3, 1e-5), "K", "kJ/mol/ps")
    assert slope_through(rates, 273.0) == pytest.approx(2e-5)
    assert bracket_of(("something", "bracket 270 to 280.5 K")) == (270.0, 280.5)
    assert bracket_of(()) is None


def test_experiment_comes_from_the_reference_data() -> None:
    liquid, ice, rdf = water_density("density"), water_density("ice_density"), water_rdf()
    assert liquid is not None and ice is not None and rdf is not None
    # IAPWS: the density maximum lies between 275 and 280 K.
    assert 275.0 <= liquid[0].x[np.argmax(liquid[0].y)] <= 280.0
    assert float(ice[0].y.max()) < 0.94
    assert rdf[0].x_unit == "nm" and rdf[2].startswith("doi:")


def test_targets_in_words() -> None:
    assert target_words(TARGET) == "density of the liquid at 300\u00a0K: 1 ± 0.1 g/cm³"
    peak = replace(TARGET, observable="rdf", options={"feature": "second_peak_position"})
    assert observable_words(peak) == "second peak position of g(r) of the liquid at 300\u00a0K"
    assert observable_words(replace(TARGET, observable="lattice_energy", structure="ice-ic")) == (
        "lattice energy of ice-ic"
    )


def test_fit_in_words(tmp_path: Path) -> None:
    text = " ".join(fit_words(water_run(tmp_path)))
    for words in ("Stillinger-Weber", "base model mw", "2 parameters were searched", "6 generations of 10"):
        assert words in text
