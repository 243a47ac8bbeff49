"""Bulk boxes at constant pressure: a liquid, or a crystal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cgbridge.engine.liquid_start import MELT_TIME, liquid_start_density, melt_temperature
from cgbridge.engine.molecular_dynamics import Dynamics
from cgbridge.engine.settings import EngineSettings
from cgbridge.engine.static import run_lattice
from cgbridge.errors import SimulationError
from cgbridge.interfaces import Run, Simulation
from cgbridge.rng import derive_seed
from cgbridge.structures.box_sizes import MARGIN
from cgbridge.structures.lattices import Box, lattice, liquid, repeats_for


def run_bulk(model: Any, simulation: Simulation, settings: EngineSettings, seed: int, scratch: Path) -> Run:
    """NPT at the simulation's state; see :class:`cgbridge.interfaces.Run` for the series."""
    seed = derive_seed(seed, *simulation.key)
    if simulation.structure == "liquid":
        dynamics = _liquid(model, simulation, settings, seed)
    else:
        dynamics = _crystal(model, simulation, settings, seed)
    dynamics.equilibrate(simulation.equilibration)
    dynamics.settle()
    series, trajectory = dynamics.sample(simulation.production, simulation.interval, scratch / "frames.h5")
    return Run(
        simulation,
        beads=len(dynamics.box().positions),
        bead_mass=model.bead_mass,
        series=series,
        trajectory=trajectory,
        md_steps=dynamics.steps,
        timestep=settings.timestep,
    )


def melt(model: Any, start: Box, simulation: Simulation, settings: EngineSettings, seed: int) -> Dynamics:
    """The beads of ``start`` as a hot liquid that has forgotten the grid it was put on.

    Its planned steps are those of the whole simulation.
    """
    hot = melt_temperature(simulation.temperature)
    dynamics = Dynamics(
        model, start, settings, temperature=hot, barostat="none", seed=derive_seed(seed, "melt")
    )
    dynamics.planned = round((MELT_TIME + simulation.duration) / settings.timestep)
    dynamics.minimise()
    dynamics.heat()
    dynamics.equilibrate(MELT_TIME)
    return dynamics


def _liquid(model: Any, simulation: Simulation, settings: EngineSettings, seed: int) -> Dynamics:
    density = liquid_start_density(model, simulation)
    start = liquid(simulation.beads, model.bead_mass, density, derive_seed(seed, "structure"))
    hot = melt(model, start, simulation, settings, seed)
    dynamics = Dynamics(
        model,
        hot.box(),
        settings,
        temperature=simulation.temperature,
        pressure=simulation.pressure,
        barostat="isotropic",
        seed=seed,
    )
    dynamics.steps, dynamics.planned = hot.steps, hot.planned
    dynamics.heat()
    return dynamics


def _crystal(model: Any, simulation: Simulation, settings: EngineSettings, seed: int) -> Dynamics:
    dynamics = Dynamics(
        model,
        relaxed_lattice(model, simulation.structure, simulation.beads, settings),
        settings,
        temperature=simulation.temperature,
        pressure=simulation.pressure,
        barostat="anisotropic",
        seed=seed,
    )
    dynamics.planned = round(simulation.duration / settings.timestep)
    dynamics.heat()
    return dynamics


def relaxed_lattice(model: Any, structure: str, beads: int, settings: EngineSettings) -> Box:
    """The lattice at its static minimum, near ``beads`` beads, wide enough for the cutoff."""
    bond = relaxed_bond(model, structure, settings)
    shortest = 2.0 * model.cutoff * MARGIN
    repeats = repeats_for(structure, bond, beads=beads, shortest=shortest)
    box = lattice(structure, bond, repeats)
    if len(box.positions) > 20 * max(beads, 64):
        raise SimulationError(
            "the lattice box would be many times the beads asked for; the cutoff is too long"
        )
    return box


def relaxed_bond(model: Any, structure: str, settings: EngineSettings) -> float:
    """Nearest-neighbour distance in nm of the lattice at its static minimum."""
    return run_lattice(model, Simulation("lattice", structure), settings, 0, Path()).scalars["bond_length"]
