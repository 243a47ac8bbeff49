"""The measured part of a simulation, which can be gone on with where it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cgbridge.engine.molecular_dynamics import Dynamics, WatchedRun
from cgbridge.engine.settings import EngineSettings
from cgbridge.frames import FloatArray
from cgbridge.records.simulation import Run, Simulation
from cgbridge.topology import Topology
from cgbridge.trajectories.hdf5 import Trajectory

Series = Mapping[str, FloatArray]
#: Samples every box up to a time in ps, of which a number of samples have been taken before: what is new of
#: its series, and its frames.
Sample = Callable[[float, int], tuple[Sequence[Series], Sequence[Trajectory | None]]]


class Recording:
    """Runs of boxes that move together: one, or several that share a Context.

    A recording that was gone on with is, sample by sample, the one that was longer from the beginning. The
    Context lives as long as the recording.
    """

    def __init__(
        self,
        moved: WatchedRun,
        sample: Sample,
        simulations: Sequence[Simulation],
        settings: EngineSettings,
        *,
        beads: int,
        bead_mass: float,
        topology: Topology | None = None,
    ) -> None:
        self._moved, self._sample, self._settings = moved, sample, settings
        self._beads, self._bead_mass, self._topology = beads, bead_mass, topology
        self._series: list[Series] = [{} for _ in simulations]
        self.runs = self._record(simulations)

    def extend(self, production: float) -> None:
        """Go on until all boxes have ``production`` ps; raises what a simulation does."""
        missing = production - self.runs[0].simulation.production
        self._moved.planned = self._moved.steps + round(missing / self._settings.timestep)
        self.runs = self._record([replace(run.simulation, production=production) for run in self.runs])

    def _record(self, simulations: Sequence[Simulation]) -> list[Run]:
        done = len(self._series[0].get("time", ()))
        new, trajectories = self._sample(simulations[0].production, done)
        self._series = [_joined(before, after) for before, after in zip(self._series, new, strict=True)]
        return [
            Run(
                simulation,
                beads=self._beads,
                bead_mass=self._bead_mass,
                series=series,
                trajectory=trajectory,
                md_steps=self._moved.steps,
                timestep=self._settings.timestep,
                topology=self._topology,
            )
            for simulation, series, trajectory in zip(simulations, self._series, trajectories, strict=True)
        ]


def recorded(
    dynamics: Dynamics,
    simulation: Simulation,
    settings: EngineSettings,
    scratch: Path,
    bead_mass: float,
    *,
    extra: Callable[[Any], dict[str, Any]] | None = None,
) -> Recording:
    """Record the production of one box; its frames go to ``scratch``, ``extra`` gives further series."""
    path = scratch / "frames.h5"

    def sample(time: float, done: int) -> tuple[list[Series], list[Trajectory | None]]:
        series, trajectory = dynamics.sample(time, simulation.interval, path, extra, done=done)
        return [series], [trajectory]

    return Recording(
        dynamics,
        sample,
        [simulation],
        settings,
        beads=len(dynamics.topology),
        bead_mass=bead_mass,
        topology=dynamics.topology,
    )


def _joined(before: Series, after: Series) -> Series:
    if not before or not after:
        return before or after
    return {name: np.concatenate([before[name], values]) for name, values in after.items()}
