"""What a liquid starts from: a density that suits the substance, and heat that melts any order."""

from __future__ import annotations

from dataclasses import replace

from cgbridge.engine.composition import liquid_beads, mean_mass
from cgbridge.engine.static import lowest_lattice
from cgbridge.errors import ConfigError, UnstableError
from cgbridge.interfaces import Model
from cgbridge.records.simulation import Simulation
from cgbridge.rng import derive_seed
from cgbridge.structures.box_sizes import start_density
from cgbridge.structures.lattices import Box, liquid

#: Up to this temperature in K every liquid starts with it, so that it keeps no memory of the grid that it was
#: put on; twice as hot as water's melting point.
_HOT = 600.0
MELT_TIME = 5.0
#: Densities of crystals in g/cm^3 by the fingerprint of the model: a tenth of a second each.
_crystals: dict[str, float] = {}


def melt_temperature(temperature: float) -> float:
    """Temperature in K from which a liquid is brought to ``temperature``: 600 K, or T + (T - 600 K) above it.

    So silicon at 2000 K comes from 3400 K, which is twice its melting point, as 600 K is for water.
    """
    return _HOT + 2.0 * max(0.0, temperature - _HOT)


def liquid_start_density(model: Model, simulation: Simulation) -> float:
    """Density in g/cm^3 at which the simulation's liquid starts.

    Near the one that the simulation expects. Where it expects none, near that of the model's own crystal: a
    liquid differs from it by a tenth, tetrahedral ones above and close-packed ones below. Raises
    :class:`UnstableError` for a model without one.
    """
    if simulation.density:
        return start_density(simulation.density)
    if len(model.bead_names) > 1:
        raise ConfigError(
            f"the density of a liquid of {', '.join(model.bead_names)} cannot be guessed",
            where="engine.density",
            remedy="give it, about",
        )
    return start_density(crystal_density(model))


def liquid_start(model: Model, simulation: Simulation, seed: int) -> Box:
    """Beads on random places at the density of :func:`liquid_start_density`: no overlaps, no order."""
    types = liquid_beads(model, simulation.beads, simulation.composition, seed=derive_seed(seed, "types"))
    density = liquid_start_density(model, simulation)
    box = liquid(simulation.beads, mean_mass(model, types), density, derive_seed(seed, "structure"))
    return replace(box, types=types)


def crystal_density(model: Model) -> float:
    """Density in g/cm^3 of the diamond or the face-centred cubic lattice at rest, whichever lies lower.

    Raises :class:`UnstableError` when neither is bound.
    """
    fingerprint = model.fingerprint()
    if fingerprint in _crystals:
        return _crystals[fingerprint]
    try:
        density = lowest_lattice(model)["density"]
    except UnstableError as error:
        raise UnstableError(
            f"no density to start a liquid from: {error.what}",
            remedy="give engine.density, or --density",
        ) from None
    return _crystals.setdefault(fingerprint, density)
