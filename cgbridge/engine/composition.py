"""Which beads stand where, and which are bonded: crystals and liquids that the engine makes itself."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cgbridge.errors import ConfigError, did_you_mean
from cgbridge.interfaces import Model
from cgbridge.models.beads import Molecule, molecules_along
from cgbridge.records.simulation import Simulation
from cgbridge.simulation_kind import SimulationKind
from cgbridge.structures.lattices import sublattices
from cgbridge.topology import Topology, joined


def molecules_of(model: Model) -> tuple[Molecule, ...]:
    """The kinds of molecules that a model knows; none where every bead is one."""
    return tuple(getattr(model, "molecules", ()))


def crystal_beads(model: Model, structure: str, composition: Sequence[str] = ()) -> tuple[str, ...]:
    """The bead type of every sublattice of ``structure``.

    ``composition`` where it is given, else the beads of the model in their order, where there are as many.
    Raises :class:`ConfigError` for unknown beads and bonded ones, or when it must be told which.
    """
    needed = sublattices(structure)
    chosen = tuple(composition) or model.bead_names
    _require_known(model, chosen)
    _require_single(model, chosen, f"the crystal '{structure}'")
    if len(chosen) == 1:
        return tuple(chosen) * needed
    if len(chosen) != needed:
        raise ConfigError(
            f"'{structure}' has {needed} {'kind' if needed == 1 else 'kinds'} of sites, and {len(chosen)} "
            "beads to put there: " + ", ".join(chosen),
            where="composition",
            remedy=f"name the beads on the sites: {', '.join(chosen[:needed])} (composition: of a target, "
            "--composition), or choose some of the model's (--bead, model.beads)",
        )
    return chosen


def liquid_topology(model: Model, beads: int, composition: Sequence[str] = (), *, seed: int = 0) -> Topology:
    """The beads of a liquid of ``beads`` beads or a few more, molecule by molecule, mixed at random.

    ``composition`` names molecules, or the beads of molecules in their order, in their ratio: a name may
    stand there several times. It is repeated as a whole, so that the ratio is exact and what is neutral
    stays so. Raises :class:`ConfigError` for unknown names, and where several kinds of molecules could be
    meant and none is chosen.
    """
    unit = _formula_unit(model, composition)
    parts = unit * math.ceil(beads / sum(map(len, unit)))
    if len(unit) > 1:
        order = np.random.default_rng(seed).permutation(len(parts))
        parts = [parts[index] for index in order]
    if all(len(part) == 1 for part in parts):
        return Topology(tuple(part.types[0] for part in parts))
    return joined(parts)


def _formula_unit(model: Model, composition: Sequence[str]) -> list[Topology]:
    """The molecules of one repetition of ``composition``."""
    molecules = {molecule.name: molecule for molecule in molecules_of(model)}
    held = {bead for molecule in molecules.values() for bead in molecule.beads}
    species = (*molecules, *(bead for bead in model.bead_names if bead not in held))
    if not composition and len(species) > 1:
        what = "molecules" if molecules else "beads"
        raise ConfigError(
            f"model '{model.name}' has the {what} {', '.join(species)}, and a liquid may hold any of them",
            where="composition",
            remedy=f"name those of the liquid, in their ratio: composition: [{', '.join(species)}] of a "
            f"target, --composition {','.join(species)}",
        )
    found: list[Topology] = []
    beads: list[str] = []  # beads since the last molecule that was named
    for name in composition or species:
        if name in molecules:
            found += _along(beads, model)
            found.append(molecules[name].topology)
            beads = []
        else:
            _require_known(model, (name,), tuple(molecules))
            beads.append(name)
    return found + _along(beads, model)


def _along(beads: Sequence[str], model: Model) -> list[Topology]:
    """The molecules of a part of a composition that names their beads."""
    try:
        return molecules_along(beads, molecules_of(model))
    except ConfigError as error:
        names = ", ".join(molecule.name for molecule in molecules_of(model))
        raise ConfigError(
            error.what, where="composition", remedy=f"name molecules instead of beads: {names}"
        ) from None


def mean_mass(model: Model, types: Sequence[str]) -> float:
    """Mean mass in amu of beads of these types; raises :class:`ConfigError` for an unknown one."""
    kinds, counts = np.unique(np.array(types), return_counts=True)
    masses = model.masses(Topology(tuple(map(str, kinds))))
    return float(np.dot(counts, masses) / len(types))


def _require_known(model: Model, names: Sequence[str], molecules: Sequence[str] = ()) -> None:
    for name in names:
        if name not in model.bead_names:
            known = (*model.bead_names, *molecules)
            or_molecule = " or molecule" if molecules else ""
            raise ConfigError(
                f"model '{model.name}' has no bead{or_molecule} '{name}'{did_you_mean(name, known)}",
                where="composition",
                remedy="its beads: "
                + ", ".join(model.bead_names)
                + (f"; its molecules: {', '.join(molecules)}" if molecules else ""),
            )


def _require_single(model: Model, names: Sequence[str], what: str) -> None:
    """Raise :class:`ConfigError` for a bead that no molecule holds alone: ``what`` would drop its bonds."""
    molecules = molecules_of(model)
    for name in names:
        holders = [molecule for molecule in molecules if name in molecule.beads]
        if holders and not any(len(molecule.beads) == 1 for molecule in holders):
            raise ConfigError(
                f"{what} is one of single beads, and the bead '{name}' of model '{model.name}' is part of "
                f"the molecule '{holders[0].name}'",
                where="composition",
                remedy="crystals of molecules come from structure files: `cgbridge energy`, or "
                "observable: configurations",
            )


def require_beads(model: Model, simulation: Simulation) -> None:
    """Raise :class:`ConfigError` where it is not told, or not possible, which beads are simulated."""
    if simulation.crystal is not None:
        crystal_beads(model, simulation.crystal, simulation.composition)
    elif simulation.is_liquid:
        liquid_topology(model, 1, simulation.composition)
    else:
        _require_known(model, simulation.composition)
        if simulation.kind is SimulationKind.DIMER:
            dimer_beads(model, simulation.composition)


def dimer_beads(model: Model, composition: Sequence[str] = ()) -> tuple[str, str]:
    """The two beads of a dimer; raises :class:`ConfigError` unless they are known, two and single."""
    names = tuple(composition) or model.bead_names
    _require_known(model, names)
    if len(names) > 2:
        raise ConfigError(
            f"a dimer has two beads, and here are {len(names)}: {', '.join(names)}",
            where="composition",
            remedy=f"name the two of the target, composition: [{', '.join(names[:2])}]",
        )
    _require_single(model, names, "the dimer")
    return names[0], names[-1]
