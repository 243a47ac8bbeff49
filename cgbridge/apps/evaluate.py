"""Measure one model against a list of targets, outside any fit."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, wait
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from cgbridge.apps.simulation_store import SimulationStore
from cgbridge.config.schema import EvaluateConfig
from cgbridge.errors import CgbridgeError, MachineFault, SimulationError, UnstableError
from cgbridge.fits.search.box_check import check_beads, check_box, check_samples
from cgbridge.fits.search.problem import resolve_targets, sampling_of
from cgbridge.fits.search.task import PRELOAD, EvaluationTask, SimulationTask, run_simulation, run_task
from cgbridge.models.typed_beads import TypedBeads
from cgbridge.objectives.level import Level
from cgbridge.objectives.measurement import MAX_FOLLOW_UPS, follow_ups
from cgbridge.objectives.scoring import score_broken
from cgbridge.objectives.session import Prepared, merge_simulations
from cgbridge.observables.catalogue import get_observable
from cgbridge.observables.traits import require_packages
from cgbridge.records.evaluation import Evaluation, Outcome
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Target
from cgbridge.rng import derive_seed
from cgbridge.store.atomic import storage_errors
from cgbridge.store.lock import RunLock
from cgbridge.store.records import result_record
from cgbridge.store.versions import decisive_versions, versions
from cgbridge.workers.local import ProcessWorkers, default_workers

T = TypeVar("T")
R = TypeVar("R")
#: How often a task is repeated whose process the machine ended.
RETRIES = 2


def evaluate_model(
    model: TypedBeads,
    config: EvaluateConfig,
    folder: Path,
    *,
    workers: int | None = None,
    keep: Path | None = None,
) -> dict[str, Any]:
    """Return ``{"model", "parameters", "targets": [...], "failures": [...], "seed", "versions"}``.

    Every simulation is made once, side by side, the longest first; then, as well, those that an observable
    asks for when it has seen its first; then every target is measured. A target whose simulation breaks
    down, or is lost to the machine again and again, is reported under ``failures`` and does not keep the
    others from being measured. Finished simulations stay in the folder ``keep``, if it is given, until it is
    removed: the same call goes on with them, whatever ended it.
    """
    targets = resolve_targets(config, folder)
    for target in targets:
        require_packages(target, "targets")
    sampling = sampling_of(config.engine, targets)
    for target in targets:
        for simulation in get_observable(target.observable, target.folder).simulations(target, sampling):
            check_beads(model, simulation, f"target {target.name}")
            check_samples(simulation, f"target {target.name}")
            # Where there is no density to start from, the others are measured all the same.
            with contextlib.suppress(SimulationError):
                check_box(model, simulation, f"target {target.name}")
    seed = derive_seed(config.seed, "evaluate", model.fingerprint())
    # An evaluation may take days; the watchdog on MD steps is what ends a hang.
    with (
        _kept(model, config, keep) as (place, store),
        ProcessWorkers(workers or default_workers(), preload=PRELOAD, scratch=place) as executor,
    ):
        prepared = _simulate(model, config, targets, seed, store, executor)
        outcomes = _measure(model, config, targets, seed, prepared, executor)
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


@contextlib.contextmanager
def _kept(
    model: TypedBeads, config: EvaluateConfig, keep: Path | None
) -> Iterator[tuple[Path, SimulationStore]]:
    """The folder that simulations go to: ``keep``, or a temporary one."""
    content = {
        "model": model.fingerprint(),
        "engine": config.engine.model_dump(mode="json"),
        "seed": config.seed,
        "versions": decisive_versions(),
    }
    with contextlib.ExitStack() as stack:
        if keep is None:
            place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cgbridge-")))
        else:
            place = keep
            with storage_errors(place):
                place.mkdir(exist_ok=True)
            stack.enter_context(RunLock(place, other="--json"))
        store = SimulationStore(place, content)
        stack.callback(store.close)
        yield place, store


def _simulate(
    model: TypedBeads,
    config: EvaluateConfig,
    targets: Sequence[Target],
    seed: int,
    store: SimulationStore,
    executor: Executor,
) -> Prepared:
    """All simulations of all targets, shared between them, and those that follow from them."""
    sampling = sampling_of(config.engine, targets)
    prepared: dict[tuple[Any, ...], Run | CgbridgeError] = {}

    def run(wanted: Iterable[Simulation]) -> None:
        """Simulate what is new side by side, the longest first."""
        new = [s for s in merge_simulations([*wanted]).values() if s.key not in prepared]
        new.sort(key=lambda s: s.duration * max(s.beads, 1), reverse=True)
        known = {s.key: found for s in new if (found := store.known(s)) is not None}
        prepared.update(known)
        new = [s for s in new if s.key not in known]
        tasks = [SimulationTask(model, s, config.engine, seed, store.room(s)) for s in new]

        def finished(index: int, result: Run | CgbridgeError) -> None:
            if not isinstance(result, MachineFault):
                store.keep(new[index], result)
            prepared[new[index].key] = result

        _run_all(executor, run_simulation, tasks, finished)

    asked = [list(get_observable(t.observable, t.folder).simulations(t, sampling)) for t in targets]
    run(simulation for simulations in asked for simulation in simulations)
    for _ in range(MAX_FOLLOW_UPS):
        extra = [_follow_up(*pair, prepared) for pair in zip(targets, asked, strict=True)]
        if not any(extra):
            break
        run(simulation for simulations in extra for simulation in simulations)
        asked = [before + more for before, more in zip(asked, extra, strict=True)]
    return prepared


def _run_all(
    executor: Executor,
    call: Callable[[T], R],
    tasks: Sequence[T],
    finished: Callable[[int, R | MachineFault], None],
) -> None:
    """Call for every task, again after a machine fault; ``finished`` hears of each result as it comes."""
    running = {executor.submit(call, task): (index, 0) for index, task in enumerate(tasks)}
    while running:
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            index, attempt = running.pop(future)
            try:
                finished(index, future.result())
            except MachineFault as fault:
                if attempt < RETRIES:
                    running[executor.submit(call, tasks[index])] = (index, attempt + 1)
                else:
                    finished(index, fault)


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
    model: TypedBeads,
    config: EvaluateConfig,
    targets: Sequence[Target],
    seed: int,
    prepared: Prepared,
    executor: Executor,
) -> list[Evaluation]:
    """Every target on its own; what the machine did not let through is a failure."""
    # Simulations are made beforehand, side by side, as long as the target list says.
    sampling = replace(sampling_of(config.engine, targets), maximum=0.0)
    outcomes: dict[int, Evaluation] = {}
    tasks = [
        EvaluationTask(
            model=model,
            searched=(),
            levels=(Level(target.name, (target,), sampling),),
            engine=config.engine,
            seed=seed,
            stop_early=False,
            prepared=prepared,
        )
        for target in targets
    ]

    def finished(index: int, result: Evaluation | MachineFault) -> None:
        outcomes[index] = _lost(model, seed, result.what) if isinstance(result, MachineFault) else result

    _run_all(executor, run_task, tasks, finished)
    return [outcomes[index] for index in range(len(targets))]


def _lost(model: TypedBeads, seed: int, reason: str) -> Evaluation:
    """A target that the machine did not let be measured."""
    return Evaluation(
        parameters=model.parameters,
        seed=seed,
        outcome=Outcome.INFRA,
        levels_passed=0,
        score=score_broken(1, 0.0, 0.0),
        reason=f"{reason}, {RETRIES + 1} times",
    )
