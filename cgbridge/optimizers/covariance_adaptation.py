"""Evolution of a normal distribution that learns its covariance: CMA-ES of the package ``cmaes``.

Hansen and Ostermeier, doi:10.1162/106365601750190398. Scores enter by their rank in the generation, which
is all that the algorithm asks of them. The random numbers of a generation depend on the seed and its
number, so that nothing but the order of tellings decides on a proposal.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from cgbridge.config.quantities import Number
from cgbridge.frames import FloatArray
from cgbridge.optimizers.method import SearchTask, StageSettings
from cgbridge.records.evaluation import Observation, Point, Score
from cgbridge.rng import derive_seed

#: Draws per candidate before the distribution counts as one point.
_TRIES = 100


class CMASettings(StageSettings):
    """CMA-ES from the best known point; follows correlated parameters without being told of them."""

    packages: ClassVar[tuple[str, ...]] = ("cmaes",)

    evaluations: int = Field(200, ge=1, description="Budget of evaluations.")
    population: int | None = Field(
        None, ge=4, description="Candidates per generation. Default: 4 + 3 ln(number of parameters)."
    )
    size: Number = Field(
        0.1, gt=0, le=0.5, description="First standard deviation as a fraction of each parameter's range."
    )

    @property
    def budget(self) -> int:
        return self.evaluations

    def population_in(self, dimension: int) -> int:
        """Candidates per generation in so many dimensions."""
        return self.population or 4 + math.floor(3 * math.log(dimension))

    def generation_count(self, dimension: int) -> int:
        return -(-self.evaluations // self.population_in(dimension))

    @property
    def begins_at_a_point(self) -> bool:
        return True


class CovarianceAdaptation:
    """CMA-ES from the best point told before the first question, else from the centre of the cube.

    It ends before its budget when the distribution has become a point. One that could not be evaluated
    ranks last. Scores known better later change the rank of points whose generation is not complete yet.
    """

    settings = CMASettings

    def __init__(self, task: SearchTask, settings: CMASettings) -> None:
        self._dimension, self._seed, self._settings = task.space.dimension, task.seed, settings
        self._population = settings.population_in(self._dimension)
        self._scores: dict[Point, Score] = {}
        self._strategy: Any = None
        self._drawn: list[FloatArray] = []
        self._queue: list[Point] = []
        self._results: dict[Point, Score | None] = {}
        self._asked: set[Point] = set()
        self._told = self._generation = 0
        self._collapsed = False

    @property
    def budget(self) -> int:
        return self._settings.budget

    @property
    def generation(self) -> int:
        return self._generation - bool(self._queue)

    @property
    def finished(self) -> bool:
        return self._collapsed or self._told >= self.budget

    def ask(self, count: int) -> list[Point]:
        if not self._queue and not self._asked and count > 0 and not self.finished:
            self._draw()
        points, self._queue = self._queue[: max(count, 0)], self._queue[max(count, 0) :]
        self._asked.update(points)
        return points

    def tell(self, observation: Observation) -> None:
        point, score = observation.point, observation.score
        if point in self._asked:
            self._asked.discard(point)
            self._told += 1
            self._results[point] = score
        elif score is not None and point in self._results:
            self._results[point] = score
        elif score is not None:
            self._scores[point] = score

    def _draw(self) -> None:
        """Learn from the last generation and draw the next; the last of all may be cut short."""
        if self._strategy is None:
            self._strategy = self._begun()
        elif any(score is not None for score in self._results.values()):
            self._strategy.tell(list(zip(self._drawn, self._ranks(), strict=True)))
        self._strategy.reseed_rng(derive_seed(self._seed, "generation", self._generation))
        drawn: dict[Point, FloatArray] = {}
        for _ in range(_TRIES * self._population):
            vector = self._strategy.ask()
            drawn[tuple(float(u) for u in vector)] = vector
            if len(drawn) == self._population:
                break
        else:
            self._collapsed = True
            return
        self._drawn, self._results = list(drawn.values()), {}
        self._queue = list(drawn)[: self.budget - self._told]
        self._generation += 1

    def _begun(self) -> Any:
        from cmaes import CMA

        centre = (0.5,) * self._dimension
        start = min(self._scores, key=self._scores.__getitem__, default=centre)
        bounds = np.tile([0.0, 1.0], (self._dimension, 1))
        size, population = self._settings.size, self._population
        return CMA(np.array(start), size, bounds=bounds, population_size=population)

    def _ranks(self) -> list[float]:
        """Place of each point of the generation, equal for equal scores; lost ones share the last."""
        points = [tuple(float(u) for u in vector) for vector in self._drawn]
        scores = [self._results.get(point) for point in points]
        order = sorted({score for score in scores if score is not None})
        return [float(len(order) if score is None else order.index(score)) for score in scores]
