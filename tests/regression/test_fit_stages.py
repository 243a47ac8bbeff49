"""Stages, known starts, longer runs and early ends of a search, through whole fits without simulation."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from fits import command, known_answer, without_times, write
from inline import fit_here

from cgbridge.config.loader import parse_fit, read_yaml
from cgbridge.config.schema import FitConfig
from cgbridge.errors import CgbridgeWarning, RunFolderError
from cgbridge.fits.search.loop import run_fit
from cgbridge.fits.search.problem import build_problem
from cgbridge.fits.search.reading import read_fit
from cgbridge.fits.search.start import check_start
from cgbridge.models.database import load_model
from cgbridge.optimizers.nelder_mead import NelderMead
from cgbridge.records.evaluation import Observation, Point
from cgbridge.report.run_record import read_run
from cgbridge.report.status import status_text
from cgbridge.store.layout import RunLayout

EXAMPLES = Path(__file__).parents[2] / "examples"
HOGA = {"method": "hoga", "initial": 16, "population": 8, "generations": 3}
SIMPLEX = {"method": "nelder-mead", "evaluations": 6}
CMA = {"method": "cma-es", "evaluations": 14}


def fit(*stages: dict[str, Any], stop: dict[str, Any] | None = None, **optimizer: Any) -> dict[str, Any]:
    content = known_answer(copy.deepcopy(list(stages)), **{"confirm": {"every": 2}} | optimizer)
    content["run"] = {"workers": 2, "retries": 0}
    return content | ({"stop": stop} if stop else {})


def lines(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "journal.jsonl").read_text().splitlines()]


def result(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "result.json").read_text())
    return found


# ---- the examples, as a user runs them ----


def run_example(name: str) -> tuple[dict[str, Any], str]:
    """Its result, and what is told of the run; in this process."""
    run_fit(read_fit(EXAMPLES / f"{name}.yaml"))
    found = result(Path("runs") / name)
    assert all(target["passed"] for target in found["best"]["targets"])
    return found, status_text(RunLayout(Path("runs") / name))


def test_the_example_of_stages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found, told = run_example("stages")
    assert [stage["evaluations"] for stage in found["ended"]["stages"]] == [60, 20, 4]
    assert "stage       3 of 3 (response-surface)" in told


def test_the_example_of_refining(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_example("closed-form")[0]["ended"]["why"] == "complete"
    run_example("refine")
    begun = [line for line in lines(Path("runs/refine")) if line["phase"] == "start"]
    assert len(begun) == 1 + 8
    base = load_model("mw").parameters["epsilon"]
    assert any(line["parameters"]["epsilon"] == pytest.approx(base, rel=1e-12) for line in begun)


def test_the_example_of_a_search_that_stops(tmp_path: Path) -> None:
    done = command(tmp_path, "fit", str(EXAMPLES / "stop.yaml"))
    assert done.returncode == 0 and "warning" not in done.stderr, done.stderr
    assert "ended: 3 confirmed candidates pass every level (stop.when)" in done.stdout
    ended = result(tmp_path / "runs/stop")["ended"]
    assert ended["why"] == "all-passed" and ended["stages"][0]["evaluations"] < 300
    assert "The search ended because 3 confirmed candidates pass" in (
        status_text(RunLayout(tmp_path / "runs/stop"))
    )


def test_the_example_of_a_longer_run_goes_on(tmp_path: Path) -> None:
    text = (EXAMPLES / "longer.yaml").read_text()
    path, run = tmp_path / "longer.yaml", tmp_path / "runs/longer"
    path.write_text(text)
    assert command(tmp_path, "fit", "longer.yaml").returncode == 0
    first, before = without_times(run / "journal.jsonl"), (run / "journal.jsonl").read_text()
    for old, new in (
        ("generations: 3", "generations: 6"),
        ("evaluations: 10", "evaluations: 40"),
        ("{candidates: 2, factor: 2}", "{candidates: 3, factor: 4}"),
        ("workers: auto", "workers: 1"),
    ):
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    assert command(tmp_path, "fit", "longer.yaml").returncode == 0
    assert (run / "journal.jsonl").read_text().startswith(before)
    longer = without_times(run / "journal.jsonl")  # which says that nothing was computed twice
    assert len(longer) > len(first) + 3 * 10
    assert all(target["passed"] for target in result(run)["best"]["targets"])
    raised = json.loads((run / "lengthened.json").read_text())[0]["raised"]
    assert "optimizer.stages.0.generations 3 -> 6" in raised and "optimizer.confirm.factor 2 -> 4" in raised


# ---- go on ----


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ([HOGA], [HOGA | {"generations": 6}]),
        ([HOGA, SIMPLEX], [HOGA, SIMPLEX | {"evaluations": 12}]),
        ([HOGA, SIMPLEX], [HOGA | {"generations": 5}, SIMPLEX]),
        ([HOGA | {"mode": "steady-state"}], [HOGA | {"mode": "steady-state", "generations": 5}, CMA]),
        ([CMA], [CMA | {"evaluations": 21}, SIMPLEX]),
    ],
    ids=["generations", "evaluations", "the stage before", "steady state and a stage more", "local alone"],
)
def test_a_lengthened_run_is_the_longer_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, short: list[Any], long: list[Any]
) -> None:
    """It computes what that has more of, nothing twice, and ends with at least as good a model."""
    fit_here(fit(*short), tmp_path / "run", monkeypatch)
    first = without_times(tmp_path / "run/journal.jsonl")
    fit_here(fit(*long), tmp_path / "whole", monkeypatch)
    whole = without_times(tmp_path / "whole/journal.jsonl")
    calls = fit_here(fit(*long), tmp_path / "run", monkeypatch).calls
    found = without_times(tmp_path / "run/journal.jsonl")
    again = {key for key in whole if whole[key]["phase"] == "search"} - first.keys()
    assert again <= found.keys() and calls == len(found) - len(first)
    # What the shorter run found beside that way competes at the end; it may add confirmations of its own.
    extra = found.keys() - whole.keys() - first.keys()
    assert all(found[key]["phase"] in ("confirm", "final") for key in extra)
    assert (
        result(tmp_path / "run")["selected"]["total_error"]
        <= (result(tmp_path / "whole")["selected"]["total_error"])
    )
    # And once more: it is finished.
    assert fit_here(fit(*long), tmp_path / "run", monkeypatch).calls == 0


def test_what_was_found_beside_the_way_of_a_longer_run_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A simplex found the best; with another generation before it, it begins elsewhere and finds less."""
    simplex = SIMPLEX | {"evaluations": 40}
    run = tmp_path / "run"
    fit_here(fit(HOGA, simplex), run, monkeypatch)
    before = result(run)["selected"]["total_error"]
    fit_here(fit(HOGA | {"generations": 4}, simplex, stop={"evaluations": 16 + 4 * 6 + 1}), run, monkeypatch)
    assert result(run)["ended"]["stages"][1]["evaluations"] == 1
    assert result(run)["selected"]["total_error"] <= before < 0.5


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda c: c["optimizer"]["stages"][0].update(generations=2),
            "optimizer.stages.0.generations 3 -> 2",
        ),
        (
            lambda c: c["optimizer"]["stages"][0].update(population=10),
            "optimizer.stages.0.population 8 -> 10",
        ),
        (lambda c: c["optimizer"]["stages"].pop(), "optimizer.stages.1 nelder-mead -> nothing"),
        (lambda c: c["optimizer"]["stages"].reverse(), "optimizer.stages.0.method hoga -> nelder-mead"),
        (lambda c: c["optimizer"].update(start=["base"]), "optimizer.start"),
        (lambda c: c["optimizer"]["confirm"].update(every=1), "optimizer.confirm.every 2 -> 1"),
        (
            lambda c: c["model"]["search"]["sigma"].update(max="3.1 A"),
            "model.search.sigma.max 3.0 A -> 3.1 A",
        ),
        (lambda c: c["engine"].update(timestep="5 fs"), "engine.timestep"),
    ],
)
def test_what_changes_the_search_or_the_physics_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Any, words: str
) -> None:
    fit_here(fit(HOGA, SIMPLEX), tmp_path / "run", monkeypatch)
    before = (tmp_path / "run/used.yaml").read_text()
    content = fit(HOGA, SIMPLEX)
    change(content)
    with pytest.raises(RunFolderError) as caught:
        fit_here(content, tmp_path / "run", monkeypatch)
    assert words in caught.value.what and "raised" in str(caught.value)
    assert (tmp_path / "run/used.yaml").read_text() == before


