"""Parameters of a model with formulas by force matching: Tersoff, Stillinger-Weber, or any other terms.

Nonlinear least squares of all force components, within the ranges of the parameters: the baseline that a
network with as many data has to beat, and a start for a search.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import numpy as np
from pydantic import Field

from cgbridge.config.model_section import ModelSection
from cgbridge.errors import CgbridgeError, ConfigError
from cgbridge.fits.search.base_model import base_model
from cgbridge.fits.search.parameters import searched_parameters
from cgbridge.fits.training.bead_names import named_as_in
from cgbridge.fits.training.data_set import FrameAddress
from cgbridge.fits.training.openmm_forces import ModelForces
from cgbridge.fits.training.trainer import Rows, Task, Trained
from cgbridge.frames import FloatArray
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.optimizers.space import SearchSpace

#: Step of the differences that derivatives are made of, as a fraction of each range.
_STEP = 1e-4
#: Residuals of parameters that make no model, in spreads of the labels.
_IMPOSSIBLE = 10.0


class ParameterSettings(ModelSection):
    """Parameters of a model with formulas, by nonlinear least squares within their ranges."""

    frames: int = Field(
        50, ge=1, description="Training frames that are looked at, evenly over all: forces are many."
    )
    evaluations: int = Field(200, ge=1, description="Most evaluations besides those of derivatives.")


class ParameterTrainer:
    """Begins at the base model; keys are those of ``model`` in a search."""

    settings = ParameterSettings
    takes: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    def __init__(self, task: Task, settings: ParameterSettings) -> None:
        self._task, self._settings = task, settings
        base = named_as_in(base_model(settings, task.input_folder), task.data, "model.base")
        assert isinstance(base, CoarseGrainedModel)
        masses = {name: task.data.masses.get(name) for name in task.data.types}
        self._base = base.with_masses({name: mass for name, mass in masses.items() if mass is not None})
        if self._base.cutoff > task.data.least_half_width:
            raise ConfigError(
                f"the cutoff of '{base.name}' ({base.cutoff:.4g} nm) is longer than half the smallest box "
                f"({task.data.least_half_width:.4g} nm)",
                where="model.base",
                remedy="give frames of larger boxes",
            )
        self._space = SearchSpace(searched_parameters(self._base, settings.search))

    def describe(self) -> Rows:
        ranges = ", ".join(
            f"{p.name} {p.minimum:.4g} to {p.maximum:.4g} {p.unit}" for p in self._space.parameters
        )
        return [("base", f"{self._base.name} ({self._base.form})"), ("parameters", ranges)]

    def run(self, folder: Path, display: Callable[[Rows], None]) -> Trained:
        from scipy.optimize import least_squares

        evaluations = 0

        def residuals(point: FloatArray) -> FloatArray:
            nonlocal evaluations
            evaluations += 1
            found = self._residuals(tuple(map(float, point)))
            display([("evaluations", str(evaluations)), ("error", f"{np.sqrt(np.mean(found**2)):.4g} of 1")])
            return found

        values = self._base.parameters
        start = self._space.encode({p.name: values[p.name] for p in self._space.parameters})
        inside = np.clip(start, 1e-6, 1.0 - 1e-6)
        found = least_squares(
            residuals, inside, bounds=(0.0, 1.0), diff_step=_STEP, x_scale=0.1,
            max_nfev=self._settings.evaluations, method="trf",
        )  # fmt: skip
        best = self._space.decode(tuple(map(float, found.x)))
        errors = _errors(found.jac, found.fun, self._space, found.x)
        parameters = {
            p.name: {"value": best[p.name], "error": errors[p.name], "unit": p.unit}
            for p in self._space.parameters
        }
        bound = [p.name for p, x in zip(self._space.parameters, found.x, strict=True) if not 0.01 < x < 0.99]
        notes = (f"at the end of their ranges: {', '.join(bound)}",) if bound else ()
        summary = {"parameters": len(parameters), "values": parameters, "evaluations": evaluations}
        return Trained(self._model(best), summary=summary, notes=notes)

    def write(self, trained: Trained, folder: Path) -> None:
        from cgbridge.models.files.lammps_format import write_lammps

        model = trained.model
        assert isinstance(model, CoarseGrainedModel)
        model.save(folder / "model.yaml")
        if model.many_body is not None:
            write_lammps(model, folder / f"model{model.many_body.suffix}")

    @cached_property
    def _frames(self) -> list[FrameAddress]:
        train = self._task.split.train
        chosen = np.unique(np.linspace(0, len(train) - 1, min(self._settings.frames, len(train))).astype(int))
        return [train[int(i)] for i in chosen]

    @cached_property
    def _labels(self) -> FloatArray:
        """All force components in units of their spread."""
        series = self._task.data.series
        parts = [series[number].forces[index].astype(np.float64).ravel() for number, index in self._frames]
        every = np.concatenate(parts)
        return np.asarray(every / np.sqrt(np.mean(every**2)))

    def _residuals(self, point: tuple[float, ...]) -> FloatArray:
        spread = self._task.data.force_spread(self._frames)
        try:
            predict = ModelForces(self._model(self._space.decode(point)), self._task.data)
            parts = [predict(address).forces.ravel() for address in self._frames]
        except CgbridgeError:
            return _IMPOSSIBLE * self._labels
        return np.asarray(np.concatenate(parts) / spread - self._labels)

    def _model(self, values: dict[str, float]) -> CoarseGrainedModel:
        ties = {p.name: p.tie for p in self._space.parameters}
        tied = {other: value for name, value in values.items() for other in ties[name]}
        name = self._task.config.name
        return replace(
            self._base.with_parameters(values | tied),
            name=re.sub(r"[^\w.-]+", "-", name),
            description=f"Fitted to forces by cgbridge (fit '{name}').",
            source=f"cgbridge {version('cgbridge')}; values that were not fitted: {self._base.name}",
        )


def _errors(
    jacobian: FloatArray, residuals: FloatArray, space: SearchSpace, point: FloatArray
) -> dict[str, float | None]:
    """Standard errors by linear propagation, as if all components were independent; None without meaning."""
    count = len(point)
    variance = float(np.sum(residuals**2)) / max(len(residuals) - count, 1)
    try:
        covariance = np.linalg.inv(jacobian.T @ jacobian) * variance
    except np.linalg.LinAlgError:
        return {p.name: None for p in space.parameters}
    found: dict[str, float | None] = {}
    for number, parameter in enumerate(space.parameters):
        step = float(np.sqrt(max(covariance[number, number], 0.0)))
        low, high = (
            space.decode(
                tuple(float(np.clip(x + s * step * (i == number), 0, 1)) for i, x in enumerate(point))
            )
            for s in (-1.0, 1.0)
        )
        found[parameter.name] = 0.5 * abs(high[parameter.name] - low[parameter.name])
    return found
