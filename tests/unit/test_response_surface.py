"""Reduced units, Gaussian processes and the search on them, against closed forms."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from cgbridge.models.closed_form import dimer_minimum
from cgbridge.models.database import load_model
from cgbridge.optimizers.gaussian_process import fit_surface
from cgbridge.optimizers.method import Aim, PairScales, SearchTask
from cgbridge.optimizers.reduced_space import ReducedSpace
from cgbridge.optimizers.response_surface import (
    Norm,
    ResponseSurface,
    SurfaceSettings,
    expected_norm,
)
from cgbridge.optimizers.space import SearchSpace
from cgbridge.records.evaluation import Observation, Point, Residual, Score
from cgbridge.records.parameter import Parameter
from cgbridge.records.target import Target
from cgbridge.units import GAS_CONSTANT

#: An energy / kJ/mol, a length / A, a shape; the pair has the depth 2 epsilon and the distance 1.1 sigma.
PARAMETERS = (
    Parameter("epsilon", "kJ/mol", range=(5.0, 20.0)),
    Parameter("sigma", "A", range=(2.0, 3.5)),
    Parameter("shape", "1", range=(-1.0, 1.0)),
)
SPACE = SearchSpace(PARAMETERS)


def scales(values: dict[str, float]) -> tuple[float, float]:
    return 2.0 * values["epsilon"], 0.11 * values["sigma"]


TRUTH = {"epsilon": 11.0, "sigma": 2.7, "shape": 0.3}
TEMPERATURES = (250.0, 300.0, 350.0)
NOISE = {"density": 0.002, "melting": 2.0}


def exact(values: dict[str, float], quantity: str, temperature: float) -> float:
    """Made-up physics that obeys similarity: a density / g/cm^3 that falls with T, a melting point / K."""
    energy = 2.0 * values["epsilon"]
    if quantity == "melting":
        return energy / GAS_CONSTANT * 0.1 * math.exp(0.5 * values["shape"])
    reduced = GAS_CONSTANT * temperature / energy
    return (1.0 + 0.3 * values["shape"] ** 2 + 0.2 * values["shape"] - reduced) * (2.7 / values["sigma"]) ** 3


def aim(quantity: str, temperature: float, unit: str, tolerance: float) -> Aim:
    value = exact(TRUTH, quantity, temperature)
    name = f"{quantity}-{temperature:g}"
    return Aim(quantity, Target(name, quantity, value, tolerance, unit, temperature=temperature), "level")


AIMS = [aim("density", T, "g/cm^3", 0.005) for T in TEMPERATURES] + [aim("melting", 0.0, "K", 5.0)]


def measure(point: Point, random: np.random.Generator) -> tuple[Residual, ...]:
    values = SPACE.decode(point)
    return tuple(
        Residual(
            aim.level,
            aim.target.name,
            (
                exact(values, aim.quantity, aim.target.temperature)
                + NOISE[aim.quantity] * random.standard_normal()
                - aim.target.value
            )
            / aim.target.tolerance,
            NOISE[aim.quantity] / aim.target.tolerance,
        )
        for aim in AIMS
    )


def error(point: Point) -> float:
    """True root mean square deviation over the tolerances."""
    values = SPACE.decode(point)
    deviations = [
        (exact(values, a.quantity, a.target.temperature) - a.target.value) / a.target.tolerance for a in AIMS
    ]
    return float(np.sqrt(np.mean(np.square(deviations))))


class Experiment:
    """Noisy measurements of points drawn at random, and the search that goes on from them."""

    def __init__(
        self,
        *,
        number: int = 20,
        seed: int = 1,
        evaluations: int = 8,
        norm: Norm = "root-mean-square",
        penalty: float = 1.0,
        pair: PairScales = scales,
        quantities: tuple[str, ...] = ("density", "melting"),
    ) -> None:
        self.random = np.random.default_rng(5)
        self.quantities = quantities
        self.points: list[Point] = []
        self.search = ResponseSurface(
            SearchTask(SPACE, seed, aims=tuple(AIMS), scales=pair),
            SurfaceSettings(evaluations=evaluations, batch=4, norm=norm, penalty=penalty),
        )
        for row in self.random.uniform(size=(number, 3)):
            self.add(tuple(float(u) for u in row))

    def add(self, point: Point, residuals: tuple[Residual, ...] | None = None) -> None:
        """Tell what was measured, with the true error as the score."""
        found = measure(point, self.random) if residuals is None else residuals
        kept = tuple(r for r in found if r.target.partition("-")[0] in self.quantities)
        self.points.append(point)
        self.search.tell(Observation(point, Score(0, 0.0, error(point), error(point)), kept))

    def run(self, together: int) -> list[Point]:
        proposals = []
        while not self.search.finished:
            asked = self.search.ask(together)
            assert asked
            for point in asked:
                proposals.append(point)
                self.add(point)
        return proposals


@pytest.mark.parametrize("name", ["ml-bop", "mw"])
def test_a_change_of_units_does_not_move_a_reduced_point(name: str) -> None:
    model = load_model(name)
    parameters = tuple(
        Parameter(s.name, s.unit, range=(1e-9, 1e9))
        for s in model.terms[0].parameters
        if model.parameters[s.name] > 0
    )

    def scales(values):
        pair = dimer_minimum(model.with_parameters(values))
        return -pair.energy, pair.distance

    space = ReducedSpace(parameters, scales)
    before = space.point(model.parameters)
    after = space.point(model.rescaled(energy=1.3, length=0.9).parameters)
    # The minimum of the pair is found to 1e-12 nm, its distance to the root of the rounding of its energy.
    np.testing.assert_allclose(after.shape, before.shape, rtol=1e-6)
    assert after.energy == pytest.approx(1.3 * before.energy, rel=1e-12)
    assert after.length == pytest.approx(0.9 * before.length, rel=1e-6)
    assert after.temperature(390.0) == pytest.approx(before.temperature(300.0), rel=1e-12)
    assert after.unit_of("g/cm^3") == pytest.approx(before.unit_of("g/cm^3") * 0.9**-3, rel=1e-5)
    assert after.unit_of("K") == pytest.approx(before.unit_of("K") * 1.3, rel=1e-12)
    assert after.unit_of("1") == 1.0
    # Pressure is energy over volume; k_B/volume has lost the energy; a time is sqrt(mass length^2/energy).
    assert after.unit_of("1/GPa") == pytest.approx(before.unit_of("1/GPa") / 1.3 * 0.9**3, rel=1e-5)
    assert after.unit_of("kJ/mol/K") == pytest.approx(before.unit_of("kJ/mol/K"), rel=1e-12)
    assert after.unit_of("cm^2/s") == pytest.approx(before.unit_of("cm^2/s") * 0.9 * 1.3**0.5, rel=1e-5)
    assert after.unit_of("mN/m") == pytest.approx(before.unit_of("mN/m") * 1.3 / 0.9**2, rel=1e-5)


def test_a_candidate_that_does_not_bind_has_no_reduced_point() -> None:
    assert ReducedSpace(PARAMETERS, lambda values: None).point(TRUTH) is None


def test_a_surface_knows_what_it_knows() -> None:
    """Within the data the error is as small as its bar says; far away the bar grows."""
    random = np.random.default_rng(2)

    def function(x: np.ndarray) -> np.ndarray:
        return np.sin(x[:, 0]) + 0.5 * x[:, 1] ** 2 + 10.0

    inputs = random.uniform(-1, 1, (120, 3))
    surface = fit_surface(
        inputs, function(inputs) + 0.05 * random.standard_normal(120), np.full(120, 0.05), np.zeros(2)
    )
    asked = random.uniform(-0.8, 0.8, (200, 3))
    mean, spread = surface.predict(asked)
    deviation = mean - function(asked)
    assert np.sqrt(np.mean(deviation**2)) < 0.03
    # The 200 deviations are of some ten independent directions; a factor of two is 3 sigma for those.
    assert 0.5 < np.sqrt(np.mean((deviation / spread) ** 2)) < 2.0
    assert surface.predict(np.array([[4.0, 4.0, 0.0]]))[1][0] > 5 * spread.max()
    moved, _ = surface.moved(np.random.RandomState(3)).predict(asked)
    assert 0.3 < np.sqrt(np.mean((moved - mean) ** 2)) / np.sqrt(np.mean(spread**2)) < 3.0


def test_many_values_of_few_neighbours_do_not_hide_the_rest() -> None:
    """Eighty neighbours with ten values each, and two hundred others with one, which are heard too."""
    random = np.random.default_rng(3)

    def function(x: np.ndarray) -> np.ndarray:
        return np.sin(3.0 * x[:, 0]) + x[:, 1] ** 2 - 0.2 * x[:, 2]

    near, far = random.normal(0.0, 0.05, (80, 2)), random.uniform(-1.5, 1.5, (200, 2))
    shapes = np.concatenate([np.repeat(near, 10, axis=0), far])
    inputs = np.column_stack([shapes, random.uniform(0.0, 1.0, len(shapes))])
    values = function(inputs) + 0.02 * random.standard_normal(len(inputs))
    surface = fit_surface(inputs, values, np.full(len(inputs), 0.02), np.zeros(2))
    asked = np.column_stack([random.uniform(-1.2, 1.2, (100, 2)), np.full(100, 0.5)])
    mean, _ = surface.predict(asked)
    # The function spreads over two units there; the noise is 0.02.
    assert np.sqrt(np.mean((mean - function(asked)) ** 2)) < 0.05


def test_exact_values_that_are_all_alike_stay_exact() -> None:
    """The energy of the pair in units of itself."""
    inputs = np.random.default_rng(1).uniform(size=(10, 3))
    mean, spread = fit_surface(inputs, np.full(10, -1.0), np.zeros(10), np.zeros(2)).predict(inputs[:1] + 1.0)
    # Rounding of values of the size of one, however uncertain the process is about its own scale.
    assert mean[0] == pytest.approx(-1.0, abs=1e-12)
    assert spread[0] < 1e-12


@pytest.mark.parametrize("norm", ["root-mean-square", pytest.param("mean-absolute", marks=pytest.mark.slow)])
def test_finds_the_truth_behind_noise(norm: Norm) -> None:
    experiment = Experiment(norm=norm)
    best = min(error(point) for point in experiment.points)
    proposals = experiment.run(4)
    assert best > 3.0
    # The noise of one measurement is 0.4 tolerances; twenty of them leave some 0.1 of it.
    assert error(proposals[4]) < 0.3


def test_expected_norms_are_those_of_random_numbers() -> None:
    means, spreads = (
        np.array([[0.3, -1.2, 0.0], [2.0, 0.1, -0.4]]),
        np.array([[0.5, 0.1, 1.0], [0.3, 2.0, 0.2]]),
    )
    weights = np.array([1.0, 3.0, 2.0])
    numbers = means + spreads * np.random.default_rng(4).standard_normal((400_000, 2, 3))
    squares = np.average((numbers**2).mean(axis=0), axis=1, weights=weights)
    absolute = np.average(np.abs(numbers).mean(axis=0), axis=1, weights=weights)
    # 400 000 numbers tell each mean to 0.2 %; 5 times that.
    root = expected_norm(means, spreads, weights, "root-mean-square")
    np.testing.assert_allclose(root, np.sqrt(squares), rtol=0.01)
    np.testing.assert_allclose(expected_norm(means, spreads, weights, "mean-absolute"), absolute, rtol=0.01)


def test_what_cannot_be_met_is_shared_out_by_one_norm_and_borne_by_the_other() -> None:
    """Three alike and one that contradicts them: their mean by the squares, the three by absolute values."""
    shifts = np.linspace(-0.5, 1.5, 2001)[:, np.newaxis]
    means, spreads = shifts - np.array([0.0, 0.0, 0.0, 1.0]), np.full((2001, 4), 1e-6)
    for norm, best in (("root-mean-square", 0.25), ("mean-absolute", 0.0)):
        costs = expected_norm(means, spreads, np.ones(4), norm)
        assert shifts[np.argmin(costs), 0] == pytest.approx(best, abs=1e-3)  # the grid


@pytest.mark.parametrize("penalty", [1.0, 0.1])
def test_the_penalty_says_whether_one_limit_outweighs_all_others(penalty: float) -> None:
    """At 250 K the truth is 1.3 tolerances too thin; 0.1 % shorter, all are off and none is missed."""
    experiment = Experiment(number=40, norm="mean-absolute", penalty=penalty)
    first = AIMS[0].target
    wanted = replace(first, value=first.value + 1.3 * first.tolerance)
    experiment.search._aims = (replace(AIMS[0], target=wanted), *AIMS[1:])
    truth, denser = SPACE.encode(TRUTH), SPACE.encode(TRUTH | {"sigma": 2.6972})
    best = denser if penalty == 1.0 else truth
    assert experiment.search.ranked([truth, denser])[0] == best


def test_candidates_are_ranked_by_what_all_of_them_tell() -> None:
    """Luck in the measurements of one point does not make it the best."""
    experiment = Experiment(number=40)
    truth = SPACE.encode(TRUTH)
    lucky = SPACE.encode(TRUTH | {"epsilon": 11.6})
    experiment.add(lucky, tuple(Residual(aim.level, aim.target.name, 0.0, 2.0) for aim in AIMS))
    worst = max(experiment.points, key=error)
    assert experiment.search.ranked([worst, lucky, truth]) == [truth, lucky, worst]


def test_the_number_asked_for_at_a_time_changes_nothing() -> None:
    first, again, other = (Experiment(seed=seed, evaluations=3).run(2) for seed in (1, 1, 2))
    assert first == again != other
    # Within a round; the measurements of this experiment depend on the order of telling only.
    assert Experiment(evaluations=3).run(1) == Experiment(evaluations=3).run(3)


def test_proposals_stay_within_the_ranges_and_differ() -> None:
    proposals = Experiment(number=6, evaluations=6).run(2)
    assert len(set(proposals)) == len(proposals) == 6
    assert all(0.0 <= u <= 1.0 for point in proposals for u in point)


def test_what_was_never_measured_is_left_out() -> None:
    experiment = Experiment(quantities=("density",))
    (point,) = experiment.search.ask(1)
    values = SPACE.decode(point)
    for aim in AIMS[:3]:
        assert (
            abs(exact(values, aim.quantity, aim.target.temperature) - aim.target.value)
            < 2 * aim.target.tolerance
        )


def test_a_known_point_is_not_proposed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """All surfaces lead to one corner of the ranges: it is proposed once, and then the search ends."""
    experiment, corner = Experiment(), (1.0, 0.0, 1.0)
    monkeypatch.setattr(experiment.search, "_minimise", lambda surfaces, leaders, random: corner)
    assert experiment.search.ask(4) == [corner]
    experiment.add(corner)
    assert not experiment.search.finished
    assert experiment.search.ask(4) == [] and experiment.search.finished


def test_proposals_are_kept_under_what_was_known() -> None:
    """A resumed search finds them again, a lengthened one too; one that knows more makes new ones."""
    kept: dict[str, list[Point]] = {}

    def keep(key: str, make: Callable[[], list[Point]]) -> list[Point]:
        if key not in kept:
            kept[key] = make()
        return kept[key]

    def asked(**changes: int) -> Experiment:
        experiment = Experiment(**changes)
        experiment.search._kept = keep
        experiment.search.ask(4)
        return experiment

    asked(evaluations=4), asked(evaluations=4), asked(evaluations=7)
    assert len(kept) == 1
    asked(evaluations=2)  # a round that is shorter
    asked(number=21)
    assert len(kept) == 3


def test_points_about_the_best_come_first_when_next_to_nothing_is_known() -> None:
    """Fewer than two candidates per parameter are nothing to lay a surface through."""
    search = Experiment(number=1).search
    (best,) = search._scores
    proposals = search.ask(4)
    assert len(proposals) == 4
    # Half of the edge of a box of 5 % of each range.
    assert max(abs(u - v) for point in proposals for u, v in zip(point, best, strict=True)) <= 0.05


def test_nothing_that_binds_ends_the_search() -> None:
    experiment = Experiment(pair=lambda values: None)
    assert experiment.search.ask(4) == [] and experiment.search.finished
    assert experiment.search.ranked(experiment.points) == experiment.points
