"""Bulk boxes at constant pressure: a liquid, or a crystal."""

from __future__ import annotations

from pathlib import Path

from cgbridge.engine.composition import crystal_beads, mean_mass
from cgbridge.engine.liquid_start import MELT_TIME, Liquid, liquid_start, melt_temperature
from cgbridge.engine.molecular_dynamics import FEW_ITERATIONS, Dynamics, least_width
from cgbridge.engine.recording import Recording, recorded
from cgbridge.engine.settings import EngineSettings
from cgbridge.engine.static import relaxed_scalars
from cgbridge.errors import SimulationError
from cgbridge.interfaces import Model
from cgbridge.records.simulation import Simulation
from cgbridge.rng import derive_seed
from cgbridge.structures.lattices import Box, lattice, repeats_for

#: Iterations that take molecules apart which were put together at random, with their bonds in the way.
_RELAXATION = 2000


def run_bulk(
    model: Model, simulation: Simulation, settings: EngineSettings, seed: int, scratch: Path
) -> Recording:
    """NPT at the simulation's state; see :class:`cgbridge.records.simulation.Run` for the series."""
    seed = derive_seed(seed, *simulation.key)
    if simulation.is_liquid:
        dynamics = _liquid(model, simulation, settings, seed)
    else:
        dynamics = _crystal(model, simulation, settings, seed)
    dynamics.equilibrate(simulation.equilibration)
    dynamics.settle()
    mass = mean_mass(model, dynamics.topology.types)
    return recorded(dynamics, simulation, settings, scratch, mass)


def melt(
    model: Model, start: Liquid, simulation: Simulation, settings: EngineSettings, seed: int
) -> Dynamics:
    """The molecules of ``start`` as a hot liquid that has forgotten the places it was put on.

    Its planned steps are those of the whole simulation.
    """
    dynamics = Dynamics(
        model,
        start.box,
        settings,
        temperature=melt_temperature(simulation.temperature),
        barostat="none",
        seed=derive_seed(seed, "melt"),
        topology=start.topology,
    )
    dynamics.planned = round((MELT_TIME + simulation.duration) / settings.timestep)
    dynamics.minimise(_RELAXATION if start.topology.molecules else FEW_ITERATIONS)
    dynamics.heat()
    dynamics.equilibrate(MELT_TIME)
    return dynamics


def _liquid(model: Model, simulation: Simulation, settings: EngineSettings, seed: int) -> Dynamics:
    hot = melt(model, liquid_start(model, simulation, seed), simulation, settings, seed)
    dynamics = Dynamics(
        model,
        hot.box(),
        settings,
        temperature=simulation.temperature,
        pressure=simulation.pressure,
        barostat="isotropic",
        seed=seed,
        topology=hot.topology,
    )
    dynamics.steps, dynamics.planned = hot.steps, hot.planned
    dynamics.heat()
    return dynamics


def _crystal(model: Model, simulation: Simulation, settings: EngineSettings, seed: int) -> Dynamics:
    dynamics = Dynamics(
        model,
        relaxed_lattice(model, simulation.structure, simulation.beads, simulation.composition),
        settings,
        temperature=simulation.temperature,
        pressure=simulation.pressure,
        barostat="anisotropic",
        seed=seed,
    )
    dynamics.planned = round(simulation.duration / settings.timestep)
    dynamics.heat()
    return dynamics


def relaxed_lattice(model: Model, structure: str, beads: int, composition: tuple[str, ...] = ()) -> Box:
    """The lattice at its static minimum, near ``beads`` beads, wide enough for the cutoff."""
    types = crystal_beads(model, structure, composition)
    bond = relaxed_scalars(model, structure, types)["bond_length"]
    repeats = repeats_for(structure, bond, beads=beads, shortest=least_width(model))
    box = lattice(structure, bond, repeats, types)
    if len(box.positions) > 20 * max(beads, 64):
        raise SimulationError(
            "the lattice box would be many times the beads asked for; the cutoff is too long"
        )
    return box
