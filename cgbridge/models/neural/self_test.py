"""A stored configuration, and whether OpenMM and torch still say of it what the trained potential said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from cgbridge.errors import ConfigError, SimulationError
from cgbridge.frames import FloatArray
from cgbridge.models.neural.bonded import Bonded
from cgbridge.models.neural.derivatives import derivatives
from cgbridge.models.neural.model import Example
from cgbridge.models.neural.potential import types_of
from cgbridge.topology import Topology

if TYPE_CHECKING:
    from cgbridge.models.neural.model import NeuralModel

#: Largest relative difference, by the precision of the weights: some hundred roundings, added up in another
#: order by another version of torch or another processor.
TOLERANCES = {"float32": 1e-4, "float64": 1e-9}


def example_of(
    model: NeuralModel, positions: FloatArray, box: FloatArray | None, topology: Topology
) -> Example:
    """The configuration with what the potential of ``model`` says of it."""
    positions = np.asarray(positions, dtype=float)
    box = None if box is None else np.asarray(box, dtype=float)
    energy, forces = said_by_torch(model, positions, box, topology)
    return Example(topology, positions, box, energy, forces, model.state_temperature)


def said_by_torch(
    model: NeuralModel, positions: FloatArray, box: FloatArray | None, topology: Topology
) -> tuple[float, FloatArray]:
    """Energy in kJ/mol and forces in kJ/mol/nm by the potential itself."""
    found = derivatives(
        model.potential,
        torch.tensor(positions),
        types_of(topology.types, model.bead_names),
        None if box is None else torch.tensor(box),
        bonded=Bonded.of(topology),
        temperature=model.state_temperature,
    )
    return float(found.energy), found.forces.numpy()


def require_torch_agrees(model: NeuralModel, where: str) -> None:
    """Raise :class:`SimulationError` unless the potential says of the example what it said."""
    if model.example is not None:
        example = model.example
        found = said_by_torch(_as_it_was(model, example), example.positions, example.box, example.topology)
        _compare(model, example, found, where, "torch")


def _as_it_was(model: NeuralModel, example: Example) -> NeuralModel:
    return model if example.temperature is None else model.at(example.temperature)


def run_self_test(model: NeuralModel) -> None:
    """See :meth:`~cgbridge.models.neural.model.NeuralModel.self_test`."""
    import openmm

    from cgbridge.models.openmm_faults import openmm_faults

    example, where = model.example, f"model '{model.name}'"
    if example is None:
        raise ConfigError(
            "the model has no configuration to test itself by",
            where=where,
            remedy="model.with_example(positions, box, topology) stores one",
        )
    require_torch_agrees(model, where)
    system = openmm.System()
    for _ in example.topology.types:
        system.addParticle(1.0)
    if example.box is not None:
        system.setDefaultPeriodicBoxVectors(*example.box)
    _as_it_was(model, example).add_forces(system, example.topology, periodic=example.box is not None)
    with openmm_faults(where, model.bead_names):
        platform = openmm.Platform.getPlatformByName("Reference")
        context = openmm.Context(system, openmm.VerletIntegrator(0.001), platform)
        context.setPositions(example.positions)
        state = context.getState(energy=True, forces=True)
    found = (
        float(state.getPotentialEnergy()._value),
        np.asarray(state.getForces(asNumpy=True)._value, dtype=float),
    )
    _compare(model, example, found, where, "OpenMM")


def _compare(
    model: NeuralModel, example: Example, found: tuple[float, FloatArray], where: str, who: str
) -> None:
    """Forces relative to the largest, energies relative to a kJ/mol for every particle, or to themselves."""
    tolerance = TOLERANCES[model.settings.precision]
    energy_scale = max(abs(example.energy), float(len(example.positions)))
    force_scale = max(1.0, float(np.abs(example.forces).max(initial=0.0)))
    energy = abs(found[0] - example.energy) / energy_scale
    force = float(np.abs(found[1] - example.forces).max(initial=0.0)) / force_scale
    # Written so that what is not a number fails.
    if not (energy <= tolerance and force <= tolerance):
        raise SimulationError(
            f"{who} does not say what the trained potential said: energies differ by {energy:.2g}, forces by "
            f"{force:.2g} of their size, and {tolerance:g} is rounding",
            where=where,
            remedy="the weights or the version of a package are not those that the model was made with: "
            "make it anew, or install the versions that `cgbridge models FILE` shows",
        )
