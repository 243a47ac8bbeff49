"""A model measured against targets, outside any fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from cgbridge.campaign import evaluate
from cgbridge.campaign.evaluate import _simulate, evaluate_model
from cgbridge.campaign.problem import resolve_target, sampling_of
from cgbridge.campaign.task import EvaluationTask, run_task
from cgbridge.config.loader import load_evaluation
from cgbridge.models.database import load_model
from cgbridge.objectives.candidate import Level, Prepared
from cgbridge.rng import derive_seed

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
    alone = run_task(
        EvaluationTask(
            model=model,
            searched=(),
            levels=(Level(target.name, (target,), sampling_of(config.engine)),),
            engine=config.engine,
            seed=derive_seed(config.seed, "evaluate", model.fingerprint()),
            scratch=tmp_path,
            stop_early=False,
        )
    )
    (serial,) = alone.results
    assert found["value"] == serial.value and found["stderr"] == serial.stderr
    # Three boxes, and one or more times three after them as chance has it: when ice melts depends on the last
    # bit of the forces. Nothing is left to the worker that measures.
    assert len(made[0]) > 3 and len(made[0]) % 3 == 0
    assert record["md_ns"] == pytest.approx(alone.md_ns)
