"""Which bead stands where: the beads of crystals and liquids that the engine makes itself."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cgbridge.errors import ConfigError, did_you_mean
from cgbridge.interfaces import Model
from cgbridge.records.simulation import Simulation
from cgbridge.simulation_kind import SimulationKind
from cgbridge.structures.lattices import sublattices
from cgbridge.topology import Topology


def crystal_beads(model: Model, structure: str, composition: Sequence[str] = ()) -> tuple[str, ...]:
    """The bead type of every sublattice of ``structure``.

    ``composition`` where it is given, else the beads of the model in their order, where there are as many.
    Raises :class:`ConfigError` for unknown beads, or when it must be told which.
    """
    needed = sublattices(structure)
    chosen = tuple(composition) or model.bead_names
    _require_known(model, chosen)
    if len(chosen) == 1:
        return tuple(chosen) * needed
    if len(chosen) != needed:
        raise ConfigError(
            f"'{structure}' has {needed} kinds of sites, and {len(chosen)} beads to put there: "
            + ", ".join(chosen),
            where="composition",
            remedy=f"name the beads of the target, composition: [{', '.join(chosen[:needed])}]; or choose "
            "some of the model's (--bead, model.beads)",
        )
    return chosen


def liquid_beads(
    model: Model, beads: int, composition: Sequence[str] = (), *, seed: int = 0
) -> tuple[str, ...]:
    """The bead type of every bead of a liquid: those of ``composition`` in equal numbers, mixed at random.

    A name may stand there several times. Raises :class:`ConfigError` for unknown beads, and for several of
    the model where none are chosen.
    """
    chosen = tuple(composition) or model.bead_names
    _require_known(model, chosen)
    if len(chosen) > 1 and not composition:
        raise ConfigError(
            f"model '{model.name}' has the beads {', '.join(chosen)}, and a liquid may hold any of them",
            where="composition",
            remedy=f"name those of a target, in their ratio: composition: [{', '.join(chosen)}]",
        )
    if len(chosen) == 1:
        return chosen * beads
    names = chosen * math.ceil(beads / len(chosen))
    order = np.random.default_rng(seed).permutation(beads)
    return tuple(names[index] for index in order)


def mean_mass(model: Model, types: Sequence[str]) -> float:
    """Mean mass in amu of beads of these types; raises :class:`ConfigError` for an unknown one."""
    kinds, counts = np.unique(np.array(types), return_counts=True)
    masses = model.masses(Topology(tuple(map(str, kinds))))
    return float(np.dot(counts, masses) / len(types))


def _require_known(model: Model, names: Sequence[str]) -> None:
    for name in names:
        if name not in model.bead_names:
            raise ConfigError(
                f"model '{model.name}' has no bead '{name}'{did_you_mean(name, model.bead_names)}",
                where="composition",
                remedy="its beads: " + ", ".join(model.bead_names),
            )


def _require_pair(names: Sequence[str]) -> None:
    if len(names) > 2:
        raise ConfigError(
            f"a dimer has two beads, and here are {len(names)}: {', '.join(names)}",
            where="composition",
            remedy=f"name the two of the target, composition: [{', '.join(names[:2])}]",
        )


def require_beads(model: Model, simulation: Simulation) -> None:
    """Raise :class:`ConfigError` where it is not told, or not possible, which beads are simulated."""
    if simulation.crystal is not None:
        crystal_beads(model, simulation.crystal, simulation.composition)
    elif simulation.is_liquid:
        liquid_beads(model, 1, simulation.composition)
    else:
        _require_known(model, simulation.composition)
    if simulation.kind is SimulationKind.DIMER:
        _require_pair(tuple(simulation.composition) or model.bead_names)
