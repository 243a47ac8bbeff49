"""A whole fit without simulation: known parameters are recovered, kills lose nothing, faults are told."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import program
import pytest
import yaml
from fits import command, known_answer, without_times, write

from cgbridge.models.closed_form import diamond_minimum
from cgbridge.models.database import load_model

#: Ways to end the search; few evaluations are enough where every value is exact.
POLISH = {
    "nelder-mead": {"evaluations": 40},
    "response-surface": {"method": "response-surface", "evaluations": 4, "batch": 2},
    "cma-es": {"method": "cma-es", "evaluations": 80, "size": 0.05},
}


@pytest.mark.parametrize("polish", POLISH.values(), ids=POLISH)
def test_recovers_known_parameters(tmp_path: Path, polish: dict[str, Any]) -> None:
    write(tmp_path, known_answer(polish=polish))
    done = command(tmp_path, "fit", "fit.yaml")
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "run/result.json").read_text())
    known = load_model("mw").parameters
    # The tolerances are 2 % in energy and 0.3 % in length; polishing must end well inside them.
    assert result["best"]["parameters"]["epsilon"] == pytest.approx(known["epsilon"], rel=0.005)
    assert result["best"]["parameters"]["sigma"] == pytest.approx(known["sigma"], rel=0.001)
    assert all(target["passed"] for target in result["best"]["targets"])


def test_a_fit_takes_nothing_from_the_current_directory(tmp_path: Path) -> None:
    """As in a checkout of cgbridge, where the folder of the same name has no compiled plugin."""
    (tmp_path / "cgbridge").mkdir()
    (tmp_path / "cgbridge/__init__.py").write_text("raise ImportError('the wrong cgbridge')")
    (tmp_path / "scipy.py").write_text("raise ImportError('the wrong scipy')")
    write(tmp_path, known_answer(generations=1))
    program = Path(sys.executable).with_name("cgbridge")
    done = subprocess.run([program, "fit", "fit.yaml"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "run/result.json").read_text())["cost"]["outcomes"].keys() <= {
        "ok",
        "unstable",
    }


def test_best_folder_gives_the_reported_values(tmp_path: Path) -> None:
    write(tmp_path, known_answer(generations=2))
    assert command(tmp_path, "fit", "fit.yaml").returncode == 0
    result = json.loads((tmp_path / "run/result.json").read_text())
    for name in ("model.yaml", "model.sw"):
        model = load_model(tmp_path / "run/best" / name)
        target = next(t for t in result["best"]["targets"] if t["observable"] == "lattice_density")
        # Files hold full precision; metal units cost one rounding.
        assert diamond_minimum(model).density == pytest.approx(target["value"], rel=1e-9)


def _lines(journal: Path) -> int:
    """-1 before there is one; the one of a fit that was killed before its first result is made anew."""
    try:
        return journal.read_bytes().count(b"\n")
    except FileNotFoundError:
        return -1


def kill_after(folder: Path, evaluations: int) -> None:
    """Start or resume the fit and kill it as soon as its journal has so many lines."""
    process, journal = program.Command(folder, ("fit", "fit.yaml")), folder / "run/journal.jsonl"
    while _lines(journal) < evaluations:
        assert not process.ended, "the fit was meant to be killed before its end"
        time.sleep(0.001)
    process.kill()
    assert process.wait().returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("mode", "polish", "moments"),
    # At the start, sampling, breeding, polishing; surfaces are searched for seconds after 116 and 118.
    [
        ("generational", "nelder-mead", (0, 20, 70, 125)),
        pytest.param("steady-state", "nelder-mead", (0, 20, 70, 125), marks=pytest.mark.slow),
        pytest.param("generational", "response-surface", (116, 118), marks=pytest.mark.slow),
        ("steady-state", "cma-es", (90, 120)),
    ],
)
def test_kills_at_any_moment_lose_nothing(
    tmp_path: Path, mode: str, polish: str, moments: tuple[int, ...]
) -> None:
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
        write(tmp_path / name, known_answer(mode=mode, polish=POLISH[polish]))
    assert command(tmp_path / "whole", "fit", "fit.yaml").returncode == 0
    for evaluations in moments:
        kill_after(tmp_path / "killed", evaluations)
    done = command(tmp_path / "killed", "fit", "fit.yaml")
    assert done.returncode == 0, done.stderr
    whole, killed = tmp_path / "whole/run", tmp_path / "killed/run"
    assert without_times(killed / "journal.jsonl") == without_times(whole / "journal.jsonl")
    results = [json.loads((folder / "result.json").read_text()) for folder in (whole, killed)]
    assert results[0]["best"] == results[1]["best"]


@pytest.mark.parametrize("mode", ["generational", "steady-state"])
def test_leaders_are_confirmed_while_the_search_goes_on(tmp_path: Path, mode: str) -> None:
    """``best/`` exists long before the end, and any number of workers gives the same fit."""
    journals = []
    for workers in (1, 3):
        content = known_answer(mode=mode, confirm={"every": 1})
        content["run"] = {"folder": f"run{workers}", "workers": workers}
        write(tmp_path, content)
        assert command(tmp_path, "fit", "fit.yaml").returncode == 0
        journals.append(without_times(tmp_path / f"run{workers}/journal.jsonl"))
    assert journals[0] == journals[1]
    confirmed = {entry["generation"] for entry in journals[0].values() if entry["phase"] == "confirm"}
    assert min(confirmed) == 1


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (
            lambda c: c["model"]["search"].update(sigmaa={"min": 1, "max": 2}),
            2,
            "no parameter 'sigmaa'; did you mean 'sigma'",
        ),
        (lambda c: c["model"]["search"]["sigma"].update(min="4 A"), 2, "is not below max"),
        (lambda c: c["model"]["search"]["sigma"].update(min="2 K"), 2, "cannot convert 'K'"),
        (lambda c: c["model"].update(base="mww"), 2, "unknown model 'mww'; did you mean 'mw'"),
        (lambda c: c["model"].update(form="tersoff"), 2, "has the form 'stillinger-weber'"),
        (
            lambda c: c["levels"][0].update(targets=["water/density-300"]),
            2,
            "did you mean 'water/density-300K'",
        ),
        (
            lambda c: c["levels"][0]["targets"][0].update(observable="dimer_enrgy"),
            2,
            "did you mean 'dimer_energy'",
        ),
        (lambda c: c["levels"][0]["targets"][0].pop("tolerance"), 2, "tolerance"),
        (lambda c: c["levels"][0]["targets"][0].update(value="3 nm"), 2, "nm"),
        (
            lambda c: c["levels"][0].update(targets=["water/density-300K"]),
            7,
            "closed-form engine cannot simulate",
        ),
    ],
)
def test_faults_of_the_input_are_one_message(tmp_path: Path, change: Any, code: int, message: str) -> None:
    content = known_answer()
    change(content)
    write(tmp_path, content)
    done = command(tmp_path, "fit", "fit.yaml")
    assert "Traceback" not in done.stderr
    assert message in done.stderr
    assert done.returncode == code


def test_another_input_in_the_folder_is_refused_and_fresh_starts_over(tmp_path: Path) -> None:
    write(tmp_path, known_answer(generations=1))
    assert command(tmp_path, "fit", "fit.yaml").returncode == 0
    write(tmp_path, known_answer(generations=1, seed=4))
    refused = command(tmp_path, "fit", "fit.yaml")
    assert refused.returncode == 5 and "another input (changed: optimizer.seed 3 -> 4)" in refused.stderr
    assert command(tmp_path, "fit", "fit.yaml", "--fresh").returncode == 0
    assert json.loads((tmp_path / "run/result.json").read_text())["seed"] == 4


def test_a_run_of_a_version_that_knew_fewer_keys_resumes(tmp_path: Path) -> None:
    write(tmp_path, known_answer(generations=1))
    assert command(tmp_path, "fit", "fit.yaml").returncode == 0
    used, journal = tmp_path / "run/used.yaml", tmp_path / "run/journal.jsonl"
    before, content = journal.read_text(), yaml.safe_load(used.read_text())
    del content["optimizer"]["stages"][1]["size"]
    del content["stop"]
    used.write_text(yaml.safe_dump(content))
    done = command(tmp_path, "fit", "fit.yaml")
    assert done.returncode == 0, done.stderr
    assert journal.read_text() == before


@pytest.mark.parametrize("polished", [False, True], ids=["search", "polish"])
def test_a_fit_begins_with_the_best_of_an_earlier_one(tmp_path: Path, polished: bool) -> None:
    """Tighter tolerances, no further search: the best of the first fit are found again, and lead."""
    first = known_answer(polish={"evaluations": 0})
    write(tmp_path, first)
    assert command(tmp_path, "fit", "fit.yaml").returncode == 0
    found = json.loads((tmp_path / "run/result.json").read_text())["best"]["parameters"]
    second = known_answer(
        polish=POLISH["response-surface"] if polished else {"evaluations": 0},
        generations=1,
        initial=4,
        seed=9,
        start={"run": "run", "candidates": 6},
    )
    second["run"]["folder"] = "second"
    for level in second["levels"]:
        level["targets"][0]["tolerance"] = level["targets"][0]["tolerance"].replace("0.", "0.0")
    write(tmp_path, second)
    done = command(tmp_path, "fit", "fit.yaml")
    assert done.returncode == 0, done.stderr
    journal = [json.loads(line) for line in (tmp_path / "second/journal.jsonl").read_text().splitlines()]
    search = [entry for entry in journal if entry["phase"] in ("start", "search") and entry["stage"] == 0]
    assert len(search) == 6 + 4 + 10  # begun with, drawn, and bred
    # A point of the unit cube and back: rounding of the last digit or two.
    assert any(entry["parameters"] == pytest.approx(found, rel=1e-12) for entry in search)
    assert (tmp_path / "second/earlier.json").exists() is polished
    # What was chosen and measured stays, whatever becomes of the earlier fit.
    (tmp_path / "run").rename(tmp_path / "gone")
    before = (tmp_path / "second/journal.jsonl").read_text()
    assert command(tmp_path, "fit", "fit.yaml").returncode == 0
    assert (tmp_path / "second/journal.jsonl").read_text() == before


@pytest.mark.parametrize(
    ("fixed", "learnt"),
    [pytest.param({}, True, marks=pytest.mark.slow), ({"set": {"gamma": "1.3"}}, False)],
)
def test_surfaces_learn_from_an_earlier_fit_of_the_same_model_only(
    tmp_path: Path, fixed: dict[str, Any], learnt: bool
) -> None:
    write(tmp_path, known_answer(generations=1, polish={"evaluations": 0}))
    assert command(tmp_path, "fit", "fit.yaml").returncode == 0
    content = known_answer(generations=1, polish=POLISH["response-surface"], start={"run": "run"})
    content["model"].update(fixed)
    content["run"]["folder"] = "second"
    write(tmp_path, content)
    done = command(tmp_path, "fit", "fit.yaml")
    assert done.returncode == 0, done.stderr
    assert bool(json.loads((tmp_path / "second/earlier.json").read_text())) is learnt


@pytest.mark.slow
def test_surfaces_learn_from_what_the_earlier_fit_learnt(tmp_path: Path) -> None:
    """A chain of three: the third knows all values of the first, too."""
    write(tmp_path, known_answer(generations=1, polish={"evaluations": 0}))
    assert command(tmp_path, "fit", "fit.yaml").returncode == 0
    for name, start in (("second", "run"), ("third", "second")):
        content = known_answer(generations=1, polish=POLISH["response-surface"], start={"run": start})
        content["run"]["folder"] = name
        write(tmp_path, content)
        done = command(tmp_path, "fit", "fit.yaml")
        assert done.returncode == 0, done.stderr
    second = json.loads((tmp_path / "second/earlier.json").read_text())
    third = json.loads((tmp_path / "third/earlier.json").read_text())
    assert second and third[-len(second) :] == second
    assert len(third) > len(second)


@pytest.mark.slow
def test_a_resumed_polish_takes_the_proposals_that_it_kept(tmp_path: Path) -> None:
    """To find them again would take minutes, and a change of the code would find others."""
    write(tmp_path, known_answer(generations=1, polish=POLISH["response-surface"]))
    assert command(tmp_path, "fit", "fit.yaml").returncode == 0
    file, journal = tmp_path / "run/proposals.json", tmp_path / "run/journal.jsonl"
    kept = json.loads(file.read_text())
    (_, first), (key, _) = kept.items()
    before = journal.read_text()
    file.write_text(json.dumps(kept | {key: [[0.25, 0.75]]}))
    assert command(tmp_path, "fit", "fit.yaml").returncode == 0
    found = json.loads(journal.read_text().removeprefix(before).splitlines()[0])
    assert found["phase"] == "search" and found["stage"] == 1 and found["point"] not in first
    search = known_answer()["model"]["search"]
    for name, share in (("epsilon", 0.25), ("sigma", 0.75)):
        low, high = (float(str(search[name][end]).split()[0]) for end in ("min", "max"))
        assert found["parameters"][name] == pytest.approx(low + share * (high - low), rel=1e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["optimizer"].update(start={"run": "nowhere"}), "there is no fit in 'nowhere'"),
        (lambda c: c["optimizer"].update(start=["nowhere"]), "'nowhere' is neither a run folder nor a model"),
        (lambda c: c["optimizer"].update(start={"run": "second"}), "a fit cannot begin with itself"),
        (lambda c: c["optimizer"].update(start=["ml-bop"]), "'ml-bop' has the form 'tersoff'"),
    ],
)
def test_what_a_fit_cannot_begin_with(tmp_path: Path, change: Any, message: str) -> None:
    write(tmp_path, known_answer(generations=1, polish={"evaluations": 0}))
    assert command(tmp_path, "fit", "fit.yaml").returncode == 0
    content = known_answer(generations=1, start={"run": "run"})
    content["run"]["folder"] = "second"
    change(content)
    write(tmp_path, content)
    done = command(tmp_path, "fit", "fit.yaml")
    assert done.returncode == 2 and message in done.stderr
    assert "optimizer.start.0" in done.stderr and "Traceback" not in done.stderr
