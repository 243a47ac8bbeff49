"""Bounded Nelder-Mead simplex as ask/tell (Nelder and Mead, Comput. J. 7, 308 (1965)).

Only comparisons of scores are used, so the lexicographic score of the hierarchy works as it is; library
versions want one real number. Points outside the unit cube are put on its border, as in SciPy's bounded
variant.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence

from pydantic import Field

from cgbridge.config.quantities import Number
from cgbridge.optimizers.method import SearchTask, StageSettings
from cgbridge.records.evaluation import Observation, Point, Score

#: What a point that could not be evaluated counts as: worse than any other, so that the simplex turns away.
_UNKNOWN = Score(sys.maxsize, 1.0, math.inf, math.inf)
#: Steps in a row that meet known points only, after which the simplex is stuck.
_STUCK = 100
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
        self._search = self._run()
        self._next: Point | None = None
        self._outstanding = self._ended = False
        self._told = 0

    @property
    def budget(self) -> int:
        return self._settings.budget

    @property
    def generation(self) -> int:
        return (self._told + self._outstanding) // (self._dimension + 1)

    @property
    def finished(self) -> bool:
        return self._ended or self._told >= self.budget

    def ask(self, count: int) -> list[Point]:
        if self.finished or self._outstanding or count < 1:
            return []
        if self._told == 0:
            self._next = next(self._search, None)
        if self._next is None:
            self._ended = True
            return []
        self._outstanding = True
        return [self._next]

    def tell(self, observation: Observation) -> None:
        point, score = observation.point, observation.score
        if not self._outstanding or point != self._next:
            if score is not None:
                self._scores[point] = score
            return
        self._outstanding = False
        self._told += 1
        self._scores[point] = _UNKNOWN if score is None else score
        self._next = next(self._search, None)
        self._ended = self._next is None

    def _run(self) -> Iterator[Point]:
        """The points to evaluate, one after the other; each is in the scores when the next is asked for."""
        simplex, scores = self._simplex, self._scores
        for vertex in self._vertices():
            yield from self._unknown(vertex)
            simplex.append(vertex)
        steps = 0
        while steps < _STUCK:
            before = len(scores)
            yield from self._step()
            # Where all that it comes to is known (a corner, the last digit), it goes round in circles.
            steps = 0 if len(scores) > before else steps + 1

    def _unknown(self, point: Point) -> Iterator[Point]:
        """The point, if its score is not known."""
        if point not in self._scores:
            yield point

    def _step(self) -> Iterator[Point]:
        """Replace the worst vertex, or shrink towards the best."""
        simplex, scores = self._simplex, self._scores
        simplex.sort(key=scores.__getitem__)
        best, worst = simplex[0], simplex[-1]
        centre = _centroid(simplex[:-1])
        reflected = _along(centre, worst, -_REFLECT)
        yield from self._unknown(reflected)
        if scores[reflected] < scores[best]:
            expanded = _along(centre, worst, -_EXPAND)
            yield from self._unknown(expanded)
            simplex[-1] = min(reflected, expanded, key=scores.__getitem__)
            return
        if scores[reflected] < scores[simplex[-2]]:
            simplex[-1] = reflected
            return
        contracted = _along(centre, worst, -_CONTRACT if scores[reflected] < scores[worst] else _CONTRACT)
        yield from self._unknown(contracted)
        if scores[contracted] < min(scores[reflected], scores[worst]):
            simplex[-1] = contracted
            return
        for index in range(1, len(simplex)):
            shrunk = _along(best, simplex[index], _SHRINK)
            yield from self._unknown(shrunk)
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
