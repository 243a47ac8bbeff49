"""Molecules that do not feel each other: the ideal gas that a liquid evaporates to."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from cgbridge.engine.composition import liquid_topology, mean_mass
from cgbridge.engine.liquid_start import shapes_of
from cgbridge.engine.molecular_dynamics import Dynamics
from cgbridge.engine.recording import Recording, Series
from cgbridge.engine.settings import EngineSettings
from cgbridge.interfaces import Model
from cgbridge.records.simulation import Simulation
from cgbridge.rng import derive_seed
from cgbridge.structures.lattices import Box
from cgbridge.topology import Topology
from cgbridge.trajectories.hdf5 import Trajectory

#: Distance in nm at which molecules start, which they do not diffuse in a nanosecond: many-body terms know no
#: exclusions.
_APART = 50.0


def run_gas(
    model: Model, simulation: Simulation, settings: EngineSettings, seed: int, scratch: Path
) -> Recording:
    """Constant temperature, no box: as many molecules as ``simulation.beads`` make, none of which acts on
    another. There are no frames, and the volume means nothing.

    Raises :class:`~cgbridge.errors.UnstableError` and :class:`~cgbridge.errors.StepLimitError`.
    """
    seed = derive_seed(seed, *simulation.key)
    topology = liquid_topology(model, simulation.beads, simulation.composition)
    dynamics = Dynamics(
        model,
        _far_apart(model, topology, seed),
        settings,
        temperature=simulation.temperature,
        barostat="none",
        seed=seed,
        topology=_blind(topology),
        isolated=True,
    )
    dynamics.planned = round(simulation.duration / settings.timestep)
    dynamics.heat()
    dynamics.equilibrate(simulation.equilibration)

    def sample(time: float, done: int) -> tuple[list[Series], list[Trajectory | None]]:
        return [dynamics.sample(time, simulation.interval, None, done=done)[0]], [None]

    mass = mean_mass(model, topology.types)
    return Recording(
        dynamics, sample, [simulation], settings, beads=len(topology), bead_mass=mass, topology=topology
    )


def _far_apart(model: Model, topology: Topology, seed: int) -> Box:
    shapes = shapes_of(model, topology, seed)
    side = math.ceil(len(shapes) ** (1 / 3) - 1e-9)
    grid = itertools.product(range(side), repeat=3)
    places = [shape + _APART * np.array(place) for shape, place in zip(shapes, grid, strict=False)]
    return Box(np.concatenate(places), np.full(3, side * _APART), types=topology.types)


def _blind(topology: Topology) -> Topology:
    """The same molecules, with all pairs of beads of different ones left out."""
    molecule = topology.molecule_of
    pairs = itertools.combinations(range(len(topology)), 2)
    others = tuple((i, j) for i, j in pairs if molecule[i] != molecule[j])
    return replace(topology, exclusions=(*topology.exclusions, *others))
