"""Langevin dynamics with a barostat, watched: a context, a sampling loop, a watchdog."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np

from cgbridge.engine.integrators import create_integrator
from cgbridge.engine.platforms import choose_platform
from cgbridge.engine.settings import EngineSettings
from cgbridge.engine.skewed_boxes import keep_all_pairs
from cgbridge.errors import StepLimitError, UnstableError
from cgbridge.frames import FloatArray, Frame
from cgbridge.interfaces import Model
from cgbridge.models.neural import TEMPERATURE
from cgbridge.models.openmm_faults import openmm_faults, require_device
from cgbridge.models.systems import create_system
from cgbridge.models.typed_beads import TypedBeads
from cgbridge.rng import derive_seed
from cgbridge.structures.box_sizes import MARGIN
from cgbridge.structures.lattices import Box
from cgbridge.topology import Topology
from cgbridge.trajectories.hdf5 import Trajectory, TrajectoryWriter
from cgbridge.units import GAS_CONSTANT

Barostat = Literal["none", "isotropic", "anisotropic", "z"]

#: A kinetic temperature this many times the thermostat's, or more, is a runaway.
_HOT = 5.0
#: Volumes outside these multiples of the equilibrated volume are an explosion or a collapse; a box that is
#: being equilibrated may shrink further, for the density of its start may be far from its own.
VOLUME_LIMITS = (0.2, 5.0)
START_LIMITS = (0.02, 5.0)
#: Time between looks of the watchdog while equilibrating, ps.
_LOOK = 5.0
#: Iterations that take the overlaps of single beads on a jittered grid out.
FEW_ITERATIONS = 100


class WatchedRun(ABC):
    """Steps of an integrator under a budget, and a look now and then whether all is well.

    ``planned`` is the number of steps of the whole simulation, ``steps`` those done. Raises
    :class:`UnstableError` when the simulation breaks down, which says how far it was, and
    :class:`StepLimitError` when the budget of steps is used up.
    """

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self.steps = 0
        self.planned = 0

    @abstractmethod
    def _take(self, steps: int) -> None:
        """Integrate."""

    @abstractmethod
    def _look(self) -> Any:
        """Stability check; returns what it looked at."""

    def equilibrate(self, time: float) -> None:
        """Run ``time`` ps without recording."""
        remaining = self._steps_of(time)
        chunk = max(1, self._steps_of(_LOOK))
        while remaining > 0:
            count = min(chunk, remaining)
            self._advance(count)
            self._look()
            remaining -= count

    def _samples(self, time: float, interval: float) -> tuple[int, int]:
        """Steps between samples, and how many samples ``time`` ps have."""
        stride = max(1, self._steps_of(interval))
        return stride, max(1, self._steps_of(time) // stride)

    def _steps_of(self, time: float) -> int:
        return round(time / self._settings.timestep)

    def _advance(self, count: int) -> None:
        if self.steps + count > self._settings.step_limit:
            raise StepLimitError(f"the watchdog stopped the simulation after {self.steps} steps")
        self._guard(lambda: self._take(count))
        self.steps += count

    def _guard(self, action: Callable[[], Any]) -> Any:
        """OpenMM reports NaN, and a box that shrank below twice the cutoff, by exceptions."""
        import openmm

        try:
            return action()
        except openmm.OpenMMException as error:
            require_device(str(error))
            self._fail(str(error))

    def _fail(self, reason: str) -> None:
        progress = min(self.steps / self.planned, 0.999) if self.planned else 0.0
        raise UnstableError(f"{reason} (after {self.steps} steps)", progress=progress)


class Dynamics(WatchedRun):
    """One simulated box.

    ``frozen`` is a mask of beads held still; ``topology`` tells what the beads of the box are, where its
    types do not. Where the beads are ``isolated`` the box plays no part.

    Raises :class:`UnstableError` when the box breaks down and :class:`StepLimitError` when the step
    budget is used up; both say how far the simulation was.
    """

    def __init__(
        self,
        model: Model,
        box: Box,
        settings: EngineSettings,
        *,
        temperature: float,
        pressure: float = 1.0,
        barostat: Barostat = "isotropic",
        seed: int,
        frozen: FloatArray | None = None,
        topology: Topology | None = None,
        isolated: bool = False,
    ) -> None:

        super().__init__(settings)
        model = model.at(temperature) if isinstance(model, TypedBeads) else model
        self._model = model
        self._beads = len(box.positions)
        self._temperature = temperature
        #: What every bead is.
        self.topology = topology or Topology(box.types or model.bead_names * self._beads)
        system = create_system(model, self.topology, None if isolated else box.vectors)
        for index in np.flatnonzero(frozen) if frozen is not None else ():
            system.setParticleMass(int(index), 0.0)
        self._mobile = self._beads - (0 if frozen is None else int(np.count_nonzero(frozen)))
        _add_barostat(system, barostat, pressure, temperature, settings, derive_seed(seed, "barostat"))
        self._integrator = create_integrator(settings, temperature, derive_seed(seed, "langevin"))
        self._context = create_context(system, self._integrator, settings)
        self._context.setPositions(box.positions)
        self._velocity_seed = derive_seed(seed, "velocities")
        self._limits, self._before = START_LIMITS, "start"
        self._volume = float(self._context.getState().getPeriodicBoxVolume()._value)

    @property
    def context(self) -> Any:
        return self._context

    def minimise(self, iterations: int = FEW_ITERATIONS) -> None:
        """Take overlaps out before the first step."""
        self._guard(lambda: minimise(self._context, iterations))

    def heat(self) -> None:
        """Draw velocities at the thermostat's temperature."""
        self._context.setVelocitiesToTemperature(self._temperature, self._velocity_seed)

    def settle(self) -> None:
        """From now on the volume is watched against the present one: call it when the box is equilibrated."""
        volume = self._context.getState().getPeriodicBoxVolume()._value
        self._volume, self._limits, self._before = volume, VOLUME_LIMITS, "equilibrated value"

    def set_temperature(self, temperature: float) -> None:
        """Change thermostat, barostat, and potentials that depend on the temperature."""
        import openmm

        self._temperature = temperature
        self._integrator.setTemperature(temperature)
        barostats = (openmm.MonteCarloBarostat, openmm.MonteCarloAnisotropicBarostat)
        for name in (TEMPERATURE, *(barostat.Temperature() for barostat in barostats)):
            if name in self._context.getParameters():
                self._context.setParameter(name, temperature)

    def sample(
        self,
        time: float,
        interval: float,
        path: Path | None,
        extra: Callable[[Any], dict[str, Any]] | None = None,
        *,
        done: int = 0,
    ) -> tuple[dict[str, FloatArray], Trajectory | None]:
        """Run ``time`` ps, recording every ``interval`` ps; frames go to ``path``.

        ``extra`` returns further series from a state. ``done`` samples of the same ``time`` were recorded
        before, by this box: only what is missing is run and returned, and its frames go behind the others.
        """
        stride, count = self._samples(time, interval)
        rows: dict[str, list[Any]] = {}
        writer = None if path is None else TrajectoryWriter(path, self._beads, further=done > 0)
        try:
            for number in range(done + 1, count + 1):
                self._advance(stride)
                state = self._look(positions=path is not None)
                row = self._row(state, number * stride * self._settings.timestep)
                for name, value in (row | (extra(state) if extra else {})).items():
                    rows.setdefault(name, []).append(value)
                if writer is not None:
                    positions = state.getPositions(asNumpy=True)._value
                    box = np.asarray(state.getPeriodicBoxVectors(asNumpy=True)._value)
                    writer.append(Frame(positions, box, row["time"]))
        finally:
            if writer is not None:
                writer.close()
        series = {name: np.asarray(values, dtype=float) for name, values in rows.items()}
        return series, None if path is None else Trajectory(path)

    def forces(self) -> FloatArray:
        """Forces at the current positions in kJ/(mol nm)."""
        state = self._context.getState(forces=True)
        return np.asarray(state.getForces(asNumpy=True)._value, dtype=float)

    def box(self) -> Box:
        """Current positions and box."""
        state = self._context.getState(positions=True)
        vectors = np.asarray(state.getPeriodicBoxVectors(asNumpy=True)._value)
        positions = np.asarray(state.getPositions(asNumpy=True)._value, dtype=float)
        return Box.of(positions, vectors, self.topology.types)

    def _row(self, state: Any, time: float) -> dict[str, Any]:
        box = np.asarray(state.getPeriodicBoxVectors(asNumpy=True)._value)
        return {
            "time": time,
            "potential_energy": state.getPotentialEnergy()._value,
            "kinetic_energy": state.getKineticEnergy()._value,
            "volume": state.getPeriodicBoxVolume()._value,
            "box_z": box[2, 2],
        }

    def _take(self, steps: int) -> None:
        self._integrator.step(steps)

    def _look(self, positions: bool = False) -> Any:
        """Stability check; returns the state it looked at."""
        state = self._guard(lambda: self._context.getState(energy=True, positions=positions))
        potential, kinetic = state.getPotentialEnergy()._value, state.getKineticEnergy()._value
        reason = runaway(potential, kinetic, self._mobile, self._temperature)
        if reason:
            self._fail(reason)
        ratio = state.getPeriodicBoxVolume()._value / self._volume
        if not self._limits[0] < ratio < self._limits[1]:
            self._fail(f"the volume went to {ratio:.2g} times its {self._before}")
        return state


