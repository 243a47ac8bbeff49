"""A mapping meets the atoms of a system."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from cgbridge.atoms import Atoms
from cgbridge.errors import ConfigError
from cgbridge.mapping.assembly import Assembly, Match
from cgbridge.mapping.bead_topology import bead_topology
from cgbridge.mapping.beads_of_molecule import beads_of
from cgbridge.mapping.mapping import Copies, Mapping, MoleculeRule
from cgbridge.mapping.operator import MappingOperator
from cgbridge.mapping.variants import Variant, variants
from cgbridge.mapping.whole import IntArray

#: amu by which a given mass may miss that of the atoms without a word.
_MASS_ROUNDING = 0.01
#: Kinds of molecules or atoms that a message lists.
_SHOWN = 8


def resolve(mapping: Mapping, atoms: Atoms) -> MappingOperator:
    """The operator of ``mapping`` on ``atoms``.

    Raises :class:`~cgbridge.errors.ConfigError` when no molecule fits, two rules want the same atoms, or one
    cannot be followed.
    """
    try:
        parts = Assembly(atoms, _matches(mapping, atoms))
        topology = bead_topology(parts, mapping.excluded)
    except ConfigError as error:
        where = ": ".join(part for part in (mapping.where, error.where) if part)
        raise ConfigError(error.what, where=where or None, remedy=error.remedy) from None
    of_atoms = parts.matrix(lambda bead: bead.shares) @ np.asarray(atoms.masses)
    masses, mass_notes = _masses(parts, of_atoms)
    joined = atoms
    if not np.array_equal(parts.held_together, np.asarray(atoms.molecule_of)):
        joined = replace(atoms, molecule_of=tuple(parts.held_together.tolist()))
    left = np.flatnonzero(parts.role < 0)
    return MappingOperator(
        atoms=joined,
        positions=parts.matrix(lambda bead: bead.positions),
        forces=parts.matrix(lambda bead: bead.forces),
        topology=topology,
        masses=masses,
        unmapped=tuple(left.tolist()),
        own_forces=any(bead.forces is not None for rule in mapping.molecules for bead in rule.beads),
        notes=(*mass_notes, *_unmapped_notes(atoms, left)),
    )


def _matches(mapping: Mapping, atoms: Atoms) -> list[Match]:
    molecules = variants(atoms, atoms.molecule_of)
    residues = variants(atoms, atoms.residue_of) if any(r.by_residue for r in mapping.molecules) else []
    found: list[Match] = []
    taken: set[int] = set()
    for rule in mapping.molecules:
        groups: Iterable[tuple[int, Variant]]
        if rule.copies is not None and rule.copies.alike and (alike := _alike(rule, molecules)):
            rule, groups = alike[0], [(-1, alike[1])]
        elif rule.copies is not None:
            groups = [(-1, _copies(rule, rule.copies, atoms))]
        elif rule.by_residue:
            groups = ((-1, variant) for variant in residues)
        else:
            groups = ((n, variant) for n, variant in enumerate(molecules) if n not in taken)
        for number, variant in groups:
            beads = beads_of(rule, variant)
            if beads is not None:
                found.append(Match(rule, variant, tuple(beads)))
                taken.add(number)
    if not found:
        rules = ", ".join(f"{rule.name} ({_wanted(rule)})" for rule in mapping.molecules)
        there = [f"{len(v.atoms)} {v.label} ({' '.join(v.names[:_SHOWN])})" for v in molecules[:_SHOWN]]
        raise ConfigError(
            f"mapping '{mapping.name}' is for {rules}, and there is no such molecule",
            remedy="give a mapping for the molecules of the topology: " + ", ".join(there),
        )
    return found


def _wanted(rule: MoleculeRule) -> str:
    return rule.graph or "-".join("|".join(names) for names in rule.residues)


def _alike(rule: MoleculeRule, molecules: Sequence[Variant]) -> tuple[MoleculeRule, Variant] | None:
    """The rule with numbers within the one molecule that its atoms are in, and all molecules like it."""
    used = [name for bead in rule.beads for name in bead.atoms if isinstance(name, int)]
    for variant in molecules:
        row = np.flatnonzero((variant.atoms == used[0]).any(axis=1))
        if (
            len(row)
            and set(used) <= (place := {n: k for k, n in enumerate(variant.atoms[row[0]].tolist())}).keys()
        ):
            beads = [replace(bead, atoms=tuple(place[int(n)] for n in bead.atoms)) for bead in rule.beads]
            return replace(rule, beads=tuple(beads), copies=None), variant
    return None


def _copies(rule: MoleculeRule, copies: Copies, atoms: Atoms) -> Variant:
    """Atoms by their numbers as one variant, called as in the first copy."""
    used = [name for bead in rule.beads for name in bead.atoms if isinstance(name, int)]
    # Words may choose any atom of a copy.
    length = max([*used, copies.stride - 1] if any(bead.select for bead in rule.beads) else used) + 1
    last = copies.first + (copies.count - 1) * copies.stride + length
    if last > len(atoms):
        raise ConfigError(
            f"the mapping speaks of atom {last}, and the topology has {len(atoms)}",
            where=f"molecule {rule.name}",
            remedy="is it the mapping of this system?",
        )
    rows: IntArray = copies.first + copies.stride * np.arange(copies.count)[:, None] + np.arange(length)
    masses = np.asarray(atoms.masses)[rows]
    if np.ptp(masses, axis=0).any():
        copy, atom = np.argwhere(masses != masses[0])[0]
        raise ConfigError(
            f"atom {atom} of copy {copy + 1} weighs {masses[copy, atom]:g} amu, that of the first copy "
            f"{masses[0, atom]:g}",
            where=f"molecule {rule.name}",
            remedy="check first, stride and repeat against the order of the atoms",
        )
    members = rows[0].tolist()
    numbers = list(dict.fromkeys(atoms.residue_of[i] for i in members))
    return Variant(
        rows,
        tuple(atoms.names[i] for i in members),
        tuple(atoms.elements[i] for i in members),
        tuple(atoms.masses[i] for i in members),
        tuple(atoms.residue_names[number] for number in numbers),
        tuple(numbers.index(atoms.residue_of[i]) for i in members),
        (),
    )


def _masses(parts: Assembly, of_atoms: np.ndarray) -> tuple[tuple[float, ...], list[str]]:
    """Those that the mapping gives, else those of the atoms; and what does not agree."""
    notes = []
    given = parts.per_bead(lambda bead: bead.rule.mass)
    names = parts.per_bead(lambda bead: bead.rule.name)
    masses = [float(own) if mass is None else mass for mass, own in zip(given, of_atoms, strict=True)]
    told: set[str] = set()
    for name, mass, own in zip(names, masses, of_atoms.tolist(), strict=True):
        if abs(mass - own) > _MASS_ROUNDING and name not in told:
            told.add(name)
            notes.append(f"bead {name} is given {mass:g} amu, its atoms weigh {own:g}")
    return tuple(masses), notes


def _unmapped_notes(atoms: Atoms, left: IntArray) -> list[str]:
    """Which atoms are in no bead, those without mass told apart."""
    massless: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for atom in left.tolist():
        name = f"{atoms.residue_names[atoms.residue_of[atom]]} {atoms.names[atom]}"
        (others if atoms.masses[atom] > 0.0 else massless)[name] += 1
    notes = []
    if others:
        mass = sum(atoms.masses[atom] for atom in left.tolist())
        share = 100.0 * mass / sum(atoms.masses)
        notes.append(f"{_listed(others)} are in no bead: {share:.3g} % of the mass")
    if massless:
        notes.append(f"{_listed(massless)} have no mass and are in no bead")
    return notes


def _listed(counts: Counter[str]) -> str:
    shown = [f"{name} ({count})" for name, count in list(counts.items())[:_SHOWN]]
    more = len(counts) - _SHOWN
    return ", ".join(shown) + (f" and {more} more kinds of atoms" if more > 0 else "")
