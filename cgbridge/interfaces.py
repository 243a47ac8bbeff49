"""The records and protocols that the parts of cgbridge exchange; the first file to read.

A fit goes round this loop::

    Optimizer.ask -> parameters
      for each level, from cheap to dear:
        Observable.simulations(target) -> {Simulation}   what must be simulated (shared between targets)
        Engine.run(Simulation)         -> Run            frames and time series
        Observable.measure(target, runs) -> Estimate     value with standard error
        objective                       -> Score         passed the level, or stop here
    Optimizer.tell(parameters, Score)

All numbers are in the internal system (nm, ps, kJ/mol, amu, K, bar) unless a ``unit`` stands beside them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Protocol, runtime_checkable

from cgbridge.frames import FloatArray, Frames
from cgbridge.simulation_kind import SimulationKind
from cgbridge.topology import Topology


class Outcome(StrEnum):
    """How a simulation, or the evaluation of a candidate, ended."""

    OK = "ok"
    UNSTABLE = "unstable"  # the candidate's fault: NaN, runaway energy, box collapse
    TIMEOUT = "timeout"  # the watchdog on MD steps (or wall time) stopped it
    INFRA = "infra"  # the machine's fault: killed worker, segmentation fault, full disk


#: The structure that is no crystal.
LIQUID = "liquid"

#: Neutral names of what was first named for water, and the names that stand in keys and hashes: a state has
#: one key, and one seed, whichever of its names is used.
FIRST_NAMES: Mapping[str, str] = MappingProxyType(
    {"diamond": "ice-ic", "hexagonal-diamond": "ice-ih", "crystal_density": "ice_density"}
)


def first_name(name: str) -> str:
    """The name of a crystal or observable that stands in keys and hashes."""
    return FIRST_NAMES.get(name, name)


@dataclass(frozen=True)
class Simulation:
    """What is to be simulated for one state; equal keys share one run, made as long as the longest.

    ``kind`` (a member of :class:`SimulationKind` or its word)
        ``lattice`` static, 0 K, relaxed in volume (``structure`` names the lattice);
        ``dimer`` static pair at its minimum;
        ``bulk`` NPT of ``structure`` (``liquid`` or an ice lattice, the latter with an anisotropic barostat);
        ``slab`` NVT of a liquid film between vacuum;
        ``coexistence`` half ``structure`` (an ice), half liquid, NPT.
    ``temperature`` K, ``pressure`` bar, ``equilibration`` and ``production`` ps, ``interval`` ps between
    frames, ``replica`` distinguishes independent repetitions (other seeds). ``density`` g/cm^3 is about what
    a liquid has (0: not known, the engine finds one), ``reach`` nm how far from a bead its frames will be
    looked at: a box narrower than twice that is of no use. ``composition`` names the beads on the sublattices
    of a crystal, or those of a liquid in their ratio; where it is empty they are those of the model. ``face``
    of a crystal that meets its liquid: empty, the prism face of hexagonal ones.
    """

    kind: SimulationKind
    structure: str = LIQUID
    temperature: float = 0.0
    pressure: float = 1.0
    beads: int = 0
    equilibration: float = 0.0
    production: float = 0.0
    interval: float = 1.0
    replica: int = 0
    density: float = 0.0
    reach: float = 0.0
    composition: tuple[str, ...] = ()
    face: str = ""

    def __post_init__(self) -> None:
        """Raises :class:`~cgbridge.errors.ConfigError` for a word that is no kind."""
        object.__setattr__(self, "kind", SimulationKind(self.kind))

    @property
    def static(self) -> bool:
        """Whether nothing moves in it."""
        return self.kind.static

    @property
    def is_liquid(self) -> bool:
        """Whether all of it is liquid: a bulk or a film."""
        return not self.static and self.structure == LIQUID

    @property
    def crystal(self) -> str | None:
        """The name of the crystal that is in it, if there is one."""
        return None if self.kind is SimulationKind.DIMER or self.structure == LIQUID else self.structure

    @property
    def key(self) -> tuple[str | float, ...]:
        """Simulations with equal keys are the same state and can share one run."""
        structure = first_name(self.structure)
        state = (self.kind.value, structure, self.temperature, self.pressure, self.beads, self.replica)
        face = (self.face,) if self.face else ()
        return (*state, *self.composition, *face)

    @property
    def duration(self) -> float:
        """Total simulated time in ps."""
        return self.equilibration + self.production

    def lengthened(self, production: float) -> Simulation:
        """The same state, measured for ``production`` ps."""
        return replace(self, production=production)

    def merged(self, other: Simulation) -> Simulation:
        """One simulation that serves both requests."""
        if self.key != other.key:
            raise ValueError("only simulations of the same state can be merged")
        return replace(
            self,
            equilibration=max(self.equilibration, other.equilibration),
            production=max(self.production, other.production),
            interval=min(self.interval, other.interval),
            density=self.density or other.density,
            reach=max(self.reach, other.reach),
        )

    @property
    def label(self) -> str:
        """Short name for messages and the report: ``bulk liquid 300 K``."""
        words = [self.kind.value] + [self.structure] * (self.kind is not SimulationKind.DIMER)
        return " ".join(words + [f"{self.temperature:g} K"] * (not self.static))

    @property
    def words(self) -> str:
        """What it is in a sentence: ``liquid``, ``film``, ``diamond at rest``."""
        return self.kind.words.format(structure=self.structure)


@dataclass(frozen=True)
class Run:
    """What the engine hands to the observables.

    ``series`` holds production time series of equal length, sampled every ``interval`` ps:
    ``time`` ps, ``potential_energy`` kJ/mol of the whole box, ``kinetic_energy`` kJ/mol, ``volume`` nm^3,
    ``pressure_tensor`` (n, 3, 3) bar (slab only). For ``coexistence`` the series start right after
    equilibration. ``scalars`` holds static results: ``energy_per_bead`` kJ/mol, ``density`` g/cm^3 and
    ``lattice_constant`` nm for ``lattice``; ``energy`` kJ/mol and ``distance`` nm for ``dimer``.
    ``bead_mass`` is the mean mass of a bead in amu, ``topology`` tells what every bead is.
    """

    simulation: Simulation
    beads: int
    bead_mass: float
    series: Mapping[str, FloatArray] = field(default_factory=dict)
    scalars: Mapping[str, float] = field(default_factory=dict)
    trajectory: Frames | None = None
    md_steps: int = 0
    timestep: float = 0.0
    topology: Topology | None = None


class Model(Protocol):
    """What can be simulated: beads, neural potentials, atomistic and hybrid models alike.

    ``cutoff`` is the largest distance in nm at which particles interact that are not bonded, None where there
    is no such distance; ``parameters`` are values by name, in units of their own.
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


