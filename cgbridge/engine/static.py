"""Static results at 0 K: a lattice relaxed in volume, a dimer at its minimum."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from cgbridge.engine.settings import EngineSettings
from cgbridge.errors import UnstableError
from cgbridge.interfaces import Run, Simulation
from cgbridge.models.openmm_faults import openmm_faults
from cgbridge.structures.lattices import CLOSE_PACKED, Box, lattice, repeats_for
from cgbridge.units import AMU_PER_NM3

#: Distances scanned for the minimum, as fractions of the cutoff; a bond outside is no bond. Compressed
#: lattices are dear (the number of triplets grows as the sixth power of the density), so that the
#: second range is looked at only when the energy still falls at the short end of the first.
_SCANS = (np.linspace(0.55, 0.999, 46), np.linspace(0.35, 0.56, 22))
#: Relative accuracy of the distance; the energy is quadratic about it, so its error is far below 1e-10.
_ACCURACY = 1e-9


def run_lattice(
    model: Any, simulation: Simulation, settings: EngineSettings, seed: int, scratch: Path
) -> Run:
    """Energy per bead and density of the perfect lattice at its minimum over isotropic volume.

    Raises :class:`UnstableError` when the energy has no minimum with a negative value.
    """
    beads = len(lattice(simulation.structure, 1.0, (1, 1, 1)).positions)
    scalars = _relaxed(model, simulation.structure)
    return Run(simulation, beads=beads, bead_mass=model.bead_mass, scalars=scalars)


def lowest_lattice(model: Any) -> dict[str, float]:
    """The scalars of :func:`run_lattice` for diamond or close packing, whichever has the lower energy.

    Raises :class:`UnstableError` when neither is bound.
    """
    found, unbound = [], []
    for structure in ("diamond", CLOSE_PACKED):
        try:
            found.append(_relaxed(model, structure))
        except UnstableError as error:
            unbound.append(error)
    if not found:
        raise unbound[0]
    return min(found, key=lambda scalars: scalars["energy_per_bead"])


def _relaxed(model: Any, structure: str) -> dict[str, float]:
    cell = lattice(structure, 1.0, (1, 1, 1))
    contexts: dict[tuple[int, int, int], tuple[Any, Box]] = {}

    def energy(bond: float) -> float:
        # The box must hold two cutoffs; the smallest such box is the cheapest.
        repeats = repeats_for(structure, bond, beads=8, shortest=2.0 * model.cutoff * 1.001)
        if repeats not in contexts:
            box = lattice(structure, 1.0, repeats)
            beads = len(box.positions)
            system = model.create_system(beads, box.edges * model.cutoff, masses=np.ones(beads))
            contexts[repeats] = _reference_context(system), box
        context, unit = contexts[repeats]
        x, y, z = (float(edge) * bond for edge in unit.edges)
        context.setPeriodicBoxVectors((x, 0, 0), (0, y, 0), (0, 0, z))
        context.setPositions(unit.positions * bond)
        return float(context.getState(energy=True).getPotentialEnergy()._value) / len(unit.positions)

    with openmm_faults("lattice", model.bead_names):
        bond, minimum = _minimum(energy, model.cutoff, "the lattice")
    beads = len(cell.positions)
    density = beads * model.bead_mass / (cell.volume * bond**3) * AMU_PER_NM3
    return {
        "energy_per_bead": minimum,
        "density": density,
        "bond_length": bond,
        "lattice_constant": 4.0 * bond / math.sqrt(3.0),
    }


def run_dimer(model: Any, simulation: Simulation, settings: EngineSettings, seed: int, scratch: Path) -> Run:
    """Energy and distance of an isolated pair at its minimum."""
    with openmm_faults("dimer", model.bead_names):
        context = _reference_context(model.create_system(2, masses=np.ones(2)))

    def energy(distance: float) -> float:
        context.setPositions([[0.0, 0.0, 0.0], [distance, 0.0, 0.0]])
        return float(context.getState(energy=True).getPotentialEnergy()._value)

    with openmm_faults("dimer", model.bead_names):
        distance, minimum = _minimum(energy, model.cutoff, "the dimer")
    return Run(
        simulation, beads=2, bead_mass=model.bead_mass, scalars={"energy": minimum, "distance": distance}
    )


def _reference_context(system: Any) -> Any:
    """Double precision; the platform that is exact."""
    import openmm

    integrator = openmm.VerletIntegrator(0.001)
    return openmm.Context(system, integrator, openmm.Platform.getPlatformByName("Reference"))


def _minimum(energy: Callable[[float], float], cutoff: float, what: str) -> tuple[float, float]:
    """Lowest minimum over the scan, refined by Brent's method."""
    for scan in _SCANS:
        distances = scan * cutoff
        energies = np.array([energy(distance) for distance in distances])
        if not np.isfinite(energies).all():
            raise UnstableError(f"{what} has an energy that is not a number")
        lowest = int(np.argmin(energies))
        if lowest > 0:
            break
    if energies[lowest] >= 0.0 or lowest in (0, len(energies) - 1):
        where = "at the shortest distance looked at" if lowest == 0 else "nowhere below zero"
        raise UnstableError(f"{what} is not bound: its lowest energy is {where}")
    found = minimize_scalar(
        energy,
        bounds=(distances[lowest - 1], distances[lowest + 1]),
        method="bounded",
        options={"xatol": _ACCURACY * cutoff},
    )
    return float(found.x), float(found.fun)
