"""Targets are told apart: by names within a level, by level and name everywhere."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from synthetic_reports import entry, measured, record

from cgbridge.config.loader import load_evaluation, load_fit
from cgbridge.config.schema import EvaluateConfig, FitConfig
from cgbridge.errors import ConfigError
from cgbridge.fits.search.problem import build_problem, resolve_targets
from cgbridge.fits.search.search_task import _quantity, _samples
from cgbridge.records.target import Target
from cgbridge.report.correlations import error_correlations
from cgbridge.report.failures import missed_targets
from cgbridge.report.finding import target_key
from cgbridge.report.progress import level_error
from cgbridge.report.rules_of_search import level_never_passed
from cgbridge.report.rules_of_values import conflicting_targets, error_bars_too_large
from cgbridge.report.run_record import LevelRecord
from cgbridge.report.verdicts import verdicts
from cgbridge.store.records import target_record


def density(kelvin: float, **more: Any) -> dict[str, Any]:
    return {"observable": "density", "value": "1 g/cm^3", "tolerance": 0.01, "temperature": kelvin} | more


def fit_content(*levels: list[Any]) -> dict[str, Any]:
    return {
        "schema": 1,
        "name": "names",
        "model": {"form": "tersoff", "base": "ml-bop", "search": {"B": {"min": "400 eV", "max": "500 eV"}}},
        "levels": [{"name": f"level-{n}", "targets": targets} for n, targets in enumerate(levels)],
    }


def names(*levels: list[Any]) -> list[list[str]]:
    problem = build_problem(FitConfig.model_validate(fit_content(*levels)), Path())
    return [[target.name for target in level.targets] for level in problem.levels]


def test_a_lone_target_is_called_by_its_observable() -> None:
    assert names([density(300)]) == [["density"]]


def test_what_differs_goes_into_the_names() -> None:
    assert names([density(280), density(300)]) == [["density-280K", "density-300K"]]
    assert names([density(280)], [density(300)]) == [["density-280K"], ["density-300K"]]
    assert names([density(300), density(300, pressure="1 kbar")]) == [["density-1bar", "density-1000bar"]]
    crystals = [
        {"observable": "lattice_density", "structure": s, "value": "0.93 g/cm^3", "tolerance": 0.02}
        for s in ("ice-ih", "ice-ic")
    ]
    assert names(crystals) == [["lattice_density-ice-ih", "lattice_density-ice-ic"]]
    features = [
        {"observable": "rdf", "value": v, "tolerance": 0.1, "options": {"feature": f}}
        for f, v in (("first_peak_position", "2.8 A"), ("second_peak_position", "4.5 A"))
    ]
    assert names(features) == [["rdf-first_peak_position", "rdf-second_peak_position"]]
    assert names([density(300), density(300, options={"beads": 500})]) == [["density", "density-2"]]
    reference = {"from": "water/density-300K", "temperature": "310 K"}
    assert names(["water/density-300K", reference]) == [["water/density-300K", "water/density-300K-310K"]]


def test_one_quantity_in_two_levels_keeps_its_name_and_given_names_stay() -> None:
    assert names([density(300, tolerance=0.1)], [density(300)]) == [["density"], ["density"]]
    assert names([density(280, name="density"), density(300)]) == [["density", "density-300K"]]
    assert names([density(280, name="mine")], [density(300, name="mine")]) == [["mine"], ["mine"]]


def test_no_two_targets_of_a_level_are_ever_called_alike() -> None:
    """All pairs of differences, twice: and equal names in two levels are one quantity."""
    changes = [
        {}, {"temperature": 280}, {"pressure": 10}, {"options": {"beads": 500}}, {"name": "density-280K"},
        {"name": "density-2"},
    ]  # fmt: skip
    for first, second in product(changes, changes):
        level = [density(300), density(300) | first, density(300) | second]
        if first == second and "name" in first:
            continue
        problem = build_problem(FitConfig.model_validate(fit_content(level, level)), Path())
        for one in problem.levels:
            assert len({target.name for target in one.targets}) == 3
        by_name: dict[str, set[str]] = {}
        for one in problem.levels:
            for target in one.targets:
                by_name.setdefault(target.name, set()).add(
                    json.dumps([target.temperature, target.pressure, dict(target.options)])
                )
        assert all(len(quantities) == 1 for quantities in by_name.values()), by_name


TWICE = """\
schema: 1
name: names
model: {form: tersoff, base: ml-bop, search: {B: default}}
levels:
  - name: first
    targets: [water/density-280K]
  - name: second
    targets:
      - water/density-280K
      - {observable: density, value: 1, tolerance: 0.1, name: mine}
      - water/density-280K
      - {observable: density, value: 1, tolerance: 0.1}
      - {observable: density, value: 1, tolerance: 0.2, name: mine}
