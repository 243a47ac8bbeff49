"""What every optimizer must do, ours and those of others."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from cgbridge.optimizers.catalogue import OPTIMIZERS
from cgbridge.optimizers.method import SearchTask, StageSettings
from cgbridge.records.evaluation import Observation
from cgbridge.testing.optimizers import CHECKS, ConformanceError, Subject, check_optimizer

#: Small searches of every method of the catalogue, some in several modes.
SUBJECTS = {
    "hoga": Subject("hoga", {"population": 8, "generations": 4, "initial": 10}),
    "steady": Subject("hoga", {"population": 8, "generations": 4, "initial": 10, "mode": "steady-state"}),
    "rescaling": Subject("hoga", {"population": 6, "generations": 4, "rescale": 0.3}),
    "from-a-point": Subject("hoga", {"population": 6, "generations": 4, "initial": 0}),
    "cma-es": Subject("cma-es", {"evaluations": 33}),
    "nelder-mead": Subject("nelder-mead", {"evaluations": 30, "size": 0.1}),
    # Six that are drawn, and two rounds on surfaces.
    "response-surface": Subject("response-surface", {"evaluations": 10, "batch": 3, "size": 0.3}),
}


def test_every_method_of_the_catalogue_is_checked() -> None:
    assert {subject.method for subject in SUBJECTS.values()} == set(OPTIMIZERS)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_an_optimizer_keeps_the_contract(subject: Subject, check: Callable[[Subject], None]) -> None:
    check(subject)


class Settings(StageSettings):
    """Points drawn evenly."""

    evaluations: int = 20

    @property
    def budget(self) -> int:
        return self.evaluations


class Drawn:
    """Keeps the contract; the faulty ones below break one rule each."""

    settings = Settings
    generation = 0

    def __init__(self, task: SearchTask, settings: Settings) -> None:
        self.budget, self.told, self.asked = settings.budget, 0, set()
        self.random, self.dimension = random.Random(task.seed), task.space.dimension

    @property
    def finished(self) -> bool:
        return self.told >= self.budget

    def draw(self) -> tuple[float, ...]:
        return tuple(self.random.random() for _ in range(self.dimension))

    def ask(self, count: int) -> list[tuple[float, ...]]:
        points = [self.draw() for _ in range(min(count, self.budget - self.told - len(self.asked)))]
        self.asked.update(points)
        return points

    def tell(self, observation: Observation) -> None:
        self.told += observation.point in self.asked
        self.asked.discard(observation.point)


class OutsideTheCube(Drawn):
    def draw(self) -> tuple[float, ...]:
        return tuple(1.2 * u for u in super().draw())


class Global(Drawn):
    def draw(self) -> tuple[float, ...]:
        return tuple(random.random() for _ in range(self.dimension))


class Endless(Drawn):
    finished = False


class Forgetful(Drawn):
    """Takes points from elsewhere for its own."""

    def tell(self, observation: Observation) -> None:
        self.told += 1


class Hesitant(Drawn):
    """Draws more numbers when more is asked for, as one that draws ahead would."""

    def ask(self, count: int) -> list[tuple[float, ...]]:
        self.random.random() if count > 3 else None
        return super().ask(count)


class Budgeted(Drawn):
    """Steps that depend on how long it will go on."""

    def draw(self) -> tuple[float, ...]:
        return tuple(u / self.budget for u in super().draw())


class NeedsScores(Drawn):
    def tell(self, observation: Observation) -> None:
        super().tell(observation)
        assert observation.score is not None, "no score"


FAULTS: dict[type[Any], str] = {
    OutsideTheCube: "no point of the unit cube",
    Global: "global random generator|equal seeds",
    Endless: "proposes nothing",
    Forgetful: "count as proposals|proposes nothing",
    Hesitant: "asked for",
    Budgeted: "first proposals are others",
    NeedsScores: "no score",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_faulty_optimizer_is_found_out(fault: type[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cgbridge.testing.optimizers.get_method", lambda name: fault)
    monkeypatch.setattr("cgbridge.optimizers.catalogue.get_method", lambda name: fault)
    with pytest.raises((ConformanceError, AssertionError), match=FAULTS[fault]):
        check_optimizer("mine")


def test_the_right_one_is_found_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cgbridge.testing.optimizers.get_method", lambda name: Drawn)
    monkeypatch.setattr("cgbridge.optimizers.catalogue.get_method", lambda name: Drawn)
    check_optimizer("mine")
