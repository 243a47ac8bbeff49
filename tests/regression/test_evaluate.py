"""A model measured against targets, outside any fit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from fits import command
from inline import InlineExecutor, losing

from cgbridge.apps import evaluate
from cgbridge.apps.evaluate import _simulate, evaluate_model
from cgbridge.apps.simulation_store import SimulationStore
from cgbridge.config.loader import load_evaluation
from cgbridge.errors import StepLimitError, UnstableError
from cgbridge.fits.search.problem import resolve_target, sampling_of
from cgbridge.fits.search.task import EvaluationTask, run_task
from cgbridge.models.database import load_model
from cgbridge.objectives.level import Level
from cgbridge.objectives.session import Prepared
from cgbridge.records.simulation import Simulation
from cgbridge.rng import derive_seed
from cgbridge.testing.made_up_runs import synthetic_run

#: Small boxes that have all molten, so that others must follow below.
MELTING = {
    "schema": 1,
    "targets": [
        {
            "from": "water/melting-temperature",
            "options": {"temperatures": ["330 K", "340 K", "350 K"], "beads": 400, "production": "60 ps"},
        }
    ],
    "seed": 3,
}


@pytest.mark.slow
def test_simulations_that_follow_are_those_of_one_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Side by side they give the value that one worker finds when it makes all of them itself."""
    made: list[Prepared] = []

    def simulate(*arguments: Any) -> Prepared:
        made.append(_simulate(*arguments))
        return made[-1]

    monkeypatch.setattr(evaluate, "_simulate", simulate)
    file = tmp_path / "melting.yaml"
    file.write_text(yaml.safe_dump(MELTING))
    model, config = load_model("mw"), load_evaluation(file)
    record = evaluate_model(model, config, tmp_path, workers=2)
    (found,) = record["targets"]
    target = resolve_target(config.targets[0], tmp_path, "targets.0")
    # As long as the list says: `evaluate` extends nothing.
    sampling = replace(sampling_of(config.engine, [target]), maximum=0.0)
    alone = run_task(
        EvaluationTask(
            model=model,
            searched=(),
            levels=(Level(target.name, (target,), sampling),),
            engine=config.engine,
            seed=derive_seed(config.seed, "evaluate", model.fingerprint()),
            stop_early=False,
        )
    )
    (serial,) = alone.results
    assert found["value"] == serial.value and found["stderr"] == serial.stderr
    # Three boxes, and one or more times three after them as chance has it: when ice melts depends on the last
    # bit of the forces. Nothing is left to the worker that measures.
    assert len(made[0]) > 3 and len(made[0]) % 3 == 0
    assert record["md_ns"] == pytest.approx(alone.md_ns)


#: Short liquids, one after another.
LIQUIDS = {
    "schema": 1,
    "targets": [
        {"observable": "density", "temperature": kelvin, "value": "1 g/cm^3", "tolerance": 0.1}
        for kelvin in (280, 290, 300)
    ],
    "engine": {"beads": 216, "equilibration": "1 ps", "production": "4 ps"},
    "seed": 3,
}


def values(record: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(t["name"], t["value"], t["stderr"]) for t in record["targets"]]


def test_a_killed_evaluation_goes_on_with_what_was_finished(tmp_path: Path) -> None:
    (tmp_path / "targets.yaml").write_text(yaml.safe_dump(LIQUIDS))
    words = ("evaluate", "mw", "targets.yaml", "--workers", "1", "--json")
    whole = command(tmp_path, *words, "whole.json")
    assert whole.returncode == 0, whole.stderr
    journal = tmp_path / "killed.json.partial/journal.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-m", "cgbridge", *words, "killed.json"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120.0
    while not journal.exists() or journal.read_bytes().count(b"\n") < 2:
        assert time.monotonic() < deadline and process.poll() is None, "nothing is finished"
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    # Who takes the first simulation from the disk finds a volume that is larger by a tenth; who makes it anew
    # does not.
    key = json.loads(journal.read_text().splitlines()[0])["key"]
    series = dict(np.load(journal.parent / key / "series.npz"))
    np.savez(journal.parent / key / "series.npz", **series | {"volume": 1.1 * series["volume"]})
    done = command(tmp_path, *words, "killed.json")
    assert done.returncode == 0, done.stderr
    records = [json.loads((tmp_path / f"{name}.json").read_text()) for name in ("whole", "killed")]
    made, found = values(records[0]), values(records[1])
    assert [name for name, *_ in made] == ["density-280K", "density-290K", "density-300K"]
    differing = [(old[1] / new[1]) for old, new in zip(made, found, strict=True) if old != new]
    assert differing == [pytest.approx(1.1, rel=1e-9)]
    assert not journal.parent.exists(), "what is measured needs no keeping"


