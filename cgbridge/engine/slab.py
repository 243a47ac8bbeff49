"""A liquid film between vacuum, at constant volume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from cgbridge.engine.bulk import melt
from cgbridge.engine.liquid_start import liquid_start_density
from cgbridge.engine.molecular_dynamics import Dynamics
from cgbridge.engine.settings import EngineSettings
from cgbridge.errors import SimulationError
from cgbridge.interfaces import Run, Simulation
from cgbridge.rng import derive_seed
from cgbridge.structures.box_sizes import MARGIN
from cgbridge.structures.lattices import Box, liquid
from cgbridge.units import BAR_NM3, GAS_CONSTANT

#: Height of the box over the thickness of the film: two films' worth of vacuum.
_HEIGHT = 3.0


def run_slab(model: Any, simulation: Simulation, settings: EngineSettings, seed: int, scratch: Path) -> Run:
    """NVT of a film normal to z, as thick as it is wide; adds the series ``pressure_tensor`` in bar.

    P = (N k T 1 + W)/V with the virial tensor W: the ideal part is isotropic on average, so that its
    mean is taken instead of the fluctuating kinetic tensor.

    Raises :class:`SimulationError` for too few beads, :class:`~cgbridge.errors.UnstableError` and
    :class:`~cgbridge.errors.StepLimitError`.
    """
    seed = derive_seed(seed, *simulation.key)
    density = liquid_start_density(model, simulation)
    start = liquid(simulation.beads, model.bead_mass, density, derive_seed(seed, "structure"))
    width = 2.0 * model.cutoff * MARGIN
    if start.edges[2] < 2.0 * width:
        raise SimulationError(
            f"a film of {simulation.beads} beads would be {start.edges[2]:.2f} nm thick, thinner than "
            f"four cutoffs ({2.0 * width:.2f} nm): its surfaces would feel each other",
            remedy="give the target more beads, e.g. options: {beads: 1000}",
        )
    hot = melt(model, start, simulation, settings, seed)
    film = Dynamics(
        model,
        _with_vacuum(hot.box()),
        settings,
        temperature=simulation.temperature,
        barostat="none",
        seed=seed,
    )
    film.steps, film.planned = hot.steps, hot.planned
    film.heat()
    film.equilibrate(simulation.equilibration)
    force = film.context.getSystem().getForce(0)
    ideal = np.eye(3) * simulation.beads * GAS_CONSTANT * simulation.temperature

    def pressure(state: Any) -> dict[str, Any]:
        virial = np.reshape(force.getVirial(film.context), (3, 3))
        return {"pressure_tensor": (ideal + virial) / state.getPeriodicBoxVolume()._value / BAR_NM3}

    series, trajectory = film.sample(
        simulation.production, simulation.interval, scratch / "frames.h5", pressure
    )
    return Run(
        simulation,
        beads=simulation.beads,
        bead_mass=model.bead_mass,
        series=series,
        trajectory=trajectory,
        md_steps=film.steps,
        timestep=settings.timestep,
    )


def _with_vacuum(box: Box) -> Box:
    """The film, made whole, in the middle of a taller box."""
    positions = box.positions - np.floor(box.positions / box.edges) * box.edges
    edges = box.edges * np.array([1.0, 1.0, _HEIGHT])
    positions[:, 2] += 0.5 * (edges[2] - box.edges[2])
    return Box(positions, edges)