def test_a_confirmation_beside_the_search_stays_as_long_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the search would go another way when the factor is raised; those at the end are the longer ones."""
    run, confirm = tmp_path / "run", {"every": 1, "candidates": 2}
    fit_here(fit(HOGA, confirm=confirm), run, monkeypatch)
    first = lines(run)
    fit_here(fit(HOGA, confirm=confirm | {"factor": 5}), run, monkeypatch)
    new = lines(run)[len(first) :]
    assert {(line["phase"], line["factor"]) for line in new} == {("confirm", 5.0), ("final", 5.0)}
    assert len(new) == 3


# ---- stages ----


def test_a_stage_knows_what_those_before_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Confirmed scores too; and it does not measure its first vertex again."""
    told: list[Observation] = []
    asked: list[list[Point]] = []
    tell, ask = NelderMead.tell, NelderMead.ask

    def telling(self: NelderMead, observation: Observation) -> None:
        if not asked:
            told.append(observation)
        tell(self, observation)

    def asking(self: NelderMead, count: int) -> list[Point]:
        asked.append(ask(self, count))
        return asked[-1]

    monkeypatch.setattr(NelderMead, "tell", telling)
    monkeypatch.setattr(NelderMead, "ask", asking)
    fit_here(fit(CMA, SIMPLEX, start=["base"], confirm={"every": 1}), tmp_path / "run", monkeypatch)
    found = lines(tmp_path / "run")
    before = [line for line in found if line["stage"] == 0 and line["phase"] in ("start", "search")]
    beside = [line for line in found if line["stage"] == 0 and line["phase"] == "confirm"]
    assert len(before) == 15 and beside
    assert [list(o.point) for o in told[:15]] == [line["point"] for line in before]
    assert {o.point for o in told[15:]} == {tuple(line["point"]) for line in beside}
    # Two targets, in tolerances, with their errors; a candidate that missed the first level has one.
    assert {len(o.residuals) for o in told} == {1, 2}
    best = min(told, key=lambda o: o.score)  # type: ignore[arg-type, return-value]
    assert best.point not in [point for points in asked for point in points]


