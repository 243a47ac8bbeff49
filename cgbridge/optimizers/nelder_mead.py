"""Bounded Nelder-Mead simplex as ask/tell (Nelder and Mead, Comput. J. 7, 308 (1965)).

Only comparisons of scores are used, so the lexicographic score of the hierarchy works as it is; library
versions want one real number. Points outside the unit cube are put on its border, as in SciPy's bounded
variant.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Generator, Sequence

from cgbridge.interfaces import Point, Score

#: What a point that could not be evaluated counts as: worse than any other, so that the simplex turns away.
_UNKNOWN = Score(sys.maxsize, 1.0, math.inf, math.inf)
_REFLECT, _EXPAND, _CONTRACT, _SHRINK = 1.0, 2.0, 0.5, 0.5


class NelderMead:
    """Local minimiser from ``start``, with a first simplex of edge ``size`` along each axis."""

    def __init__(self, start: Point, *, size: float, evaluations: int) -> None:
        self._remaining = evaluations
        self._search = self._run(start, size)
        self._next: Point | None = next(self._search) if evaluations > 0 else None
        self._outstanding = False

    @property
    def finished(self) -> bool:
        return self._next is None

    @property
    def generation(self) -> int:
        return 0

    def ask(self, count: int) -> list[Point]:
        if self._next is None or self._outstanding or count < 1:
            return []
        self._outstanding = True
        return [self._next]

    def tell(self, point: Point, score: Score | None) -> None:
        if not self._outstanding or point != self._next:
            raise ValueError("this point was not asked for")
        self._outstanding = False
        self._remaining -= 1
        following = self._search.send(_UNKNOWN if score is None else score)
        self._next = following if self._remaining > 0 else None

    def _run(self, start: Point, size: float) -> Generator[Point, Score, None]:
        vertices = [start]
        for axis in range(len(start)):
            step = size if start[axis] + size <= 1.0 else -size
            vertices.append((*start[:axis], start[axis] + step, *start[axis + 1 :]))
        simplex: list[tuple[Score, Point]] = []
        for vertex in vertices:
            score = yield vertex
            simplex.append((score, vertex))
        while True:
            simplex.sort(key=lambda item: item[0])
            best, worst = simplex[0], simplex[-1]
            centre = _centroid([point for _, point in simplex[:-1]])
            reflected = _along(centre, worst[1], -_REFLECT)
            score = yield reflected
            if score < best[0]:
                expanded = _along(centre, worst[1], -_EXPAND)
                expanded_score = yield expanded
                simplex[-1] = min((score, reflected), (expanded_score, expanded), key=lambda item: item[0])
                continue
            if score < simplex[-2][0]:
                simplex[-1] = (score, reflected)
                continue
            outside = score < worst[0]
            contracted = _along(centre, worst[1], -_CONTRACT if outside else _CONTRACT)
            contracted_score = yield contracted
            if contracted_score < min(score, worst[0]):
                simplex[-1] = (contracted_score, contracted)
                continue
            for index in range(1, len(simplex)):
                shrunk = _along(best[1], simplex[index][1], _SHRINK)
                score = yield shrunk
                simplex[index] = (score, shrunk)


def _centroid(points: Sequence[Point]) -> Point:
    return tuple(sum(column) / len(points) for column in zip(*points, strict=True))


def _along(origin: Point, towards: Point, factor: float) -> Point:
    """``origin + factor (towards - origin)``, put back into the unit cube."""
    return tuple(min(max(o + factor * (t - o), 0.0), 1.0) for o, t in zip(origin, towards, strict=True))