@dataclass(frozen=True)
class Curve:
    """A tabulated function y(x) with standard errors, e.g. g(r) with r in nm."""

    x: FloatArray
    y: FloatArray
    y_err: FloatArray
    x_unit: str
    y_unit: str


@dataclass(frozen=True)
class Estimate:
    """A measured value with its standard error (both in ``unit``) and number of independent samples.

    ``curves`` carries what the report draws (g(r), density against temperature, melting slopes).
    ``notes`` carries caveats: "frozen", "crossing outside the bracket", finite-size corrections.
    """

    value: float
    stderr: float
    n_eff: float
    unit: str
    curves: Mapping[str, Curve] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


#: Standard error that is asked for where a target names none, in tolerances: a right candidate is then
#: within the tolerance in 95 of 100 measurements, and one that is off by two tolerances in 2 of 100. With a
#: third it would be 997 and 1 of 1000, for 2.25 times the simulated time.
DEFAULT_PRECISION = 0.5


@dataclass(frozen=True)
class Target:
    """One reference value an observable is compared with.

    ``value``, ``error`` and ``tolerance`` are in ``unit``. ``reference`` is the reference curve where
    the observable is a curve (then ``value`` is the wished deviation, zero). ``options`` are the
    observable's own settings, validated by the observable's options model. ``folder`` is where the module of
    an observable of one's own is looked for first. ``entry`` counts the entries of the list in the YAML, of
    which one may stand for several targets. ``composition`` is that of :class:`Simulation`. A ``gate``
    decides whether a candidate goes on and counts in no score. ``precision`` is the standard error that is
    asked for, in ``unit``; zero: the usual fraction of the tolerance, :attr:`known_to`.
    """

    name: str
    observable: str
    value: float
    tolerance: float
    unit: str
    error: float = 0.0
    temperature: float = 300.0
    pressure: float = 1.0
    structure: str = LIQUID
    weight: float = 1.0
    reference: Curve | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    folder: str = ""
    entry: int = 0
    composition: tuple[str, ...] = ()
    gate: bool = False
    precision: float = 0.0

    @property
    def known_to(self) -> float:
        """The largest standard error in ``unit`` with which a value is known."""
        return self.precision or DEFAULT_PRECISION * self.tolerance

    @property
    def is_liquid(self) -> bool:
        """Whether it names no crystal."""
        return self.structure == LIQUID


@dataclass(frozen=True)
class StateDensity:
    """What the density of a liquid is about at one state: K, bar, g/cm^3."""

    temperature: float
    pressure: float
    density: float