"""


def test_a_name_given_twice_is_an_error_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "fit.yaml"
    path.write_text(TWICE)
    with pytest.raises(ConfigError) as caught:
        load_fit(path)
    told = str(caught.value).splitlines()
    assert f"{path}:11: levels.1.targets.2: the target name 'water/density-280K' is given twice" in told[0]
    assert f"{path}:13: levels.1.targets.4: the target name 'mine' is given twice" in told[1]
    path.write_text("schema: 1\ntargets:\n- water/density-280K\n- water/density-280K\n")
    with pytest.raises(ConfigError, match=rf"{path}:4: targets\.1: the target name"):
        load_evaluation(path)


def test_the_targets_of_an_evaluation_are_told_apart() -> None:
    config = EvaluateConfig.model_validate({"schema": 1, "targets": [density(280), density(300)]})
    assert [target.name for target in resolve_targets(config, Path())] == ["density-280K", "density-300K"]


COARSE = Target("density", "density", 1.0, 0.1, "g/cm^3", temperature=300.0)
FINE = Target("density", "density", 1.0, 0.01, "g/cm^3", temperature=300.0)
OTHER = Target("peak", "rdf", 2.8, 0.1, "A", options={"production": "60 ps"})
LEVELS = (LevelRecord("coarse", (COARSE,)), LevelRecord("fine", (FINE, OTHER)))


def results(coarse: float, fine: float, stderr: float = 0.0) -> list[Any]:
    return [
        measured(COARSE, "coarse", coarse, stderr=stderr),
        measured(FINE, "fine", fine, stderr=stderr),
        measured(OTHER, "fine", 2.8),
    ]


def test_reports_tell_equal_names_apart_by_level() -> None:
    """Each of these looked a target up by its name alone."""
    run = record(LEVELS, [entry(results(1.05, 1.02), passed=1, levels=2)])
    assert [row.result.value for row in verdicts(run) if row.result] == [1.05, 1.02, 2.8]
    evaluation = run.entries[0].evaluation
    assert level_error(evaluation, LEVELS[0]) == pytest.approx(0.5)
    assert level_error(evaluation, LEVELS[1]) == pytest.approx((2.0**2 / 2) ** 0.5)
    assert [(m.level, m.target, m.median_error) for m in missed_targets(run)] == [
        ("fine", "density", pytest.approx(2.0))
    ]
    assert target_key(run, "coarse", "density") == "levels.0.targets.0"
    assert target_key(run, "fine", "density") == "levels.1.targets.0"
    assert (run.label("fine", "density"), run.label("fine", "peak")) == ("density (fine)", "peak")
    finding = level_never_passed(run)
    assert finding is not None and "levels.1.targets.0.tolerance" in finding.keys
    assert "the smallest error is 2 tolerances" in finding.evidence
    noisy = error_bars_too_large(record(LEVELS, [entry(results(1.0, 1.0, stderr=0.05), passed=1, levels=2)]))
    assert noisy is not None and "density (fine)" in noisy.evidence and "coarse" not in noisy.evidence


def test_correlations_and_conflicts_tell_equal_names_apart_by_level() -> None:
    """The coarse density rises with the first parameter, the fine one falls; both errors cannot be small."""
    entries = []
    for number in range(40):
        u = number / 39.0
        found = results(1.0 + 0.1 * (0.5 + u), 1.0 + 0.01 * (1.5 - u + 0.2))
        entries.append(entry(found, passed=0, levels=2, point=(u, 0.5)))
    run = record(LEVELS, entries)
    table = error_correlations(run)
    assert table is not None and table.columns == ("density (coarse)", "density (fine)", "peak")
    assert table.cells[0][0].value == pytest.approx(1.0) and table.cells[0][1].value == pytest.approx(-1.0)
    finding = conflicting_targets(run)
    assert finding is not None
    assert finding.keys[1:] == ("levels.0.targets.0.tolerance", "levels.1.targets.0.tolerance")


def test_surfaces_learn_a_value_at_the_temperature_of_its_own_target() -> None:
    content = fit_content([density(280), density(300)], [density(320)])
    problem = build_problem(FitConfig.model_validate(content), Path())
    targets = {
        (level.name, target.name): target_record(target)
        for level in problem.levels
        for target in level.targets
    }
    found = [
        measured(target, level.name, target.temperature)
        for level in problem.levels
        for target in level.targets
    ]
    samples = _samples([entry(found).evaluation], targets)
    assert [(sample.temperature, sample.value) for sample in samples] == [(t, t) for t in (280, 300, 320)]
    assert len({sample.quantity for sample in samples}) == 1 == len({_quantity(t) for t in targets.values()})


def test_a_validation_renames_no_target_of_the_search() -> None:
    """Else it could not be added to a finished run; names of other things stay apart all the same."""

    def named(searched: list[Any], validated: list[Any]) -> tuple[list[str], list[str]]:
        content = fit_content(searched) | {"validation": {"targets": validated}}
        problem = build_problem(FitConfig.model_validate(content), Path())
        assert problem.validation is not None
        return [t.name for t in problem.levels[0].targets], [t.name for t in problem.validation.targets]

    assert named([density(300)], [density(280), density(300)]) == (
        ["density"],
        ["density-280K", "density-300K"],
    )
    mixed = [density(kelvin, composition=["A"]) for kelvin in (280, 300)]
    assert named(mixed, [density(280)]) == (["density-280K", "density-300K"], ["density-280K-2"])
