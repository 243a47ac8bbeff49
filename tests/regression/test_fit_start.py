"""What a fit begins with: earlier runs of other searches, ties; what is refused before a folder is made."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml
from fits import command, known_answer, write
from inline import fit_here

from cgbridge.config.schema import FitConfig
from cgbridge.errors import CgbridgeWarning, ConfigError, RunFolderError, SimulationError
from cgbridge.fits.run_folder import RunFolder
from cgbridge.fits.search.box_check import check_simulations
from cgbridge.fits.search.problem import build_problem
from cgbridge.fits.search.reading import read_fit
from cgbridge.fits.search.start import check_start, chosen_start
from cgbridge.models.database import load_model

ONE_STAGE = [{"method": "hoga", "population": 4, "generations": 1, "initial": 4, "elites": 1}]
GAMMA = {"min": 1.0, "max": 1.5}
#: Of no use as physics; the two have one unit, and the targets depend on one of them.
TIED = {"min": 5, "max": 9, "tie": ["gamma"]}


def small(folder: Path, **changes: Any) -> dict[str, Any]:
    content = known_answer(stages=ONE_STAGE, confirm={"every": 0, "candidates": 1})
    content["run"]["folder"] = str(folder)
    content["optimizer"] |= changes
    return content


def problem_of(content: dict[str, Any], folder: Path = Path()) -> Any:
    return build_problem(FitConfig.model_validate(content), folder)


def test_one_parameter_more_is_filled_from_the_base_of_the_earlier_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit_here(small(tmp_path / "first"), tmp_path / "first", monkeypatch)
    content = small(tmp_path / "second", start=[{"run": str(tmp_path / "first"), "candidates": 2}])
    content["model"]["search"]["gamma"] = GAMMA
    with pytest.warns(CgbridgeWarning, match=r"start\.0\.run: the earlier fit did not search gamma.*= 1\.2 "):
        chosen = chosen_start(problem_of(content))
    assert [one["parameters"]["gamma"] for one in chosen] == [load_model("mw").parameters["gamma"]] * 2
    best = json.loads((tmp_path / "first/result.json").read_text())["selected"]
    assert best["levels_passed"] >= 0 and len(chosen[0]["parameters"]) == 3


def test_one_parameter_less_loses_what_was_found_for_it_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit_here(small(tmp_path / "first"), tmp_path / "first", monkeypatch)
    content = small(tmp_path / "second", start=[{"run": str(tmp_path / "first"), "candidates": 1}])
    del content["model"]["search"]["sigma"]
    with pytest.warns(
        CgbridgeWarning, match=r"start\.0\.run: .*first differs from the base model in sigma too"
    ):
        (one,) = chosen_start(problem_of(content))
    assert list(one["parameters"]) == ["epsilon"]
    # With the value that was found, nothing is lost, and nothing is said.
    lines = (tmp_path / "first/journal.jsonl").read_text().splitlines()
    searched = [found for found in map(json.loads, lines) if found["phase"] == "search"]
    found = min(searched, key=lambda line: line["score"])
    content["model"]["set"] = {"sigma": found["parameters"]["sigma"]}
    assert chosen_start(problem_of(content)) == [
        {"from": str(tmp_path / "first"), "parameters": {"epsilon": found["parameters"]["epsilon"]}}
    ]


def test_what_was_tied_in_the_earlier_run_has_its_value_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search of both takes up where the tie ended, and not at the base model."""
    first = small(tmp_path / "first")
    first["model"]["search"]["A"] = TIED
    fit_here(first, tmp_path / "first", monkeypatch)
    content = small(tmp_path / "second", start=[{"run": str(tmp_path / "first")}])
    content["model"]["search"] |= {"A": {"min": 5, "max": 9}, "gamma": {"min": 1, "max": 9}}
    chosen = chosen_start(problem_of(content))
    assert len(chosen) > 2
    for one in chosen:
        assert one["parameters"]["gamma"] == one["parameters"]["A"]


@pytest.mark.parametrize("alike", [True, False])
def test_a_tie_is_no_difference_that_is_lost(tmp_path: Path, alike: bool) -> None:
    """Where another model has both values alike, all of it is taken; where not, the tied one is not."""
    content = small(tmp_path / "run", start=["other.yaml"])
    content["model"]["search"]["A"] = TIED
    load_model("mw").with_parameters({"A": 7.0, "gamma": 7.0 if alike else 6.9}).save(tmp_path / "other.yaml")
    if alike:
        (one,) = chosen_start(problem_of(content, tmp_path))
        assert one["parameters"]["A"] == 7.0
    else:
        with pytest.warns(CgbridgeWarning, match="differs from the base model in gamma too"):
            check_start(problem_of(content, tmp_path))


