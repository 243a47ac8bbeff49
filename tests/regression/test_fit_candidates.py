"""Whatever a candidate's parameters cause is that candidate's score, and no end of the fit."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fits import command, known_answer, write
from inline import fit_here

from cgbridge.config.schema import FitConfig
from cgbridge.engine.factory import create_engine
from cgbridge.errors import CgbridgeError, SimulationError, UnstableError
from cgbridge.fits.search.box_check import longest_cutoff
from cgbridge.fits.search.cost_estimate import time_engine
from cgbridge.fits.search.problem import FitProblem, build_problem
from cgbridge.fits.search.search_task import _pair_of
from cgbridge.models.database import load_model
from cgbridge.objectives.candidate import evaluate_candidate
from cgbridge.objectives.faults import candidate_faults
from cgbridge.optimizers.space import SearchSpace
from cgbridge.records.evaluation import Outcome
from cgbridge.records.parameter import Parameter

#: mW has p = 4 and q = 0; where these ranges overlap, candidates are no model.
OVERLAPPING = {"p": {"min": 2, "max": 6}, "q": {"min": 0, "max": 5}}


def overlapping(**optimizer: Any) -> dict[str, Any]:
    content = known_answer(initial=16, population=6, generations=2, **optimizer)
    content["model"]["search"] |= OVERLAPPING
    return content


@pytest.mark.parametrize("polish", ["nelder-mead", "response-surface"])
def test_candidates_that_are_no_model_are_scored_and_told(tmp_path: Path, polish: str) -> None:
    write(tmp_path, overlapping(polish={"method": polish, "evaluations": 2, "batch": 2}))
    done = command(tmp_path, "fit", "fit.yaml")
    assert done.returncode == 0, done.stderr
    entries = [json.loads(line) for line in (tmp_path / "run/journal.jsonl").read_text().splitlines()]
    for entry in entries:
        impossible = entry["parameters"]["p"] <= entry["parameters"]["q"]
        assert impossible is entry["reason"].startswith("no model: physical constraint violated: p > q")
        assert not impossible or entry["outcome"] == "unstable"
    assert any(entry["outcome"] == "unstable" for entry in entries)
    best = json.loads((tmp_path / "run/result.json").read_text())["best"]
    assert best["parameters"]["p"] > best["parameters"]["q"]
    assert "no model" in command(tmp_path, "status", "run").stdout


def test_a_fit_without_any_model_ends_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = overlapping()
    content["model"]["search"] |= {"p": {"min": 1, "max": 2}, "q": {"min": 3, "max": 4}}
    with pytest.raises(CgbridgeError, match=r"no candidate of this fit makes a model .*p > q >= 0"):
        fit_here(content, tmp_path / "run", monkeypatch)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_children_with_other_scales_may_be_no_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    fit_here(overlapping(rescale=share, polish={"evaluations": 0}), tmp_path / "run", monkeypatch)
    assert json.loads((tmp_path / "run/result.json").read_text())["finished"]


def wild_problem(name: str) -> FitProblem:
    """Every parameter of a published model is searched, far beyond what is allowed."""
    content = known_answer()
    base = load_model(name)
    content["levels"][0]["targets"].append(
        {
            "observable": "lattice_energy",
            "structure": "ice-ih",
            "value": "-50 kJ/mol",
            "tolerance": "9 kJ/mol",
        }
    )
    searched = next(spec.name for spec in base.terms[0].parameters if spec.range is not None)
    content["model"] = {"form": base.form, "base": name, "search": {searched: "default"}}
    problem = build_problem(FitConfig.model_validate(content), Path())
    ranges = tuple(
        _wild(spec.name, spec.unit, base.parameters[spec.name]) for spec in base.terms[0].parameters
    )
    return FitProblem(problem.config, base, SearchSpace(ranges), problem.levels)


def _wild(name: str, unit: str, value: float) -> Parameter:
    """From the other sign to a hundred times the value; one in four over hundreds of orders of magnitude."""
    if random.Random(name).random() < 0.25:
        return Parameter(name, unit, range=(1e-200, 1e200), scale="log")
    return Parameter(name, unit, range=(-100.0 * abs(value) - 1.0, 100.0 * abs(value) + 1.0))


def wild_points(problem: FitProblem, count: int) -> list[tuple[float, ...]]:
    """Half of them with most values as published, for a point with ten wild ones is hardly ever a model."""
    generator = random.Random(7)
    usual = problem.space.encode(problem.base.parameters)
    points = []
    for number in range(count):
        share = 0.15 if number % 2 else 1.0
        points.append(tuple(generator.random() if generator.random() < share else u for u in usual))
    return points


@pytest.mark.parametrize("method", ["closed-form", "openmm"])
@pytest.mark.parametrize("name", ["mw", "ml-bop"])
def test_no_parameters_whatever_raise_anything_but_their_own_fault(
    tmp_path: Path, name: str, method: str
) -> None:
    """Building, static states, reduced units and rescaling: a model or its fault, never another exception."""
    problem = wild_problem(name)
    engine = create_engine(problem.config.engine.model_copy(update={"method": method}))
    pair = _pair_of(problem)
    models = 0
    # The lattice of a wild model costs up to a second in OpenMM, the closed form next to nothing.
    for number, point in enumerate(wild_points(problem, 400 if method == "closed-form" else 40)):
        values = problem.space.decode(point)
        scales = pair(values)
        assert scales is None or all(0.0 < scale < math.inf for scale in scales)
        rescaled = problem.space.rescaled(point, math.exp(0.1), math.exp(-0.1))
        assert all(0.0 <= u <= 1.0 for u in rescaled)
        try:
            model = problem.candidate(values)
        except UnstableError as error:
            assert error.what.startswith("no model: ")
            continue
        models += 1
        scratch = tmp_path / str(number)
        scratch.mkdir()
        with np.errstate(all="ignore"):
            evaluation = evaluate_candidate(
                model, problem.levels, engine, seed=1, scratch=scratch, stop_early=False
            )
        assert evaluation.outcome in (Outcome.OK, Outcome.UNSTABLE)
        assert all(math.isfinite(result.value) for result in evaluation.results)
    assert models > 5, "the ranges leave nothing to look at"
    assert longest_cutoff(problem) >= problem.base.cutoff


def test_the_longest_cutoff_is_found_through_combinations_that_are_no_model() -> None:
    """D is searched first, up to above the base model's R; only with a larger R is it a model."""
    content = known_answer()
    content["model"] = {"form": "tersoff", "base": "ml-bop", "search": {"R": "default"}}
    problem = build_problem(FitConfig.model_validate(content), Path())
    assert problem.base.parameters["R"] < 3.6
    space = SearchSpace((Parameter("D", "A", range=(0.1, 3.6)), Parameter("R", "A", range=(3.0, 4.0))))
    problem = FitProblem(problem.config, problem.base, space, problem.levels)
    assert longest_cutoff(problem) == pytest.approx(0.76, rel=1e-12)  # nm, R + D


@pytest.mark.parametrize(
    "error", [OverflowError("math range error"), ValueError("singular"), SimulationError("box too narrow")]
)
def test_what_parameters_cause_is_unstable_and_says_why(error: Exception) -> None:
    with pytest.raises(UnstableError, match=str(error)), candidate_faults():
        raise error


def test_a_fault_of_the_input_is_not_the_candidates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a fit on a platform that is not there would end with nothing but unstable candidates."""
    content = known_answer(generations=1)
    content["engine"] = {"platform": "Abacus", "beads": 216, "equilibration": 0, "production": "2 ps"}
    content["levels"] = [
        {
            "name": "liquid",
            "targets": [{"observable": "density", "value": "1 g/cm^3", "tolerance": "10 %"}],
        }
    ]
    with pytest.raises(SimulationError, match="no platform 'Abacus'"):
        fit_here(content, tmp_path / "run", monkeypatch)


def test_a_base_model_that_breaks_down_has_no_timing() -> None:
    content = known_answer()
    content["model"]["set"] = {"A": 0.0}  # a pair that never binds
    with pytest.raises(UnstableError, match="no bound minimum"):
        time_engine(build_problem(FitConfig.model_validate(content), Path()))