@pytest.mark.parametrize("stage", [SIMPLEX, CMA, HOGA | {"initial": 0}], ids=lambda s: s["method"])
def test_a_search_without_a_sample_begins_at_the_base_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: dict[str, Any]
) -> None:
    fit_here(fit(stage), tmp_path / "run", monkeypatch)
    first, *others = lines(tmp_path / "run")
    mw = load_model("mw").parameters
    assert first["phase"] == "start" and first["levels_passed"] == 2
    assert first["parameters"] == pytest.approx({key: mw[key] for key in ("epsilon", "sigma")}, rel=1e-12)
    report = read_run(RunLayout(tmp_path / "run"))
    assert report.candidates[0].phase == "start" and others


@pytest.mark.parametrize("stages", [(CMA, SIMPLEX), (HOGA | {"generations": 12}, CMA)], ids=["local", "both"])
def test_any_number_of_workers_gives_the_same_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stages: Any
) -> None:
    """Also where a stage is ended early, with candidates of it under way."""
    journals = []
    for workers in (1, 4):
        content = fit(*stages, stop={"no_improvement": 1}, confirm={"every": 1})
        content["run"]["workers"] = workers
        write(tmp_path, content | {"run": {"workers": workers, "folder": f"run{workers}"}})
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONWARNINGS", "ignore")
            assert command(tmp_path, "fit", "fit.yaml").returncode == 0
        journals.append(without_times(tmp_path / f"run{workers}/journal.jsonl"))
    one, four = journals
    told = [result(tmp_path / f"run{workers}")["ended"]["stages"] for workers in (1, 4)]
    assert told[0] == told[1] and told[0][0]["ended"]["why"] == "no-improvement"
    # With more workers more were under way: no other stage heard of them, but they compete at the end.
    assert {key for key in one if one[key]["phase"] == "search"} <= four.keys()


def test_a_search_that_was_ended_early_is_resumed_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = fit(HOGA, CMA, SIMPLEX, stop={"no_improvement": 1})
    fit_here(content, tmp_path / "run", monkeypatch)
    before, ended = lines(tmp_path / "run"), result(tmp_path / "run")["ended"]["stages"]
    assert fit_here(content, tmp_path / "run", monkeypatch).calls == 0
    assert lines(tmp_path / "run") == before and result(tmp_path / "run")["ended"]["stages"] == ended


# ---- start ----


