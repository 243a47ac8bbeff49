"""What the parts of cgbridge ask of each other; the first file to read.

A fit goes round this loop::

    Optimizer.ask -> parameters
      for each level, from cheap to dear:
        Observable.simulations(target) -> {Simulation}   what must be simulated (shared between targets)
        Engine.run(Simulation)         -> Run            frames and time series
        Observable.measure(target, runs) -> Estimate     value with standard error
        objective                       -> Score         passed the level, or stop here
    Optimizer.tell(parameters, Score)

The records that go to and fro are in ``cgbridge.records``. All numbers are in the internal system (nm, ps,
kJ/mol, amu, K, bar) unless a ``unit`` stands beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

from cgbridge.records.evaluation import Observation, Point
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import (
    Estimate,
    Sampling,
    Target,
)
from cgbridge.simulation_kind import SimulationKind
from cgbridge.topology import Topology

T = TypeVar("T")


class Model(Protocol):
    """What can be simulated: beads, neural potentials, atomistic and hybrid models alike.

    ``cutoff`` is the largest distance in nm at which particles interact that are not bonded, None where there
    is no such distance; ``parameters`` are values by name, in units of their own. A model may have
    ``molecules`` besides, the kinds of molecules (:class:`cgbridge.models.beads.Molecule`) that its particles
    make; without any, every particle is one.
    """

    @property
    def name(self) -> str: ...

    @property
    def bead_names(self) -> tuple[str, ...]:
        """The types of particles, in the order of their indices."""
        ...

    @property
    def cutoff(self) -> float | None: ...

    @property
    def parameters(self) -> Mapping[str, float]: ...

    def fingerprint(self) -> str:
        """Equal physics, equal fingerprint."""
        ...

    def masses(self, topology: Topology) -> Sequence[float]:
        """Masses in amu of all particles; raises :class:`~cgbridge.errors.ConfigError` for an unknown one."""
        ...

    def add_forces(self, system: Any, topology: Topology, *, periodic: bool = True) -> None:
        """Add the forces between the particles of ``topology`` to an OpenMM System that holds them.

        Raises :class:`~cgbridge.errors.ConfigError` for particles that the model does not know.
        """
        ...


@runtime_checkable
class Observable(Protocol):
    """Something that can be measured on runs; one idea per file in ``cgbridge.observables``.

    ``name`` is the word used in YAML, ``unit`` the unit of its values when the user gives none. More may be
    told, as attributes of the class (:class:`cgbridge.observables.traits.Traits`): its options, how it is
    called in a sentence, what of a target's state belongs to it.
    """

    name: str
    unit: str

    def simulations(self, target: Target, sampling: Sampling) -> Sequence[Simulation]:
        """The simulations this target needs."""
        ...

    def measure(self, target: Target, runs: Sequence[Run]) -> Estimate:
        """Measure on the runs, given in the order of :meth:`simulations`; the result is in ``target.unit``.

        Raises :class:`~cgbridge.errors.UnstableError` when the state is not what it should be
        (a frozen liquid, a molten crystal, an exploded box).
        """
        ...


@runtime_checkable
class Adaptive(Observable, Protocol):
    """An observable that may ask for more simulations once it has seen the first ones."""

    def follow_up(self, target: Target, runs: Sequence[Run]) -> Sequence[Simulation]:
        """Further simulations, given all runs so far; empty when there are enough."""
        ...


class Engine(Protocol):
    """What simulates: states of ``kinds``, on ``platform``."""

    kinds: frozenset[SimulationKind]

    @property
    def platform(self) -> str:
        """Name of the platform that a small box runs on."""
        ...

    @property
    def on_device(self) -> bool:
        """Whether that is a device with a clock of its own, and not the processor."""
        ...

    def run(self, model: Model, simulation: Simulation, seed: int, scratch: Path) -> Run:
        """Simulate; frames go to the folder ``scratch``. Equal arguments give equal results.

        Raises :class:`~cgbridge.errors.UnstableError` for a box that breaks down,
        :class:`~cgbridge.errors.StepLimitError`, and :class:`~cgbridge.errors.SimulationError` for what
        cannot be set up.
        """
        ...

    def extend(self, model: Model, simulation: Simulation, seed: int) -> list[Run]:
        """Go on with the run of this state to the production of ``simulation``: that run, and those that had
        to become longer with it, as if they had been as long from the beginning.

        Empty where this engine cannot; then the state is simulated anew. Raises what :meth:`run` does.
        """
        ...

    def groups(self, simulations: Sequence[Simulation]) -> list[list[Simulation]]:
        """Those of the simulations that are best run together, group by group."""
        ...

    def run_together(
        self, model: Model, simulations: Sequence[Simulation], seed: int, folders: Sequence[Path]
    ) -> list[Run]:
        """Simulate one group of :meth:`groups`, with a folder for each."""
        ...

    def cost(self, simulation: Simulation) -> float:
        """All the time in ps that is simulated for it, with what prepares it."""
        ...


class Optimizer(Protocol):
    """Ask/tell over the unit cube [0, 1]^d; smaller scores are better.

    Deterministic: the proposals depend only on the seed and on the sequence of tellings, not on how many are
    asked for at a time, so a run is resumed by replaying its journal. A larger budget only adds proposals
    at the end, so a run is lengthened in the same way.
    """

    @property
    def budget(self) -> int:
        """Number of proposals, at most."""
        ...

    @property
    def generation(self) -> int:
        """Generation of the next proposal, from 0: shown to the user, and the pace of confirmations."""
        ...

    @property
    def finished(self) -> bool:
        """No further proposals will come."""
        ...

    def ask(self, count: int) -> list[Point]:
        """Propose up to ``count`` points; fewer or none while results are awaited."""
        ...

    def tell(self, observation: Observation) -> None:
        """Take in what is known about a point.

        A point that was asked for uses up budget. One that was told before is known better now (a longer run
        with another seed), and its new score replaces the old one. Any other comes from elsewhere, such as
        the base model, an earlier run, or the stage before.
        """
        ...


@runtime_checkable
class Ranking(Optimizer, Protocol):
    """An optimizer that can judge points better than by the score that each happened to get."""

    def ranked(self, points: Sequence[Point]) -> list[Point]:
        """The points, best first; those of which nothing can be expected keep their order at the end."""
        ...


class Workers(Protocol):
    """Where evaluations run, ``slots`` at a time.

    A call may crash, hang or run out of memory without harm to anything else. Futures raise what the call
    raised, :class:`~cgbridge.errors.WorkerDied` (a machine fault, to be tried again) and
    :class:`~cgbridge.errors.WorkerTimeout`.
    """

    slots: int

    def submit(self, call: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Run ``call`` with these arguments, which can be pickled, as its result can."""
        ...

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Stop; with ``cancel_futures`` what is running is ended at once."""
        ...
