"""Molecules made whole: images of atoms that hang together across the faces of the box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cgbridge.atoms import Atoms
from cgbridge.errors import FileFormatError
from cgbridge.frames import FloatArray
from cgbridge.trajectories.bonds import covalent_radii

IntArray = npt.NDArray[np.int64]

#: A bond longer than this many sums of covalent radii is none: nothing stretches one so far.
_TORN = 2.0
#: nm; links are at most this long wherever it matters how the box is described.
_REACH = 1.0


@dataclass(frozen=True)
class Tree:
    """Every atom but the first of its molecule hangs on a ``parent``; ``levels`` slice them by depth.

    ``limits`` is the length in nm at which a link is torn: infinite for what hangs in its molecule without
    a bond, such as a virtual site, and for atoms of unknown elements.
    """

    child: IntArray
    parent: IntArray
    limits: FloatArray
    levels: tuple[slice, ...]


def spanning_tree(atoms: Atoms) -> Tree:
    """Along the bonds, breadth first; what has no bond to its molecule's first atom is linked to it."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(atoms)
    bonds = np.asarray(atoms.bonds, dtype=np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(bonds)), bonds.T), shape=(count, count))
    _, part = connected_components(graph, directed=False)
    _, first_of_molecule, molecule = np.unique(atoms.molecule_of, return_index=True, return_inverse=True)
    _, first_of_part = np.unique(part, return_index=True)
    loose = first_of_part[first_of_molecule[molecule[first_of_part]] != first_of_part]
    # A part that begins with the first atom of its molecule hangs on nothing.
    links = np.stack([first_of_molecule[molecule[loose]], loose], axis=1)
    radii = covalent_radii(atoms.elements)
    torn = _TORN * radii[bonds].sum(axis=1)
    torn[np.isnan(torn)] = np.inf
    edges = np.concatenate([bonds, bonds[:, ::-1], links])
    limits = np.concatenate([torn, torn, np.full(len(links), np.inf)])
    return _breadth_first(count, first_of_molecule, edges, limits)


def _breadth_first(count: int, roots: IntArray, edges: IntArray, limits: FloatArray) -> Tree:
    seen = np.zeros(count, dtype=bool)
    seen[roots] = True
    chosen: list[IntArray] = []
    levels: list[slice] = []
    at = 0
    while True:
        reached = np.flatnonzero(seen[edges[:, 0]] & ~seen[edges[:, 1]])
        if not len(reached):
            break
        _, once = np.unique(edges[reached, 1], return_index=True)
        chosen.append(reached[once])
        levels.append(slice(at, at + len(once)))
        at += len(once)
        seen[edges[chosen[-1], 1]] = True
    taken = np.concatenate([*chosen, np.empty(0, dtype=np.int64)])
    return Tree(edges[taken, 1], edges[taken, 0], limits[taken], tuple(levels))


class Whole:
    """Makes the molecules of ``atoms`` whole in any frame; the first atom of each stays where it is.

    Right in any periodic box, triclinic and left-handed ones as well, where no bond is longer than half of
    the width of the box, in whatever vectors it is described.
    """

    def __init__(self, atoms: Atoms) -> None:
        self._atoms, self._tree = atoms, spanning_tree(atoms)
        self._box, self._vectors = np.zeros((3, 3)), np.zeros((3, 3))

    def __call__(self, positions: FloatArray, box: FloatArray) -> FloatArray:
        """Positions (N, 3) whose molecules are in one piece; as they are where the ``box`` is all zeros.

        Raises :class:`~cgbridge.errors.FileFormatError` for a bond that is torn.
        """
        tree = self._tree
        if not len(tree.child):
            return positions
        steps = positions[tree.child] - positions[tree.parent]
        if not box.any():
            self._require_bonds(steps)
            return positions
        vectors = self._short_vectors(box)
        hops = np.rint(steps @ np.linalg.inv(vectors))
        crossing = hops.any()
        if crossing:
            steps = steps - hops @ vectors
        self._require_bonds(steps)
        if not crossing:
            return positions
        moved = np.zeros_like(positions)
        for level in tree.levels:
            moved[tree.child[level]] = moved[tree.parent[level]] - hops[level]
        whole: FloatArray = positions + moved @ vectors
        return whole

    def _require_bonds(self, steps: FloatArray) -> None:
        squares = np.einsum("ij,ij->i", steps, steps)
        torn = np.flatnonzero(~(squares <= self._tree.limits**2))
        if len(torn):
            worst = torn[np.argmax(squares[torn])]
            i, j = sorted((int(self._tree.parent[worst]), int(self._tree.child[worst])))
            raise FileFormatError(
                f"atoms {i + 1} and {j + 1} ({self._atoms.names[i]} and {self._atoms.names[j]}) are bonded "
                f"but {np.sqrt(squares[worst]):.3g} nm apart ({len(torn)} such bonds)",
                remedy="give the topology of this trajectory, with its atoms in the same order, and the box "
                "that the frame was simulated in",
            )

    def _short_vectors(self, box: FloatArray) -> FloatArray:
        """The vectors of the box, or shorter ones of the same lattice where rounding by it could go wrong.

        Rounded coordinates find the nearest image within half the distance between opposite faces.
        """
        if not np.array_equal(box, self._box):
            heights = 1.0 / np.linalg.norm(np.linalg.inv(box), axis=0)
            self._box, self._vectors = box.copy(), box
            if heights.min() < 2.0 * _REACH:
                from ase.geometry import minkowski_reduce

                self._vectors = np.asarray(minkowski_reduce(box)[0], dtype=np.float64)
        return self._vectors
