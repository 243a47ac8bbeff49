"""What a resumed run takes up and what it refuses; what is told to the search, and what is reported."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from fits import known_answer, without_times
from inline import fit_here, losing

from cgbridge.config.schema import FitConfig
from cgbridge.errors import CgbridgeError, CgbridgeWarning, RunFolderError, WorkerTimeout
from cgbridge.fits import run_folder
from cgbridge.fits.run_folder import RunFolder
from cgbridge.fits.search.candidates import Candidates
from cgbridge.fits.search.problem import build_problem
from cgbridge.fits.search.progress import Progress
from cgbridge.models.database import load_model
from cgbridge.optimizers.hierarchical_ga import HierarchicalGA
from cgbridge.records.evaluation import Observation
from cgbridge.report.run_record import read_run
from cgbridge.store import versions
from cgbridge.store.journal_entries import run_entries
from cgbridge.store.layout import RunLayout

SMALL = {"initial": 16, "population": 8, "generations": 3, "polish": {"evaluations": 5}}


def small(**optimizer: Any) -> dict[str, Any]:
    content = known_answer(**SMALL | optimizer)
    content["run"] = {"workers": 2, "retries": 0}
    return content


def lines(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "journal.jsonl").read_text().splitlines()]


def problem_of(content: dict[str, Any], folder: Path = Path()) -> Any:
    return build_problem(FitConfig.model_validate(content), folder)


def own_files(folder: Path) -> dict[str, Any]:
    """A fit whose base model and whose reference curve are files beside it."""
    load_model("mw").save(folder / "base.yaml")
    (folder / "goo.csv").write_text("r_nm,g\n0.26,0.1\n0.28,2.5\n0.32,1.1\n0.45,1.0\n")
    content = small()
    content["model"]["base"] = "base.yaml"
    curve = {"observable": "rdf", "value": 0, "tolerance": 0.1, "reference": "goo.csv"}
    content["levels"].append({"name": "liquid", "targets": [curve]})
    return content


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        (lambda d: edit(d / "base.yaml", "value: 23.15", "value: 23.25"), True),  # a value that is fixed
        (lambda d: edit(d / "base.yaml", "value: 6.189", "value: 7.189"), False),  # it is searched
        (lambda d: edit(d / "base.yaml", "name: mw", "name: other"), False),
        (lambda d: edit(d / "base.yaml", "unit: kcal/mol", "unit: kJ/mol"), True),
        (lambda d: edit(d / "goo.csv", "2.5", "2.500000001"), True),
    ],
    ids=["fixed value", "searched value", "text", "unit", "last digit of a curve"],
)
def test_the_protocol_holds_what_results_depend_on(
    tmp_path: Path, change: Callable[[Path], None], differs: bool
) -> None:
    content = own_files(tmp_path)
    before = problem_of(content, tmp_path).protocol
    change(tmp_path)
    assert (problem_of(content, tmp_path).protocol != before) is differs


def test_the_protocol_holds_the_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    before = problem_of(small()).protocol
    monkeypatch.setattr(versions, "RESULTS_VERSION", versions.RESULTS_VERSION + 1)
    raised = problem_of(small()).protocol
    monkeypatch.setattr(versions, "version", lambda name: "99.0")
    assert len({before, raised, problem_of(small()).protocol}) == 3


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("base.yaml", "value: 23.15", "value: 23.25", "base model.lambda.value 23.15 -> 23.25"),
        ("base.yaml", "mass: 18.015 amu", "mass: 19 amu", "base model.beads.W.mass 18.015 amu -> 19.0 amu"),
        ("goo.csv", "2.5", "2.7", "liquid.rdf.reference.y (other values)"),
        ("goo.csv", "2.5", "2.500000001", "differs in the last digits"),
    ],
)
def test_an_edited_file_is_refused_by_name(
    tmp_path: Path, file: str, old: str, new: str, message: str
) -> None:
    content = own_files(tmp_path)
    content["run"]["folder"] = str(tmp_path / "run")
    config = FitConfig.model_validate(content)
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    assert not folder.prepare(config, build_problem(config, tmp_path), fresh=False)
    folder.journal.write_text("{}\n")  # something was evaluated
    assert folder.prepare(config, build_problem(config, tmp_path), fresh=False)
    edit(tmp_path / file, old, new)
    with pytest.raises(RunFolderError) as caught:
        folder.prepare(config, build_problem(config, tmp_path), fresh=False)
    assert message in caught.value.what and "--fresh" in str(caught.value)
    assert not folder.prepare(config, build_problem(config, tmp_path), fresh=True)


def test_another_input_is_refused_key_by_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fit_here(small(), tmp_path / "run", monkeypatch)
    changed = small(seed=4, elites=1)
    changed["levels"][1]["targets"][0]["tolerance"] = "0.02 g/cm^3"
    with pytest.raises(RunFolderError) as caught:
        fit_here(changed, tmp_path / "run", monkeypatch)
    for words in (
        "optimizer.seed 3 -> 4",
        "optimizer.stages.0.elites 2 -> 1",
        "lattice.targets.0.tolerance 0.01 g/cm^3",
    ):
        assert words in caught.value.what


@pytest.mark.parametrize(
    ("name", "refused"), [("results", True), ("cgbridge", True), ("openmm", True), ("numpy", False)]
)
def test_a_run_of_another_version_is_not_mixed_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, refused: bool
) -> None:
    run = tmp_path / "run"
    fit_here(small(), run, monkeypatch)
    found = json.loads((run / "versions.json").read_text())
    (run / "versions.json").write_text(json.dumps(found | {name: "0.0.1"}))
    if refused:
        with pytest.raises(RunFolderError, match=rf"{name} 0\.0\.1 -> ") as caught:
            fit_here(small(), run, monkeypatch)
        assert "optimizer.start" in str(caught.value) and "--fresh" in str(caught.value)
    else:
        with pytest.warns(CgbridgeWarning, match=r"numpy 0\.0\.1 -> "):
            fit_here(small(), run, monkeypatch)


def test_a_folder_of_a_version_that_kept_no_protocol_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    fit_here(small(), run, monkeypatch)
    found = json.loads((run / "versions.json").read_text())
    for key in ("results", "protocol"):
        del found[key]
    (run / "versions.json").write_text(json.dumps(found))
    with pytest.raises(RunFolderError, match="another version"):
        fit_here(small(), run, monkeypatch)
    assert read_run(RunLayout(run)).best is not None  # it can still be read


def test_stale_lines_are_read_by_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As another version would have left them: report, status, later fits and surfaces."""
    run = tmp_path / "run"
    fit_here(small(), run, monkeypatch)
    before, entries = read_run(RunLayout(run)), run_entries(RunLayout(run))
    winner = next(line for line in lines(run) if line["phase"] == "final")
    stale = winner | {"key": "stale", "protocol": "another", "phase": "search", "score": [0, 0.0, 0.0, 0.0]}
    with open(run / "journal.jsonl", "a") as file:
        file.write(json.dumps(stale) + "\n")
    assert run_entries(RunLayout(run)) == entries
    assert len(read_run(RunLayout(run)).entries) == len(before.entries)
    content = small(start={"run": str(run), "candidates": 1}, generations=1)
    fit_here(content, tmp_path / "second", monkeypatch)
    best = min((e for e in before.candidates), key=lambda e: e.evaluation.score)
    (chosen,) = json.loads((tmp_path / "second/start.json").read_text())["candidates"]
    assert chosen == {"from": str(run), "parameters": best.evaluation.parameters}


