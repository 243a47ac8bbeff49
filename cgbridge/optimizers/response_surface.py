"""Local search on response surfaces: one Gaussian process for every measured quantity, in reduced units.

A score alone says little, and one evaluation costs minutes; but each tells twenty values of twenty
quantities, most of which depend smoothly on the parameters. So all that was measured before is fitted by
Gaussian processes (Rasmussen and Williams, doi:10.7551/mitpress/3206.001.0001), over the shape of the
potential and the reduced temperature (:mod:`cgbridge.optimizers.reduced_space`): values at several
temperatures, and of candidates that differ by their units, tell of one surface. The next candidates are
where the surfaces expect the best score.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from random import Random
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from cgbridge.config.quantities import Number
from cgbridge.frames import FloatArray
from cgbridge.optimizers.gaussian_process import Surface, fit_surface
from cgbridge.optimizers.method import Sample, SearchTask, StageSettings
from cgbridge.optimizers.reduced_space import ReducedPoint, ReducedSpace
from cgbridge.records.evaluation import Observation, Point, Residual, Score
from cgbridge.rng import derive_seed
from cgbridge.store.journal import content_key

#: What of the deviations is to become small.
Norm = Literal["root-mean-square", "mean-absolute"]

#: Generations of the search on the surfaces, of 16 points each. It ends before when the best was not improved
#: by a thousandth (in tolerances) in 50 of them.
_GENERATIONS, _LAMBDA = 300, 16
_PATIENCE, _PROGRESS = 50, 1e-3
#: How many of the best candidates tell which directions of the space hang together.
_LEADERS = 48
#: First step of the search on the surfaces, in standard deviations of the best candidates.
_FIRST_STEP = 0.5
#: Charge for a unit of distance outside the search space, in units of the score.
_OUTSIDE = 100.0
#: Known candidates per parameter below which there is nothing to lay a surface through.
_FEW = 2


class SurfaceSettings(StageSettings):
    """Gaussian processes through all values measured so far tell where the best candidate may be."""

    packages: ClassVar[tuple[str, ...]] = ("cmaes", "sklearn")

    evaluations: int = Field(40, ge=1, description="Budget of evaluations.")
    batch: int = Field(
        4, ge=1, description="Candidates proposed together before the surfaces are fitted anew."
    )
    norm: Norm = Field(
        "root-mean-square",
        description="What of the deviations is to become small. root-mean-square, as in "
        "the score of a fit: the largest are lowered first; mean-absolute: a few large ones are borne for "
        "many small ones, when the form cannot meet them all.",
    )
    penalty: Number = Field(
        1.0,
        ge=0,
        description="What a target that is probably missed costs, in units of the norm. 1 "
        "keeps two or three standard deviations away from every limit; a tenth goes closer, for "
        "smaller deviations of all others.",
    )
    size: Number = Field(
        0.05,
        gt=0,
        le=0.5,
        description="As long as fewer than two candidates per parameter are known, they are drawn within "
        "this "
        "fraction of each range about the best.",
    )

    @property
    def budget(self) -> int:
        return self.evaluations

    def generation_count(self, dimension: int) -> int:
        return -(-self.evaluations // self.batch)

    @property
    def begins_at_a_point(self) -> bool:
        return True


class ResponseSurface:
    """Ask/tell search (see :class:`cgbridge.interfaces.Ranking`) in rounds of ``batch`` proposals.

    When a round is told, the surfaces are fitted to all values told and to those of earlier runs. The first
    proposal of the next one is the best point of the surfaces, the others are the best points of surfaces
    through samples that are moved about within their errors, so that the less is known the farther they lie
    apart. The best point has the lowest

        c sum_i P_i + sqrt(sum_i w_i E[x_i^2] / sum_i w_i)    (root-mean-square),
        c sum_i P_i + sum_i w_i E[|x_i|] / sum_i w_i          (mean-absolute),

    where x_i is the deviation from target i over the tolerance, by the surfaces a normal variable, P_i
    the probability that it is larger than one, and c the penalty: with 1 it is the expected number of
    missed targets, and the error of a candidate that misses none. The search ends before its budget when
    a round has nothing new to propose. The random numbers of a round depend on its number alone.
    """

    settings = SurfaceSettings

    def __init__(self, task: SearchTask, settings: SurfaceSettings) -> None:
        self._space, self._settings, self._seed, self._kept = task.space, settings, task.seed, task.kept
        self._reduced = ReducedSpace(task.space.parameters, task.scales)
        self._aims = tuple(aim for aim in task.aims if aim.counts)
        self._aim_of = {(aim.level, aim.target.name): aim for aim in task.aims}
        self._samples = list(task.earlier())
        self._scores: dict[Point, Score] = {}
        self._queue: list[Point] = []
        self._asked: set[Point] = set()
        self._proposed: set[Point] = set()
        self._rounds = self._told = 0
        self._ended = False

    @property
    def budget(self) -> int:
        return self._settings.budget

    @property
    def generation(self) -> int:
        """The round of the next proposal."""
        return self._rounds - bool(self._queue)

    @property
    def finished(self) -> bool:
        return self._ended or self._told >= self.budget

    def ask(self, count: int) -> list[Point]:
        if not self._queue and not self._asked and count > 0 and not self.finished:
            self._queue = self._kept(self._known_so_far(), self._round)
            self._rounds += 1
            self._proposed.update(self._queue)
            self._ended = not self._queue
        points, self._queue = self._queue[: max(count, 0)], self._queue[max(count, 0) :]
        self._asked.update(points)
        return points

    def tell(self, observation: Observation) -> None:
        point = observation.point
        if point in self._asked:
            self._asked.discard(point)
            self._told += 1
        if observation.score is not None:
            self._scores[point] = observation.score
            found = (self._sample(point, residual) for residual in observation.residuals)
            self._samples += [sample for sample in found if sample is not None]

    def _sample(self, point: Point, residual: Residual) -> Sample | None:
        """The value that was measured; None of what is no target here."""
        aim = self._aim_of.get((residual.level, residual.target))
        if aim is None:
            return None
        target = aim.target
        return Sample(
            self._space.decode(point),
            aim.quantity,
            target.temperature,
            target.unit,
            target.value + residual.deviation * target.tolerance,
            residual.stderr * target.tolerance,
        )

    def _known_so_far(self) -> str:
        """What the next round depends on: other knowledge, other proposals."""
        scores = [[list(point), *astuple(score)] for point, score in self._scores.items()]
        values = [[sample.quantity, sample.value, sample.stderr] for sample in self._samples]
        settings = self._settings.model_dump(mode="json") | {"evaluations": self._count()}
        return content_key({"round": self._rounds, "of": settings, "scores": scores, "values": values})

    def _count(self) -> int:
        """Proposals of the next round."""
        return min(self._settings.batch, self.budget - self._told)

    def _leaders(self) -> list[Point]:
        return sorted(self._scores, key=self._scores.__getitem__)

    def ranked(self, points: Sequence[Point]) -> list[Point]:
        """The points from the best to the worst by what the surfaces expect of them.

        Each is so judged by all that was measured, of its neighbours too, and not by its own luck. Points
        of which nothing can be expected keep their order at the end.
        """
        surfaces = self._surfaces() if self._scores else {}
        if not surfaces:
            return list(points)
        order = np.argsort(self._cost(np.array(points), surfaces), kind="stable")
        return [points[index] for index in order]

    def _surfaces(self) -> dict[str, Surface]:
        """Surfaces through all samples about the best point; none when it does not bind."""
        centre = self._reduced.point(self._space.decode(self._leaders()[0]))
        return {} if centre is None else self._fit(centre)

    def _round(self) -> list[Point]:
        known = {tuple(sample.parameters.items()) for sample in self._samples}
        if len(known) < _FEW * self._space.dimension:
            return self._scattered()
        surfaces = self._surfaces() if self._scores else {}
        if not surfaces:
            return []
        random = np.random.RandomState(derive_seed(self._seed, "round", self._rounds))
        leaders = self._best_measured(surfaces)
        proposals = [self._minimise(surfaces, leaders, random)]
        for _ in range(self._count() - 1):
            moved = {quantity: surface.moved(random) for quantity, surface in surfaces.items()}
            proposals.append(self._minimise(moved, leaders, random))
        # A point that is known, or twice the same (a corner of the ranges), would waste an evaluation.
        return [p for p in dict.fromkeys(proposals) if p not in self._proposed and p not in self._scores]

    def _scattered(self) -> list[Point]:
        """Points drawn about the best known, or about the centre."""
        random = Random(derive_seed(self._seed, "round", self._rounds))
        best = next(iter(self._leaders()), (0.5,) * self._space.dimension)
        size = self._settings.size
        return [
            tuple(min(max(u + random.uniform(-size, size), 0.0), 1.0) for u in best)
            for _ in range(self._count())
        ]

    def _best_measured(self, surfaces: Mapping[str, Surface]) -> FloatArray:
        """The best by the surfaces of all candidates that were ever measured, best first."""
        measured = dict.fromkeys(self._space.encode(sample.parameters) for sample in self._samples)
        points = np.array(list(measured))
        return points[np.argsort(self._cost(points, surfaces), kind="stable")[:_LEADERS]]

    def _fit(self, centre: ReducedPoint) -> dict[str, Surface]:
        """A surface for every quantity that was ever measured."""
        wanted = {aim.quantity for aim in self._aims}
        rows: dict[str, list[tuple[FloatArray, float, float]]] = {}
        for sample in self._samples:
            point = self._reduced.point(sample.parameters) if sample.quantity in wanted else None
            if point is not None and math.isfinite(sample.value) and math.isfinite(sample.stderr):
                unit = point.unit_of(sample.unit)
                inputs = np.append(point.shape, point.temperature(sample.temperature))
                rows.setdefault(sample.quantity, []).append(
                    (inputs, sample.value / unit, sample.stderr / unit)
                )
        return {
            quantity: fit_surface(
                np.array([row[0] for row in found]),
                np.array([row[1] for row in found]),
                np.array([row[2] for row in found]),
                centre.shape,
            )
            for quantity, found in rows.items()
        }

    def _cost(self, points: FloatArray, surfaces: Mapping[str, Surface]) -> FloatArray:
        """What is minimised, for points of the cube, (points, dimension)."""
        from scipy.stats import norm as normal

        reduced = [self._reduced.point(self._space.decode(point)) for point in points]
        costs = np.full(len(points), math.inf)
        bound = [index for index, point in enumerate(reduced) if point is not None]
        known = [point for point in reduced if point is not None]
        if known:
            errors, spreads, weights = self._expected(known, surfaces)
            missed = normal.sf((1.0 - errors) / spreads) + normal.cdf((-1.0 - errors) / spreads)
            norm = expected_norm(errors, spreads, weights, self._settings.norm)
            costs[bound] = self._settings.penalty * missed.sum(axis=1) + norm
        return costs

    def _expected(
        self, points: Sequence[ReducedPoint], surfaces: Mapping[str, Surface]
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Deviations over tolerances and their standard deviations, (points, aims), and the weights."""
        columns, spreads, weights = [], [], []
        shapes = np.array([point.shape for point in points])
        for aim in self._aims:
            if aim.quantity not in surfaces:
                continue
            target = aim.target
            temperatures = np.array([point.temperature(target.temperature) for point in points])
            unit = np.array([point.unit_of(target.unit) for point in points])
            mean, spread = surfaces[aim.quantity].predict(np.column_stack([shapes, temperatures]))
            columns.append((mean * unit - target.value) / target.tolerance)
            spreads.append(np.maximum(spread * unit / target.tolerance, 1e-6))
            weights.append(target.weight)
        return np.column_stack(columns), np.column_stack(spreads), np.array(weights)

    def _minimise(
        self, surfaces: Mapping[str, Surface], leaders: FloatArray, random: np.random.RandomState
    ) -> Point:
        """CMA-ES (Hansen and Ostermeier, doi:10.1162/106365601750190398) from the best candidate."""
        from cmaes import CMA

        dimension = self._space.dimension
        spread = np.zeros((dimension, dimension))
        if len(leaders) > 1:
            spread += np.cov(leaders.T)
        # Directions in which the best candidates are all alike are not closed.
        spread += np.eye(dimension) * (1e-6 + 1e-3 * np.trace(spread) / dimension)
        strategy = CMA(
            leaders[0], _FIRST_STEP, cov=spread, population_size=_LAMBDA, seed=random.randint(2**31)
        )
        best, lowest = np.array(leaders[0]), math.inf
        mark, since = math.inf, 0
        for _ in range(_GENERATIONS):
            genes = np.array([strategy.ask() for _ in range(_LAMBDA)])
            inside = np.clip(genes, 0.0, 1.0)
            costs = self._cost(inside, surfaces) + _OUTSIDE * np.abs(genes - inside).sum(axis=1)
            index = int(np.argmin(costs))
            if costs[index] < lowest:
                best, lowest = inside[index], float(costs[index])
            since += 1
            if lowest < mark - _PROGRESS:
                mark, since = lowest, 0
            if since == _PATIENCE:
                break
            strategy.tell(list(zip(genes, costs.tolist(), strict=True)))
        return tuple(float(u) for u in best)


def expected_norm(means: FloatArray, spreads: FloatArray, weights: FloatArray, norm: Norm) -> FloatArray:
    """The weighted norm, (points,), of normal variables given by means and standard deviations, (points, n).

    E[x^2] = m^2 + s^2 and E[|x|] = s sqrt(2/pi) exp(-m^2 / 2 s^2) + m erf(m / s sqrt(2)) (Leone, Nelson and
    Nottingham, doi:10.1080/00401706.1961.10489974); the root is that of the expected mean square.
    """
    from scipy.stats import norm as normal

    shares = weights / weights.sum()
    if norm == "root-mean-square":
        return np.sqrt((means**2 + spreads**2) @ shares)
    ratio = means / spreads
    return (2.0 * spreads * normal.pdf(ratio) + means * (1.0 - 2.0 * normal.cdf(-ratio))) @ shares
