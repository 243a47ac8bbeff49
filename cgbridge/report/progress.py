"""Error at each level, generation by generation: best so far and median."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from cgbridge.objectives.scoring import gates_error, goals_error
from cgbridge.records.evaluation import Evaluation
from cgbridge.report.run_record import LevelRecord, RunRecord
from cgbridge.report.search_stages import running_generations


@dataclass(frozen=True)
class LevelProgress:
    """Root mean square of the normalised errors at one level against the generation.

    The sequences have equal lengths: ``best`` is the smallest error up to that generation, ``median``
    and ``counts`` are those of the generation's candidates that finished the level. Generations are counted
    through all stages; ``begins`` says which of them begin a stage, and its method. ``final`` is the error of
    the winner, when it was re-run, or of the best candidate so far; None where it did not
    get there. The smallest errors at two levels may belong to different candidates.
    """

    level: str
    generations: tuple[int, ...]
    best: tuple[float, ...]
    median: tuple[float, ...]
    counts: tuple[int, ...]
    begins: tuple[tuple[int, str], ...]
    final: float | None

    @property
    def stretches(self) -> tuple[slice, ...]:
        """Generations that follow each other without an empty one between them."""
        starts = [0, *(n for n in range(1, len(self.generations)) if self._gap(n))]
        return tuple(slice(a, b) for a, b in pairwise([*starts, len(self.generations)]))

    def _gap(self, number: int) -> bool:
        return self.generations[number] - self.generations[number - 1] > 1


def level_error(evaluation: Evaluation, level: LevelRecord) -> float | None:
    """sqrt(sum w e^2 / sum w) over the level's goals; None unless all were measured.

    Of a level that has gates alone it is that of the gates that were missed.
    """
    found = {result.name: result for result in evaluation.results if result.level == level.name}
    if not all(target.name in found for target in level.targets):
        return None
    if all(target.gate for target in level.targets):
        return gates_error(found.values())
    return goals_error((target, found[target.name]) for target in level.targets)


def progress(run: RunRecord) -> tuple[LevelProgress, ...]:
    """One record per level that any candidate finished."""
    found = []
    numbers = running_generations(run.candidates)
    stages = run.config.optimizer.stages
    begins = tuple((number, stages[stage].method) for (stage, first), number in numbers.items() if not first)
    for level in run.levels:
        searched: dict[int, list[float]] = {}
        for entry in run.candidates:
            error = level_error(entry.evaluation, level)
            if error is None or not math.isfinite(error):
                continue
            searched.setdefault(numbers[entry.stage, entry.generation], []).append(error)
        if searched:
            found.append(_level_progress(level.name, searched, begins, _final(run, level)))
    return tuple(found)


def _final(run: RunRecord, level: LevelRecord) -> float | None:
    error = None if run.best is None else level_error(run.best.evaluation, level)
    return error if error is not None and math.isfinite(error) else None


def _level_progress(
    name: str, searched: dict[int, list[float]], begins: tuple[tuple[int, str], ...], final: float | None
) -> LevelProgress:
    generations = tuple(sorted(searched))
    best: list[float] = []
    for generation in generations:
        best.append(min(searched[generation] + best[-1:]))
    return LevelProgress(
        level=name,
        generations=generations,
        best=tuple(best),
        median=tuple(median(searched[generation]) for generation in generations),
        counts=tuple(len(searched[generation]) for generation in generations),
        begins=begins,
        final=final,
    )
