"""Measure one model against a list of targets, outside any fit."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from cgbridge.campaign.problem import resolve_target, sampling_of
from cgbridge.campaign.run_folder import versions
from cgbridge.campaign.task import EvaluationTask, SimulationTask, run_simulation, run_task
from cgbridge.config.schema import EvaluateConfig
from cgbridge.interfaces import Evaluation, Outcome, Run, Target
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.objectives.candidate import Level, Prepared, merge_simulations
from cgbridge.observables.catalogue import get_observable
from cgbridge.rng import derive_seed
from cgbridge.store.records import result_record
from cgbridge.workers.local import ProcessExecutor, default_workers


def evaluate_model(
    model: CoarseGrainedModel, config: EvaluateConfig, folder: Path, *, workers: int | None = None
) -> dict[str, Any]:
    """Return ``{"model", "parameters", "targets": [...], "failures": [...], "seed", "versions"}``.

    Every simulation is made once, side by side, the longest first; then every target is measured. A
    target whose simulation breaks down is reported under ``failures`` and does not keep the others from
    being measured.
    """
    targets = [resolve_target(item, folder, f"targets.{n}") for n, item in enumerate(config.targets)]
    seed = derive_seed(config.seed, "evaluate", model.fingerprint())
    # An evaluation may take days; the watchdog on MD steps is what ends a hang.
    with (
        tempfile.TemporaryDirectory(prefix="cgbridge-") as scratch,
        ProcessExecutor(workers or default_workers()) as executor,
    ):
        prepared = _simulate(model, config, targets, seed, Path(scratch), executor)
        outcomes = _measure(model, config, targets, seed, Path(scratch), prepared, executor)
    runs = [run for run in prepared.values() if isinstance(run, Run)]
    return {
        "model": model.name,
        "parameters": model.parameters,
        "fingerprint": model.fingerprint(),
        "targets": [result_record(result, curves=True) for outcome in outcomes for result in outcome.results],
        "failures": [
            {"name": target.name, "outcome": str(outcome.outcome), "reason": outcome.reason}
            for target, outcome in zip(targets, outcomes, strict=True)
            if outcome.outcome is not Outcome.OK
        ],
        "md_ns": sum(run.md_steps * run.timestep for run in runs) / 1000.0 + sum(o.md_ns for o in outcomes),
        "seed": config.seed,
        "engine": config.engine.model_dump(mode="json"),
        "versions": versions(),
    }


def _simulate(
    model: CoarseGrainedModel,
    config: EvaluateConfig,
    targets: Sequence[Target],
    seed: int,
    scratch: Path,
    executor: Executor,
) -> Prepared:
    """All simulations of all targets, shared between them."""
    sampling = sampling_of(config.engine)
    wanted = [
        s for target in targets for s in get_observable(target.observable).simulations(target, sampling)
    ]
    simulations = sorted(
        merge_simulations(wanted).values(), key=lambda s: s.duration * max(s.beads, 1), reverse=True
    )
    futures = {
        simulation.key: executor.submit(
            run_simulation, SimulationTask(model, simulation, config.engine, seed, scratch / f"{number:03d}")
        )
        for number, simulation in enumerate(simulations)
    }
    return {key: future.result() for key, future in futures.items()}


def _measure(
    model: CoarseGrainedModel,
    config: EvaluateConfig,
    targets: Sequence[Target],
    seed: int,
    scratch: Path,
    prepared: Prepared,
    executor: Executor,
) -> list[Evaluation]:
    """Every target on its own, with follow-up simulations where an observable asks for them."""
    sampling = sampling_of(config.engine)
    futures = [
        executor.submit(
            run_task,
            EvaluationTask(
                model=model,
                searched=(),
                levels=(Level(target.name, (target,), sampling),),
                engine=config.engine,
                seed=seed,
                scratch=scratch,
                stop_early=False,
                prepared=prepared,
            ),
        )
        for target in targets
    ]
    return [future.result() for future in futures]
