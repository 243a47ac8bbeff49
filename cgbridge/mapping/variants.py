"""Molecules, or residues, that are alike: one pattern and the atoms of every copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cgbridge.atoms import Atoms
from cgbridge.mapping.whole import IntArray
from cgbridge.topology import Chains


@dataclass(frozen=True)
class Variant:
    """Groups of atoms that are called and bonded alike.

    ``atoms`` (M, a) has the indices of the atoms of every copy; the other fields are of one copy, with
    indices in it: ``residues`` names its residues, ``residue_of`` numbers that of each atom from 0.
    """

    atoms: IntArray
    names: tuple[str, ...]
    elements: tuple[str, ...]
    masses: tuple[float, ...]
    residues: tuple[str, ...]
    residue_of: tuple[int, ...]
    bonds: Chains

    @property
    def label(self) -> str:
        """What it is called in messages: its residues."""
        shown = self.residues[:4] + ("...",) * (len(self.residues) > 4)
        return "-".join(shown)


def variants(atoms: Atoms, numbers: Sequence[int]) -> list[Variant]:
    """The groups of atoms of one number each, sorted into kinds in the order of their first atoms."""
    number = np.unique(numbers, return_inverse=True)[1]
    order = np.argsort(number, kind="stable")
    starts = np.searchsorted(number[order], np.arange(number.max() + 2))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order)) - starts[number[order]]
    bonds: list[list[tuple[int, int]]] = [[] for _ in range(len(starts) - 1)]
    for i, j in atoms.bonds:
        if number[i] == number[j]:
            bonds[number[i]].append((int(place[i]), int(place[j])))
    found: dict[tuple[object, ...], list[IntArray]] = {}
    residue = atoms.residue_of
    for group in range(len(starts) - 1):
        members = order[starts[group] : starts[group + 1]]
        local: dict[int, int] = {}
        places = tuple(local.setdefault(residue[i], len(local)) for i in members.tolist())
        key = (
            tuple(atoms.names[i] for i in members),
            tuple(atoms.elements[i] for i in members),
            tuple(atoms.masses[i] for i in members),
            tuple(atoms.residue_names[number] for number in local),
            places,
            tuple(sorted(tuple(sorted(bond)) for bond in bonds[group])),
        )
        found.setdefault(key, []).append(members)
    return [Variant(np.array(rows, dtype=np.int64), *key) for key, rows in found.items()]  # type: ignore[arg-type]
