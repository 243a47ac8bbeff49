"""A liquid film between vacuum, at constant volume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from cgbridge.engine.bulk import melt
from cgbridge.engine.composition import mean_mass
from cgbridge.engine.liquid_start import liquid_start
from cgbridge.engine.molecular_dynamics import Dynamics, least_width
from cgbridge.engine.recording import Recording, recorded
from cgbridge.engine.settings import EngineSettings
from cgbridge.engine.virial import Virial
from cgbridge.errors import SimulationError
from cgbridge.interfaces import Model
from cgbridge.records.simulation import Simulation
from cgbridge.rng import derive_seed
from cgbridge.structures.lattices import Box
from cgbridge.topology import Topology
from cgbridge.units import BAR_NM3, GAS_CONSTANT

#: Height of the box over the thickness of the film: two films' worth of vacuum.
_HEIGHT = 3.0


def run_slab(
    model: Model, simulation: Simulation, settings: EngineSettings, seed: int, scratch: Path
) -> Recording:
    """NVT of a film normal to z, as thick as it is wide; adds the series ``pressure_tensor`` in bar.

    P = (N k T 1 + W)/V with the virial tensor W: the ideal part is isotropic on average, so that its
    mean is taken instead of the fluctuating kinetic tensor.

    Raises :class:`SimulationError` for too few beads, :class:`~cgbridge.errors.UnstableError` and
    :class:`~cgbridge.errors.StepLimitError`.
    """
    seed = derive_seed(seed, *simulation.key)
    start, width = liquid_start(model, simulation, seed), least_width(model)
    thickness, beads = float(start.box.edges[2]), len(start.topology)
    if thickness < 2.0 * width:
        raise SimulationError(
            f"a film of {beads} beads would be {thickness:.2f} nm thick, thinner than "
            f"four cutoffs ({2.0 * width:.2f} nm): its surfaces would feel each other",
            remedy="give the target more beads, e.g. options: {beads: 1000}",
        )
    hot = melt(model, start, simulation, settings, seed)
    film = Dynamics(
        model,
        _with_vacuum(hot.box(), hot.topology),
        settings,
        temperature=simulation.temperature,
        barostat="none",
        seed=seed,
        topology=hot.topology,
    )
    film.steps, film.planned = hot.steps, hot.planned
    film.heat()
    film.equilibrate(simulation.equilibration)
    virial = Virial(film.context)
    ideal = np.eye(3) * beads * GAS_CONSTANT * simulation.temperature

    def pressure(state: Any) -> dict[str, Any]:
        return {"pressure_tensor": (ideal + virial.tensor()) / state.getPeriodicBoxVolume()._value / BAR_NM3}

    mass = mean_mass(model, film.topology.types)
    return recorded(film, simulation, settings, scratch, mass, extra=pressure)


def _with_vacuum(box: Box, topology: Topology) -> Box:
    """The film, made of whole molecules, in the middle of a taller box.

    The molecules of ``box`` are whole. One whose middle lies in the film may stick out of it.
    """
    molecule = np.unique(topology.molecule_of, return_inverse=True)[1]
    sums = np.stack([np.bincount(molecule, column) for column in box.positions.T], axis=1)
    middles = sums / np.bincount(molecule)[:, None]
    positions = box.positions - (np.floor(middles / box.edges) * box.edges)[molecule]
    edges = box.edges * np.array([1.0, 1.0, _HEIGHT])
    positions[:, 2] += 0.5 * (edges[2] - box.edges[2])
    return Box(positions, edges, types=box.types)