def _add_barostat(
    system: Any, kind: Barostat, pressure: float, temperature: float, settings: EngineSettings, seed: int
) -> None:
    import openmm

    if kind == "none":
        return
    if kind == "isotropic":
        barostat = openmm.MonteCarloBarostat(pressure, temperature, settings.barostat_interval)
    else:
        scale = (True, True, True) if kind == "anisotropic" else (False, False, True)
        barostat = openmm.MonteCarloAnisotropicBarostat(
            openmm.Vec3(pressure, pressure, pressure), temperature, *scale, settings.barostat_interval
        )
    barostat.setRandomNumberSeed(seed)
    system.addForce(barostat)


def platform_name(settings: EngineSettings) -> str:
    """The OpenMM platform that a small box runs on with ``settings``."""
    if settings.platform != "auto":
        return settings.platform
    return "CPUSerial" if settings.threads == 1 else "CPU"


def least_width(model: Model) -> float:
    """Width in nm of the narrowest box that ``model`` should start in."""
    return 2.0 * (model.cutoff or 0.0) * MARGIN


def runaway(potential: float, kinetic: float, beads: float, temperature: float) -> str:
    """What is wrong with the energies in kJ/mol of a box of ``beads`` moving beads; empty if nothing is."""
    if not (np.isfinite(potential) and np.isfinite(kinetic)):
        return "the energy is not a number"
    found = 2.0 * kinetic / (3.0 * beads * GAS_CONSTANT)
    if found > _HOT * max(temperature, 50.0):
        return f"the kinetic temperature ran away to {found:.0f} K"
    return ""


