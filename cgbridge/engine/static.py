"""Static results at 0 K: a lattice relaxed in volume, a dimer at its minimum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cgbridge.engine.composition import crystal_beads, dimer_beads, mean_mass
from cgbridge.engine.settings import EngineSettings
from cgbridge.errors import SimulationError, UnstableError
from cgbridge.interfaces import Model
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.openmm_faults import openmm_faults
from cgbridge.models.pairs import bound_pairs
from cgbridge.models.systems import create_system
from cgbridge.records.simulation import Run, Simulation
from cgbridge.structures.lattices import CLOSE_PACKED, Box, lattice, repeats_for, sublattices
from cgbridge.topology import Topology
from cgbridge.units import AMU_PER_NM3

#: Distances scanned for the minimum, as fractions of a length of the model; a bond outside is no bond.
#: Compressed lattices are dear (the number of triplets grows as the sixth power of the density), so that the
#: second range is looked at only when the energy still falls at the short end of the first.
_SCANS = (np.linspace(0.55, 0.999, 46), np.linspace(0.35, 0.56, 22))
#: Relative accuracy of the distance; the energy is quadratic about it, so its error is far below 1e-10.
_ACCURACY = 1e-9


def run_lattice(
    model: Model, simulation: Simulation, settings: EngineSettings, seed: int, scratch: Path
) -> Run:
    """Energy per bead and density of the perfect lattice at its minimum over isotropic volume.

    Raises :class:`UnstableError` when the energy has no minimum with a negative value.
    """
    types = crystal_beads(model, simulation.structure, simulation.composition)
    cell = lattice(simulation.structure, 1.0, (1, 1, 1), types)
    return Run(
        simulation,
        beads=len(cell.types),
        bead_mass=mean_mass(model, cell.types),
        scalars=relaxed_scalars(model, simulation.structure, types),
        topology=Topology(cell.types),
    )


def lowest_lattice(model: Model, bead: str) -> dict[str, float]:
    """The scalars of :func:`run_lattice` for diamond or close packing of ``bead``, whichever lies lower.

    Raises :class:`UnstableError` when neither is bound.
    """
    found, unbound = [], []
    for structure in ("diamond", CLOSE_PACKED):
        try:
            # Bonds of the bead do not count here.
            found.append(relaxed_scalars(model, structure, (bead,) * sublattices(structure)))
        except UnstableError as error:
            unbound.append(error)
    if not found:
        raise unbound[0]
    return min(found, key=lambda scalars: scalars["energy_per_bead"])


def relaxed_scalars(model: Model, structure: str, types: Sequence[str]) -> dict[str, float]:
    """The scalars of :func:`run_lattice`, with ``types`` on the sublattices.

    Raises :class:`UnstableError` when the lattice is not bound.
    """
    cell, cutoff = lattice(structure, 1.0, (1, 1, 1), types), _cutoff(model)
    contexts: dict[tuple[int, int, int], tuple[Any, Box]] = {}

    def energy(bond: float) -> float:
        # The box must hold two cutoffs; the smallest such box is the cheapest.
        repeats = repeats_for(structure, bond, beads=8, shortest=2.0 * cutoff * 1.001)
        if repeats not in contexts:
            box = lattice(structure, 1.0, repeats, types)
            masses, topology = np.ones(len(box.types)), Topology(box.types)
            system = create_system(model, topology, box.edges * cutoff, masses=masses)
            contexts[repeats] = _reference_context(system), box
        context, unit = contexts[repeats]
        x, y, z = (float(edge) * bond for edge in unit.edges)
        context.setPeriodicBoxVectors((x, 0, 0), (0, y, 0), (0, 0, z))
        context.setPositions(unit.positions * bond)
        return float(context.getState(energy=True).getPotentialEnergy()._value) / len(unit.positions)

    with openmm_faults("lattice", model.bead_names):
        bond, minimum = _minimum(energy, _length(model, types), "the lattice")
    density = len(cell.types) * mean_mass(model, cell.types) / (cell.volume * bond**3) * AMU_PER_NM3
    return {
        "energy_per_bead": minimum,
        "density": density,
        "bond_length": bond,
        # Of an orthorhombic cell the first edge; the diamond lattice has 4 r/sqrt(3).
        "lattice_constant": float(cell.edges[0]) * bond,
    }


def run_dimer(
    model: Model, simulation: Simulation, settings: EngineSettings, seed: int, scratch: Path
) -> Run:
    """Energy and distance of an isolated pair at its minimum."""
    types = dimer_beads(model, simulation.composition)
    with openmm_faults("dimer", model.bead_names):
        context = _reference_context(create_system(model, Topology(types), masses=np.ones(2)))

    def energy(distance: float) -> float:
        context.setPositions([[0.0, 0.0, 0.0], [distance, 0.0, 0.0]])
        return float(context.getState(energy=True).getPotentialEnergy()._value)

    with openmm_faults("dimer", model.bead_names):
        distance, minimum = _minimum(energy, _length(model, types), "the dimer")
    return Run(
        simulation,
        beads=2,
        bead_mass=mean_mass(model, types),
        scalars={"energy": minimum, "distance": distance},
        topology=Topology(types),
    )


def _cutoff(model: Model) -> float:
    if model.cutoff is None:
        raise SimulationError(f"model '{model.name}' has no cutoff, and so no smallest box of a lattice")
    return model.cutoff


def _length(model: Model, types: Sequence[str]) -> float:
    """The length in nm that distances are scanned in fractions of.

    The cutoff of a many-body form lies a third beyond its bonds. That of a pair form may lie anywhere: then
    it is four thirds of the shortest distance at which any two of the beads are bound.
    """
    if not isinstance(model, CoarseGrainedModel) or model.many_body is not None:
        return _cutoff(model)
    bound = [pair.distance for pair in bound_pairs(model.restricted(set(types)))]
    return min((4.0 / 3.0 * distance for distance in bound), default=_cutoff(model))


def _reference_context(system: Any) -> Any:
    """Double precision; the platform that is exact."""
    import openmm

    integrator = openmm.VerletIntegrator(0.001)
    return openmm.Context(system, integrator, openmm.Platform.getPlatformByName("Reference"))


def _minimum(energy: Callable[[float], float], length: float, what: str) -> tuple[float, float]:
    """Lowest minimum over the scan, refined by Brent's method."""
    for scan in _SCANS:
        distances = scan * length
        energies = np.array([energy(distance) for distance in distances])
        if not np.isfinite(energies).all():
            raise UnstableError(f"{what} has an energy that is not a number")
        lowest = int(np.argmin(energies))
        if lowest > 0:
            break
    if energies[lowest] >= 0.0 or lowest in (0, len(energies) - 1):
        where = "at the shortest distance looked at" if lowest == 0 else "nowhere below zero"
        raise UnstableError(f"{what} is not bound: its lowest energy is {where}")
    # Here, because its import would be half of the time that `cgbridge check` takes.
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        energy,
        bounds=(distances[lowest - 1], distances[lowest + 1]),
        method="bounded",
        options={"xatol": _ACCURACY * length},
    )
    return float(found.x), float(found.fun)