def test_models_and_runs_join_the_population(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_model("mw").with_parameters({"epsilon": 7.0}).save(tmp_path / "other.yaml")
    fit_here(fit(HOGA), tmp_path / "first", monkeypatch)
    start = ["base", "other.yaml", {"run": str(tmp_path / "first"), "candidates": 3}]
    fit_here(fit(HOGA, start=start), tmp_path / "run", monkeypatch)
    begun = [line for line in lines(tmp_path / "run") if line["phase"] == "start"]
    assert len(begun) == 5 and begun[1]["parameters"]["epsilon"] == pytest.approx(7.0)
    # mW is the answer, so that nobody overtakes it.
    assert result(tmp_path / "run")["best"]["parameters"] == pytest.approx(begun[0]["parameters"], rel=1e-9)
    # They are kept: the earlier run may go.
    shutil.rmtree(tmp_path / "first")
    assert fit_here(fit(HOGA, start=start), tmp_path / "run", monkeypatch).calls == 0


def problem_with(start: list[Any], **search: Any) -> Any:
    content = fit(HOGA, start=start)
    content["model"]["search"] |= search
    return build_problem(FitConfig.model_validate(content), EXAMPLES)


def test_what_a_start_loses_is_told() -> None:
    narrow = {"epsilon": {"min": "3 kcal/mol", "max": "5 kcal/mol"}}
    with pytest.warns(CgbridgeWarning, match=r"start\.0: epsilon of the base model lies outside its range"):
        check_start(problem_with(["base"], **narrow))
    other = load_model("mw").with_parameters({"gamma": 1.1})
    with (
        pytest.MonkeyPatch.context() as patch,
        pytest.warns(CgbridgeWarning, match=r"start\.1: mine differs from the base model in gamma too"),
    ):
        patch.setattr("cgbridge.fits.search.start.load_model", lambda *args, **options: other)
        check_start(problem_with(["base", "mine"]))


# ---- stop ----


@pytest.mark.parametrize(
    ("stop", "why", "count"),
    [
        ({"evaluations": 21}, "evaluations", 21),
        ({"evaluations": 5}, "evaluations", 5),
        ({"hours": 1e-9}, "hours", 1),
        ({"no_improvement": 30, "evaluations": 1000}, "complete", 16 + 3 * 6 + 6),
    ],
)
def test_a_budget_ends_the_search_and_the_best_is_confirmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: dict[str, Any], why: str, count: int
) -> None:
    run = tmp_path / "run"
    fit_here(fit(HOGA, SIMPLEX, stop=stop), run, monkeypatch)
    found = lines(run)
    assert sum(line["phase"] == "search" for line in found) == count
    assert result(run)["ended"]["why"] == why and result(run)["best"]["independent"]
    assert fit_here(fit(HOGA, SIMPLEX, stop=stop), run, monkeypatch).calls == 0
    # A limit is no part of the input that results depend on: without it the run goes on.
    fit_here(fit(HOGA, SIMPLEX), run, monkeypatch)
    assert sum(line["phase"] == "search" for line in lines(run)) == 16 + 3 * 6 + 6
    assert result(run)["ended"]["why"] == "complete"


def test_a_search_that_is_done_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two confirmed candidates pass; nobody waits for confirm.every, and no further stage is begun."""
    long = HOGA | {"generations": 40, "initial": 64, "population": 16}
    content = fit(long, SIMPLEX, stop={"when": "all-passed", "confirmed": 2}, confirm={"every": 0})
    run = tmp_path / "run"
    fit_here(content, run, monkeypatch)
    ended = result(run)["ended"]
    assert ended["why"] == "all-passed" and len(ended["stages"]) == 1
    assert ended["stages"][0]["evaluations"] < 64 + 40 * 14 / 2
    passed = [line for line in lines(run) if line["phase"] == "confirm" and line["levels_passed"] == 2]
    assert len(passed) >= 2


# ---- keys of before ----


def test_the_old_form_is_read_and_the_new_one_told(tmp_path: Path) -> None:
    content = fit(HOGA, SIMPLEX)
    old = {key: value for key, value in HOGA.items() if key != "method"} | {
        "method": "hoga",
        "elites": 1,
        "polish": {"method": "nelder-mead", "evaluations": 6},
        "seed": 3,
    }
    path = write(tmp_path, content | {"optimizer": old})
    with pytest.warns(CgbridgeWarning, match=r"stand in stages now; .* Write instead: stages: (.*)") as told:
        problem = read_fit(path)
    (message,) = [str(one.message) for one in told]
    assert f"{path}:" in message and ": optimizer: " in message
    # What is told to be written is what was read.
    new = yaml.safe_load(
        "{" + message.partition("Write instead: ")[2].replace("; confirm", ", confirm") + "}"
    )
    path = write(tmp_path, content | {"optimizer": new | {"seed": 3}})
    assert parse_fit(*read_yaml(path), str(path)).optimizer == problem.config.optimizer
    assert problem.config.optimizer.confirm.leaders == 1


@pytest.mark.parametrize(
    ("old", "stages"),
    [
        ({"population": 8}, [("hoga", {"population": 8}), ("nelder-mead", {"evaluations": 40})]),
        ({"polish": {"evaluations": 0}}, [("hoga", {})]),
        (
            {"polish": {"method": "response-surface", "evaluations": 4, "size": 0.05, "batch": 2}},
            [("hoga", {}), ("response-surface", {"evaluations": 4, "batch": 2})],
        ),
        ({}, [("hoga", {}), ("nelder-mead", {})]),
    ],
)
def test_each_old_key_finds_its_stage(old: dict[str, Any], stages: list[tuple[str, dict[str, Any]]]) -> None:
    content = fit(HOGA) | {"optimizer": old}
    found = FitConfig.model_validate(content).optimizer.stages
    assert [(stage.method, stage.options) for stage in found] == stages
