"""Static results at 0 K: a lattice relaxed in volume, a dimer at its minimum."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from cgbridge.engine.settings import EngineSettings
from cgbridge.engine.structures import lattice, repeats_for
from cgbridge.errors import UnstableError
from cgbridge.interfaces import Run, Simulation
from cgbridge.units import AMU_PER_NM3

#: Distances scanned for the minimum, as fractions of the cutoff; a bond outside is no bond.
_SCAN = np.linspace(0.35, 0.999, 66)
#: Relative accuracy of the distance; the energy is quadratic about it, so its error is far below 1e-10.
_ACCURACY = 1e-9


def run_lattice(model: Any, simulation: Simulation, settings: EngineSettings, seed: int, scratch: Path) -> Run:
    """Energy per bead and density of the perfect lattice at its minimum over isotropic volume.

    Raises :class:`UnstableError` when the energy has no minimum with a negative value.
    """
    import openmm

    cutoff = model.cutoff
    # The box must hold two cutoffs even at the shortest bond of the scan.
    shortest = _SCAN[0] * cutoff
    repeats = repeats_for(simulation.structure, shortest, beads=8, shortest=2.0 * cutoff * 1.001)
    unit = lattice(simulation.structure, 1.0, repeats)
    beads = len(unit.positions)
    system = model.create_system(beads, unit.edges * cutoff)
    context = openmm.Context(
        system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatformByName("Reference")
    )

    def energy(bond: float) -> float:
        x, y, z = (float(edge) * bond for edge in unit.edges)
        context.setPeriodicBoxVectors((x, 0, 0), (0, y, 0), (0, 0, z))
        context.setPositions(unit.positions * bond)
        return float(context.getState(energy=True).getPotentialEnergy()._value) / beads

    bond, minimum = _minimum(energy, cutoff, "the lattice")
    density = beads * model.bead_mass / (unit.volume * bond**3) * AMU_PER_NM3
    scalars = {
        "energy_per_bead": minimum,
        "density": density,
        "bond_length": bond,
        "lattice_constant": 4.0 * bond / math.sqrt(3.0),
    }
    return Run(simulation, beads=beads, bead_mass=model.bead_mass, scalars=scalars)


def run_dimer(model: Any, simulation: Simulation, settings: EngineSettings, seed: int, scratch: Path) -> Run:
    """Energy and distance of an isolated pair at its minimum."""
    import openmm

    system = model.create_system(2)
    context = openmm.Context(
        system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatformByName("Reference")
    )

    def energy(distance: float) -> float:
        context.setPositions([[0.0, 0.0, 0.0], [distance, 0.0, 0.0]])
        return float(context.getState(energy=True).getPotentialEnergy()._value)

    distance, minimum = _minimum(energy, model.cutoff, "the dimer")
    return Run(
        simulation, beads=2, bead_mass=model.bead_mass, scalars={"energy": minimum, "distance": distance}
    )


def _minimum(energy: Callable[[float], float], cutoff: float, what: str) -> tuple[float, float]:
    """Lowest minimum over the scan, refined by Brent's method."""
    distances = _SCAN * cutoff
    energies = np.array([energy(distance) for distance in distances])
    if not np.isfinite(energies).all():
        raise UnstableError(f"{what} has an energy that is not a number")
    lowest = int(np.argmin(energies))
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
