"""HOGA's genetic algorithm: DEAP operators under a hierarchical, lexicographic fitness.

The hierarchy itself lives in the score (levels not passed, how far the stopped level was off, total);
DEAP compares such fitness tuples field by field, which is the ranking wanted, without any penalty number.

Operators: scrambled Sobol points as the first sample (every range covered evenly); tournament selection;
simulated binary crossover and polynomial mutation within bounds (Deb and Agrawal, Complex Systems 9, 115
(1995)); or a differential step x + F (a - b) between members of the population (Storn and Price,
doi:10.1023/A:1008202821328), which follows correlated parameters where gene-wise operators cannot; a parent
with other scales of energy and length, which moves its temperatures and densities and leaves all else as it
is (:meth:`cgbridge.optimizers.space.SearchSpace.rescaled`); elitism.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass

from deap import base, tools
from scipy.stats import qmc

from cgbridge.interfaces import Point, Score

#: Standard deviations of the logarithms of both factors: 3 % in temperatures and 1.5 % in densities.
ENERGY_SPREAD, LENGTH_SPREAD = 0.03, 0.005
#: Children that are known already before a point is drawn at random: operators may have run dry.
_CLONES = 1000
#: A point with its energies and its lengths multiplied by two factors.
Rescale = Callable[[Point, float, float], Point]


class _Fitness(base.Fitness):
    weights = (-1.0, -1.0, -1.0, -1.0)


class _Individual(list[float]):
    """A DEAP individual: a list of genes with a fitness."""

    def __init__(self, genes: list[float] | Point) -> None:
        super().__init__(genes)
        self.fitness = _Fitness()


@dataclass(frozen=True)
class GASettings:
    """Knobs of the algorithm; their meaning stands at ``OptimizerSection`` in the YAML manual."""

    population: int = 16
    generations: int = 8
    initial: int = 16
    elites: int = 2
    tournament: int = 3
    crossover: float = 0.9
    crossover_eta: float = 5.0
    mutation: float = 0.25
    mutation_eta: float = 60.0
    differential: float = 0.4
    rescale: float = 0.0
    steady_state: bool = False


class HierarchicalGA:
    """Ask/tell genetic algorithm on the unit cube (see :class:`cgbridge.interfaces.Optimizer`).

    Generational: a new generation is bred when the old one is fully scored. Steady state: a first
    generation of children is bred, then one child for every result told, which replaces the worst of the
    population when it is better. Proposals depend on the order of telling only, never on when they are
    asked for, so that a resumed run repeats them whatever the number of workers. ``first`` are known points
    that come before the quasi-random ones, as part of the first sample. A point that could not be evaluated
    uses up its share of the budget and stays out of the population.
    """

    def __init__(
        self,
        dimension: int,
        settings: GASettings,
        seed: int,
        *,
        rescale: Rescale | None = None,
        first: Sequence[Point] = (),
    ) -> None:
        if settings.rescale > 0.0 and rescale is None:
            raise ValueError("children with other scales need to be told how a point is rescaled")
        self._dimension = dimension
        self._settings = settings
        self._rescale = rescale
        self._random = random.Random(seed)
        self._population: list[_Individual] = []
        self._scored: list[_Individual] = []
        self._asked: set[Point] = set()
        self._told = 0
        sobol = qmc.Sobol(dimension, scramble=True, seed=seed)
        # Sobol sequences are balanced in powers of two; drawing one and cutting it keeps the first ones even.
        sample = sobol.random_base2(max(settings.initial - 1, 1).bit_length())[: settings.initial]
        drawn = [tuple(float(u) for u in row) for row in sample]
        self._queue: list[Point] = [*first, *drawn][: settings.initial]
        self._proposed: set[Point] = set(self._queue)
        self._budget = settings.initial + settings.generations * (settings.population - settings.elites)

    @property
    def finished(self) -> bool:
        return self._told >= self._budget

    @property
    def generation(self) -> int:
        return self.generation_of(self._told)

    def generation_of(self, number: int) -> int:
        """Generation of the proposal with this number, counted from 0 in the order of asking."""
        bred = max(0, number - self._settings.initial)
        return min(bred // (self._settings.population - self._settings.elites), self._settings.generations)

    @property
    def budget(self) -> int:
        """Number of evaluations in all."""
        return self._budget

    def ask(self, count: int) -> list[Point]:
        points: list[Point] = []
        while len(points) < count:
            if not self._queue and not self._refill():
                break
            point = self._queue.pop(0)
            self._asked.add(point)
            points.append(point)
        return points

    def tell(self, point: Point, score: Score | None) -> None:
        if point not in self._asked:
            raise ValueError("this point was not asked for")
        self._asked.discard(point)
        self._told += 1
        if score is not None:
            individual = _Individual(point)
            individual.fitness.values = astuple(score)
            self._scored.append(individual)
        if self._settings.steady_state and self._population:
            self._absorb()
            self._queue += self._breed(min(1, self._unplanned))

    def correct(self, point: Point, score: Score) -> None:
        """Replace the score of a point told before by a better founded one, from the next choice on.

        So a candidate that was merely lucky stops breeding. A point that has left the population stays out.
        """
        for individual in (*self._population, *self._scored):
            if tuple(individual) == point:
                individual.fitness.values = astuple(score)

    @property
    def _unplanned(self) -> int:
        """Evaluations of the budget that have no point yet."""
        return self._budget - self._told - len(self._asked) - len(self._queue)

    def _refill(self) -> bool:
        """Breed a generation; False while results are awaited and when the budget is used up."""
        if self._unplanned <= 0 or self._asked:
            return False
        survivors = tools.selBest(self._population, self._settings.elites) if self._population else []
        pool = [*survivors, *self._scored]
        self._population = tools.selBest(pool, min(self._settings.population, len(pool)))
        self._scored = []
        self._queue = self._breed(min(self._settings.population - self._settings.elites, self._unplanned))
        return True

    def _absorb(self) -> None:
        """Steady state: keep the best ``population`` of parents and newcomers."""
        pool = [*self._population, *self._scored]
        self._population = tools.selBest(pool, min(self._settings.population, len(pool)))
        self._scored = []

    def _breed(self, count: int) -> list[Point]:
        children: list[Point] = []
        clones = 0
        with _deap_random(self._random):
            while len(children) < count:
                # Nobody to breed from is left when machine faults took nearly all.
                dry = clones >= _CLONES or len(self._population) < 2
                for child in [self._stranger()] if dry else self._offspring():
                    genes = tuple(float(gene) for gene in child)
                    # A clone of something known would waste an evaluation.
                    if genes in self._proposed or genes in children:
                        clones += 1
                    else:
                        children.append(genes)
        self._proposed.update(children[:count])
        return children[:count]

    def _stranger(self) -> _Individual:
        return _Individual([random.random() for _ in range(self._dimension)])

    def _offspring(self) -> list[_Individual]:
        """Children of one operator, drawn by its share; one without a share draws nothing either."""
        share = self._settings.rescale
        if self._rescale is not None and share > 0.0 and random.random() < share:
            (parent,) = tools.selTournament(self._population, 1, self._settings.tournament)
            energy = math.exp(random.gauss(0.0, ENERGY_SPREAD))
            length = math.exp(random.gauss(0.0, LENGTH_SPREAD))
            return [_Individual(self._rescale(tuple(parent), energy, length))]
        if random.random() < self._settings.differential:
            return [self._differential_child()]
        return self._crossed_pair()

    def _crossed_pair(self) -> list[_Individual]:
        settings = self._settings
        mother, father = tools.selTournament(self._population, 2, settings.tournament)
        pair = [_Individual(mother), _Individual(father)]
        if random.random() < settings.crossover:
            tools.cxSimulatedBinaryBounded(*pair, eta=settings.crossover_eta, low=0.0, up=1.0)
        for child in pair:
            tools.mutPolynomialBounded(
                child, eta=settings.mutation_eta, low=0.0, up=1.0, indpb=settings.mutation
            )
        return pair

    def _differential_child(self) -> _Individual:
        """x + F (a - b), F drawn evenly from 0.3 to 0.9; a gene that leaves the range is reflected."""
        (parent,) = tools.selTournament(self._population, 1, self._settings.tournament)
        a, b = random.sample(self._population, 2)
        factor = random.uniform(0.3, 0.9)
        genes = [x + factor * (p - q) for x, p, q in zip(parent, a, b, strict=True)]
        return _Individual([_reflected(gene) for gene in genes])


def _reflected(gene: float) -> float:
    """Back into [0, 1] by reflection at the bounds; a gene of the cube is off by less than one."""
    gene = -gene if gene < 0.0 else gene
    return 2.0 - gene if gene > 1.0 else gene


@contextmanager
def _deap_random(own: random.Random) -> Iterator[None]:
    """DEAP draws from Python's global generator: lend it our state and give the old one back."""
    saved = random.getstate()
    random.setstate(own.getstate())
    try:
        yield
    finally:
        own.setstate(random.getstate())
        random.setstate(saved)
