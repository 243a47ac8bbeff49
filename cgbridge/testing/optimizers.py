"""What every optimizer must do: checks for tests, of the built-in ones and of anybody's own.

:func:`check_optimizer` runs all of them on made-up scores, in a second or so, without any simulation.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cgbridge.config.optimizer_section import StageSection
from cgbridge.interfaces import Optimizer
from cgbridge.optimizers.catalogue import get_method, stage_settings
from cgbridge.optimizers.method import Aim, SearchTask, StageSettings
from cgbridge.optimizers.space import SearchSpace
from cgbridge.records.evaluation import Observation, Point, Residual, Score
from cgbridge.records.parameter import Parameter
from cgbridge.records.target import Target

#: An energy, a decay constant and a number without unit: what a search of scales can tell apart.
SPACE = SearchSpace(
    (
        Parameter("A", "eV", range=(1000.0, 2000.0), scale="log"),
        Parameter("lambda1", "1/A", range=(2.0, 3.0)),
        Parameter("h", "1", range=(-0.6, -0.3)),
    )
)
#: Where the made-up score is best.
OPTIMUM = (0.3, 0.7, 0.5)
#: A target for each parameter, missed by ten tolerances at a distance of one from the optimum.
_AIMS = tuple(Aim(p.name, Target(p.name, "density", 0.0, 1.0, "1"), "made-up") for p in SPACE.parameters)
_SLOPE = 10.0
#: Proposals that each check looks at, at most: surfaces take a second for every few.
_FEW = 12


class ConformanceError(AssertionError):
    """An optimizer does not do what one must; the message says what."""


@dataclass(frozen=True)
class Subject:
    """A method with the keys that it has in the YAML."""

    method: str
    options: dict[str, Any] = field(default_factory=dict)

    def make(self, seed: int = 3, **changes: Any) -> Optimizer:
        """A new optimizer of three made-up parameters, with some keys changed."""
        task = SearchTask(SPACE, seed, aims=_AIMS, scales=lambda values: (1.0, 1.0))
        return get_method(self.method)(task, self.settings(**changes))

    def settings(self, **changes: Any) -> StageSettings:
        """The keys of the stage, checked."""
        return stage_settings(StageSection(method=self.method, **{**self.options, **changes}))


def observed(point: Point) -> Observation:
    """The made-up truth about a point: the distance from the optimum, and where it comes from."""
    errors = [_SLOPE * (u - o) for u, o in zip(point, OPTIMUM, strict=True)]
    total = math.sqrt(sum(error**2 for error in errors) / len(errors))
    residuals = tuple(
        Residual("made-up", parameter.name, error, 0.01)
        for parameter, error in zip(SPACE.parameters, errors, strict=True)
    )
    return Observation(point, Score(0, 0.0, total, total), residuals)


Truth = Callable[[Point], Observation]


def drive(
    optimizer: Optimizer, truth: Truth = observed, *, batch: int = 4, most: int | None = None
) -> list[Observation]:
    """Ask for up to ``batch`` at a time and tell all of them, to the end or to the ``most``-th proposal."""
    told: list[Observation] = []
    while not optimizer.finished and (most is None or len(told) < most):
        points = optimizer.ask(batch)
        _require(bool(points), "it is not finished, nothing is awaited, and it proposes nothing")
        for point in points:
            told.append(truth(point))
            optimizer.tell(told[-1])
    return told if most is None else told[:most]


def check_optimizer(method: str, **options: Any) -> None:
    """Run every check; raises :class:`ConformanceError` with the first thing that is wrong.

    ``options`` are the keys of the stage: choose a small budget.
    """
    subject = Subject(method, options)
    for check in CHECKS:
        check(subject)


def check_bounds(subject: Subject) -> None:
    """Proposals are points of the unit cube, as many numbers as parameters."""
    for told in drive(subject.make()):
        inside = len(told.point) == SPACE.dimension and all(0.0 <= u <= 1.0 for u in told.point)
        _require(inside and isinstance(told.point, tuple), f"{told.point} is no point of the unit cube")


def check_budget(subject: Subject) -> None:
    """It ends, within its budget, and then proposes nothing."""
    optimizer = subject.make()
    told = drive(optimizer)
    _require(0 < len(told) <= optimizer.budget, f"{len(told)} proposals of a budget of {optimizer.budget}")
    _require(optimizer.finished and not optimizer.ask(3), "it has finished, and proposes more")
    _require(not subject.make().ask(0), "nothing was asked for, and it proposes")


def check_same_seed(subject: Subject) -> None:
    """Equal seeds give equal proposals; the global random generators neither matter nor move."""
    random.seed(1)
    np.random.seed(1)
    first = drive(subject.make(), most=_FEW)
    states = _global_states()
    random.seed(2)
    np.random.seed(2)
    _require(drive(subject.make(), most=_FEW) == first, "equal seeds give other proposals")
    random.seed(1)
    np.random.seed(1)
    _require(states == _global_states(), "it draws from a global random generator")


def _global_states() -> tuple[Any, str]:
    return random.getstate(), str(np.random.get_state(legacy=False))


def check_number_of_workers(subject: Subject) -> None:
    """Proposals do not depend on how many are asked for at a time, only on the order of telling."""
    first = drive(subject.make(), most=_FEW)
    for batch in (1, 50):
        found = drive(subject.make(), batch=batch, most=_FEW)
        _require(found == first, f"asked for {batch} at a time it proposes others")


def check_resumption(subject: Subject) -> None:
    """A new one that is told what an interrupted one was told goes on as that would have."""
    whole = drive(subject.make(), most=_FEW)
    for stopped in {1, len(whole) // 2, len(whole) - 1}:
        resumed = subject.make()
        for told in whole[:stopped]:
            _require(resumed.ask(1) == [told.point], "replayed, it proposes others")
            resumed.tell(told)
        rest = drive(resumed, most=len(whole) - stopped)
        _require(rest == whole[stopped:], f"resumed after {stopped} proposals it goes on with others")


def check_longer_budget(subject: Subject) -> None:
    """With a larger budget it proposes the same first: so a run is lengthened."""
    settings = subject.settings()
    short = drive(subject.make(), most=None if settings.budget <= _FEW else _FEW)
    for key in type(settings).budgets:
        longer = subject.make(**{key: getattr(settings, key) + 3})
        _require(longer.budget > settings.budget, f"a larger {key} is no larger budget")
        found = drive(longer, most=len(short))
        _require(found == short, f"with a larger {key} the first proposals are others")


def check_lost_points(subject: Subject) -> None:
    """Points that could not be evaluated, some or all of them, use up budget and end no search."""
    for share in (0.3, 1.0):
        dice = random.Random(4)

        def truth(point: Point, share: float = share, dice: random.Random = dice) -> Observation:
            return Observation(point, None) if dice.random() < share else observed(point)

        optimizer = subject.make()
        told = drive(optimizer, truth)
        _require(len(told) <= optimizer.budget and optimizer.finished, "lost points do not count")


def check_what_is_known(subject: Subject) -> None:
    """What it is told without having asked uses up no budget, nor does a better score of a known point."""
    optimizer = subject.make()
    for shift in (0.0, 0.05, 0.1):
        optimizer.tell(observed(tuple(u + shift for u in OPTIMUM)))
    told = drive(optimizer, most=3)
    for one in told:
        worse = Score(2, 0.0, 50.0, 50.0)
        optimizer.tell(Observation(one.point, worse, one.residuals))
    told += drive(optimizer)
    _require(len(told) <= optimizer.budget and optimizer.finished, "points from elsewhere count as proposals")


def check_generations(subject: Subject) -> None:
    """The generation of the next proposal begins at 0 and never falls, however many are asked for."""
    numbers = []
    for batch in (1, 5):
        optimizer = subject.make()
        found: list[int] = []
        while not optimizer.finished and len(found) < _FEW:
            points = []
            for _ in range(batch):
                generation = optimizer.generation
                asked = optimizer.ask(1)
                points += asked
                found += [generation] * len(asked)
            for point in points:
                optimizer.tell(observed(point))
        numbers.append(found[:_FEW])
        _require(found[0] in (0, 1) and found == sorted(found), f"generations run {found}")
    _require(numbers[0] == numbers[1], "the generation of a proposal depends on the number of workers")


CHECKS: tuple[Callable[[Subject], None], ...] = (
    check_bounds,
    check_budget,
    check_same_seed,
    check_number_of_workers,
    check_resumption,
    check_longer_budget,
    check_lost_points,
    check_what_is_known,
    check_generations,
)


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ConformanceError(message)