@pytest.mark.parametrize("change", [{"results": "1"}, {"cgbridge": "0.0.1"}, None], ids=str)
def test_surfaces_do_not_learn_what_was_computed_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, str] | None
) -> None:
    run = tmp_path / "run"
    fit_here(small(polish={"evaluations": 0}), run, monkeypatch)
    surfaces = {"method": "response-surface", "evaluations": 1, "batch": 1}
    content = small(start={"run": str(run)}, generations=1, polish=surfaces)
    if change is None:  # values of a longer time step are other values
        content["engine"]["timestep"] = "5 fs"
    else:
        found = json.loads((run / "versions.json").read_text())
        (run / "versions.json").write_text(json.dumps(found | change))
    with pytest.warns(CgbridgeWarning, match="do not learn from"):
        fit_here(content, tmp_path / "second", monkeypatch)
    assert json.loads((tmp_path / "second/earlier.json").read_text()) == []


def test_what_ran_out_of_wall_time_is_repeated_with_more_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And only then: else a resumed run would not do what the uninterrupted one did."""

    def slow(number: int) -> None:
        if number == 3:
            raise WorkerTimeout("no result after 10 s of wall time")

    run, content = tmp_path / "run", small()
    content["run"]["wall_limit"] = 10
    fit_here(content, run, monkeypatch, fault=slow)
    first = lines(run)
    assert [line["wall_limit"] for line in first if line["outcome"] == "timeout"] == [10.0]
    for limit, calls in ((10, 0), (5, 0)):
        content["run"]["wall_limit"] = limit
        assert fit_here(content, run, monkeypatch).calls == calls
    content["run"]["wall_limit"] = 20
    fit_here(content, run, monkeypatch)
    again = lines(run)[len(first)]
    assert again["outcome"] != "timeout"
    assert again["key"] == next(line["key"] for line in first if line["outcome"] == "timeout")


class Stopped(Exception):
    """In place of Ctrl-C or a kill."""


def stopping(lost: set[int], at: int) -> Callable[[int], None]:
    fault = losing(lost)

    def call(number: int) -> None:
        if number == at:
            raise Stopped
        fault(number)

    return call


@pytest.mark.parametrize("mode", ["generational", "steady-state"])
def test_lost_evaluations_are_lost_in_a_resumed_run_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """Calls 2, 5 and 20 die. Wherever the run stops then, the resumed one gives the same fit."""
    lost, content = {2, 5, 20}, small(mode=mode, confirm={"every": 1})
    whole = fit_here(content, tmp_path / "whole", monkeypatch, fault=losing(lost))
    expected = without_times(tmp_path / "whole/journal.jsonl")
    assert sum(line["outcome"] == "infra" for line in expected.values()) == 3
    result = json.loads((tmp_path / "whole/result.json").read_text())
    for at in (21, 25, 33, whole.calls - 1):
        run = tmp_path / f"stopped-{at}"
        with pytest.raises(Stopped):
            fit_here(content, run, monkeypatch, fault=stopping(lost, at))
        fit_here(content, run, monkeypatch)
        assert without_times(run / "journal.jsonl") == expected
        assert json.loads((run / "result.json").read_text())["best"] == result["best"]


def test_a_lost_evaluation_has_a_second_chance_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit_here(small(), tmp_path / "run", monkeypatch, fault=losing({4}))
    found = lines(tmp_path / "run")
    (fault,) = [line for line in found if line["outcome"] == "infra"]
    both = [line for line in found if line["point"] == fault["point"] and line["phase"] == "search"]
    assert both[0] is fault and both[1]["outcome"] != "infra"
    # The second comes when the search has told everything.
    of_stage = [n for n, line in enumerate(found) if line["phase"] == "search" and line["stage"] == 0]
    assert found.index(both[1]) == max(of_stage)


def test_a_machine_that_fails_all_the_time_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CgbridgeError, match="every evaluation was lost to machine faults"):
        fit_here(small(), tmp_path / "run", monkeypatch, fault=losing(range(10_000)))


def test_the_winner_is_measured_with_a_seed_that_selected_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    fit_here(small(), run, monkeypatch)
    found, result = lines(run), json.loads((run / "result.json").read_text())
    (final,) = [line for line in found if line["phase"] == "final"]
    assert result["best"]["seed"] == final["seed"] and result["best"]["independent"]
    assert sum(line["seed"] == final["seed"] for line in found) == 1
    selected = [line for line in found if line["seed"] == result["selected"]["seed"]]
    assert [line["phase"] for line in selected] == ["confirm"] and selected[0]["point"] == final["point"]
    assert final["factor"] == 3.0
    record = read_run(RunLayout(run))
    assert record.best is not None and record.best.phase == "final" and record.confirmed
    assert record.best not in record.candidates and record.best not in record.confirmations


def test_without_its_last_measurement_the_winner_keeps_the_selecting_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = fit_here(small(), tmp_path / "whole", monkeypatch).calls
    fit_here(small(), tmp_path / "run", monkeypatch, fault=losing({calls - 1, calls}))
    result = json.loads((tmp_path / "run/result.json").read_text())
    assert not result["best"]["independent"] and result["best"]["seed"] == result["selected"]["seed"]


def test_a_lucky_elite_stops_breeding_once_it_is_confirmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The closed forms know no luck: here every confirmation is told as if it had failed."""
    confirmed: list[Any] = []
    keep = Candidates.confirm

    def kept(self: Candidates, point: Any, evaluation: Any) -> None:
        worse = replace(evaluation.score, levels_failed=2, level_error=50.0)
        confirmed.append(point)
        keep(self, point, replace(evaluation, score=worse))

    monkeypatch.setattr(Candidates, "confirm", kept)
    told: list[Any] = []
    tell = HierarchicalGA.tell

    def recorded(self: HierarchicalGA, observation: Observation) -> None:
        again = observation.point in self._scores
        tell(self, observation)
        if again:
            told.append((self.generation, observation.point, dict(self._scores), self._told))

    monkeypatch.setattr(HierarchicalGA, "tell", recorded)
    fit_here(small(confirm={"every": 1}, polish={"evaluations": 0}), tmp_path / "run", monkeypatch)
    # Confirmed when the first generation bred is complete, told when the second is, before the third is bred.
    assert [point for _, point, _, _ in told[:2]] == confirmed[:2]
    assert all(scores[point].level_error == 50.0 for _, point, scores, _ in told)
    assert {count for _, _, _, count in told[:2]} == {16 + 6 + 6}
    # Then others lead, and are confirmed in turn.
    assert len(set(confirmed)) == len(confirmed) > 2


def test_a_fresh_fit_says_nothing_of_a_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does it compute anything twice: a simplex knows the best point of the stage before."""
    seen: list[Progress] = []
    fit_here(small(), tmp_path / "run", monkeypatch, display=seen.append)
    progress = seen[-1]
    assert progress.from_journal == 0
    assert len(lines(tmp_path / "run")) == progress.evaluations <= progress.budget
    fit_here(small(), tmp_path / "run", monkeypatch, display=seen.append)
    assert seen[-1].from_journal == len(lines(tmp_path / "run"))


def test_interrupted_set_up_is_no_run(tmp_path: Path) -> None:
    """``used.yaml`` comes last: a folder that has it has all that a resumed run is compared with."""
    content = small()
    config = FitConfig.model_validate(content)
    folder = RunFolder(tmp_path)
    written: list[str] = []
    real = run_folder.write_atomic
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            run_folder, "write_atomic", lambda path, text: (written.append(path.name), real(path, text))
        )
        folder.prepare(config, build_problem(config, tmp_path), fresh=False)
    assert written[-1] == "used.yaml" and {"targets.json", "base_model.json", "versions.json"} < set(written)
    assert yaml.safe_load((tmp_path / "used.yaml").read_text())["name"] == "known"
