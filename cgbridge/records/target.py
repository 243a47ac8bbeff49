"""Reference values, and what was measured beside them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cgbridge.frames import FloatArray
from cgbridge.records.data_file import DataFile
from cgbridge.records.simulation import LIQUID


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
    asked for, in ``unit``; zero: the usual fraction of the tolerance, :attr:`known_to`. ``files`` are those
    that the observable reads.
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
    files: tuple[DataFile, ...] = ()

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
    """What the density of a liquid of ``composition`` is about at one state: K, bar, g/cm^3."""

    temperature: float
    pressure: float
    density: float
    composition: tuple[str, ...] = ()


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

    def liquid_density(
        self, temperature: float, pressure: float, *, composition: tuple[str, ...] = ()
    ) -> float:
        """About the density of the liquid, in g/cm^3: the user's, or that of the nearest state with a target.

        Nearest in temperature, then in pressure, of the same names in the same ratio. Zero where nothing is
        known.
        """
        if self.density is not None:
            return self.density
        nearest = min(
            (state for state in self.densities if sorted(state.composition) == sorted(composition)),
            key=lambda state: (abs(state.temperature - temperature), abs(state.pressure - pressure)),
            default=None,
        )
        return 0.0 if nearest is None else nearest.density


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
