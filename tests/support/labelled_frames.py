"""Labelled frames of models whose forces are known: data sets for fits to forces."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np

from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.systems import create_system
from cgbridge.topology import Beads, Topology

LENNARD_JONES = CoarseGrainedModel.from_dict(
    {
        "name": "argon",
        "beads": [{"name": "Ar", "mass": "39.948 amu"}],
        "form": "lennard-jones",
        "parameters": [
            {"name": "epsilon", "unit": "kJ/mol", "value": 0.99607},
            {"name": "sigma", "unit": "nm", "value": 0.34},
            {"name": "cutoff", "unit": "nm", "value": 0.85},
            {"name": "smoothing", "unit": "1", "value": 0.7},
        ],
    }
)


def dynamics(
    model: CoarseGrainedModel,
    topology: Topology,
    box: np.ndarray,
    *,
    kelvin: float,
    frames: int,
    start: np.ndarray,
    stride: int = 100,
    timestep: float = 0.005,
    pressure: float | None = None,
    seed: int = 1,
) -> dict[str, Any]:
    """Frames of Langevin dynamics with their forces, in the arrays of an npz of labelled frames."""
    import openmm

    system = create_system(model, topology, box)
    if pressure is not None:
        barostat = openmm.MonteCarloBarostat(pressure, kelvin, 10)
        barostat.setRandomNumberSeed(seed)
        system.addForce(barostat)
    integrator = openmm.LangevinMiddleIntegrator(kelvin, 2.0, timestep)
    integrator.setRandomNumberSeed(seed)
    platform = openmm.Platform.getPlatformByName("CPU")
    context = openmm.Context(system, integrator, platform, {"Threads": "1"})
    context.setPositions(start)
    openmm.LocalEnergyMinimizer.minimize(context, maxIterations=50)
    context.setVelocitiesToTemperature(kelvin, seed)
    integrator.step(1000)
    found: dict[str, list[Any]] = {name: [] for name in ("positions", "forces", "box", "time", "energy")}
    for _ in range(frames):
        integrator.step(stride)
        state = context.getState(positions=True, forces=True, energy=True)
        found["positions"].append(state.getPositions(asNumpy=True)._value)
        found["forces"].append(state.getForces(asNumpy=True)._value)
        found["box"].append(state.getPeriodicBoxVectors(asNumpy=True)._value)
        found["time"].append(state.getTime()._value)
        found["energy"].append(state.getPotentialEnergy()._value)
    arrays: dict[str, Any] = {name: np.array(values) for name, values in found.items()}
    source = {"ensemble": "nvt" if pressure is None else "npt", "temperature": kelvin}
    source |= {} if pressure is None else {"pressure": pressure}
    return arrays | described(topology, model.masses(topology), source)


def described(topology: Topology, masses: Any, source: dict[str, Any]) -> dict[str, Any]:
    """What an npz of labelled frames says beside them."""
    return {
        "bead_types": np.array(topology.types),
        "topology": Beads(topology, tuple(masses)).to_json(),
        "source": json.dumps(source),
    }


@functools.cache
def _argon(skew: float) -> dict[str, Any]:
    side, edge = 5, 1.85
    box = edge * np.array([[1.0, 0.0, 0.0], [skew, 1.0, 0.0], [-skew, skew, 1.0]])
    grid = np.stack(np.meshgrid(*[np.arange(side)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    topology = Topology(("Ar",) * side**3)
    return dynamics(
        LENNARD_JONES, topology, box, kelvin=120.0, frames=60, start=(grid + 0.5) / side @ box, stride=40
    )


def argon(frames: int = 60, skew: float = 0.0) -> dict[str, Any]:
    """The first frames of 125 atoms of dense argon at 120 K, 0.2 ps apart, with their forces.

    ``skew``: how far the second and third edge of the box lean, in edges; the volume stays.
    """
    per_frame = ("positions", "forces", "box", "time", "energy")
    return {name: value[:frames] if name in per_frame else value for name, value in _argon(skew).items()}


def save(path: Path, arrays: dict[str, Any]) -> Path:
    """Write an npz of labelled frames."""
    np.savez(path, **arrays)
    return path


def water_set(path: Path, frames: int = 8) -> list[Any]:
    """An extended XYZ as ASE writes it: two kinds of boxes, one of them turned, with all labels."""
    from ase import Atoms
    from ase.build import molecule
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.io import write

    random, found = np.random.default_rng(7), []
    for number in range(frames):
        cell = np.array([[9.0, 0.0, 0.0], [1.0, 8.5, 0.5], [0.0, 1.5, 9.5]]) + 0.05 * random.standard_normal(
            (3, 3)
        )
        atoms = Atoms(cell=cell, pbc=True)
        for _ in range(2 + number % 2):
            one = molecule("H2O")
            one.positions += random.uniform(0.0, 9.0, 3)
            atoms += one
        forces = random.standard_normal((len(atoms), 3))
        forces -= forces.mean(axis=0)
        stress = random.standard_normal(6)
        atoms.calc = SinglePointCalculator(atoms, energy=-10.0 * len(atoms), forces=forces, stress=stress)
        found.append(atoms)
    write(path, found, format="extxyz")
    return found
