"""Forces of a finished model on the frames of a data set, as OpenMM computes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cgbridge.fits.training.data_set import DataSet, FrameAddress
from cgbridge.frames import FloatArray
from cgbridge.interfaces import Model
from cgbridge.models.systems import create_system
from cgbridge.models.typed_beads import TypedBeads


@dataclass(frozen=True)
class Prediction:
    """Forces (N, 3) in kJ/mol/nm and energy in kJ/mol of one frame."""

    forces: FloatArray
    energy: float


class ModelForces:
    """Evaluates one model, with one Context for every series."""

    def __init__(self, model: Model, data: DataSet, platform: str = "CPU") -> None:
        self._model, self._data, self._platform = model, data, platform
        self._contexts: dict[int, object] = {}

    def __call__(self, address: FrameAddress) -> Prediction:
        number, index = address
        series = self._data.series[number]
        if number not in self._contexts:
            self._contexts[number] = self._context(number)
        context = self._contexts[number]
        context.setPeriodicBoxVectors(*series.box[index])  # type: ignore[attr-defined]
        context.setPositions(series.positions[index].astype(np.float64))  # type: ignore[attr-defined]
        state = context.getState(forces=True, energy=True)  # type: ignore[attr-defined]
        forces = np.asarray(state.getForces(asNumpy=True)._value, dtype=np.float64)
        return Prediction(forces, float(state.getPotentialEnergy()._value))

    def _context(self, number: int) -> object:
        import openmm

        series = self._data.series[number]
        model, kelvin = self._model, series.state.temperature
        if isinstance(model, TypedBeads) and kelvin is not None:
            model = model.at(kelvin)
        system = create_system(model, series.topology, series.box[0], masses=[1.0] * series.particles)
        platform = openmm.Platform.getPlatformByName(self._platform)
        properties = {"Threads": "1"} if self._platform == "CPU" else {}
        return openmm.Context(system, openmm.VerletIntegrator(0.001), platform, properties)


@dataclass(frozen=True)
class ForceErrors:
    """Root mean square errors over frames.

    ``force`` of a component of a force and ``spread`` of a component of its labels, in kJ/mol/nm; ``energy``
    per particle in kJ/mol, None without labels.
    """

    frames: int
    force: float
    spread: float
    energy: float | None = None

    @property
    def explained(self) -> float:
        """The part of the variance of the labels that the model explains."""
        return 1.0 - (self.force / self.spread) ** 2


def force_errors(
    predict: ModelForces, data: DataSet, frames: Sequence[FrameAddress], *, energies: bool
) -> ForceErrors:
    """Errors over ``frames``; energies up to a constant, which no force depends on."""
    errors, spread, components = 0.0, 0.0, 0
    differences = []
    for number, index in frames:
        series, found = data.series[number], predict((number, index))
        labels = series.forces[index].astype(np.float64)
        errors += float(np.square(found.forces - labels).sum())
        spread += float(np.square(labels).sum())
        components += labels.size
        if energies and series.energy is not None:
            differences.append((found.energy - float(series.energy[index])) / series.particles)
    energy = float(np.std(differences)) if differences else None
    return ForceErrors(
        len(frames), float(np.sqrt(errors / components)), float(np.sqrt(spread / components)), energy
    )
