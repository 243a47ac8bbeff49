"""HOGA's genetic algorithm under a hierarchical, lexicographic score.

The hierarchy itself lives in the score (levels not passed, how far the stopped level was off, total);
scores are compared field by field, which is the ranking wanted, without any penalty number.

Operators (:mod:`cgbridge.optimizers.variation`): scrambled Sobol points as the first sample (every range
covered evenly); tournament selection; simulated binary crossover and polynomial mutation within bounds; or
a differential step x + F (a - b) between members of the population (Storn and Price,
doi:10.1023/A:1008202821328), which follows correlated parameters where gene-wise operators cannot; a parent
with other scales of energy and length, which moves its temperatures and densities and leaves all else as it
is (:meth:`cgbridge.optimizers.space.SearchSpace.rescaled`); elitism.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from random import Random
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from cgbridge.config.quantities import Number
from cgbridge.optimizers.method import SearchTask, StageSettings
from cgbridge.optimizers.variation import crossed, mutated, scattered, sobol_points, stepped
from cgbridge.records.evaluation import Observation, Point, Score

#: Standard deviations of the logarithms of both factors: 3 % in temperatures and 1.5 % in densities.
ENERGY_SPREAD, LENGTH_SPREAD = 0.03, 0.005
#: The factor F of a differential step is drawn evenly between these.
_STEPS = 0.3, 0.9
#: Children that are known already before a point is drawn at random: operators may have run dry.
_CLONES = 1000


class GASettings(StageSettings):
    """The hierarchical-objective genetic algorithm (HOGA)."""

    budgets: ClassVar[tuple[str, ...]] = ("generations",)

    mode: Literal["generational", "steady-state"] = Field(
        "generational",
        description="generational: breed when a whole generation is scored; steady-state: breed a child for "
        "every result, so that no worker waits for the last of a generation (for uneven run times).",
    )
    population: int = Field(16, ge=4, description="Candidates per generation.")
    generations: int = Field(8, ge=1, description="Number of generations after the first sample.")
    initial: int | None = Field(
        None,
        ge=0,
        description="Size of the first quasi-random sample (scrambled Sobol points); its best, and the best "
        "of what is known already, become the first population. Most candidates stop at a cheap level, so a "
        "large sample costs little; 0 begins with what is known alone. Default: the population size.",
    )
    elites: int = Field(2, ge=0, description="Best candidates that survive unchanged.")
    tournament: int = Field(3, ge=2, description="Tournament size of the parent selection.")
    crossover: Number = Field(0.9, ge=0, le=1, description="Probability that two parents are crossed.")
    crossover_eta: Number = Field(
        5.0, gt=0, description="Crowding of simulated binary crossover: large keeps children near parents."
    )
    mutation: Number = Field(0.25, ge=0, le=1, description="Probability that a single parameter mutates.")
    mutation_eta: Number = Field(
        60.0, gt=0, description="Crowding of polynomial mutation: large makes small steps."
    )
    differential: Number = Field(
        0.4,
        ge=0,
        le=1,
        description="Share of children made by a differential step x + F (a - b) between members of the "
        "population instead of crossover and mutation; it follows correlated parameters.",
    )
    rescale: Number = Field(
        0.0,
        ge=0,
        le=1,
        description="Share of children that are a parent with all its energies, and all its lengths, "
        "multiplied by a factor near one: temperatures and densities move, and what does not depend on "
        "scales stays.",
    )

    @model_validator(mode="after")
    def _children(self) -> GASettings:
        if self.elites >= self.population:
            raise ValueError(f"elites ({self.elites}) must be fewer than population ({self.population})")
        if self.tournament > self.population:
            raise ValueError(f"tournament ({self.tournament}) must be at most population ({self.population})")
        return self

    @property
    def first_sample(self) -> int:
        """Size of the quasi-random sample."""
        return self.population if self.initial is None else self.initial

    @property
    def children(self) -> int:
        """Candidates bred per generation."""
        return self.population - self.elites

    @property
    def budget(self) -> int:
        """The first sample and all children."""
        return self.first_sample + self.generations * self.children

    def generation_count(self, dimension: int) -> int:
        return self.generations

    @property
    def begins_at_a_point(self) -> bool:
        return self.first_sample == 0


class HierarchicalGA:
    """Ask/tell genetic algorithm on the unit cube (see :class:`cgbridge.interfaces.Optimizer`).

    Generational: a new generation is bred when the old one is fully scored. Steady state: a first
    generation of children is bred, then one child for every result told, which replaces the worst of the
    population when it is better. Proposals depend on the order of telling only, never on when they are
    asked for, so that a resumed run repeats them whatever the number of workers. Points known from elsewhere
    compete for the first population. A point that could not be evaluated uses up its share of the budget
    and stays out of the population.
    """

    settings = GASettings

    def __init__(self, task: SearchTask, settings: GASettings) -> None:
        self._space, self._settings = task.space, settings
        self._random = Random(task.seed)
        self._scores: dict[Point, Score] = {}
        self._population: list[Point] = []
        self._newcomers: list[Point] = []
        self._asked: set[Point] = set()
        self._given = self._told = 0
        self._queue = sobol_points(task.space.dimension, settings.first_sample, task.seed)
        self._known: set[Point] = set(self._queue)

    @property
    def budget(self) -> int:
        return self._settings.budget

    @property
    def finished(self) -> bool:
        return self._told >= self.budget

    @property
    def generation(self) -> int:
        bred = self._given - self._settings.first_sample
        return 0 if bred < 0 else min(1 + bred // self._settings.children, self._settings.generations)

    def ask(self, count: int) -> list[Point]:
        points: list[Point] = []
        while len(points) < count:
            if not self._queue and not self._refill():
                break
            points.append(self._queue.pop(0))
            self._asked.add(points[-1])
        self._given += len(points)
        return points

    def tell(self, observation: Observation) -> None:
        point, score = observation.point, observation.score
        if point not in self._asked:
            if score is not None:
                self._learn(point, score)
            return
        self._asked.discard(point)
        self._told += 1
        if score is not None:
            self._scores[point] = score
            self._newcomers.append(point)
        if self._settings.mode == "steady-state" and self._population:
            self._select([*self._population, *self._newcomers])
            self._queue += self._breed(min(1, self._unplanned))

    def _learn(self, point: Point, score: Score) -> None:
        """A better founded score of a point, from the next choice on; or a point from elsewhere.

        So a candidate that was merely lucky stops breeding. A point that has left the population stays out.
        """
        if point in self._scores:
            self._scores[point] = score
        elif point not in self._known:
            self._known.add(point)
            self._scores[point] = score
            self._newcomers.append(point)

    @property
    def _unplanned(self) -> int:
        """Evaluations of the budget that have no point yet."""
        return self.budget - self._told - len(self._asked) - len(self._queue)

    def _refill(self) -> bool:
        """Breed a generation; False while results are awaited and when the budget is used up."""
        if self._unplanned <= 0 or self._asked:
            return False
        self._select([*self._best(self._population, self._settings.elites), *self._newcomers])
        self._queue = self._breed(min(self._settings.children, self._unplanned))
        return True

    def _select(self, pool: list[Point]) -> None:
        """The best of the pool are the population; newcomers are no longer new."""
        self._population = self._best(pool, self._settings.population)
        self._newcomers = []

    def _best(self, points: Iterable[Point], count: int) -> list[Point]:
        return sorted(points, key=self._scores.__getitem__)[:count]

    def _breed(self, count: int) -> list[Point]:
        children: list[Point] = []
        clones = 0
        while len(children) < count:
            # Nobody to breed from is left when machine faults took all.
            dry = clones >= _CLONES or not self._population
            for child in [scattered(self._space.dimension, self._random)] if dry else self._offspring():
                # A clone of something known would waste an evaluation.
                if child in self._known or child in children:
                    clones += 1
                else:
                    children.append(child)
        self._known.update(children[:count])
        return children[:count]

    def _offspring(self) -> list[Point]:
        """Children of one operator, drawn by its share; one without a share draws nothing either."""
        settings, random = self._settings, self._random
        if settings.rescale > 0.0 and random.random() < settings.rescale:
            parent = self._parent()
            energy = math.exp(random.gauss(0.0, ENERGY_SPREAD))
            length = math.exp(random.gauss(0.0, LENGTH_SPREAD))
            return [self._space.rescaled(parent, energy, length)]
        # A population of one, as of a search that begins at a point, knows no differences.
        if random.random() < settings.differential and len(self._population) > 1:
            parent = self._parent()
            a, b = random.sample(self._population, 2)
            return [stepped(parent, a, b, random.uniform(*_STEPS))]
        pair = self._parent(), self._parent()
        if random.random() < settings.crossover:
            pair = crossed(*pair, settings.crossover_eta, random)
        return [mutated(child, settings.mutation_eta, settings.mutation, random) for child in pair]

    def _parent(self) -> Point:
        """The best of a few drawn at random."""
        drawn = [self._random.choice(self._population) for _ in range(self._settings.tournament)]
        return min(drawn, key=self._scores.__getitem__)