@dataclass(frozen=True)
class Sampling:
    """Default lengths and sizes of simulations, from the ``engine`` section; targets may override.

    ``beads`` of bulk boxes; times in ps. ``maximum`` is how long a production may become where a target is
    not known to its precision (None: four times what it began with; zero: it stays as it is). ``density`` in
    g/cm^3 is about that of every liquid, where the user gives it; ``densities`` are those that the targets of
    the same fit wish for.
    """

    beads: int = 343
    equilibration: float = 40.0
    production: float = 120.0
    interval: float = 0.5
    maximum: float | None = None
    density: float | None = None
    densities: tuple[StateDensity, ...] = ()

    def liquid_density(self, temperature: float, pressure: float) -> float:
        """About the density of the liquid, in g/cm^3: the user's, or that of the nearest state with a target.

        Nearest in temperature, then in pressure. Zero where nothing is known.
        """
        if self.density is not None:
            return self.density
        nearest = min(
            self.densities,
            key=lambda state: (abs(state.temperature - temperature), abs(state.pressure - pressure)),
            default=None,
        )
        return 0.0 if nearest is None else nearest.density


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


@dataclass(frozen=True)
class TargetResult:
    """Verdict on one target; numbers in the target's own unit.

    ``precision`` is the largest standard error with which the value counts as known, ``production`` the
    longest production in ps behind it (zero: nothing moved). ``gate`` as in :class:`Target`.
    """

    name: str
    observable: str
    value: float
    stderr: float
    n_eff: float
    target: float
    tolerance: float
    unit: str
    passed: bool
    level: str
    normalised_error: float
    curves: Mapping[str, Curve] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    gate: bool = False
    precision: float = math.inf
    production: float = 0.0

    @property
    def known(self) -> bool:
        """Whether the value has the precision that was asked for; False for a NaN."""
        return self.stderr <= self.precision


@dataclass(frozen=True, order=True)
class Score:
    """Rank of a candidate; smaller is better, compared field by field.

    First the number of levels not passed; then, among those that stopped at the same level, the ones
    that finished it (``unfinished`` = 0) before unstable ones, which are graded by the fraction they
    left undone; then by how far the gates of that level were missed (``gate_error`` = 0: none was); then the
    normalised error at the level where the candidate stopped (all levels, for a candidate that passed every
    one), then the total over all levels seen. Gates count in neither error. No penalty constants.
    """

    levels_failed: int
    unfinished: float
    gate_error: float = field(default=0.0, kw_only=True)
    level_error: float
    total_error: float


@dataclass(frozen=True)
class Evaluation:
    """All that is known about one evaluated candidate."""

    parameters: Mapping[str, float]
    seed: int
    outcome: Outcome
    levels_passed: int
    score: Score
    results: tuple[TargetResult, ...] = ()
    reason: str = ""
    md_ns: float = 0.0
    wall_s: float = 0.0
    cpu_s: float = 0.0


@dataclass(frozen=True)
class Parameter:
    """One parameter, from the YAML to the kernel.

    ``value`` is in ``unit``, as are ``bounds`` (where it makes sense at all) and ``range`` (where a fit
    searches it; None: it is left alone), which is sampled on a linear or log ``scale``. ``tie`` names other
    parameters that take the same value. ``symbol``, ``meaning`` and ``source`` are for readers.
    """

    name: str
    unit: str
    value: float | None = None
    symbol: str = ""
    meaning: str = ""
    bounds: tuple[float, float] | None = None
    range: tuple[float, float] | None = None
    scale: Literal["linear", "log"] = "linear"
    tie: tuple[str, ...] = ()
    source: str = ""

    @property
    def searched(self) -> tuple[float, float]:
        """The range of a searched parameter."""
        if self.range is None:
            raise ValueError(f"'{self.name}' is not searched")
        return self.range

    @property
    def minimum(self) -> float:
        """Lower end of the range."""
        return self.searched[0]

    @property
    def maximum(self) -> float:
        """Upper end of the range."""
        return self.searched[1]


#: A point of the unit cube.
Point = tuple[float, ...]


@dataclass(frozen=True)
class Residual:
    """How far one target was missed: (value - reference) / tolerance, and its standard error likewise.

    ``level`` and ``target`` name it, ``weight`` is its weight in the error of a candidate.
    """

    level: str
    target: str
    deviation: float
    stderr: float
    weight: float = 1.0


@dataclass(frozen=True)
class Observation:
    """What is known about one point of the unit cube.

    ``score`` is None when the point could not be evaluated (a machine fault). ``residuals`` are those of the
    targets that were measured. ``gradient`` is that of the score's total error along the axes of the cube,
    where an engine gives one.
    """

    point: Point
    score: Score | None
    residuals: tuple[Residual, ...] = ()
    gradient: tuple[float, ...] | None = None


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
