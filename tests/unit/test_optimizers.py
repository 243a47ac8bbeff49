"""Optimizers beyond their contract: convergence on closed forms, operators against their distributions."""

from __future__ import annotations

import random
from collections.abc import Callable
from statistics import mean
from typing import Any

import pytest

from cgbridge.config.optimizer_section import StageSection
from cgbridge.errors import ConfigError
from cgbridge.interfaces import Optimizer
from cgbridge.optimizers.catalogue import stage_settings
from cgbridge.optimizers.covariance_adaptation import CMASettings, CovarianceAdaptation
from cgbridge.optimizers.hierarchical_ga import GASettings, HierarchicalGA
from cgbridge.optimizers.method import SearchTask
from cgbridge.optimizers.nelder_mead import NelderMead, SimplexSettings
from cgbridge.optimizers.space import SearchSpace
from cgbridge.optimizers.variation import crossed, mutated, sobol_points, stepped
from cgbridge.records.evaluation import Observation, Point, Score
from cgbridge.records.parameter import Parameter
from cgbridge.testing.optimizers import OPTIMUM, SPACE, drive

FAR = (0.5, 0.5, 0.6)


def sphere(point: Point) -> Observation:
    error = sum((u - o) ** 2 for u, o in zip(point, OPTIMUM, strict=True)) ** 0.5
    return Observation(point, Score(0, 0.0, error, error))


def hierarchy(point: Point) -> Observation:
    """Level 1 looks at the first coordinate only, level 2 at the others."""
    first = abs(point[0] - OPTIMUM[0])
    if first > 0.05:
        return Observation(point, Score(2, 0.0, first, first))
    rest = max(abs(u - o) for u, o in zip(point[1:], OPTIMUM[1:], strict=True))
    return Observation(point, Score(0 if rest < 0.05 else 1, 0.0, rest, rest))


def genetic(seed: int = 3, **settings: Any) -> HierarchicalGA:
    shape = {"population": 12, "generations": 12, "initial": 32} | settings
    return HierarchicalGA(SearchTask(SPACE, seed), GASettings(**shape))


