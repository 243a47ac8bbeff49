"""What every observable must do: checks for tests, of the built-in ones and of the user's own.

:func:`check_observable` runs all that apply on made-up runs (:mod:`cgbridge.testing.made_up_runs`), in a
second or so, without any simulation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import get_args

import numpy as np

from cgbridge.errors import ConfigError, SimulationError, UnitError, UnstableError
from cgbridge.interfaces import Observable
from cgbridge.observables.catalogue import get_observable
from cgbridge.observables.options import Options
from cgbridge.observables.phase import Phase
from cgbridge.observables.traits import ALL_OF_IT, traits_of
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Estimate, Sampling, Target
from cgbridge.testing.made_up_runs import synthetic_run, write_frames
from cgbridge.topology import Topology
from cgbridge.units import convert, parse_unit

#: One unit or two of each dimension that observables have; the first other one is tried.
_UNITS = (
    "kcal/mol", "eV", "kg/m^3", "A", "percent", "1/rad", "cal/mol/K", "1/bar", "nm^2/ps", "N/m", "nm", "ps"
)  # fmt: skip
SAMPLING = Sampling(beads=216, equilibration=10.0, production=100.0, interval=1.0)


@dataclass(frozen=True)
class Subject:
    """An observable with a target that it can measure, and a folder for frames of made-up runs.

    ``molecule`` are the bonded beads that their liquids are made of, where the observable wants bonds.
    """

    target: Target
    folder: Path
    molecule: Topology | None = None
    _made: dict[Simulation, Run] = field(default_factory=dict)

    @property
    def observable(self) -> Observable:
        return get_observable(self.target.observable, self.target.folder)

    def runs(self, target: Target | None = None) -> list[Run]:
        """A made-up run for each simulation that the target asks for."""
        simulations = self.observable.simulations(target or self.target, SAMPLING)
        for index, simulation in enumerate(simulations):
            if simulation not in self._made:
                self._made[simulation] = synthetic_run(
                    simulation, self.folder, seed=index, molecule=self.molecule
                )
        return [self._made[simulation] for simulation in simulations]

    def measured(self, **changes: object) -> Estimate:
        target = replace(self.target, **changes)  # type: ignore[arg-type]
        return self.observable.measure(target, self.runs(target))

    @property
    def static(self) -> bool:
        """Whether nothing moves in its simulations."""
        simulations = self.observable.simulations(self.target, SAMPLING)
        return all(simulation.static for simulation in simulations)


#: Letters below which no docstring holds a formula, a unit and a source. More is not looked at.
_SHORTEST = 60


class ConformanceError(AssertionError):
    """An observable does not do what every observable must."""


def _require(condition: bool, words: str) -> None:
    if not condition:
        raise ConformanceError(words)


def is_documented(subject: Subject) -> None:
    """It has a name, a unit that is known, and a docstring long enough to say what is measured."""
    observable = subject.observable
    _require(isinstance(observable, Observable), "it lacks a part of cgbridge.interfaces.Observable")
    _require(parse_unit(observable.unit).factor > 0, f"its unit '{observable.unit}' is none")
    length = len((observable.__doc__ or "").strip())
    _require(
        length > _SHORTEST,
        f"its docstring has {length} letters: formula, unit and source take more than {_SHORTEST}",
    )
    traits = traits_of(observable)
    options, unknown = traits.options, set(traits.state) - set(ALL_OF_IT)
    _require(not unknown, f"its state is not of {', '.join(ALL_OF_IT)}: {', '.join(map(str, unknown))}")
    _require(traits.phase in get_args(Phase), f"its phase '{traits.phase}' is none")
    _require(
        options is None or (isinstance(options, type) and issubclass(options, Options)),
        "its options are no class derived from cgbridge.observables.options.Options",
    )


def asks_for_simulations(subject: Subject) -> None:
    """It asks for the same simulations whenever it is asked, of some beads, and of those the target names."""
    first, second = (list(subject.observable.simulations(subject.target, SAMPLING)) for _ in range(2))
    _require(len(first) > 0, "it asks for no simulation")
    _require(first == second, "it asks for other simulations when asked again")
    for simulation in first:
        _require(simulation.static or simulation.beads > 0, "a simulation has no beads")
    named = replace(subject.target, composition=("A", "B"))
    for simulation in subject.observable.simulations(named, SAMPLING):
        _require(simulation.composition == ("A", "B"), "a simulation has not the beads that the target names")


def refuses_unknown_options(subject: Subject) -> None:
    """An option that it does not know is an error that names it."""
    target = replace(subject.target, options={**subject.target.options, "beeds": 3})
    words = _refusal(subject, target, ConfigError, "it takes an option that it does not know: beeds")
    _require("beeds" in words, f"the error does not name the unknown option: {words}")


def refuses_wrong_units(subject: Subject) -> None:
    """A target in a unit of another dimension is refused before anything runs."""
    dimension = parse_unit(subject.target.unit or "1").dimension
    wrong = next(unit for unit in ("ps", "nm") if parse_unit(unit).dimension != dimension)
    _refusal(subject, replace(subject.target, unit=wrong), UnitError, f"it takes a value in {wrong}")


def measures(subject: Subject) -> None:
    """Value and error are finite, in the target's unit, and equal when measured again."""
    first, second = subject.measured(), subject.measured()
    _require(math.isfinite(first.value), f"its value is {first.value}")
    _require(0.0 <= first.stderr < math.inf, f"its standard error is {first.stderr}")
    _require(first.n_eff >= 1, f"it has {first.n_eff} independent samples")
    _require(first.unit == subject.target.unit, f"its value is in {first.unit}, not {subject.target.unit}")
    same = (first.value, first.stderr, first.notes) == (second.value, second.stderr, second.notes)
    _require(same, "measured again, it is another value")
    if subject.static:
        _require(first.stderr == 0, "it is measured at rest, and has a statistical error")
    for name, curve in first.curves.items():
        shapes = {curve.x.shape, curve.y.shape, curve.y_err.shape}
        _require(len(shapes) == 1, f"the curve '{name}' has columns of different lengths")
        parse_unit(curve.x_unit), parse_unit(curve.y_unit)


