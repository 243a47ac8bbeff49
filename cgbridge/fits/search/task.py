"""One evaluation as it runs inside a worker process."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from cgbridge.config.engine_section import EngineSection
from cgbridge.engine.factory import create_engine
from cgbridge.errors import CgbridgeError, StepLimitError, UnstableError
from cgbridge.models.typed_beads import TypedBeads
from cgbridge.objectives.candidate import evaluate_candidate
from cgbridge.objectives.faults import candidate_faults
from cgbridge.objectives.level import Level
from cgbridge.records.evaluation import Evaluation
from cgbridge.records.simulation import Run, Simulation
from cgbridge.store.atomic import storage_errors
from cgbridge.workers.scratch import scratch_folder

#: Modules that the fork server loads once, so that a worker starts in milliseconds.
PRELOAD = ("cgbridge.fits.search.task", "openmm", "cgbridge.openmm", "freud", "h5py", "scipy.optimize")


@dataclass(frozen=True)
class EvaluationTask:
    """All a worker needs; small enough to be pickled."""

    model: TypedBeads
    searched: tuple[str, ...]
    levels: tuple[Level, ...]
    engine: EngineSection
    seed: int
    stop_early: bool = True
    prepared: Mapping[tuple[Any, ...], Run | CgbridgeError] = field(default_factory=dict)


@dataclass(frozen=True)
class SimulationTask:
    """One simulation of one model; its frames are kept in ``folder``."""

    model: TypedBeads
    simulation: Simulation
    engine: EngineSection
    seed: int
    folder: Path


def run_simulation(task: SimulationTask) -> Run | CgbridgeError:
    """Simulate; a model that breaks down is a result too."""
    try:
        with storage_errors(task.folder), candidate_faults(), np.errstate(all="ignore"):
            shutil.rmtree(task.folder, ignore_errors=True)  # of one that died half-way
            task.folder.mkdir(parents=True)
            return create_engine(task.engine).run(task.model, task.simulation, task.seed, task.folder)
    except (UnstableError, StepLimitError) as error:
        return error


def run_task(task: EvaluationTask) -> Evaluation:
    """Evaluate in a folder of its own, removed afterwards, where the worker puts files."""
    engine, place = create_engine(task.engine), scratch_folder()
    # A full temporary disk is the machine's fault: it stops the fit with advice instead of grading anybody.
    # Numbers of wild candidates overflow, which their values tell; a warning of each would bury all else.
    with (
        storage_errors(place),
        tempfile.TemporaryDirectory(dir=place) as scratch,
        np.errstate(all="ignore"),
    ):
        evaluation = evaluate_candidate(
            task.model,
            task.levels,
            engine,
            seed=task.seed,
            scratch=Path(scratch),
            stop_early=task.stop_early,
            prepared=task.prepared,
        )
    return replace(evaluation, parameters=_searched(task.model.parameters, task.searched))


def _searched(values: Mapping[str, float], names: tuple[str, ...]) -> dict[str, float]:
    return {name: values[name] for name in names}
