"""One evaluation as it runs inside a worker process."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cgbridge.config.schema import EngineSection
from cgbridge.engine.factory import create_engine
from cgbridge.interfaces import Evaluation, Sampling
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.objectives.candidate import Level, evaluate_candidate


@dataclass(frozen=True)
class EvaluationTask:
    """All a worker needs; small enough to be pickled."""

    model: CoarseGrainedModel
    searched: tuple[str, ...]
    levels: tuple[Level, ...]
    engine: EngineSection
    sampling: Sampling
    seed: int
    stop_early: bool = True


def run_task(task: EvaluationTask) -> Evaluation:
    """Evaluate in a scratch folder that is removed afterwards."""
    engine = create_engine(task.engine)
    with tempfile.TemporaryDirectory(prefix="cgbridge-") as scratch:
        evaluation = evaluate_candidate(
            task.model,
            task.levels,
            engine,
            task.sampling,
            seed=task.seed,
            scratch=Path(scratch),
            stop_early=task.stop_early,
        )
    return replace(evaluation, parameters=_searched(task.model.parameters, task.searched))


def _searched(values: Mapping[str, float], names: tuple[str, ...]) -> dict[str, float]:
    return {name: values[name] for name in names}
