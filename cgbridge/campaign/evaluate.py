"""Measure one model against a list of targets, outside any fit."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from cgbridge.campaign.problem import resolve_targets, sampling_of
from cgbridge.campaign.run_folder import versions
from cgbridge.campaign.task import EvaluationTask, SimulationTask, run_simulation, run_task
from cgbridge.config.schema import EvaluateConfig
from cgbridge.errors import CgbridgeError, UnstableError
from cgbridge.interfaces import Evaluation, Outcome, Run, Simulation, Target
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.objectives.candidate import (
    MAX_FOLLOW_UPS,
    Level,
    Prepared,
    follow_ups,
    merge_simulations,
)
from cgbridge.observables.catalogue import get_observable
from cgbridge.rng import derive_seed
from cgbridge.store.records import result_record
from cgbridge.workers.local import ProcessExecutor, default_workers


def evaluate_model(
    model: CoarseGrainedModel, config: EvaluateConfig, folder: Path, *, workers: int | None = None
) -> dict[str, Any]:
    """Return ``{"model", "parameters", "targets": [...], "failures": [...], "seed", "versions"}``.

    Every simulation is made once, side by side, the longest first; then, as well, those that an observable
    asks for when it has seen its first; then every target is measured. A target whose simulation breaks
    down is reported under ``failures`` and does not keep the others from being measured.
    """
    targets = resolve_targets(config.targets, folder, "targets")
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
    """All simulations of all targets, shared between them, and those that follow from them."""
    sampling = sampling_of(config.engine, targets)
    prepared: dict[tuple[Any, ...], Run | CgbridgeError] = {}

    def run(wanted: Iterable[Simulation]) -> None:
        """Simulate what is new side by side, the longest first."""
        new = [s for s in merge_simulations([*wanted]).values() if s.key not in prepared]
        new.sort(key=lambda s: s.duration * max(s.beads, 1), reverse=True)
        tasks = [
            SimulationTask(model, simulation, config.engine, seed, scratch / f"{number:03d}")
            for number, simulation in enumerate(new, len(prepared))
        ]
        futures = [executor.submit(run_simulation, task) for task in tasks]
        prepared.update((s.key, future.result()) for s, future in zip(new, futures, strict=True))

    asked = [list(get_observable(t.observable, t.folder).simulations(t, sampling)) for t in targets]
    run(simulation for simulations in asked for simulation in simulations)
    for _ in range(MAX_FOLLOW_UPS):
        extra = [_follow_up(*pair, prepared) for pair in zip(targets, asked, strict=True)]
        if not any(extra):
            break
        run(simulation for simulations in extra for simulation in simulations)
        asked = [before + more for before, more in zip(asked, extra, strict=True)]
    return prepared


def _follow_up(target: Target, simulations: Sequence[Simulation], prepared: Prepared) -> list[Simulation]:
    """What the target wants besides; a failure is told when the target is measured."""
    runs = [run for run in (prepared[s.key] for s in simulations) if isinstance(run, Run)]
    if len(runs) < len(simulations):
        return []
    try:
        return follow_ups(get_observable(target.observable, target.folder), target, runs)
    except UnstableError:
        return []


def _measure(
    model: CoarseGrainedModel,
    config: EvaluateConfig,
    targets: Sequence[Target],
    seed: int,
    scratch: Path,
    prepared: Prepared,
    executor: Executor,
) -> list[Evaluation]:
    """Every target on its own."""
    sampling = sampling_of(config.engine, targets)
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
