"""Molecular dynamics of atoms, in segments that each begin anew from what a checkpoint keeps."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from cgbridge.config.atomistic_config import StateSection
from cgbridge.engine.device_names import device_name
from cgbridge.engine.molecular_dynamics import runaway
from cgbridge.engine.platforms import GPUS, choose_platform, has_kernels, known_platforms
from cgbridge.engine.settings import EngineSettings
from cgbridge.errors import FileFormatError, SimulationError, UnstableError
from cgbridge.frames import FloatArray, Frame
from cgbridge.models.atomistic.system import AtomisticSystem
from cgbridge.rng import derive_seed
from cgbridge.store.atomic import storage_errors, sync_folder
from cgbridge.units import AMU_PER_NM3, GAS_CONSTANT

#: Steps between moves of the volume.
_BAROSTAT = 25
#: Where a minimisation ends: root mean square force in kJ/mol/nm, and most iterations.
_FORCE, _ITERATIONS = 50.0, 500


@dataclass(frozen=True)
class Snapshot:
    """All that the dynamics go on from: ``steps`` done, positions and box in nm, velocities in nm/ps."""

    steps: int
    positions: FloatArray
    velocities: FloatArray
    box: FloatArray

    def save(self, path: Path) -> None:
        """Write it in full precision; the file is the old or the new one, never half of one."""
        content = io.BytesIO()
        np.savez(content, **vars(self))
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        with storage_errors(path):
            try:
                with open(temporary, "wb") as file:
                    file.write(content.getvalue())
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(temporary, path)
            finally:
                temporary.unlink(missing_ok=True)
            sync_folder(path.parent)

    @classmethod
    def load(cls, path: Path) -> Snapshot:
        """Raises :class:`FileFormatError` for a file that :meth:`save` did not write."""
        try:
            with np.load(path, allow_pickle=False) as file:
                names = ("positions", "velocities", "box")
                return cls(int(file["steps"]), **{name: file[name] for name in names})
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise FileFormatError(
                f"this is no checkpoint ({error})",
                where=str(path),
                remedy="give --overwrite to begin again",
            ) from None


class AtomisticDynamics:
    """Atoms in motion.

    A segment begins with :meth:`restart`: positions, velocities, box and the seeds that belong to the number
    of steps are all that it depends on, so that a run which is killed and goes on from a checkpoint is the
    same as one that was not killed, to the last digit where the platform repeats itself (CPU, Reference). An
    integrator's or a barostat's inner state is in no checkpoint of OpenMM's on all platforms.
    """

    def __init__(self, atoms: AtomisticSystem, state: StateSection, settings: EngineSettings, seed: int):
        import openmm

        self._atoms, self._state, self._seed = atoms, state, seed
        self._barostat: Any = None
        if atoms.periodic:
            # One that never moves the volume tells the pressure.
            every = _BAROSTAT if state.ensemble == "npt" else 0
            self._barostat = openmm.MonteCarloBarostat(state.pressure, state.temperature, every)
            atoms.system.addForce(self._barostat)
        if state.ensemble == "nve":
            self._integrator: Any = openmm.VerletIntegrator(settings.timestep)
        else:
            self._integrator = openmm.LangevinMiddleIntegrator(
                state.temperature, settings.friction, settings.timestep
            )
        self._massless = np.array(atoms.atoms.masses) == 0.0
        # The total momentum is drawn with the velocities, and stays: without a thermostat it is made zero.
        self._freedom = atoms.freedom - (3 if state.ensemble == "nve" else 0)
        self.platform, properties = choose_platform(atoms.system, _chosen(settings, atoms.system))
        with self._openmm_faults():
            self._context = openmm.Context(
                atoms.system, self._integrator, openmm.Platform.getPlatformByName(self.platform), properties
            )

    @property
    def device(self) -> str:
        """The name of the processor or the GPU."""
        return device_name(self._context)

    def begin(self, minimise: bool) -> Snapshot:
        """The start, without overlaps if ``minimise``, with velocities of the thermostat's temperature."""
        import openmm

        start = self._atoms.start
        with self._openmm_faults():
            self._context.setPeriodicBoxVectors(*start.box)
            self._context.setPositions(start.positions)
            self._context.applyConstraints(1e-6)
            self._context.computeVirtualSites()
            if minimise:
                openmm.LocalEnergyMinimizer.minimize(self._context, _FORCE, _ITERATIONS)
            self._context.setVelocitiesToTemperature(
                self._state.temperature, derive_seed(self._seed, "velocities")
            )
        begun = self.snapshot(0)
        return begun if self._state.ensemble != "nve" else replace(begun, velocities=self._at_rest(begun))

    def restart(self, snapshot: Snapshot) -> None:
        """Go on from there."""
        if self._state.ensemble != "nve":
            self._integrator.setRandomNumberSeed(derive_seed(self._seed, "thermostat", snapshot.steps))
        if self._barostat is not None:
            self._barostat.setRandomNumberSeed(derive_seed(self._seed, "barostat", snapshot.steps))
        with self._openmm_faults():
            self._context.reinitialize()
            self._context.setPeriodicBoxVectors(*snapshot.box)
            self._context.setPositions(snapshot.positions)
            self._context.setVelocities(snapshot.velocities)

    def advance(self, steps: int) -> None:
        """Move by ``steps`` steps; raises :class:`UnstableError` where the atoms fly apart."""
        with self._openmm_faults():
            self._integrator.step(steps)

    def frame(self, time: float, *, velocities: bool = False) -> Frame:
        """The present configuration. Forces are those of the potential; those on sites without mass act on
        the atoms that hold the site, and are zero at the site itself. In a periodic box the instantaneous
        pressure is (2 K - dU/ds)/(3 V), with the kinetic energy K of whole molecules and the factor s of the
        distances of their middles; what is not bonded for OpenMM is a molecule of its own.

        Raises :class:`UnstableError` for a box that has broken down.
        """
        with self._openmm_faults():
            state = self._context.getState(positions=True, velocities=velocities, forces=True, energy=True)
        forces = np.array(state.getForces(asNumpy=True)._value, dtype=float)
        forces[self._massless] = 0.0
        potential, kinetic = state.getPotentialEnergy()._value, state.getKineticEnergy()._value
        reason = runaway(potential, kinetic, self._freedom / 3, self._state.temperature)
        if reason or not np.isfinite(forces).all():
            self._fail(reason or "a force is not a number")
        return Frame(
            positions=np.array(state.getPositions(asNumpy=True)._value, dtype=float),
            box=_box(state),
            time=time,
            forces=forces,
            velocities=np.array(state.getVelocities(asNumpy=True)._value) if velocities else None,
            energy=potential,
            temperature=2.0 * kinetic / (self._freedom * GAS_CONSTANT),
            pressure=self._pressure(),
        )

    def snapshot(self, steps: int) -> Snapshot:
        """The present state, after ``steps`` steps."""
        state = self._context.getState(positions=True, velocities=True)
        return Snapshot(
            steps,
            np.array(state.getPositions(asNumpy=True)._value, dtype=float),
            np.array(state.getVelocities(asNumpy=True)._value, dtype=float),
            _box(state),
        )

    def density(self, box: FloatArray) -> float:
        """In g/cm^3."""
        return float(self._atoms.mass * AMU_PER_NM3 / abs(np.linalg.det(box)))

    def _pressure(self) -> float | None:
        """Of the present configuration in bar; None without a box."""
        import openmm.unit

        if self._barostat is None:
            return None
        with self._openmm_faults():
            found = self._barostat.computeCurrentPressure(self._context)
        return float(found.value_in_unit(openmm.unit.bar))

    def _at_rest(self, snapshot: Snapshot) -> FloatArray:
        masses = np.array(self._atoms.atoms.masses)[:, None]
        drift = (masses * snapshot.velocities).sum(axis=0) / masses.sum()
        return np.where(masses > 0.0, snapshot.velocities - drift, 0.0)

    @contextmanager
    def _openmm_faults(self) -> Iterator[None]:
        import openmm

        try:
            yield
        except openmm.OpenMMException as error:
            if "nan" in str(error).lower():
                self._fail(str(error))
            narrow = "periodic box size" in str(error)
            raise SimulationError(
                f"OpenMM refuses: {error}",
                where="dynamics",
                remedy="use more molecules, or a shorter model.cutoff" if narrow else None,
            ) from None

    def _fail(self, reason: str) -> None:
        raise UnstableError(
            f"the simulation broke down: {reason}",
            remedy="give a shorter timestep, or a start without overlaps (minimise)",
        )


def _chosen(settings: EngineSettings, system: Any) -> EngineSettings:
    """A GPU for atoms if there is one: force fields and networks both gain from it, but for those of the
    plugin that the host would compute there."""
    if settings.platform != "auto":
        return settings
    known = known_platforms()
    found = (name for name in GPUS if name in known and has_kernels(name, system))
    return replace(settings, platform=next(found, "CPU"))


def _box(state: Any) -> FloatArray:
    return np.array(state.getPeriodicBoxVectors(asNumpy=True)._value, dtype=float)
