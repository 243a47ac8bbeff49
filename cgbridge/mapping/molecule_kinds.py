"""Molecules that are mapped alike: what is worked out for one of them holds for all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from cgbridge.atoms import Atoms
from cgbridge.frames import FloatArray

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class MoleculeKind:
    """K molecules of n atoms and m beads each, mapped with the same weights.

    ``atoms`` (K, n) and ``beads`` (K, m) are indices into the whole system. The rest is that of one molecule:
    ``weights`` (m, n) of the positions, ``names``, ``masses`` of the atoms, ``bonds`` and ``constraints`` as
    pairs of its own indices.
    """

    atoms: IntArray
    beads: IntArray
    weights: FloatArray = field(repr=False)
    names: tuple[str, ...]
    masses: tuple[float, ...]
    bonds: tuple[tuple[int, int], ...]
    constraints: tuple[tuple[int, int], ...]

    @property
    def rigid(self) -> IntArray:
        """The number of the rigid body of every atom (n,): atoms joined by constraints are one."""
        return _components(len(self.names), self.constraints)


def molecule_kinds(positions: csr_array, atoms: Atoms) -> list[MoleculeKind]:
    """The kinds of molecules of ``atoms`` that have beads, under the weights ``positions`` (beads x atoms).

    Molecules that a bead or a constraint joins count as one. Molecules without beads are left out.
    """
    weights = csr_array(positions)
    count, beads = weights.shape[1], weights.shape[0]
    matrix = coo_array(weights)
    members = np.asarray(atoms.molecule_of, dtype=np.int64)
    # One graph of beads, atoms and molecules; its pieces are what is looked at as one molecule.
    pairs = np.array(atoms.constraints, dtype=np.int64).reshape(-1, 2)
    first = np.concatenate([matrix.row, beads + pairs[:, 0], beads + np.arange(count)])
    second = np.concatenate([beads + matrix.col, beads + pairs[:, 1], beads + count + members])
    size = beads + count + 1 + int(members.max(initial=-1))
    graph = coo_array((np.ones(len(first)), (first, second)), shape=(size, size))
    piece = connected_components(graph, directed=False)[1]
    atoms_of, beads_of = _by_piece(piece[beads : beads + count]), _by_piece(piece[:beads])
    bonds_of = _pairs_by_piece(atoms.bonds, piece, beads)
    constraints_of = _pairs_by_piece(atoms.constraints, piece, beads)
    place = np.concatenate([_ranks(piece[:beads]), _ranks(piece[beads : beads + count])])
    entries = _by_piece(piece[matrix.row])
    groups: dict[tuple[Any, ...], list[tuple[IntArray, IntArray, FloatArray]]] = {}
    for number, own_beads in beads_of.items():
        own = atoms_of[number]
        block = np.zeros((len(own_beads), len(own)))
        filled = entries.get(number, np.empty(0, dtype=np.int64))
        block[place[matrix.row[filled]], place[beads + matrix.col[filled]]] = matrix.data[filled]
        key = (
            tuple(atoms.names[atom] for atom in own),
            tuple(atoms.masses[atom] for atom in own),
            tuple(sorted((int(place[i]), int(place[j])) for i, j in bonds_of.get(number, ()))),
            tuple(sorted((int(place[i]), int(place[j])) for i, j in constraints_of.get(number, ()))),
            np.round(block, 12).tobytes(),
            len(own_beads),
        )
        groups.setdefault(key, []).append((own, own_beads, block))
    return [
        MoleculeKind(
            atoms=np.array([own for own, _, _ in found]),
            beads=np.array([own for _, own, _ in found]),
            weights=found[0][2],
            names=key[0],
            masses=key[1],
            bonds=key[2],
            constraints=key[3],
        )
        for key, found in groups.items()
    ]


def _by_piece(piece: IntArray) -> dict[int, IntArray]:
    """The indices that are in each piece, ascending."""
    order = np.argsort(piece, kind="stable")
    numbers, starts = np.unique(piece[order], return_index=True)
    return {int(number): part for number, part in zip(numbers, np.split(order, starts[1:]), strict=True)}


def _ranks(piece: IntArray) -> IntArray:
    """The number of every index among those of its piece."""
    found = np.empty(len(piece), dtype=np.int64)
    for part in _by_piece(piece).values():
        found[part] = np.arange(len(part))
    return found


def _pairs_by_piece(
    pairs: tuple[tuple[int, ...], ...], piece: IntArray, offset: int
) -> dict[int, list[tuple[int, int]]]:
    """The pairs of atoms of each piece, as nodes of the graph, where the atoms begin at ``offset``."""
    found: dict[int, list[tuple[int, int]]] = {}
    for i, j in pairs:
        first, second = sorted((offset + i, offset + j))
        if piece[first] == piece[second]:
            found.setdefault(int(piece[first]), []).append((first, second))
    return found


def _components(count: int, pairs: tuple[tuple[int, int], ...]) -> IntArray:
    joined = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(joined)), (joined[:, 0], joined[:, 1])), shape=(count, count))
    found: IntArray = connected_components(graph, directed=False)[1].astype(np.int64)
    return found
