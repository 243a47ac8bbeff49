"""What is known about a finished model: errors on frames, and molecular dynamics; written down with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from cgbridge.fits.catalogue import Rows
from cgbridge.fits.training.folder import TrainingFolder
from cgbridge.fits.training.openmm_forces import ForceErrors, ModelForces, force_errors
from cgbridge.fits.training.trainer import Task, Trained, Trainer
from cgbridge.store.atomic import write_atomic

#: Training frames that are looked at for the training error, and points of the parity picture.
_FRAMES, _POINTS = 100, 2000


def measure(
    task: Task, trainer: Trainer, trained: Trained, folder: TrainingFolder, display: Callable[[Rows], None]
) -> dict[str, Any]:
    """Publish the model, then measure it: the content of ``result.json``.

    Errors are those of OpenMM with the model as it is exported.
    """
    from cgbridge.fits.best_folder import replace_best

    replace_best(folder, trained.model.fingerprint(), lambda place: trainer.write(trained, place))
    predict, energies = ModelForces(trained.model, task.data), task.config.with_energies
    split, step = task.split, max(1, len(task.split.train) // _FRAMES)
    uses = {"train": split.train[::step], "validation": split.validation, "test": split.test}
    errors: dict[str, dict[str, Any]] = {}
    for use, frames in uses.items():
        display([("doing", f"measuring the force error, {use} frames")])
        if frames:
            errors[use] = _record(force_errors(predict, task.data, frames, energies=energies))
    curves = {name: [np.asarray(part).tolist() for part in curve] for name, curve in trained.curves.items()}
    content = {"curves": curves, "parity": _parity(task, predict)}
    write_atomic(folder.curves, json.dumps(content))
    found: dict[str, Any] = {
        "errors": errors,
        "noise": task.data.noise,
        "model": dict(trained.summary),
        "notes": [*task.data.notes, *trainer.notes, *trained.notes],
    }
    if task.config.validation is not None:
        from cgbridge.fits.training.dynamics import validate_by_dynamics

        found["dynamics"] = validate_by_dynamics(task, trained, folder, display)
    return found


def _record(errors: ForceErrors) -> dict[str, Any]:
    return asdict(errors) | {"explained": errors.explained}


def _parity(task: Task, predict: ModelForces) -> dict[str, list[float]]:
    """Components of forces of validation frames: label and model."""
    frames = task.split.validation
    step = max(1, len(frames) // 20)
    labels, found = [], []
    for number, index in frames[::step]:
        labels.append(task.data.series[number].forces[index].astype(np.float64).ravel())
        found.append(predict((number, index)).forces.ravel())
    x, y = np.concatenate(labels), np.concatenate(found)
    every = max(1, len(x) // _POINTS)
    return {"label": x[::every].round(3).tolist(), "model": y[::every].round(3).tolist()}
