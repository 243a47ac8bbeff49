"""What a liquid starts from: whole molecules, a density that suits them, and heat that melts any order."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cgbridge.engine.composition import liquid_topology, mean_mass
from cgbridge.engine.molecule_shapes import molecule_shapes
from cgbridge.engine.static import lowest_lattice
from cgbridge.errors import UnstableError
from cgbridge.frames import FloatArray
from cgbridge.interfaces import Model
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.records.simulation import Simulation
from cgbridge.rng import derive_seed
from cgbridge.structures.box_sizes import liquid_edge, start_density
from cgbridge.structures.lattices import Box, liquid
from cgbridge.structures.packing import packed
from cgbridge.topology import Topology

#: Up to this temperature in K every liquid starts with it, so that it keeps no memory of the grid that it was
#: put on; twice as hot as water's melting point.
_HOT = 600.0
MELT_TIME = 5.0
#: Densities of crystals in g/cm^3 by the fingerprint of the model and the bead: a tenth of a second each.
_crystals: dict[tuple[str, str], float] = {}


@dataclass(frozen=True)
class Liquid:
    """Beads in a box, and which of them are bonded."""

    box: Box
    topology: Topology


def melt_temperature(temperature: float) -> float:
    """Temperature in K from which a liquid is brought to ``temperature``: 600 K, or T + (T - 600 K) above it.

    So silicon at 2000 K comes from 3400 K, which is twice its melting point, as 600 K is for water.
    """
    return _HOT + 2.0 * max(0.0, temperature - _HOT)


def liquid_start_density(model: Model, simulation: Simulation) -> float:
    """Density in g/cm^3 at which the simulation's liquid starts.

    Near the one that the simulation expects. Where it expects none, near that of the crystals of the beads
    (:func:`crystal_density`): a liquid differs from it by a tenth, tetrahedral ones above and close-packed
    ones below. Raises :class:`UnstableError` for a bead without one.
    """
    if simulation.density:
        return start_density(simulation.density)
    return start_density(crystal_density(model, liquid_topology(model, 1, simulation.composition)))


def liquid_start(model: Model, simulation: Simulation, seed: int) -> Liquid:
    """The liquid of a simulation at the density of :func:`liquid_start_density`."""
    topology = liquid_topology(
        model, simulation.beads, simulation.composition, seed=derive_seed(seed, "types")
    )
    return liquid_of(model, topology, liquid_start_density(model, simulation), seed)


def liquid_of(model: Model, topology: Topology, density: float, seed: int) -> Liquid:
    """Molecules on random places at ``density`` in g/cm^3: whole, no overlaps, no order.

    Raises :class:`~cgbridge.errors.SimulationError` where there is no room for them.
    """
    mass, seed = mean_mass(model, topology.types), derive_seed(seed, "structure")
    if not topology.molecules:
        box = liquid(len(topology), mass, density, seed)
    else:
        edge = liquid_edge(len(topology), mass, density)
        box = Box(packed(shapes_of(model, topology, seed), edge, seed), np.full(3, edge))
    return Liquid(replace(box, types=topology.types), topology)


def shapes_of(model: Model, topology: Topology, seed: int) -> list[FloatArray]:
    """A shape of every molecule of ``topology``."""
    known: dict[Topology, list[FloatArray]] = {}
    generator, found = np.random.default_rng(derive_seed(seed, "shapes")), []
    for molecule in topology.parts():
        if molecule not in known:
            known[molecule] = molecule_shapes(model, molecule, derive_seed(seed, "shape", len(known)))
        found.append(known[molecule][int(generator.integers(len(known[molecule])))])
    return found


def crystal_density(model: Model, liquid: Topology) -> float:
    """Density in g/cm^3 of ``liquid`` if every bead took the room that it has in its own crystal.

    That is the diamond or the face-centred cubic lattice at rest, whichever lies lower. Raises
    :class:`UnstableError` when neither is bound.
    """
    kinds, room = sorted(set(liquid.types)), 0.0
    for bead in kinds:
        try:
            _require_neutral(model, bead)
            room += liquid.types.count(bead) * mean_mass(model, (bead,)) / _own_density(model, bead)
        except UnstableError as error:
            of = f" of {', '.join(kinds)}" if len(kinds) > 1 else ""
            raise UnstableError(
                f"no density to start a liquid{of} from: {error.what}",
                remedy="give about that of the liquid: engine.density: 1.2 g/cm^3, the option density of the "
                "target, or --density",
            ) from None
    return mean_mass(model, liquid.types) * len(liquid) / room


def _require_neutral(model: Model, bead: str) -> None:
    """Raise :class:`UnstableError` for a charged bead: a crystal of it would fly apart."""
    for term in model.terms if isinstance(model, CoarseGrainedModel) else ():
        if term.form == "coulomb" and term.entries.get((bead,), {}).get("q"):
            raise UnstableError(f"the beads {bead} are charged, and a crystal of them alone flies apart")


def _own_density(model: Model, bead: str) -> float:
    key = (model.fingerprint(), bead)
    if key not in _crystals:
        _crystals[key] = lowest_lattice(model, bead)["density"]
    return _crystals[key]
