"""A fit to forces as one kind of fit: read, checked, run in its folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

from cgbridge.config.loader import parse_training
from cgbridge.config.places import Lines, Place
from cgbridge.config.schema import SCHEMA_VERSION
from cgbridge.config.training_schema import TrainingConfig
from cgbridge.fits.catalogue import Rows
from cgbridge.fits.training.data_set import Series
from cgbridge.fits.training.folder import TrainingFolder
from cgbridge.fits.training.label_files import read_data
from cgbridge.fits.training.measured import measure
from cgbridge.fits.training.split import split_frames
from cgbridge.fits.training.trainer import Task, Trainer
from cgbridge.fits.training.trainers import trainer_of
from cgbridge.store.atomic import storage_errors, write_atomic
from cgbridge.store.lock import RunLock


class TrainingFit:
    """A model fitted to the forces (and energies) of stored frames."""

    def __init__(self, task: Task, trainer: Trainer) -> None:
        self.task, self.trainer = task, trainer

    @property
    def name(self) -> str:
        return self.task.config.name

    @cached_property
    def layout(self) -> TrainingFolder:
        return TrainingFolder(self.task.config.run.folder)

    @property
    def notes(self) -> Sequence[str]:
        return (*self.task.data.notes, *self.trainer.notes)

    @classmethod
    def read(cls, path: Path, data: dict[str, Any], lines: Lines) -> TrainingFit:
        config = parse_training(data, lines, str(path))
        return cls.of(config, path.parent, Place(str(path), (), lines))

    @classmethod
    def of(cls, config: TrainingConfig, folder: Path, place: Place) -> TrainingFit:
        """From a configuration that stands at ``place``; its files are below ``folder``."""
        frames = read_data(config.data, folder, energies=config.with_energies)
        frames.require_masses()
        for name in ("relative_entropy", "active_learning", "validation"):
            if getattr(config, name) is not None:
                frames.require_states(name)
        task = Task(config, frames, split_frames(frames, config.data), folder)
        return cls(task, trainer_of(task, place))

    def require_runnable(self) -> None:
        """Everything was looked at when it was read."""

    def run(self, *, fresh: bool, display: Callable[[Rows], None]) -> Rows:
        if self.task.config.active_learning is not None:
            from cgbridge.fits.training.active_learning import learn_actively

            return learn_actively(self, fresh=fresh, display=display)
        return self.train(fresh=fresh, display=display)

    def train(
        self, *, fresh: bool, display: Callable[[Rows], None], record: Mapping[str, Any] | None = None
    ) -> Rows:
        """Train on the data as they are, measure, publish; ``record`` goes into ``result.json`` as well."""
        folder = self.layout
        with storage_errors(folder.path):
            folder.path.mkdir(parents=True, exist_ok=True)
        with RunLock(folder.path):
            folder.prepare(self.task.config, data_record(self.task), fresh=fresh)
            trained = self.trainer.run(folder.members, display)
            found = measure(self.task, self.trainer, trained, folder, display)
            result = {"schema": SCHEMA_VERSION, "name": self.name, "method": self.task.config.method} | found
            result |= record or {}
            write_atomic(folder.result, json.dumps(result, indent=1))
        validation = found["errors"]["validation"]
        return [
            ("force error", f"{validation['force']:.4g} kJ/mol/nm of {validation['spread']:.4g}"),
            ("result", str(folder.result)),
            ("best model", str(folder.best)),
        ]


def data_record(task: Task) -> dict[str, Any]:
    """What the data are, for the run folder."""
    data, split = task.data, task.split
    return {
        "digests": {f"{i} {one.name}": _digest(one) for i, one in enumerate(data.series)},
        "series": [_series_record(one) for one in data.series],
        "types": list(data.types),
        "notes": list(data.notes),
        "force_spread": data.force_spread(),
        "noise": data.noise,
        "frames": {
            "train": len(split.train),
            "validation": len(split.validation),
            "test": len(split.test),
            "left_out": split.left_out,
        },
    }


def _series_record(series: Series) -> dict[str, Any]:
    return {
        "name": series.name,
        "frames": len(series),
        "particles": series.particles,
        "mean_volume": float(series.volume.mean()),
        "state": asdict(series.state),
    }


def _digest(series: Series) -> str:
    """Of all that is trained on, in words that stay the same between versions."""
    s = series.state
    state = f"State(temperature={s.temperature}, pressure={s.pressure}, npt={s.npt}, noise={s.noise})"
    found = hashlib.sha256(f"({series.topology!r}, {series.masses!r}, {state})".encode())
    for array in (series.positions, series.forces, series.box, series.energy, series.virial):
        found.update(b"-" if array is None else array.tobytes())
    return found.hexdigest()