def test_a_start_that_nobody_wrote_is_not_named_by_a_key(tmp_path: Path) -> None:
    content = small(tmp_path / "run", stages=[{"method": "nelder-mead", "evaluations": 4}])
    content["model"]["search"] = {
        "epsilon": {"min": "3 kcal/mol", "max": "5 kcal/mol"},
        "sigma": {"min": "2.5 A", "max": "3 A"},
    }
    with pytest.warns(CgbridgeWarning) as told:
        check_start(problem_of(content))
    (message,) = [str(one.message) for one in told]
    assert message.startswith("the search begins at the base model: epsilon, sigma of the base model lie ")
    assert "optimizer.start" not in message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["optimizer"].update(start={"run": "runs/nowhere"}), "there is no fit in 'runs/nowhere'"),
        (lambda c: c["engine"].update(method="openmm", platform="CUDAX"), "no platform 'CUDAX'"),
    ],
    ids=["no such run", "no such platform"],
)
def test_check_refuses_what_fit_refuses_and_no_folder_is_made(
    tmp_path: Path, change: Any, message: str
) -> None:
    content = small(tmp_path / "run")
    change(content)
    path = write(tmp_path, content)
    with pytest.raises((ConfigError, SimulationError), match=message):
        check_simulations(read_fit(path))
    done = command(tmp_path, "fit", "fit.yaml")
    assert done.returncode in (2, 7) and message in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_run_that_has_begun_does_not_look_for_the_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit_here(small(tmp_path / "first"), tmp_path / "first", monkeypatch)
    content = small(tmp_path / "second", start=[{"run": str(tmp_path / "first")}])
    fit_here(content, tmp_path / "second", monkeypatch)
    shutil.rmtree(tmp_path / "first")
    check_start(problem_of(content))
    assert fit_here(content, tmp_path / "second", monkeypatch).calls == 0


def test_a_run_without_an_evaluation_gives_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake that stops a fit before its first evaluation must not lock the folder to the mistake."""

    def broken(number: int) -> None:
        raise ZeroDivisionError

    run = tmp_path / "run"
    with pytest.raises(ZeroDivisionError):
        fit_here(small(run, seed=1), run, monkeypatch, fault=broken)
    assert RunFolder(run).used_yaml.exists() and not RunFolder(run).begun
    (run / "start.json").write_text("what the mistake left")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit_here(small(run, seed=2), run, monkeypatch)
    assert json.loads((run / "result.json").read_text())["seed"] == 2
    with pytest.raises(RunFolderError, match=r"optimizer\.seed 2 -> 1"):
        fit_here(small(run, seed=1), run, monkeypatch)


@pytest.mark.parametrize(
    "used", [{"schema": 99, "levels": []}, {"schema": 1, "method": "force-matching"}, "of somebody else"]
)
def test_what_is_no_search_of_this_version_never_gives_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, used: Any
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "used.yaml").write_text(yaml.safe_dump(used))
    (run / "report.html").write_text("mine")
    with pytest.raises(RunFolderError):
        fit_here(small(run), run, monkeypatch)
    assert (run / "report.html").read_text() == "mine"


# ---- names of targets in a finished run ----


def test_a_validation_of_the_same_observable_renames_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = small(tmp_path / "run")
    fit_here(content, tmp_path / "run", monkeypatch)
    other = {"observable": "lattice_density", "structure": "ice-ih", "value": "1 g/cm^3", "tolerance": 0.1}
    same = {"observable": "dimer_energy", "value": "-25 kJ/mol", "tolerance": 1}
    content["validation"] = {"targets": [other, same]}
    assert fit_here(content, tmp_path / "run", monkeypatch).calls == 1
    best = json.loads((tmp_path / "run/result.json").read_text())["best"]
    assert [target["name"] for target in best["targets"]] == ["dimer_energy", "lattice_density"]
    # The level tells the second apart: it is measured in the same way.
    assert [target["name"] for target in best["validation"]["targets"]] == [
        "lattice_density-ice-ih",
        "dimer_energy",
    ]