def evaluation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, executor: Executor, keep: Path | None = None
) -> dict[str, Any]:
    monkeypatch.setattr(evaluate, "ProcessWorkers", lambda workers, **options: executor)
    (tmp_path / "targets.yaml").write_text(yaml.safe_dump(LIQUIDS))
    config = load_evaluation(tmp_path / "targets.yaml")
    return evaluate_model(load_model("mw"), config, tmp_path, keep=keep)


def test_dead_workers_are_replaced_and_what_cannot_be_measured_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls 0 to 2 are the simulations; 1 and its further tries, 3 and 4, are lost; then all is measured."""
    keep = tmp_path / "keep"
    retried = evaluation(tmp_path, monkeypatch, InlineExecutor(losing({1, 3})), keep)
    assert not retried["failures"] and len(retried["targets"]) == 3
    (keep / "journal.jsonl").unlink()
    lost = evaluation(tmp_path, monkeypatch, InlineExecutor(losing({1, 3, 4})), keep)
    (failure,) = lost["failures"]
    assert failure["outcome"] == "infra" and "SIGKILL" in failure["reason"] and "3 times" in failure["reason"]
    assert len(lost["targets"]) == 2
    # The same call makes the one simulation that is missing, and measures all.
    last = InlineExecutor()
    found = evaluation(tmp_path, monkeypatch, last, keep)
    assert last.calls == 1 + 3
    assert values(found) == values(retried)


def test_finished_simulations_come_back_as_they_were(tmp_path: Path) -> None:
    store = SimulationStore(tmp_path, {"model": "a"})
    simulations = [
        Simulation("bulk", temperature=300.0, beads=216, production=20.0),
        Simulation("dimer"),
        Simulation("bulk", temperature=310.0),
        Simulation("bulk", temperature=320.0),
    ]
    runs = []
    for simulation in simulations[:2]:
        store.room(simulation).mkdir()
        runs.append(synthetic_run(simulation, store.room(simulation), count=20))
        if runs[-1].trajectory is not None:
            runs[-1].trajectory.path.rename(store.room(simulation) / "frames.h5")
        store.keep(simulation, runs[-1])
    store.keep(simulations[2], UnstableError("blew up", progress=0.25))
    store.keep(simulations[3], StepLimitError("too long"))
    store.close()
    again = SimulationStore(tmp_path, {"model": "a"})
    for simulation, run in zip(simulations[:2], runs, strict=True):
        found = again.known(simulation)
        assert found is not None and not isinstance(found, Exception)
        assert (found.simulation, found.beads, found.bead_mass) == (simulation, run.beads, run.bead_mass)
        assert dict(found.scalars) == dict(run.scalars) and set(found.series) == set(run.series)
        assert all(np.array_equal(found.series[name], run.series[name]) for name in run.series)
        assert (found.trajectory is None) is (run.trajectory is None)
    broken, ended = again.known(simulations[2]), again.known(simulations[3])
    assert isinstance(broken, UnstableError) and (broken.what, broken.progress) == ("blew up", 0.25)
    assert isinstance(ended, StepLimitError) and ended.what == "too long"
    (again.room(simulations[0]) / "frames.h5").unlink()
    assert again.known(simulations[0]) is None  # half of it is nothing
    again.close()
    other = SimulationStore(tmp_path, {"model": "b"})
    assert all(other.known(simulation) is None for simulation in simulations)
    other.close()
