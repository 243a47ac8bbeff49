"""Measure one model against a list of targets, outside any fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cgbridge.campaign.problem import resolve_target, sampling_of
from cgbridge.campaign.run_folder import versions
from cgbridge.campaign.task import EvaluationTask, run_task
from cgbridge.config.schema import EvaluateConfig
from cgbridge.interfaces import Outcome, Sampling, Target
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.objectives.candidate import Level
from cgbridge.observables.catalogue import get_observable
from cgbridge.rng import derive_seed
from cgbridge.store.records import result_record
from cgbridge.workers.local import ProcessExecutor, default_workers



def evaluate_model(
    model: CoarseGrainedModel, config: EvaluateConfig, folder: Path, *, workers: int | None = None
) -> dict[str, Any]:
    """Return ``{"model", "parameters", "targets": [...], "failures": [...], "seed", "versions"}``.

    Targets that share a simulation are measured in one process, others side by side. A target whose
    simulation breaks down is reported under ``failures`` and does not keep the others from being measured.
    """
    targets = [resolve_target(item, folder, f"targets.{n}") for n, item in enumerate(config.targets)]
    sampling = sampling_of(config.engine)
    groups = share_groups(targets, sampling)
    # An evaluation may take days; the watchdog on MD steps is what ends a hang.
    with ProcessExecutor(workers or default_workers()) as executor:
        futures = [
            executor.submit(
                run_task,
                EvaluationTask(
                    model=model,
                    searched=(),
                    levels=tuple(Level(target.name, (target,)) for target in group),
                    engine=config.engine,
                    sampling=sampling,
                    seed=derive_seed(config.seed, "evaluate", model.fingerprint()),
                    stop_early=False,
                ),
            )
            for group in groups
        ]
        outcomes = [future.result() for future in futures]
    results, failures = {}, []
    for group, outcome in zip(groups, outcomes, strict=True):
        measured = {result.name: result for result in outcome.results}
        results.update(measured)
        failures += [
            {"name": target.name, "outcome": str(outcome.outcome), "reason": outcome.reason}
            for target in group
            if target.name not in measured and outcome.outcome is not Outcome.OK
        ]
    return {
        "model": model.name,
        "parameters": model.parameters,
        "fingerprint": model.fingerprint(),
        "targets": [result_record(results[t.name], curves=True) for t in targets if t.name in results],
        "failures": failures,
        "md_ns": sum(outcome.md_ns for outcome in outcomes),
        "cpu_s": sum(outcome.cpu_s for outcome in outcomes),
        "seed": config.seed,
        "engine": config.engine.model_dump(mode="json"),
        "versions": versions(),
    }


def share_groups(targets: Sequence[Target], sampling: Sampling) -> list[list[Target]]:
    """Group targets so that two with a simulation in common are together (connected components)."""
    keys: Mapping[str, set[Any]] = {
        target.name: {s.key for s in get_observable(target.observable).simulations(target, sampling)}
        for target in targets
    }
    groups: list[tuple[set[Any], list[Target]]] = []
    for target in targets:
        touching = [group for group in groups if group[0] & keys[target.name]]
        merged_keys = set(keys[target.name]).union(*(group[0] for group in touching))
        members = [t for group in touching for t in group[1]] + [target]
        groups = [group for group in groups if group not in touching] + [(merged_keys, members)]
    return [members for _, members in groups]
