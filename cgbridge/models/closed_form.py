"""Static values of one-type models in closed form: the dimer and the perfect diamond lattice (cubic ice).

The diamond lattice with bond length r has lattice constant a = 4 r/sqrt(3) and 8 beads per cell; every
bead has 4 neighbours at r with cos theta = -1/3 between them and the second neighbours lie at
sqrt(8/3) r. As long as those lie beyond the cutoff the energy per bead is a closed expression.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cgbridge.errors import ConfigError, SimulationError
from cgbridge.frames import FloatArray
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.pairs import bound_pairs, pair_energy
from cgbridge.models.terms.form import Values
from cgbridge.units import AMU_PER_NM3

#: Second over first neighbour distance in the diamond lattice.
SECOND_NEIGHBOUR = math.sqrt(8.0 / 3.0)


@dataclass(frozen=True)
class DimerMinimum:
    """Distance in nm and energy in kJ/mol of the pair at its minimum."""

    distance: float
    energy: float


@dataclass(frozen=True)
class DiamondMinimum:
    """Bond length and lattice constant in nm, energy per bead in kJ/mol, density in g/cm^3."""

    bond: float
    lattice_constant: float
    energy_per_bead: float
    density: float


def _values(model: CoarseGrainedModel) -> Values:
    if len(model.beads) != 1:
        raise ConfigError(f"model '{model.name}' has several bead types; closed forms are for one")
    return model.internal_entries()[(0, 0, 0)]


def dimer_energy(model: CoarseGrainedModel, distance: FloatArray | float) -> FloatArray:
    """Energy in kJ/mol of an isolated pair of the only bead type at ``distance`` in nm (scalar or array)."""
    if len(model.beads) != 1:
        raise ConfigError(f"model '{model.name}' has several bead types; closed forms are for one")
    energy = pair_energy(model, 0, 0, np.asarray(distance, dtype=np.float64))
    if energy is None:
        raise SimulationError("two beads do not interact", where=f"model '{model.name}'")
    return energy


def diamond_energy(model: CoarseGrainedModel, bond: FloatArray | float) -> FloatArray:
    """Energy per bead in kJ/mol of the diamond lattice with bond length ``bond`` in nm.

    Raises :class:`SimulationError` where second neighbours lie inside the cutoff.
    """
    bond = np.asarray(bond, dtype=np.float64)
    shortest = float(np.min(bond))
    if shortest * SECOND_NEIGHBOUR < model.cutoff * (1.0 - 1e-12):
        raise SimulationError(
            f"at bond length {shortest:.4f} nm second neighbours ({shortest * SECOND_NEIGHBOUR:.4f} nm) lie "
            f"inside the cutoff ({model.cutoff:.4f} nm): the closed form does not hold",
            where=f"model '{model.name}'",
            remedy="relax the lattice with the engine instead",
        )
    return model.require_many_body("the closed form of the lattice").diamond_energy(_values(model), bond)


def diamond_density(model: CoarseGrainedModel, bond: float) -> float:
    """8 m/(4 r/sqrt(3))^3 in g/cm^3."""
    return 8.0 * model.bead_mass / (4.0 * bond / math.sqrt(3.0)) ** 3 * AMU_PER_NM3


def dimer_minimum(model: CoarseGrainedModel) -> DimerMinimum:
    """The minimum of the pair energy.

    Raises :class:`SimulationError` when the pair does not bind.
    """
    found = next(bound_pairs(model), None)
    if found is None:
        raise SimulationError("the pair has no bound minimum", where=f"model '{model.name}'")
    distance, energy = _minimise(
        lambda r: dimer_energy(model, r), 0.9 * found.distance, 1.1 * found.distance, model.name
    )
    return DimerMinimum(distance, energy)


def diamond_minimum(model: CoarseGrainedModel) -> DiamondMinimum:
    """The relaxed diamond lattice at zero pressure.

    Raises :class:`SimulationError` when there is no minimum with second neighbours beyond the cutoff.
    """
    bond, energy = _minimise(
        lambda r: diamond_energy(model, r), model.cutoff / SECOND_NEIGHBOUR, model.cutoff, model.name
    )
    return DiamondMinimum(bond, 4.0 * bond / math.sqrt(3.0), energy, diamond_density(model, bond))


def _minimise(
    energy: Callable[[FloatArray], FloatArray], low: float, high: float, name: str
) -> tuple[float, float]:
    """Global minimum on a grid, refined between the neighbouring grid points."""
    grid = np.linspace(low, high, 2001)
    values = energy(grid)
    best = int(np.argmin(values))
    if best in (0, len(grid) - 1) or values[best] >= 0.0:
        raise SimulationError(
            f"no bound minimum between {low:.4f} and {high:.4f} nm", where=f"model '{name}'"
        )
    # Here, because its import would be half of the time that `cgbridge check` takes.
    from scipy.optimize import minimize_scalar

    result = minimize_scalar(
        lambda r: float(energy(np.asarray(r))),
        bounds=(grid[best - 1], grid[best + 1]),
        method="bounded",
        options={"xatol": 1e-12},
    )
    return float(result.x), float(result.fun)
