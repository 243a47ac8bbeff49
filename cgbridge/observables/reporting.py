"""From internal numbers to an :class:`~cgbridge.records.target.Estimate` in the target's unit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from cgbridge.errors import ConfigError, SimulationError, UnitError
from cgbridge.frames import FloatArray
from cgbridge.observables.statistics import finite
from cgbridge.records.simulation import Run
from cgbridge.records.target import Curve, Estimate, Target
from cgbridge.units import convert


def unit_factor(target: Target, unit: str) -> float:
    """Factor from ``unit`` to ``target.unit``.

    Raises :class:`~cgbridge.errors.UnitError` when the target's unit has another dimension.
    """
    try:
        return convert(1.0, unit, target.unit or "1")
    except UnitError as error:
        raise UnitError(
            f"observable '{target.observable}': {error.what}",
            where=f"targets.{target.name}.unit",
            remedy=error.remedy or f"give the value in {unit}",
        ) from None


def estimate(
    target: Target,
    unit: str,
    value: float,
    *,
    stderr: float,
    n_eff: float,
    curves: Mapping[str, Curve] | None = None,
    notes: Sequence[str] = (),
) -> Estimate:
    """An estimate whose value and error, given in ``unit``, are converted to ``target.unit``.

    Raises :class:`~cgbridge.errors.SimulationError` if the value is not finite.
    """
    if not math.isfinite(value):
        raise SimulationError(f"'{target.name}' has no finite value: {value}")
    factor = unit_factor(target, unit)
    return Estimate(
        value * factor, stderr * abs(factor), n_eff, target.unit, dict(curves or {}), tuple(notes)
    )


def series(run: Run, name: str) -> FloatArray:
    """A time series of a run, checked to be finite.

    Raises :class:`SimulationError` when the engine did not record it.
    """
    if name not in run.series:
        raise SimulationError(f"the run '{run.simulation.label}' has no series '{name}'")
    return finite(run.series[name], f"{name.replace('_', ' ')} of '{run.simulation.label}'")


def scalar(run: Run, name: str) -> float:
    """A static result of a run. Raises :class:`SimulationError` when the engine did not record it."""
    if name not in run.scalars:
        raise SimulationError(f"the run '{run.simulation.label}' has no scalar '{name}'")
    return float(run.scalars[name])


def one_run(runs: Sequence[Run]) -> Run:
    """The single run of an observable that needs one. Raises :class:`SimulationError` otherwise."""
    if len(runs) != 1:
        raise SimulationError(f"expected one run, found {len(runs)}")
    return runs[0]


def lattice_structure(target: Target) -> str:
    """The crystal a lattice target asks for. Raises :class:`ConfigError` for ``liquid``."""
    if target.is_liquid:
        raise ConfigError(
            f"observable '{target.observable}' needs a crystal structure",
            where=f"targets.{target.name}.structure",
            remedy="for example structure: ice-ic",
        )
    return target.structure
