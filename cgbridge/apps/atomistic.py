"""Molecular dynamics of atoms into a trajectory; the same call goes on where a killed one ended."""

from __future__ import annotations

import json
import time as clock
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cgbridge.apps.atomistic_files import RunFiles
from cgbridge.config.atomistic_config import AtomisticConfig
from cgbridge.engine.atomistic import AtomisticDynamics, Snapshot
from cgbridge.engine.settings import EngineSettings
from cgbridge.errors import FileFormatError, RunFolderError
from cgbridge.fits.differences import differences
from cgbridge.models.atomistic.catalogue import atomistic_system
from cgbridge.models.atomistic.starts import write_pdb
from cgbridge.models.atomistic.system import AtomisticSystem
from cgbridge.store.atomic import storage_errors
from cgbridge.store.lock import RunLock
from cgbridge.store.versions import versions
from cgbridge.trajectories.hdf5 import Trajectory, TrajectoryWriter
from cgbridge.trajectories.labelled_xyz import write_labelled_xyz
from cgbridge.trajectories.layout import Header

#: Where the identity of a potential has its name.
_NAMES = ("forcefield", "potential", "bundle")


@dataclass(frozen=True)
class Progress:
    """Where a run stands: ``done`` of ``total`` ps with equilibration, ``left`` in seconds if it is known."""

    done: float
    total: float
    doing: str
    temperature: float
    density: float
    ns_per_day: float
    left: float | None


