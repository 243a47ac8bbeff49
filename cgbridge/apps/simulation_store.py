"""Finished simulations of an evaluation, kept until all is measured: a killed one goes on with them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from cgbridge.errors import CgbridgeError, StepLimitError, UnstableError
from cgbridge.records.simulation import Run, Simulation
from cgbridge.store.atomic import storage_errors
from cgbridge.store.journal import Journal, content_key
from cgbridge.trajectories.hdf5 import Trajectory, is_trajectory

_SERIES, _FRAMES = "series.npz", "frames.h5"


class SimulationStore:
    """Runs by what was computed: ``content`` is all that a run depends on besides its simulation.

    One line of a journal per finished simulation, and a folder with its series and frames. A model that
    breaks down is a result, too; a machine fault is none.
    """

    def __init__(self, folder: Path, content: Mapping[str, Any]) -> None:
        self._folder, self._content = folder, dict(content)
        self._journal = Journal(folder / "journal.jsonl")

    def close(self) -> None:
        self._journal.close()

    def room(self, simulation: Simulation) -> Path:
        """Where the frames of a simulation belong."""
        return self._folder / self._key(simulation)

    def known(self, simulation: Simulation) -> Run | CgbridgeError | None:
        """What an earlier evaluation found, if it came so far."""
        key = self._key(simulation)
        if key not in self._journal:
            return None
        entry, folder = self._journal[key], self.room(simulation)
        if entry["outcome"] == "timeout":
            return StepLimitError(entry["reason"])
        if entry["outcome"] == "unstable":
            return UnstableError(entry["reason"], progress=entry["progress"])
        frames = folder / _FRAMES
        if not (folder / _SERIES).exists() or (entry["frames"] and not is_trajectory(frames)):
            return None
        with np.load(folder / _SERIES, allow_pickle=False) as series:
            return Run(
                simulation,
                series=dict(series),
                trajectory=Trajectory(frames) if entry["frames"] else None,
                **entry["run"],
            )

    def keep(self, simulation: Simulation, result: Run | CgbridgeError) -> None:
        """Write a result down, series and frames first. Raises :class:`~cgbridge.errors.StorageError`."""
        entry: dict[str, Any] = {"key": self._key(simulation), "simulation": asdict(simulation)}
        if isinstance(result, Run):
            with storage_errors(self._folder):
                np.savez(self.room(simulation) / _SERIES, **result.series)  # type: ignore[arg-type]
            names = ("beads", "bead_mass", "md_steps", "timestep")
            run = {name: getattr(result, name) for name in names} | {"scalars": dict(result.scalars)}
            entry |= {"outcome": "ok", "frames": result.trajectory is not None, "run": run}
        else:
            outcome = "timeout" if isinstance(result, StepLimitError) else "unstable"
            progress = getattr(result, "progress", 0.0)
            entry |= {"outcome": outcome, "reason": result.what, "progress": progress}
        self._journal.append(json.loads(json.dumps(entry, default=float)))

    def _key(self, simulation: Simulation) -> str:
        return content_key(self._content | {"simulation": asdict(simulation)})


def discard(folder: Path) -> None:
    """Remove what was kept, once it is not needed any more."""
    shutil.rmtree(folder, ignore_errors=True)