def minimise(context: Any, iterations: int = FEW_ITERATIONS) -> None:
    """Move the particles of a Context until forces are such that 10 fs steps can take them.

    A full minimisation is not wanted. It runs on the processor, for a hundred iterations take no time there
    and OpenMM's minimiser has crashed on OpenCL (PoCL).
    """
    import openmm

    own = context
    if context.getPlatform().getName() not in ("CPU", "CPUSerial", "Reference"):
        platform = openmm.Platform.getPlatformByName("CPUSerial")
        own = openmm.Context(context.getSystem(), openmm.VerletIntegrator(0.001), platform)
        state = context.getState(positions=True)
        own.setPeriodicBoxVectors(*state.getPeriodicBoxVectors())
        own.setPositions(state.getPositions())
    openmm.LocalEnergyMinimizer.minimize(own, 50.0, iterations)
    if own is not context:
        context.setPositions(own.getState(positions=True).getPositions())


def create_context(system: Any, integrator: Any, settings: EngineSettings) -> Any:
    """The Context on the platform that the settings choose for the system.

    Raises :class:`SimulationError` for what OpenMM refuses.
    """
    import openmm

    from cgbridge.openmm import accelerate_steps

    accelerate_steps()
    name, properties = choose_platform(system, settings)
    if name == "Reference":
        keep_all_pairs(system)
    with openmm_faults("simulation"):
        return openmm.Context(system, integrator, openmm.Platform.getPlatformByName(name), properties)