KINDS: dict[str, Callable[[], Optimizer]] = {
    "generational": genetic,
    "steady": lambda: genetic(mode="steady-state"),
    "rescaling": lambda: genetic(mode="steady-state", rescale=0.3),
    "simplex": lambda: NelderMead(SearchTask(SPACE, 3), SimplexSettings(size=0.1, evaluations=80)),
    "cma-es": lambda: CovarianceAdaptation(SearchTask(SPACE, 3), CMASettings(evaluations=120)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_converges_and_beats_random_sampling(kind: str) -> None:
    history = drive(KINDS[kind](), sphere)
    best = min(told.score.total_error for told in history)
    generator = random.Random(0)
    blind = min(
        sphere((generator.random(), generator.random(), generator.random())).score.total_error
        for _ in history
    )
    # Blind sampling of ~150 points in a unit cube gets within about 0.1; a search must do much better.
    assert best < 0.5 * blind


def test_other_seeds_give_other_proposals() -> None:
    assert drive(genetic(1), sphere) != drive(genetic(2), sphere)


def test_hierarchy_is_climbed_level_by_level() -> None:
    history = drive(genetic(), hierarchy)
    assert min(told.score for told in history).levels_failed == 0


@pytest.mark.parametrize("kind", ["simplex", "cma-es"])
def test_a_local_search_begins_at_the_best_that_is_known(kind: str) -> None:
    optimizer = KINDS[kind]()
    for point in (FAR, (0.1, 0.1, 0.9), (0.9, 0.9, 0.1)):
        optimizer.tell(sphere(point))
    first = drive(optimizer, sphere, most=8)
    # Edges of 0.1, and steps of 0.1 of which none of eight is four standard deviations long.
    assert max(abs(u - v) for told in first for u, v in zip(told.point, FAR, strict=True)) < 0.4
    assert FAR not in [told.point for told in first]  # it is known


def test_known_points_compete_for_the_first_population() -> None:
    """As the base model and earlier runs do; one that is better than all others is a parent at once."""
    optimizer = genetic(initial=8)
    optimizer.tell(sphere(OPTIMUM))
    drive(optimizer, sphere, most=8)
    optimizer.ask(1)
    assert optimizer._population[0] == OPTIMUM


def test_a_search_may_begin_at_one_point() -> None:
    """A population of one has no differences and nobody to cross with: mutation makes it grow."""
    optimizer = genetic(initial=0, mutation=0.6)
    optimizer.tell(sphere(FAR))
    history = drive(optimizer, sphere)
    assert len(history) == optimizer.budget
    # Polynomial mutation with an exponent of 60 moves a gene by a sixtieth; nobody is drawn from elsewhere.
    first = history[: optimizer._settings.children]
    assert max(abs(u - v) for told in first for u, v in zip(told.point, FAR, strict=True)) < 0.2
    assert min(told.score for told in history) < sphere(FAR).score


def test_a_simplex_goes_on_with_the_score_that_is_known_better() -> None:
    """The best vertex was lucky: told better, it is no longer what the others shrink towards."""
    optimizer = KINDS["simplex"]()
    history = drive(optimizer, sphere, most=12)
    best = min(history, key=lambda told: told.score)
    optimizer.tell(Observation(best.point, Score(2, 0.0, 9.0, 9.0)))
    drive(optimizer, sphere, most=12)
    assert best.point not in optimizer._simplex  # type: ignore[attr-defined]


def test_a_rescaled_point_is_the_same_model_in_other_units() -> None:
    space = SearchSpace(
        (*SPACE.parameters, Parameter("R", "A", range=(3.0, 3.6)), Parameter("k", "eV/A^2", range=(1.0, 9.0)))
    )
    values = {"A": 1500.0, "lambda1": 2.5, "h": -0.4, "R": 3.3, "k": 4.0}
    other = space.decode(space.rescaled(space.encode(values), 1.02, 1.01))
    expected = {"A": 1530.0, "lambda1": 2.5 / 1.01, "h": -0.4, "R": 3.333, "k": 4.0 * 1.02 / 1.01**2}
    assert other == pytest.approx(expected, rel=1e-12)
    # What would leave its range stays at the bound.
    assert space.decode(space.rescaled(space.encode(values), 1.5, 1.0))["A"] == pytest.approx(2000.0)


@pytest.mark.parametrize("mode", ["generational", "steady-state"])
def test_a_corrected_point_stops_leading(mode: str) -> None:
    """The luckiest is told as the best; when it is known better, no elite and no child comes of it."""
    optimizer = genetic(mode=mode)
    lucky = None
    while optimizer.generation < 2:
        for point in optimizer.ask(4):
            told = sphere(point)
            if lucky is None:
                lucky, told = point, Observation(point, Score(0, 0.0, 0.0, 0.0))
            optimizer.tell(told)
    assert lucky in optimizer._population
    optimizer.tell(Observation(lucky, Score(2, 0.0, 9.0, 9.0)))
    drive(optimizer, sphere, batch=40, most=40)
    assert lucky not in optimizer._population
    optimizer.tell(Observation(lucky, Score(0, 0.0, 0.0, 0.0)))  # it has left: nothing happens
    drive(optimizer, sphere, most=20)
    assert lucky not in optimizer._population


def test_lost_points_are_never_parents() -> None:
    dice, lost = random.Random(4), set()

    def truth(point: Point) -> Observation:
        if dice.random() < 0.3:
            lost.add(point)
            return Observation(point, None)
        return sphere(point)

    optimizer = genetic()
    history = drive(optimizer, truth)
    assert lost and len(history) == optimizer.budget == len({told.point for told in history})
    assert not lost & {*optimizer._population, *optimizer._newcomers}


def test_operators_that_make_clones_only_end_no_search() -> None:
    """A change of scales that a parameter without a unit does not feel."""
    space = SearchSpace((Parameter("h", "1", range=(0.0, 1.0)),))
    settings = GASettings(population=6, generations=3, initial=8, rescale=1.0)
    optimizer = HierarchicalGA(SearchTask(space, 1), settings)
    told = drive(optimizer, lambda point: Observation(point, Score(0, 0.0, point[0], point[0])))
    assert len(told) == optimizer.budget


PARENTS = (0.3, 0.5, 0.0, 0.4), (0.5, 0.9, 1.0, 0.4)


def test_crossed_children_keep_the_middle_of_their_parents() -> None:
    """Far from the bounds the children lie symmetrically about the middle: x + y = a + b for every gene.

    A spread below one keeps a child between the parents; by the density (eta + 1) beta^eta / 2 that
    happens to half of all that are crossed.
    """
    dice, eta = random.Random(1), 15.0
    between, moved = 0, 0
    for _ in range(4000):
        first, second = crossed((0.45,), (0.55,), eta, dice)
        assert first[0] + second[0] == pytest.approx(1.0, abs=1e-9)
        if {first[0], second[0]} != {0.45, 0.55}:
            moved += 1
            between += 0.45 < first[0] < 0.55
    # A gene is crossed in every second case; three standard deviations of 4000 and of 2000 draws of one half.
    assert moved / 4000 == pytest.approx(0.5, abs=0.024)
    assert between / moved == pytest.approx(0.5, abs=0.034)


def test_operators_stay_in_the_cube_and_leave_equal_genes_alone() -> None:
    dice = random.Random(2)
    for _ in range(500):
        children = crossed(*PARENTS, 2.0, dice)
        for child in children:
            assert child[3] == 0.4 and all(0.0 <= u <= 1.0 for u in child)
            assert all(0.0 <= u <= 1.0 for u in mutated(child, 5.0, 1.0, dice))
        assert all(0.0 <= u <= 1.0 for u in stepped(*PARENTS, PARENTS[0], 0.9))


@pytest.mark.parametrize("x", [0.5, 0.1, 0.0, 1.0])
def test_a_mutated_gene_has_the_distribution_of_its_polynomial(x: float) -> None:
    """Cut at 0: P(step < -s | down) = ((1 - s)^(eta+1) - (1 - x)^(eta+1)) / (1 - (1 - x)^(eta+1))."""
    dice, power = random.Random(3), 21.0
    steps = [mutated((x,), power - 1.0, 1.0, dice)[0] - x for _ in range(20000)]
    down = [-step for step in steps if step < 0.0]
    if x == 0.0:
        assert not down
        return
    assert len(down) / len(steps) == pytest.approx(0.5, abs=0.015)
    edge = (1.0 - x) ** power
    for s in (0.01, 0.03):
        expected = ((1.0 - s) ** power - edge) / (1.0 - edge)
        # Three standard deviations of 10000 draws.
        assert mean(step > s for step in down) == pytest.approx(expected, abs=0.015)


def test_the_first_sample_covers_every_range_evenly() -> None:
    """Of a Sobol sequence of 2^k points exactly one lies in each of 2^k equal intervals of every axis."""
    points = sobol_points(3, 32, 7)
    for axis in range(3):
        assert sorted(int(32 * point[axis]) for point in points) == list(range(32))
    assert sobol_points(3, 20, 7) == points[:20] and sobol_points(3, 0, 7) == []


def test_wrong_keys_of_a_stage_are_told_with_their_place() -> None:
    with pytest.raises(ConfigError, match=r"population: unknown key|unknown key 'popultion'.*'population'"):
        stage("hoga", popultion=3)
    with pytest.raises(ConfigError, match=r"elites .* must be fewer than population"):
        stage("hoga", population=4, elites=4)
    with pytest.raises(ConfigError, match="unknown method 'hogga'; did you mean 'hoga'"):
        stage("hogga")


def stage(method: str, **options: Any) -> Any:
    return stage_settings(StageSection(method=method, **options), "fit.yaml")


def test_score_order_is_levels_then_progress_then_error() -> None:
    ranked = [
        Score(0, 0.0, 0.5, 9.0),
        Score(1, 0.0, 2.0, 1.0),
        Score(1, 0.0, 3.0, 0.1),
        Score(1, 0.2, 0.0, 0.0),  # unstable late
        Score(1, 0.9, 0.0, 0.0),  # unstable early
        Score(2, 0.0, 0.0, 0.0),
    ]
    assert sorted(ranked) == ranked


def test_values_outside_a_range_are_moved_to_its_bound() -> None:
    """A log range has no place for zero or the other sign, which a fit of another range may bring."""
    space = SearchSpace(
        (
            Parameter("a", "1", range=(1e-3, 1e3), scale="log"),
            Parameter("b", "1", range=(-8.0, -2.0), scale="log"),
        )
    )
    for value, u in ((-5.0, 0.0), (0.0, 0.0), (1e-9, 0.0), (1e9, 1.0)):
        assert space.encode({"a": value, "b": -4.0})[0] == u
    for value, u in ((-9.0, 0.0), (0.0, 1.0), (5.0, 1.0)):
        assert space.encode({"a": 1.0, "b": value})[1] == u


def test_space_round_trip_and_scales() -> None:
    space = SearchSpace(
        (
            Parameter("A", "eV", range=(1200.0, 2200.0)),
            Parameter("beta", "1", range=(1e-7, 1e-5), scale="log"),
            Parameter("h", "1", range=(-0.6, -0.3)),
        )
    )
    assert space.decode((0.0, 0.5, 1.0)) == pytest.approx({"A": 1200.0, "beta": 1e-6, "h": -0.3})
    for point in [(0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.123, 0.456, 0.789)]:
        assert space.encode(space.decode(point)) == pytest.approx(point, abs=1e-12)