def converts_units(subject: Subject) -> None:
    """In another unit of the same dimension value and error are the same quantities."""
    first = subject.measured()
    dimension = parse_unit(first.unit).dimension
    others = (unit for unit in _UNITS if unit != first.unit and parse_unit(unit).dimension == dimension)
    for unit in [*others][:1]:
        again, factor = subject.measured(unit=unit), convert(1.0, first.unit, unit)
        for name in ("value", "stderr"):
            one, other = getattr(first, name) * factor, getattr(again, name)
            # The same numbers through another factor: rounding only.
            _require(math.isclose(one, other, rel_tol=1e-12), f"its {name} is {one} and {other} {unit}")


def refuses_empty_runs(subject: Subject) -> None:
    """A run without series, scalars and frames is an error, not a value."""
    empty = [replace(run, series={}, scalars={}, trajectory=None) for run in subject.runs()]
    try:
        subject.observable.measure(subject.target, empty)
    except SimulationError:
        return
    raise ConformanceError("it finds a value in runs that hold nothing")


def notices_explosions(subject: Subject) -> None:
    """Series or frames that are not finite make the candidate unstable, unless they are not looked at."""
    if subject.static:
        return
    whole, noticed = subject.measured(), 0
    for broken in (_with_broken_series, _with_broken_frames):
        runs = [broken(run, subject.folder / f"exploded-{n}.h5") for n, run in enumerate(subject.runs())]
        try:
            found = subject.observable.measure(subject.target, runs)
        except UnstableError:
            noticed += 1
        else:
            _require(found.value == whole.value, "it finds another value in a box that has exploded")
    _require(noticed > 0, "it finds a value in a box that has exploded")


def _with_broken_series(run: Run, path: Path) -> Run:
    series = {
        key: np.where(np.arange(len(values)) > 5, np.nan, values.T).T for key, values in run.series.items()
    }
    return replace(run, series=series)


def _with_broken_frames(run: Run, path: Path) -> Run:
    if run.trajectory is None:
        return run
    frames = [replace(frame, positions=frame.positions * np.nan) for frame in run.trajectory]
    return replace(run, trajectory=write_frames(path, frames))


#: All checks; each takes a :class:`Subject` and raises :class:`ConformanceError`.
CHECKS: tuple[Callable[[Subject], None], ...] = (
    is_documented,
    asks_for_simulations,
    refuses_unknown_options,
    refuses_wrong_units,
    measures,
    converts_units,
    refuses_empty_runs,
    notices_explosions,
)


def check_observable(target: Target, folder: Path, *, molecule: Topology | None = None) -> None:
    """Run all checks on the observable of ``target``, which must be one that it can measure.

    ``target.observable`` is a name of the catalogue or ``module:Class``, with ``target.folder`` where the
    module is; ``folder`` takes the frames of made-up runs, whose liquids are of ``molecule`` where the
    observable wants bonded beads (216 of them must be whole molecules; a bond leads from a bead before it).
    Raises :class:`ConformanceError`, an AssertionError, that says what is wrong.
    """
    subject = Subject(target, folder, molecule)
    for check in CHECKS:
        check(subject)


def _refusal(subject: Subject, target: Target, kind: type[Exception], otherwise: str) -> str:
    try:
        subject.observable.simulations(target, SAMPLING)
    except kind as error:
        return str(error)
    raise ConformanceError(otherwise)
