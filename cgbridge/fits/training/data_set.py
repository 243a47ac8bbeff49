"""Labelled frames in memory: one series for every file, with what its particles are and its state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from cgbridge.errors import ConfigError
from cgbridge.frames import FloatArray
from cgbridge.topology import Topology
from cgbridge.units import BAR_NM3, GAS_CONSTANT

Single = npt.NDArray[np.float32]
#: Masses of the same matter differ by less between tables of elements, those of isotopes by more.
_SAME_MASS = 2e-3


@dataclass(frozen=True)
class State:
    """Temperature in K and pressure in bar of the run behind a series, ``npt`` if its volume was free.

    ``pressure_error`` is the standard error of a pressure that is a mean over frames; ``noise`` the known
    root mean square noise of a component of the force labels, in kJ/mol/nm. All are None where they are not
    known.
    """

    temperature: float | None = None
    pressure: float | None = None
    pressure_error: float | None = None
    npt: bool = False
    noise: float | None = None


@dataclass(frozen=True)
class Series:
    """F frames of the same N particles.

    ``positions`` and ``forces`` (F, N, 3) in nm and kJ/mol/nm, in single precision, which is far below the
    noise of any label; ``box`` (F, 3, 3) in nm, ``time`` (F,) in ps (NaN: not known). Where there are labels,
    ``energy`` (F,) in kJ/mol and ``virial`` (F, 3, 3) in kJ/mol. ``masses`` are in amu, empty where they are
    not known. ``number`` tells the place of every frame in its file; ``independent`` frames are no series in
    time. Where the file tells, ``mapping`` is what made beads of atoms, and ``atomistic_speed`` how fast
    those were simulated: ns_per_day, atoms, potential, platform, device, threads.
    """

    name: str
    topology: Topology
    masses: tuple[float, ...]
    positions: Single
    forces: Single
    box: FloatArray
    time: FloatArray
    number: npt.NDArray[np.int64]
    state: State = State()
    energy: FloatArray | None = None
    virial: FloatArray | None = None
    independent: bool = False
    mapping: Mapping[str, Any] | None = None
    atomistic_speed: Mapping[str, Any] | None = None

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def particles(self) -> int:
        return self.positions.shape[1]

    @property
    def is_state(self) -> bool:
        """Whether the frames are of a run at one temperature: single ones, chosen for being unlike others,
        are no state to simulate and to compare with."""
        return self.state.temperature is not None and not self.independent

    @cached_property
    def volume(self) -> FloatArray:
        """Volumes of the frames in nm^3."""
        found: FloatArray = np.abs(np.linalg.det(self.box))
        return found

    def require_temperature(self, why: str, remedy: str) -> None:
        """Raise :class:`ConfigError` where nobody knows at which temperature the frames were made."""
        if self.state.temperature is None:
            raise ConfigError(
                f"the temperature of these frames is not known, and {why}", where=self.name, remedy=remedy
            )

    @cached_property
    def pressure(self) -> FloatArray | None:
        """The mean pressure in bar that belongs to the volume of every frame; None where it is not known.

        Frames that are ``independent`` are no ensemble, whose mean it could be. At constant volume that of
        the state. At constant pressure p the volumes are distributed by exp(-(F(V) + p V)/kT), so that the
        pressure at the volume V is p + kT d ln P(V)/dV, with a normal distribution p - kT (V - <V>)/<dV^2>.
        """
        state = self.state
        if state.pressure is None or self.independent:
            return None
        pressure = np.full(len(self), state.pressure)
        spread = float(self.volume.var())
        if state.npt and spread > 0.0 and state.temperature is not None:
            kt = GAS_CONSTANT * state.temperature
            pressure -= kt * (self.volume - self.volume.mean()) / spread / BAR_NM3
        return pressure


@dataclass(frozen=True)
class DataSet:
    """All series, with the types of particles numbered over all of them."""

    series: tuple[Series, ...]
    notes: tuple[str, ...] = ()

    @cached_property
    def types(self) -> tuple[str, ...]:
        """Names of the types, in the order in which they come up."""
        return tuple(dict.fromkeys(name for one in self.series for name in one.topology.types))

    @cached_property
    def masses(self) -> dict[str, float]:
        """Masses in amu by type, of those that are known."""
        found: dict[str, float] = {}
        for one in self.series:
            for name, mass in zip(one.topology.types, one.masses, strict=False):
                found.setdefault(name, mass)
        return found

    def require_masses(self) -> None:
        """Raise :class:`ConfigError` for a type with two masses: the model has one for each."""
        for one in self.series:
            for name, mass in dict.fromkeys(zip(one.topology.types, one.masses, strict=False)):
                known = self.masses[name]
                if abs(mass - known) > _SAME_MASS * known:
                    raise ConfigError(
                        f"'{name}' has a mass of {mass:.6g} amu here, and {known:.6g} amu elsewhere",
                        where=one.name,
                        remedy="give what is not the same a `type` of its own in the mapping, or one `mass`",
                    )

    def type_indices(self, series: Series) -> npt.NDArray[np.int64]:
        """Numbers of the types of the particles of one series."""
        number = {name: index for index, name in enumerate(self.types)}
        return np.array([number[name] for name in series.topology.types], dtype=np.int64)

    def require_states(self, what: str) -> None:
        """Raise :class:`ConfigError` unless ``what`` can be done: dynamics at the states of the series.

        Series of independent frames are no states; of all others the temperature must be known.
        """
        states = [one for one in self.series if not one.independent]
        for one in states:
            one.require_temperature(
                f"{what} runs dynamics at it",
                f"give the file's temperature under data.files, or leave {what} out; frames that are of no "
                "run at one temperature are `independent: true`",
            )
        if not states:
            raise ConfigError(
                f"all frames are independent, and {what} runs dynamics at the states of the others",
                where="data.files",
                remedy=f"give frames of a run, or leave {what} out",
            )

    def require_temperatures(self) -> None:
        """Raise :class:`ConfigError` for a series of which nobody knows at which temperature it was made."""
        for one in self.series:
            one.require_temperature(
                "the potential depends on it",
                "give the file's temperature under data.files, or leave model.temperatures out",
            )

    def require_pressures(self) -> None:
        """Raise :class:`ConfigError` for a run of which nobody knows the pressure, or the temperature.

        Independent frames are no run, and have none.
        """
        for one in self.series:
            if not one.independent and (one.pressure is None or one.state.temperature is None):
                raise ConfigError(
                    f"{one.name} tells no pressure or temperature, and the loss holds the pressure",
                    where="training.loss.pressure",
                    remedy="give temperature and pressure beside the file, or set the weight to 0",
                )

    @property
    def least_half_width(self) -> float:
        """Half the smallest diagonal element of any box, in nm: the longest cutoff that is possible."""
        return min(float(np.diagonal(one.box, axis1=1, axis2=2).min()) for one in self.series) / 2.0

    def force_spread(self, chosen: Sequence[FrameAddress] | None = None) -> float:
        """Root mean square of a component of the force labels, in kJ/mol/nm."""
        total, count = 0.0, 0
        for number, one in enumerate(self.series):
            picked = one.forces if chosen is None else one.forces[[i for s, i in chosen if s == number]]
            total += float(np.square(picked, dtype=np.float64).sum())
            count += picked.size
        return float(np.sqrt(total / max(count, 1)))

    @property
    def noise(self) -> float | None:
        """Root mean square noise of a component over all labels; None where a file does not know its own."""
        squares = [(one.state.noise, one.forces.size) for one in self.series]
        if any(noise is None for noise, _ in squares):
            return None
        total = sum(size * noise**2 for noise, size in squares if noise is not None)
        return float(np.sqrt(total / sum(size for _, size in squares)))


#: A frame: number of its series, and its index in that.
FrameAddress = tuple[int, int]
