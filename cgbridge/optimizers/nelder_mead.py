"""Bounded Nelder-Mead simplex as ask/tell (Nelder and Mead, Comput. J. 7, 308 (1965)).

Only comparisons of scores are used, so the lexicographic score of the hierarchy works as it is; library
versions want one real number. Points outside the unit cube are put on its border, as in SciPy's bounded
variant.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Generator, Sequence

from pydantic import Field

from cgbridge.config.quantities import Number
from cgbridge.interfaces import Observation, Point, Score
from cgbridge.optimizers.method import SearchTask, StageSettings

#: What a point that could not be evaluated counts as: worse than any other, so that the simplex turns away.
_UNKNOWN = Score(sys.maxsize, 1.0, math.inf, math.inf)
_REFLECT, _EXPAND, _CONTRACT, _SHRINK = 1.0, 2.0, 0.5, 0.5


class SimplexSettings(StageSettings):
    """A simplex from the best known point, which needs nothing but scores, one evaluation at a time."""

    evaluations: int = Field(40, ge=1, description="Budget of evaluations.")
    size: Number = Field(
        0.05, gt=0, le=0.5, description="Edge of the first simplex as a fraction of each parameter's range."
    )

    @property
    def budget(self) -> int:
        return self.evaluations

    def generation_count(self, dimension: int) -> int:
        return -(-self.evaluations // (dimension + 1))

    @property
    def begins_at_a_point(self) -> bool:
        return True


class NelderMead:
    """Local minimiser from the best point told before the first question, else from the centre.

    As many evaluations as the simplex has vertices are a generation.
    """

    settings = SimplexSettings

    def __init__(self, task: SearchTask, settings: SimplexSettings) -> None:
        self._dimension, self._settings = task.space.dimension, settings
        self._scores: dict[Point, Score] = {}
        self._simplex: list[Point] = []
        self._search: Generator[Point, Score, None] | None = None
        self._next: Point | None = None
        self._outstanding = False
        self._told = 0

    @property
    def budget(self) -> int:
        return self._settings.budget

    @property
    def generation(self) -> int:
        return (self._told + self._outstanding) // (self._dimension + 1)

    @property
    def finished(self) -> bool:
        return self._told >= self.budget

    def ask(self, count: int) -> list[Point]:
        if self.finished or self._outstanding or count < 1:
            return []
        if self._search is None:
            self._search = self._run()
            self._next = next(self._search)
        assert self._next is not None
        self._outstanding = True
        return [self._next]

    def tell(self, observation: Observation) -> None:
        point, score = observation.point, observation.score
        if not self._outstanding or point != self._next:
            if score is not None:
                self._scores[point] = score
            return
        assert self._search is not None
        self._outstanding = False
        self._told += 1
        self._next = self._search.send(_UNKNOWN if score is None else score)

    def _run(self) -> Generator[Point, Score, None]:
        """The points to evaluate, one after the other; their scores are sent back."""
        simplex, scores = self._simplex, self._scores
        for vertex in self._vertices():
            if vertex not in scores:
                scores[vertex] = yield vertex
            simplex.append(vertex)
        while True:
            simplex.sort(key=scores.__getitem__)
            best, worst = simplex[0], simplex[-1]
            centre = _centroid(simplex[:-1])
            reflected = _along(centre, worst, -_REFLECT)
            scores[reflected] = yield reflected
            if scores[reflected] < scores[best]:
                expanded = _along(centre, worst, -_EXPAND)
                scores[expanded] = yield expanded
                simplex[-1] = min(reflected, expanded, key=scores.__getitem__)
                continue
            if scores[reflected] < scores[simplex[-2]]:
                simplex[-1] = reflected
                continue
            contracted = _along(centre, worst, -_CONTRACT if scores[reflected] < scores[worst] else _CONTRACT)
            scores[contracted] = yield contracted
            if scores[contracted] < min(scores[reflected], scores[worst]):
                simplex[-1] = contracted
                continue
            for index in range(1, len(simplex)):
                shrunk = _along(best, simplex[index], _SHRINK)
                scores[shrunk] = yield shrunk
                simplex[index] = shrunk

    def _vertices(self) -> list[Point]:
        centre = (0.5,) * self._dimension
        start = min(self._scores, key=self._scores.__getitem__, default=centre)
        size = self._settings.size
        vertices = [start]
        for axis in range(self._dimension):
            step = size if start[axis] + size <= 1.0 else -size
            vertices.append((*start[:axis], start[axis] + step, *start[axis + 1 :]))
        return vertices


def _centroid(points: Sequence[Point]) -> Point:
    return tuple(sum(column) / len(points) for column in zip(*points, strict=True))


def _along(origin: Point, towards: Point, factor: float) -> Point:
    """``origin + factor (towards - origin)``, put back into the unit cube."""
    return tuple(min(max(o + factor * (t - o), 0.0), 1.0) for o, t in zip(origin, towards, strict=True))
