"""The topology of beads: bonded where their atoms are, or as the mapping says."""

from __future__ import annotations

import numpy as np

from cgbridge.atoms import Atoms
from cgbridge.errors import ConfigError, did_you_mean
from cgbridge.mapping.assembly import Assembly, Match
from cgbridge.mapping.whole import IntArray
from cgbridge.topology import Chains, Topology, chains_along, pairs_within


def bead_topology(parts: Assembly, excluded: int) -> Topology:
    """Types, molecules, and all chains along the bonds; beads up to ``excluded`` bonds apart do not interact.

    Raises :class:`~cgbridge.errors.ConfigError` for a bond of beads that are none.
    """
    bonds = _bonds(parts)
    return Topology(
        types=tuple(parts.per_bead(lambda bead: bead.rule.type)),
        molecules=tuple(_molecules(parts).tolist()),
        bonds=bonds,
        angles=chains_along(bonds, 3),
        torsions=chains_along(bonds, 4),
        exclusions=pairs_within(bonds, excluded),
    )


def _molecules(parts: Assembly) -> IntArray:
    """That of its first atom, numbered anew in the order of the beads."""
    membership = parts.matrix(lambda bead: (1.0,) * len(bead.atoms))
    first = membership.indices[membership.indptr[:-1]]
    _, where, number = np.unique(parts.held_together[first], return_index=True, return_inverse=True)
    order: IntArray = np.argsort(np.argsort(where))[number]
    return order


def _bonds(parts: Assembly) -> Chains:
    found = {tuple(pair) for pair in _bonded_by_atoms(parts).tolist()}
    given = [match for match in parts.matches if match.rule.bonds is not None]
    if given:
        own = np.zeros(parts.count, dtype=bool)
        for match, starts in zip(parts.matches, parts.starts, strict=True):
            if match.rule.bonds is not None:
                own[starts[:, None] + np.arange(len(match.beads))] = True
        group = parts.group_of
        found = {(i, j) for i, j in found if not (own[i] and group[i] == group[j])}
        for match, starts in zip(parts.matches, parts.starts, strict=True):
            for i, j in _given_bonds(match):
                found |= {(start + i, start + j) for start in starts.tolist()}
    return tuple(sorted(found))


def _given_bonds(match: Match) -> list[tuple[int, int]]:
    names = [bead.rule.name for bead in match.beads]
    bonds = []
    for bond in match.rule.bonds or ():
        for name in bond:
            if name not in names:
                raise ConfigError(
                    f"there is no bead '{name}' to bond{did_you_mean(name, names)}",
                    where=f"molecule {match.rule.name}",
                    remedy="its beads: " + ", ".join(names),
                )
        i, j = sorted(names.index(name) for name in bond)
        bonds.append((i, j))
    return bonds


def _bonded_by_atoms(parts: Assembly) -> IntArray:
    """Pairs of beads that share an atom or have two atoms that are bonded."""
    from scipy.sparse import coo_array

    atoms: Atoms = parts.atoms
    bonds = np.asarray(atoms.bonds, dtype=np.int64).reshape(-1, 2)
    count = len(atoms)
    itself = np.arange(count).repeat(2).reshape(-1, 2)
    i, j = np.concatenate([bonds, bonds[:, ::-1], itself]).T
    near = coo_array((np.ones(len(i)), (i, j)), shape=(count, count)).tocsr()
    membership = parts.matrix(lambda bead: [float(share > 0.0) for share in bead.shares])
    i, j = (membership @ near @ membership.T).tocoo().coords
    pairs: IntArray = np.stack([i, j], axis=1)[i < j]
    return pairs
