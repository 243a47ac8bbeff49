"""Liquids of one model in several states at once, as replicas of one Context on a device.

A box of a few hundred beads cannot fill a GPU; a dozen of them, with one launch of each kernel for all, take
hardly longer than one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cgbridge.engine.integrators import LANGEVIN_MIDDLE
from cgbridge.engine.liquid_start import MELT_TIME, liquid_start_density, melt_temperature
from cgbridge.engine.molecular_dynamics import (
    START_LIMITS,
    VOLUME_LIMITS,
    WatchedRun,
    create_context,
    minimise,
    runaway,
)
from cgbridge.engine.recording import Recording, Series
from cgbridge.engine.settings import EngineSettings
from cgbridge.frames import FloatArray, Frame
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.records.simulation import Simulation
from cgbridge.rng import derive_seed
from cgbridge.simulation_kind import SimulationKind
from cgbridge.structures.box_sizes import require_width, start_density
from cgbridge.structures.lattices import Box, liquid
from cgbridge.trajectories.hdf5 import Trajectory, TrajectoryWriter


def groups_of_liquids(simulations: Sequence[Simulation], settings: EngineSettings) -> list[list[Simulation]]:
    """Those of the simulations that can share a Context, two or more each: liquids of equal size,
    length and start.

    None on the processor, where boxes in a Context of their own are faster; and none with an integrator that
    couples all beads of a Context.
    """
    from cgbridge.openmm import DEVICE_PLATFORMS

    if settings.platform not in DEVICE_PLATFORMS or settings.integrator != LANGEVIN_MIDDLE:
        return []
    alike: dict[tuple[Any, ...], list[Simulation]] = {}
    for simulation in simulations:
        if simulation.kind is SimulationKind.BULK and simulation.is_liquid:
            start = start_density(simulation.density) if simulation.density else 0.0
            key = (
                simulation.beads,
                simulation.equilibration,
                simulation.production,
                simulation.interval,
                start,
            )
            alike.setdefault(key, []).append(simulation)
    return [group for group in alike.values() if len(group) > 1]


def run_liquids(
    model: CoarseGrainedModel,
    simulations: Sequence[Simulation],
    settings: EngineSettings,
    seed: int,
    folders: Sequence[Path],
) -> Recording:
    """What :func:`cgbridge.engine.bulk.run_bulk` gives, for all of the liquids; frames go to ``folders``.

    All are melted and equilibrated as there. The results depend on which simulations share the Context, by
    the random numbers only. Raises :class:`~cgbridge.errors.UnstableError` when any box breaks down, since
    the candidate does, and :class:`~cgbridge.errors.StepLimitError`.
    """
    seed = derive_seed(seed, "replicas", *(word for simulation in simulations for word in simulation.key))
    first = simulations[0]
    density, mass = liquid_start_density(model, first), model.bead_mass
    starts = [
        liquid(first.beads, mass, density, derive_seed(seed, "structure", number))
        for number in range(len(simulations))
    ]
    temperatures = np.array([simulation.temperature for simulation in simulations])
    planned = round((MELT_TIME + first.duration) / settings.timestep)

    hot = _Replicas(
        model,
        starts,
        settings,
        np.array([melt_temperature(temperature) for temperature in temperatures]),
        derive_seed(seed, "melt"),
        planned,
    )
    hot.minimise()
    hot.equilibrate(MELT_TIME)

    pressures = np.array([simulation.pressure for simulation in simulations])
    replicas = _Replicas(
        model, hot.boxes(), settings, temperatures, seed, planned, pressures, steps=hot.steps
    )
    replicas.equilibrate(first.equilibration)
    replicas.settle()
    paths = [folder / "frames.h5" for folder in folders]

    def sample(time: float, done: int) -> tuple[Sequence[Series], Sequence[Trajectory]]:
        return replicas.sample(time, first.interval, paths, done=done)

    return Recording(replicas, sample, simulations, settings, beads=first.beads, bead_mass=mass)


class _Replicas(WatchedRun):
    """Boxes of equal edges and numbers of beads, each at its own temperature and, if given, pressure.

    The thermostat has one temperature T0. A replica at T has its energies, masses and pressure multiplied by
    T0/T instead: a system at T0 whose weights and trajectories are those of the original at T.

    A replica whose box is s times as wide as the Context's moves as if its beads had the mass m/s^2 (see
    :class:`~cgbridge.openmm.replicas.ReplicaBarostat`), which :meth:`settle` mends.
    """

    def __init__(
        self,
        model: CoarseGrainedModel,
        starts: Sequence[Box],
        settings: EngineSettings,
        temperatures: FloatArray,
        seed: int,
        planned: int,
        pressures: FloatArray | None = None,
        *,
        steps: int = 0,
    ) -> None:
        import openmm

        from cgbridge.openmm.replicas import ReplicaBarostat

        super().__init__(settings)
        self._temperatures = temperatures
        self._beads, self._edges = len(starts[0].positions), starts[0].edges
        self.planned, self.steps = planned, steps
        require_width(min(self._edges), model.cutoff)
        thermostat = float(np.max(temperatures))
        self._factors = thermostat / temperatures
        system, self._force = _create_system(model, self._factors, self._beads, self._edges)
        self._integrator = openmm.LangevinMiddleIntegrator(thermostat, settings.friction, settings.timestep)
        self._integrator.setRandomNumberSeed(derive_seed(seed, "langevin"))
        self._context = create_context(system, self._integrator, settings)
        self._context.setPositions(np.concatenate([box.positions for box in starts]))
        self._context.setVelocitiesToTemperature(thermostat, derive_seed(seed, "velocities"))
        self._barostat = None
        if pressures is not None:
            self._barostat = ReplicaBarostat(
                self._force,
                self._context,
                pressures * self._factors,
                np.full(len(starts), thermostat),
                interval=settings.barostat_interval,
                seed=derive_seed(seed, "barostat"),
            )
        self._seed = seed
        self._bead_mass = model.bead_mass
        #: Mass behind the kinetic energy of the Context's velocities, by replica.
        self._masses = np.full(len(starts), model.bead_mass)
        self._volumes = np.full(len(starts), np.prod(self._edges))
        self._limits, self._before = START_LIMITS, "start"

    def minimise(self) -> None:
        """Take overlaps out before the first step."""
        self._guard(lambda: minimise(self._context))

    def settle(self) -> None:
        """Call it when the boxes are equilibrated, before anything that depends on time is measured.

        With y the positions of the Context, a bead is at x = s y: of m d2y/dt2 = s F it follows that
        (m/s^2) d2x/dt2 = F. So the beads get the mass m s^2 here, with s of the present box, which is within
        half a percent of that of the next nanoseconds; their velocities are divided by s, so that those of x
        stay as probable as they were. From now on volumes are watched against the present ones.
        """
        scales = np.asarray(self._force.getReplicaScales(self._context)).reshape(-1, 3)
        volumes = np.prod(self._edges * scales, axis=1)
        s = np.cbrt(np.prod(scales, axis=1))
        state = self._context.getState(positions=True, velocities=True)
        velocities = np.asarray(state.getVelocities(asNumpy=True)._value).reshape(len(s), -1, 3)
        system = self._context.getSystem()
        for index in range(system.getNumParticles()):
            replica = index // self._beads
            system.setParticleMass(index, self._bead_mass * self._factors[replica] * s[replica] ** 2)
        # A Context that is made anew draws its noise from the beginning.
        self._integrator.setRandomNumberSeed(derive_seed(self._seed, "langevin", "settled"))
        # It cannot keep its state itself, which holds the old masses.
        self._context.reinitialize()
        self._context.setPositions(state.getPositions())
        self._force.setReplicaScales(self._context, scales.ravel())
        self._context.setVelocities((velocities / s[:, None, None]).reshape(-1, 3))
        self._masses = self._bead_mass * s**2
        self._volumes = volumes
        self._limits, self._before = VOLUME_LIMITS, "equilibrated value"

    def sample(
        self, time: float, interval: float, paths: Sequence[Path], *, done: int = 0
    ) -> tuple[list[dict[str, FloatArray]], list[Trajectory]]:
        """Run ``time`` ps, recording every ``interval`` ps: the series of each box, and its frames.

        ``done`` as in :meth:`Dynamics.sample`.
        """
        stride, count = self._samples(time, interval)
        rows: list[list[tuple[float, ...]]] = [[] for _ in paths]
        writers = [TrajectoryWriter(path, self._beads, further=done > 0) for path in paths]
        try:
            for number in range(done + 1, count + 1):
                self._advance(stride)
                potential, kinetic = self._look()
                moment = number * stride * self._settings.timestep
                for index, box in enumerate(self.boxes()):
                    writers[index].append(Frame(box.positions, np.diag(box.edges), moment))
                    rows[index].append((moment, potential[index], kinetic[index], box.volume, box.edges[2]))
        finally:
            for writer in writers:
                writer.close()
        names = ("time", "potential_energy", "kinetic_energy", "volume", "box_z")
        series = [dict(zip(names, np.array(values).T, strict=True)) for values in rows]
        return series, [Trajectory(path) for path in paths]

    def boxes(self) -> list[Box]:
        """Current positions and edges of every replica."""
        state = self._context.getState(positions=True)
        positions = np.asarray(state.getPositions(asNumpy=True)._value, dtype=float)
        scales = np.asarray(self._force.getReplicaScales(self._context)).reshape(-1, 3)
        return [
            Box(part * scale, self._edges * scale)
            for part, scale in zip(positions.reshape(len(scales), -1, 3), scales, strict=True)
        ]

    def _take(self, steps: int) -> None:
        if self._barostat is None:
            self._integrator.step(steps)
        else:
            self._barostat.step(steps)

    def _look(self) -> tuple[FloatArray, FloatArray]:
        """Stability check; returns potential and kinetic energy of every replica."""
        potential = np.asarray(self._guard(lambda: self._force.getReplicaEnergies(self._context)))
        state = self._guard(lambda: self._context.getState(velocities=True))
        velocities = np.asarray(state.getVelocities(asNumpy=True)._value).reshape(len(potential), -1)
        kinetic = 0.5 * self._masses * np.sum(velocities**2, axis=1)
        for number, temperature in enumerate(self._temperatures):
            reason = runaway(potential[number], kinetic[number], self._beads, temperature)
            if reason:
                self._fail(f"{reason} at {temperature:g} K")
        if self._barostat is not None:
            ratios = self._barostat.volumes / self._volumes
            for ratio, blocked, temperature in zip(
                ratios, self._barostat.blocked, self._temperatures, strict=True
            ):
                if not self._limits[0] < ratio < self._limits[1]:
                    self._fail(
                        f"the volume at {temperature:g} K went to {ratio:.2g} times its {self._before}"
                    )
                if blocked:
                    self._fail(f"the box at {temperature:g} K shrank to twice the cutoff")
        return potential / self._factors, kinetic


def _create_system(
    model: CoarseGrainedModel, factors: FloatArray, beads: int, edges: FloatArray
) -> tuple[Any, Any]:
    """A System of one box after another, with energies and masses times a factor, and its force."""
    import openmm

    form = model.require_many_body("simulation of replicas")
    force = form.new_force(len(model.beads), len(factors))
    system = openmm.System()
    system.setDefaultPeriodicBoxVectors(*np.diag(edges))
    for replica, factor in enumerate(factors):
        form.update_force(force, model.rescaled(energy=factor).internal_entries(), replica)
        for _ in range(beads):
            system.addParticle(model.bead_mass * factor)
            force.addParticle(0, 1.0, replica)
    system.addForce(force)
    return system, force
