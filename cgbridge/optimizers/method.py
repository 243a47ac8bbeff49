"""What a way of searching is: a class, the keys it has in the YAML, and what it may know of its problem."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from cgbridge.config.section import Section
from cgbridge.interfaces import Optimizer
from cgbridge.optimizers.space import SearchSpace
from cgbridge.records.evaluation import Point
from cgbridge.records.target import Target

#: Depth in kJ/mol and distance in nm of the pair of a candidate; None when it does not bind.
PairScales = Callable[[Mapping[str, float]], tuple[float, float] | None]
#: ``kept(key, make)`` gives the points that were kept under a key, or keeps those that ``make()`` finds.
Kept = Callable[[str, Callable[[], list[Point]]], list[Point]]


class StageSettings(Section):
    """The keys of a stage beside ``method``; each field needs a description.

    ``budgets`` names those that may be raised to lengthen a run that has begun, ``packages`` the modules that
    the method imports and that an installation may lack.
    """

    budgets: ClassVar[tuple[str, ...]] = ("evaluations",)
    packages: ClassVar[tuple[str, ...]] = ()

    @property
    @abstractmethod
    def budget(self) -> int:
        """Number of evaluations, at most."""

    @property
    def first_sample(self) -> int:
        """Proposals at the beginning that depend on nothing told, such as points drawn evenly."""
        return 0

    def generation_count(self, dimension: int) -> int:
        """Number of generations, about: `cgbridge check` counts the confirmations by it."""
        return 1

    @property
    def begins_at_a_point(self) -> bool:
        """Whether a search of this kind wants to know a candidate before it begins: the base, if no other."""
        return False


@dataclass(frozen=True)
class Aim:
    """A target of a level and what it measures.

    Targets of one ``quantity`` are one function of the temperature. Gates, and all but one of targets that
    stand at several levels, are measured and learnt from, but do not count (``counts``).
    """

    quantity: str
    target: Target
    level: str = ""
    counts: bool = True


@dataclass(frozen=True)
class Sample:
    """One measured value with its standard error, both in ``unit``, and the candidate's parameters."""

    parameters: Mapping[str, float]
    quantity: str
    temperature: float
    unit: str
    value: float
    stderr: float


def _binds_never(values: Mapping[str, float]) -> None:
    return None


@dataclass(frozen=True)
class SearchTask:
    """What a search may know of its problem; most need no more than the number of dimensions and the seed.

    ``space`` turns points into parameters, ``seed`` is for the stage alone. ``aims`` are the targets;
    ``scales`` gives the units of a candidate; ``earlier`` are values measured by the runs that this one
    begins with; ``kept`` keeps proposals that take long to find, for a run that is resumed.
    """

    space: SearchSpace
    seed: int
    aims: tuple[Aim, ...] = ()
    scales: PairScales = _binds_never
    earlier: Callable[[], Sequence[Sample]] = tuple
    kept: Kept = lambda key, make: make()


class Method(Protocol):
    """A class of optimizers that stages of a fit can be made of: ``method: NAME``."""

    settings: type[Any]

    def __call__(self, task: SearchTask, settings: Any) -> Optimizer:
        """A new optimizer; nothing of an earlier one is left in it."""
        ...
