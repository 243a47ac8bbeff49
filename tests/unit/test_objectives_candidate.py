"""Levels of one candidate: which run serves which request, how confirmations are lengthened, what counts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cgbridge.errors import MissingDependencyError, SimulationError, UnstableError
from cgbridge.fits.search.cost_estimate import planned_simulations
from cgbridge.models.database import load_model
from cgbridge.objectives.candidate import evaluate_candidate
from cgbridge.objectives.level import Level
from cgbridge.objectives.session import covers
from cgbridge.observables.catalogue import get_observable
from cgbridge.records.evaluation import Outcome
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Sampling, Target
from cgbridge.testing.made_up_runs import MELTING_POINT, synthetic_run

MW = load_model("mw")
SAMPLING = Sampling(beads=216, equilibration=10.0, production=20.0, interval=1.0)


def density(name: str = "density", kelvin: float = 300.0, value: float = 0.995, **options: Any) -> Target:
    options = {"check_phase": False} | options
    return Target(name, "density", value, 0.01, "g/cm^3", temperature=kelvin, options=options)


class SyntheticEngine:
    """Answers with made-up runs and writes down what it was asked for; some temperatures fail."""

    def __init__(self, failing: dict[float, Exception] | None = None) -> None:
        self.asked: list[Simulation] = []
        self._failing = failing or {}

    def run(self, model: Any, simulation: Simulation, seed: int, scratch: Path) -> Run:
        self.asked.append(simulation)
        if simulation.temperature in self._failing:
            raise self._failing[simulation.temperature]
        return synthetic_run(simulation, scratch, count=20)

    def extend(self, *_: Any) -> list[Run]:
        return []

    def groups(self, simulations: Sequence[Simulation]) -> list[list[Simulation]]:
        return []

    def run_together(self, *_: Any) -> list[Run]:
        raise AssertionError("no groups were announced")


def evaluate(
    levels: Sequence[Level], engine: SyntheticEngine, folder: Path, *, stop_early: bool = True
) -> Any:
    return evaluate_candidate(MW, levels, engine, seed=1, scratch=folder, stop_early=stop_early)


@pytest.mark.parametrize(
    ("equilibration", "production", "interval", "served"),
    [(10, 20, 1, True), (5, 10, 2, True), (20, 20, 1, False), (10, 30, 1, False), (10, 20, 0.5, False)],
)
def test_a_run_serves_what_asks_for_no_more(
    equilibration: float, production: float, interval: float, served: bool
) -> None:
    times = {"equilibration": 10.0, "production": 20.0, "interval": 1.0}
    wanted = {"equilibration": equilibration, "production": production, "interval": interval}
    done = Simulation("bulk", temperature=300.0, beads=216, **times)
    assert covers(done, Simulation("bulk", temperature=300.0, beads=216, **wanted)) is served


def test_a_later_level_gets_the_equilibration_that_it_asks_for(tmp_path: Path) -> None:
    """A brief level equilibrates for a moment; the next one must not be judged on its liquid."""
    levels = [
        Level("brief", (density(),), SAMPLING),
        Level("long", (density(equilibration="50 ps"),), SAMPLING),
    ]
    engine = SyntheticEngine()
    assert evaluate(levels, engine, tmp_path).levels_passed == 2
    assert [simulation.equilibration for simulation in engine.asked] == [10.0, 50.0]
    assert [len(new) for new in planned_simulations(levels)] == [1, 1]  # and `check` counts both


@pytest.mark.parametrize(
    "target",
    [
        density(),
        density(production="60 ps"),
        Target("t", "tmd", 277.0, 5.0, "K", options={"production": "1 ns"}),
        Target("m", "melting_temperature", MELTING_POINT, 5.0, "K", structure="ice-ih"),
        Target("s", "surface_tension", 72.0, 9.0, "mN/m", options={"production": "30 ps"}),
        Target("d", "dimer_energy", -21.0, 5.0, "kJ/mol"),
    ],
    ids=lambda target: target.observable + str(target.options.get("production", "")),
)
def test_confirmations_lengthen_every_production(target: Target) -> None:
    level = Level("level", (target,), SAMPLING)
    usual = get_observable(target.observable).simulations(target, SAMPLING)
    longer = level.lengthened(3.0).simulations(target)
    assert [s.production for s in longer] == [3.0 * s.production for s in usual]
    assert [s.equilibration for s in longer] == [s.equilibration for s in usual]


def test_simulations_that_follow_are_lengthened_as_well(tmp_path: Path) -> None:
    options = {"temperatures": ["300 K", "310 K", "320 K"], "production": "50 ps"}
    target = Target("m", "melting_temperature", MELTING_POINT, 5.0, "K", structure="ice-ih", options=options)
    engine = SyntheticEngine()
    evaluate([Level("melting", (target,), SAMPLING).lengthened(2.0)], engine, tmp_path)
    assert len(engine.asked) > 3  # all have molten, so that colder boxes follow
    assert {simulation.production for simulation in engine.asked} == {100.0}


@pytest.mark.parametrize(
    "error", [UnstableError("blew up", progress=0.5), SimulationError("box too narrow"), OverflowError("exp")]
)
def test_a_breakdown_keeps_what_was_measured_before(tmp_path: Path, error: Exception) -> None:
    level = Level("level", (density("first"), density("second", 350.0)), SAMPLING)
    found = evaluate([level], SyntheticEngine({350.0: error}), tmp_path)
    assert found.outcome is Outcome.UNSTABLE and [r.name for r in found.results] == ["first"]
    assert (
        "level level, target second: " in found.reason and str(getattr(error, "what", error)) in found.reason
    )
    assert found.score.unfinished == pytest.approx(0.25 if "blew" in found.reason else 0.5)


def test_what_is_missing_on_the_machine_is_not_the_candidates_fault(tmp_path: Path) -> None:
    engine = SyntheticEngine({300.0: MissingDependencyError("no OVITO")})
    with pytest.raises(MissingDependencyError):
        evaluate([Level("level", (density(),), SAMPLING)], engine, tmp_path)


def test_a_breakdown_beyond_the_level_that_is_missed_does_not_change_the_score(tmp_path: Path) -> None:
    """A confirmation measures every level; its score must compare with those of the search, which stop."""
    levels = [
        Level("missed", (density("off", value=0.9),), SAMPLING),
        Level("beyond", (density("hot", 350.0),), SAMPLING),
    ]
    engine = SyntheticEngine({350.0: UnstableError("blew up")})
    (tmp_path / "a").mkdir(), (tmp_path / "b").mkdir()
    stopped = evaluate(levels, engine, tmp_path / "a")
    whole = evaluate(levels, engine, tmp_path / "b", stop_early=False)
    assert whole.outcome is Outcome.UNSTABLE and stopped.outcome is Outcome.OK
    assert whole.score == stopped.score and whole.score.unfinished == 0.0


def test_a_value_that_is_hardly_known_says_so(tmp_path: Path) -> None:
    target = Target("d", "density", 0.995, 1e-6, "g/cm^3", temperature=300.0, options={"check_phase": False})
    found = evaluate([Level("level", (target,), SAMPLING)], SyntheticEngine(), tmp_path)
    assert found.levels_passed == 0 and ", known to +- " in found.reason
