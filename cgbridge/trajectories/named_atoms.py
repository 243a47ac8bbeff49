"""Atoms as a file names them, and how what it leaves out is told: elements, masses, bonds, molecules."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cgbridge.atoms import Atoms, molecules_of
from cgbridge.frames import FloatArray
from cgbridge.topology import Chains
from cgbridge.trajectories.bonds import bonds_by_distance

#: amu by which a mass may miss that of its element.
_ROUNDED = 0.3
#: Masses in amu of deuterium, and of carbon with one to four hydrogens, of which some are nearer to nitrogen
#: and oxygen than a rounded mass of those; and how near they must be.
_NOT_PLAIN = {2.014: "H", 13.019: "C", 14.027: "C", 15.035: "C", 16.043: "C"}
_NEAR = 0.012
#: Names of sites without mass in water models and elsewhere.
_SITES = re.compile(r"M|MW\d*|M\d+|EP\w*|LP\w*|L[12]|VS\w*|OM")
_WATER = ("HOH", "SOL", "WAT", "H2O", "TIP3", "TIP4", "TP4", "TIP5", "OPC", "SPC", "DOD")


@dataclass(frozen=True)
class NamedAtoms:
    """What a file says of its atoms, one entry each; None for what it does not.

    ``elements`` may be empty strings, ``masses`` nan, where that is not known of an atom. ``residues`` are
    name and anything that changes from one residue to the next. ``bonds`` are complete (``all_bonds``), or
    those beyond what anybody knows. ``positions`` (nm) and ``box`` (zeros: none) are those of the file.
    """

    names: tuple[str, ...]
    elements: tuple[str, ...] | None = None
    masses: tuple[float, ...] | None = None
    residues: tuple[tuple[str, object], ...] | None = None
    molecules: tuple[int, ...] | None = None
    bonds: Chains = ()
    all_bonds: bool = False
    positions: FloatArray | None = None
    box: FloatArray | None = None


def finished(found: NamedAtoms) -> tuple[Atoms, tuple[str, ...]]:
    """Atoms with everything that the file left out; raises :class:`ValueError` where that cannot be told."""
    notes: list[str] = []
    count = len(found.names)
    if not count:
        raise ValueError("it names no atom")
    residues = [name for name, _ in found.residues] if found.residues else [""] * count
    elements = _elements(found, residues, notes)
    masses = _masses(found, elements)
    bonds = found.bonds
    if not found.all_bonds and found.positions is not None:
        box = np.zeros((3, 3)) if found.box is None else found.box
        known = {tuple(sorted(bond)) for bond in bonds}
        bonds = tuple(sorted(known | set(bonds_by_distance(elements, found.positions, box, _runs(found)))))
        if len(bonds) > len(known):
            notes.append(f"{len(bonds) - len(known)} bonds were told from the distances of the atoms")
    molecule_of = molecules_of(count, (*bonds, *_links(found, elements, bonds)))
    residue_of, names = _residues(found, molecule_of, elements)
    return Atoms(found.names, elements, masses, names, residue_of, molecule_of, bonds), tuple(notes)


def _runs(found: NamedAtoms) -> list[int] | None:
    """The number of the residue of every atom, as they follow each other; else that of its molecule."""
    if found.residues is None:
        return None if found.molecules is None else list(found.molecules)
    keys = np.array(
        [found.residues[n] != found.residues[n - 1] for n in range(1, len(found.names))], dtype=int
    )
    return [0, *np.cumsum(keys).tolist()]


def _elements(found: NamedAtoms, residues: Sequence[str], notes: list[str]) -> tuple[str, ...]:
    """Those of the file; else by mass, else by name."""
    elements = list(found.elements or ("",) * len(found.names))
    cache: dict[tuple[str, str, float], str] = {}
    told: Counter[str] = Counter()
    for atom, (name, residue) in enumerate(zip(found.names, residues, strict=True)):
        if elements[atom]:
            continue
        mass = found.masses[atom] if found.masses else np.nan
        key = (name, residue, mass)
        if key not in cache:
            cache[key] = element_of(name, residue, mass)
        elements[atom] = cache[key]
        if cache[key]:
            told[f"{name} {cache[key]}"] += 1
    if told and not found.masses:
        shown = ", ".join(list(told)[:8]) + (", ..." if len(told) > 8 else "")
        notes.append(f"elements were told from names: {shown}")
    masses = found.masses or (0.0,) * len(elements)
    sites = Counter(
        name
        for name, element, mass in zip(found.names, elements, masses, strict=True)
        if not element and not mass > 0.0
    )
    if sites:
        shown = ", ".join(f"{name} ({number})" for name, number in list(sites.items())[:8])
        notes.append(f"taken for sites without mass: {shown}")
    return tuple(elements)


def element_of(name: str, residue: str, mass: float) -> str:
    """The element of an atom by its mass in amu, where that is known, else by its name; empty for a site.

    A name of two letters that is an element is taken for one only where the residue is called so as well,
    or no one-letter element begins it: ``CA`` is carbon, ``NA`` of the residue ``NA`` is sodium.
    """
    from ase.data import atomic_masses, atomic_numbers, chemical_symbols

    if not np.isnan(mass):
        if mass <= 0.0:
            return ""
        for known, element in _NOT_PLAIN.items():
            if abs(mass - known) < _NEAR:
                return element
        nearest = int(np.argmin(np.abs(atomic_masses[1:] - mass))) + 1
        return str(chemical_symbols[nearest]) if abs(atomic_masses[nearest] - mass) < _ROUNDED else ""
    letters = re.sub(r"[^A-Za-z].*", "", re.sub(r"^\d+", "", name))
    if _SITES.fullmatch(name.upper()) and (
        residue.upper() in _WATER or letters.upper() not in atomic_numbers
    ):
        return ""
    pair, first = letters[:2].capitalize(), letters[:1].upper()
    alone = re.sub(r"[^A-Za-z]", "", residue).capitalize() == pair
    if (
        pair in atomic_numbers
        and len(pair) == 2
        and (alone or first not in atomic_numbers or pair in ("Cl", "Br"))
    ):
        return pair
    return first if first in atomic_numbers else ""


def _masses(found: NamedAtoms, elements: Sequence[str]) -> tuple[float, ...]:
    from ase.data import atomic_masses, atomic_numbers

    of = {name: float(atomic_masses[atomic_numbers[name]]) if name else 0.0 for name in set(elements)}
    own = found.masses or (np.nan,) * len(elements)
    return tuple(
        of[name] if np.isnan(mass) else float(mass) for name, mass in zip(elements, own, strict=True)
    )


def _links(found: NamedAtoms, elements: Sequence[str], bonds: Chains) -> Chains:
    """What hangs together without a bond: molecules by their numbers, sites on the residue they stand in."""
    count = len(found.names)
    if found.molecules is not None:
        first: dict[int, int] = {}
        return tuple((first.setdefault(number, atom), atom) for atom, number in enumerate(found.molecules))
    if found.residues is None:
        return ()
    bonded = {atom for bond in bonds for atom in bond}
    links, begins = [], 0
    for atom in range(count):
        if found.residues[atom] != found.residues[begins]:
            begins = atom
        elif not elements[atom] and atom not in bonded and atom > begins:
            links.append((atom - 1, atom))
    return tuple(links)


def _residues(
    found: NamedAtoms, molecule_of: Sequence[int], elements: Sequence[str]
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Residues of the file, cut where the molecule changes; else one per molecule, called by its formula."""
    keys = found.residues or (("", None),) * len(molecule_of)
    numbers, names, before = [], [], None
    formulas: dict[int, Counter[str]] = {}
    for atom, element in enumerate(elements):
        formulas.setdefault(molecule_of[atom], Counter())[element] += 1
    for atom, key in enumerate(keys):
        here = (key, molecule_of[atom])
        if here != before:
            names.append(key[0] or _formula(formulas[molecule_of[atom]]))
            before = here
        numbers.append(len(names) - 1)
    return tuple(numbers), tuple(names)


def _formula(counts: Counter[str]) -> str:
    """Hill's order: carbon, hydrogen, the rest by the alphabet; ``MOL`` where elements are not known."""
    order = sorted(element for element in counts if element)
    if "C" in order:
        order.sort(key=lambda element: "CH".find(element) % 3)  # C, H, all others
    return "".join(f"{e}{counts[e] if counts[e] > 1 else ''}" for e in order) or "MOL"
