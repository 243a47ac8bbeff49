"""Half crystal, half liquid, with two flat interfaces normal to z."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from cgbridge.engine.composition import crystal_beads, mean_mass
from cgbridge.engine.molecular_dynamics import Dynamics, least_width
from cgbridge.engine.recording import Recording, recorded
from cgbridge.engine.settings import EngineSettings
from cgbridge.engine.static import relaxed_scalars
from cgbridge.frames import FloatArray
from cgbridge.interfaces import Model
from cgbridge.records.simulation import Simulation
from cgbridge.rng import derive_seed
from cgbridge.structures.lattices import Box, elongated

#: Time to find the edges of the crystal at temperature: settling, then averaging, ps.
_SETTLING, _AVERAGING = 5.0, 10.0
#: The liquid half is molten this many times hotter than the state, and cooled, with the crystal held still.
_HOT = 2.2
_MELTING, _COOLING = 15.0, 5.0
#: All of that, ps.
PREPARATION = _SETTLING + _AVERAGING + _MELTING + _COOLING


def run_coexistence(
    model: Model, simulation: Simulation, settings: EngineSettings, seed: int, scratch: Path
) -> Recording:
    """Constant temperature, and constant pressure along z; the sides fit the crystal, which is not strained.

    The crystal is thermalised at the state to find its edges; one half is held still while the other is
    molten and cooled; then all beads get new velocities. Series as in
    :class:`cgbridge.records.simulation.Run`.
    Raises :class:`~cgbridge.errors.UnstableError` and :class:`~cgbridge.errors.StepLimitError`.
    """
    seed = derive_seed(seed, *simulation.key)
    planned = round((PREPARATION + simulation.duration) / settings.timestep)

    def dynamics(box: Box, stage: str, before: Dynamics | None = None, **options: Any) -> Dynamics:
        options = {"temperature": simulation.temperature, "pressure": simulation.pressure} | options
        following = Dynamics(model, box, settings, seed=derive_seed(seed, stage), **options)
        following.planned = planned
        following.steps = before.steps if before else 0
        following.heat()
        return following

    types = crystal_beads(model, simulation.structure, simulation.composition)
    start = elongated(
        simulation.structure,
        relaxed_scalars(model, simulation.structure, types)["bond_length"],
        beads=simulation.beads,
        shortest=least_width(model),
        types=types,
        face=simulation.face,
    )
    crystal = dynamics(start, "crystal", barostat="anisotropic")
    box = _thermal_box(crystal)

    held = _lower_half(box)
    hot = dynamics(
        box, "melt", crystal, barostat="none", temperature=_HOT * simulation.temperature, frozen=held
    )
    hot.equilibrate(_MELTING)
    cool = dynamics(hot.box(), "cool", hot, barostat="none", frozen=held)
    cool.equilibrate(_COOLING)

    both = dynamics(cool.box(), "both", cool, barostat="z")
    both.equilibrate(simulation.equilibration)
    return recorded(both, simulation, settings, scratch, mean_mass(model, both.topology.types))


def _thermal_box(crystal: Dynamics) -> Box:
    """The crystal's last positions, scaled to its mean edges at temperature."""
    crystal.equilibrate(_SETTLING)
    edges = []
    for _ in range(20):
        crystal.equilibrate(_AVERAGING / 20)
        edges.append(crystal.box().edges)
    last, mean = crystal.box(), np.mean(edges, axis=0)
    return Box(last.positions / last.edges * mean, mean, types=last.types)


def _lower_half(box: Box) -> FloatArray:
    """Mask of the beads below the middle of z; positions may lie outside the box."""
    heights = box.positions[:, 2] / box.edges[2]
    below: FloatArray = (heights - np.floor(heights)) < 0.5
    return below
