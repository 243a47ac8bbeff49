"""Optimizers: bounds, reproducibility, replay, convergence on closed forms."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from cgbridge.interfaces import Optimizer, Parameter, Point, Score
from cgbridge.optimizers.hierarchical_ga import GASettings, HierarchicalGA
from cgbridge.optimizers.nelder_mead import NelderMead
from cgbridge.optimizers.space import SearchSpace

OPTIMUM = (0.3, 0.7, 0.5)


def sphere(point: Point) -> Score:
    error = sum((u - o) ** 2 for u, o in zip(point, OPTIMUM, strict=True)) ** 0.5
    return Score(0, 0.0, error, error)


def hierarchy(point: Point) -> Score:
    """Level 1 looks at the first coordinate only, level 2 at the others."""
    first = abs(point[0] - OPTIMUM[0])
    if first > 0.05:
        return Score(2, 0.0, first, first)
    rest = max(abs(u - o) for u, o in zip(point[1:], OPTIMUM[1:], strict=True))
    return Score(0 if rest < 0.05 else 1, 0.0, rest, rest)


def drive(
    optimizer: Optimizer, objective: Callable[[Point], Score], batch: int = 4
) -> list[tuple[Point, Score]]:
    history = []
    while not optimizer.finished:
        points = optimizer.ask(batch)
        assert points, "an unfinished optimizer with nothing outstanding must propose"
        for point in points:
            score = objective(point)
            history.append((point, score))
            optimizer.tell(point, score)
    return history


def make(kind: str, seed: int = 3) -> Optimizer:
    if kind == "simplex":
        return NelderMead((0.5, 0.5, 0.6), size=0.1, evaluations=80)
    settings = GASettings(
        population=12,
        generations=12,
        initial=32,
        steady_state=kind != "generational",
        rescale=0.3 if kind == "rescaling" else 0.0,
    )
    return HierarchicalGA(3, settings, seed, rescale=SPACE.rescaled)


#: An energy, a decay constant and a number without unit.
SPACE = SearchSpace(
    (
        Parameter("A", "eV", range=(1000.0, 2000.0), scale="log"),
        Parameter("lambda1", "1/A", range=(2.0, 3.0)),
        Parameter("h", "1", range=(-0.6, -0.3)),
    )
)
KINDS = ["generational", "steady", "rescaling", "simplex"]


@pytest.mark.parametrize("kind", KINDS)
def test_proposals_stay_in_the_unit_cube(kind: str) -> None:
    for point, _ in drive(make(kind), sphere):
        assert all(0.0 <= u <= 1.0 for u in point)


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_gives_the_same_proposals(kind: str) -> None:
    first = drive(make(kind), sphere)
    random.seed(99)  # the global generator must not matter
    assert drive(make(kind), sphere) == first


def test_other_seed_gives_other_proposals() -> None:
    assert drive(make("generational", 1), sphere) != drive(make("generational", 2), sphere)


def test_the_global_generator_is_left_alone() -> None:
    random.seed(5)
    expected = [random.random() for _ in range(3)]
    random.seed(5)
    drive(make("generational"), sphere)
    assert [random.random() for _ in range(3)] == expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("batch", [1, 3, 50])
def test_proposals_do_not_depend_on_the_number_of_workers(kind: str, batch: int) -> None:
    assert drive(make(kind), sphere, batch) == drive(make(kind), sphere, 4)


@pytest.mark.parametrize("kind", KINDS)
def test_converges_and_beats_random_sampling(kind: str) -> None:
    history = drive(make(kind), sphere)
    best = min(score.total_error for _, score in history)
    generator = random.Random(0)
    blind = min(
        sphere((generator.random(), generator.random(), generator.random())).total_error for _ in history
    )
    # Blind sampling of ~150 points in a unit cube gets within about 0.1; a search must do much better.
    assert best < 0.5 * blind


def test_hierarchy_is_climbed_level_by_level() -> None:
    history = drive(make("generational"), hierarchy)
    assert min(score for _, score in history).levels_failed == 0


def test_rescaled_point_is_the_same_model_in_other_units() -> None:
    space = SearchSpace(
        (*SPACE.parameters, Parameter("R", "A", range=(3.0, 3.6)), Parameter("k", "eV/A^2", range=(1.0, 9.0)))
    )
    values = {"A": 1500.0, "lambda1": 2.5, "h": -0.4, "R": 3.3, "k": 4.0}
    other = space.decode(space.rescaled(space.encode(values), 1.02, 1.01))
    expected = {"A": 1530.0, "lambda1": 2.5 / 1.01, "h": -0.4, "R": 3.333, "k": 4.0 * 1.02 / 1.01**2}
    assert other == pytest.approx(expected, rel=1e-12)
    # What would leave its range stays at the bound.
    assert space.decode(space.rescaled(space.encode(values), 1.5, 1.0))["A"] == pytest.approx(2000.0)


def test_a_share_of_rescaled_children_needs_to_know_how() -> None:
    with pytest.raises(ValueError, match="rescaled"):
        HierarchicalGA(3, GASettings(rescale=0.2), 1)


def test_an_operator_without_a_share_changes_no_fit() -> None:
    """Runs of before it was there are resumed and repeated as they were."""
    settings = GASettings(population=12, generations=12, initial=32)
    histories = [
        drive(HierarchicalGA(3, settings, 3, rescale=rescale), sphere) for rescale in (None, SPACE.rescaled)
    ]
    assert histories[0] == histories[1]


def test_telling_a_foreign_point_is_refused() -> None:
    with pytest.raises(ValueError, match="not asked"):
        make("generational").tell((0.1, 0.1, 0.1), Score(0, 0, 0, 0))


@pytest.mark.parametrize("kind", ["generational", "steady"])
def test_a_corrected_point_stops_leading(kind: str) -> None:
    """The luckiest is told as the best; when it is known better, no elite and no child comes of it."""
    optimizer = make(kind)
    assert isinstance(optimizer, HierarchicalGA)
    lucky = None
    while optimizer.generation < 1:
        for point in optimizer.ask(4):
            score = sphere(point)
            if lucky is None:
                lucky, score = point, Score(0, 0.0, 0.0, 0.0)
            optimizer.tell(point, score)
    assert lucky in [tuple(member) for member in optimizer._population]
    optimizer.correct(lucky, Score(2, 0.0, 9.0, 9.0))
    for point in optimizer.ask(40):
        optimizer.tell(point, sphere(point))
    optimizer.ask(1)
    assert lucky not in [tuple(member) for member in optimizer._population]
    optimizer.correct(lucky, Score(0, 0.0, 0.0, 0.0))  # it has left: nothing happens
    assert lucky not in [tuple(member) for member in optimizer._population]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.3, 1.0])
def test_points_that_could_not_be_evaluated_end_no_search(kind: str, share: float) -> None:
    """They use up budget and are never parents; with nobody to breed from, points are drawn."""
    generator = random.Random(4)
    lost = set()

    def objective(point: Point) -> Score | None:
        if generator.random() < share:
            lost.add(point)
            return None
        return sphere(point)

    optimizer = make(kind)
    history = drive(optimizer, objective)  # type: ignore[arg-type]
    assert all(0.0 <= u <= 1.0 for point, _ in history for u in point)
    if isinstance(optimizer, HierarchicalGA):
        assert len(history) == optimizer.budget == len({point for point, _ in history})
        assert not lost & {tuple(member) for member in (*optimizer._population, *optimizer._scored)}


def test_operators_that_make_clones_only_end_no_search() -> None:
    """No mutation, no steps, and a change of scales that a parameter without a unit does not feel."""
    settings = GASettings(population=6, generations=3, initial=8, rescale=1.0)
    optimizer = HierarchicalGA(1, settings, 1, rescale=lambda point, energy, length: point)
    assert len(drive(optimizer, lambda point: Score(0, 0.0, point[0], point[0]))) == optimizer.budget


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