@dataclass(frozen=True)
class Plan:
    """A run in steps: equilibration, then ``frames`` of ``stride`` steps, with a checkpoint now and then."""

    equilibration: int
    stride: int
    frames: int
    checkpoint: int

    @classmethod
    def of(cls, config: AtomisticConfig) -> Plan:
        d = config.dynamics
        stride = round(d.interval / d.timestep)
        return cls(
            equilibration=round(d.equilibration / d.timestep),
            stride=stride,
            frames=max(1, round(d.time / (stride * d.timestep))),
            checkpoint=max(1, round(d.checkpoint / d.timestep)),
        )

    @property
    def total(self) -> int:
        return self.equilibration + self.frames * self.stride

    def recorded(self, steps: int) -> int:
        """Frames that are in the trajectory after ``steps``."""
        return max(0, steps - self.equilibration) // self.stride

    def stops(self, done: int) -> Iterator[tuple[int, bool]]:
        """Where the run halts after ``done`` steps, and whether that is a checkpoint.

        Where these are does not depend on how long the run is to become.
        """
        while done < self.equilibration:  # as often as later, so that one sees how it goes
            halts = (done - done % every + every for every in (self.stride, self.checkpoint))
            done = min(self.equilibration, *halts)
            yield done, done % self.checkpoint == 0 or done == self.equilibration
        every = max(1, self.checkpoint // self.stride)
        for frame in range(self.recorded(done) + 1, self.frames + 1):
            yield self.equilibration + frame * self.stride, frame % every == 0


class AtomisticRun:
    """One run: ``folder`` is where relative paths of the model begin, ``show`` is told how it goes.

    Files beside the trajectory NAME.h5: NAME.pdb (topology) and NAME.checkpoint.npz. Raises
    :class:`RunFolderError` for a trajectory of other settings, and :class:`ConfigError` for another file of
    these names, if they are not to be replaced (``overwrite``); for one that is read in any case.
    """

    def __init__(self, config: AtomisticConfig, folder: Path, show: Callable[[Progress], None]) -> None:
        self._config, self._show = config, show
        self._files = RunFiles.of(config)
        self._files.require_no_input(config, folder)
        self.trajectory, self.topology = self._files.trajectory, self._files.topology
        self._checkpoint = self._files.checkpoint
        self._plan, d = Plan.of(config), config.dynamics
        self.system: AtomisticSystem = atomistic_system(config, folder)
        self._dynamics = AtomisticDynamics(
            self.system,
            config.state,
            EngineSettings(config.engine.platform, config.engine.threads, d.timestep, d.friction),
            config.seed,
        )
        self.steps, self.frames = self._plan.total, self._plan.frames
        self.notes = (*self.system.notes, *self._time_notes())

    def run(self, *, overwrite: bool = False) -> int:
        """Run, or go on; returns the frames that were there before."""
        lock = f".{self.trajectory.name}.lock"
        with RunLock(self.trajectory.parent, "output.trajectory", lock):
            known, start = (0, None) if overwrite else self._known()
            if not overwrite:
                self._files.require_own()
            if known < self._plan.frames:
                self._record(start or self._begin())
            self._export()
            return known

    def _begin(self) -> Snapshot:
        self._checkpoint.unlink(missing_ok=True)
        self._report(0, 0, 0.0, "preparing the start")
        start = self._dynamics.begin(self._config.dynamics.minimise)
        with storage_errors(self.trajectory):
            TrajectoryWriter(self.trajectory, len(self.system.atoms), self._header()).close()
        write_pdb(self.topology, self.system.start)
        start.save(self._checkpoint)
        return start

    def _record(self, start: Snapshot) -> None:
        plan, dynamics, done = self._plan, self._dynamics, start.steps
        began = clock.monotonic()
        with storage_errors(self.trajectory), self._writer(start) as writer:
            dynamics.restart(start)
            for stop, checkpoint in plan.stops(done):
                dynamics.advance(stop - done)
                done = stop
                frame = dynamics.frame(
                    (done - plan.equilibration) * self._config.dynamics.timestep,
                    velocities=self._config.output.velocities,
                )
                if done > plan.equilibration:
                    writer.append(frame)
                if checkpoint or done == plan.total:
                    writer.write_speed(self._speed(done - start.steps, clock.monotonic() - began))
                if checkpoint:
                    snapshot = dynamics.snapshot(done)
                    snapshot.save(self._checkpoint)
                    dynamics.restart(snapshot)
                self._report(
                    done, done - start.steps, clock.monotonic() - began, temperature=frame.temperature or 0.0,
                    density=dynamics.density(frame.box),
                )  # fmt: skip

    def _speed(self, steps: int, seconds: float) -> dict[str, Any]:
        """How fast ``steps`` were, for whoever compares a model of beads with it."""
        identity = self.system.identity
        name = next((identity[key] for key in _NAMES if key in identity), "")
        return {
            "potential": name if isinstance(name, str) else " + ".join(name),
            "ns_per_day": 86.4 * steps * self._config.dynamics.timestep / max(seconds, 1e-9),
            "timestep": self._config.dynamics.timestep,
            "atoms": len(self.system.atoms),
            "platform": self._dynamics.platform,
            "device": self._dynamics.device,
            "threads": self._config.engine.threads,
        }

    def _writer(self, start: Snapshot) -> TrajectoryWriter:
        keep = self._plan.recorded(start.steps)
        writer = TrajectoryWriter(self.trajectory, len(self.system.atoms), further=True, keep=keep)
        if len(writer) < keep:
            writer.close()
            raise FileFormatError(
                f"the trajectory has {len(writer)} frames, its checkpoint knows of {keep}",
                where=str(self.trajectory),
                remedy="give --overwrite to begin again",
            )
        return writer

    def _known(self) -> tuple[int, Snapshot | None]:
        """Frames of an earlier run of these settings, and where it ended; None if it has none, or all."""
        if not self.trajectory.exists():
            return 0, None
        found = Trajectory(self.trajectory).header.source.get("settings")
        if found != self._settings():
            changed = "; ".join(differences(found, json.loads(json.dumps(self._settings())), ""))
            raise RunFolderError(
                f"this trajectory was made with other settings ({changed})",
                where=str(self.trajectory),
                remedy="give another output.trajectory, or --overwrite to begin again",
            )
        known = len(Trajectory(self.trajectory))
        if known >= self._plan.frames:
            return known, None
        if self._checkpoint.exists():
            return known, Snapshot.load(self._checkpoint)
        if known:
            raise RunFolderError(
                f"the trajectory has {known} of {self._plan.frames} frames, and its checkpoint is missing",
                where=str(self._checkpoint),
                remedy="put it back, or give --overwrite to begin again",
            )
        return 0, None

    def _settings(self) -> dict[str, Any]:
        """What the frames depend on; not how many there are, nor where they are computed."""
        config = self._config.model_dump(mode="json", by_alias=True)
        dynamics = {key: value for key, value in config["dynamics"].items() if key != "time"}
        return {
            "potential": dict(self.system.identity),
            "system": config["system"],
            "state": config["state"],
            "dynamics": dynamics,
            "velocities": config["output"]["velocities"],
            "seed": config["seed"],
        }

    def _header(self) -> Header:
        kept = ["forces", "energy", "temperature"]
        kept += ["velocities"] if self._config.output.velocities else []
        kept += ["pressure"] if self.system.periodic else []
        state = self._config.state
        source: dict[str, Any] = {
            "name": self._config.name,
            "platform": self._dynamics.platform,
            "settings": self._settings(),
            "ensemble": state.ensemble,
            "temperature": state.temperature,
        }
        if state.ensemble == "npt":
            source["pressure"] = state.pressure
        return Header(self.system.atoms, tuple(kept), self._config.dynamics.timestep, source, versions())

    def _export(self) -> None:
        if self._config.output.xyz is not None:
            write_labelled_xyz(self._config.output.xyz, Trajectory(self.trajectory))

    def _time_notes(self) -> Iterator[str]:
        """What whole steps and whole intervals made of the times that were asked for."""
        d, plan = self._config.dynamics, self._plan
        for name, asked, found in (
            ("interval", d.interval, plan.stride * d.timestep),
            ("time", d.time, plan.frames * plan.stride * d.timestep),
        ):
            if abs(found - asked) > 1e-6 * asked:
                yield f"{name} is {found:g} ps, a whole number of steps"

    def _report(
        self, done: int, new: int, seconds: float, doing: str = "", *,
        temperature: float = 0.0, density: float = 0.0,
    ) -> None:  # fmt: skip
        step, plan = self._config.dynamics.timestep, self._plan
        speed = new / seconds if new and seconds > 0.0 else 0.0
        phase = "equilibrating" if done <= plan.equilibration and plan.equilibration else "recording"
        self._show(
            Progress(
                done=done * step,
                total=plan.total * step,
                doing=doing or phase,
                temperature=temperature,
                density=density,
                ns_per_day=86.4 * speed * step,
                left=(plan.total - done) / speed if speed else None,
            )
        )
