"""Beads of all molecules of a system, one behind the other, and the matrices between them and the atoms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from cgbridge.atoms import Atoms
from cgbridge.errors import ConfigError
from cgbridge.mapping.beads_of_molecule import LocalBead
from cgbridge.mapping.mapping import MoleculeRule
from cgbridge.mapping.variants import Variant
from cgbridge.mapping.whole import IntArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

T = TypeVar("T")


@dataclass(frozen=True)
class Match:
    """A rule, the groups of atoms that it is for, and the beads of each."""

    rule: MoleculeRule
    variant: Variant
    beads: tuple[LocalBead, ...]

    @property
    def first_atoms(self) -> IntArray:
        """The first atom of every group that is in a bead."""
        places = [atom for bead in self.beads for atom in bead.atoms]
        first: IntArray = self.variant.atoms[:, places].min(axis=1)
        return first


class Assembly:
    """The beads of all ``matches``, group by group in the order of their first atoms.

    Raises :class:`~cgbridge.errors.ConfigError` where two groups want the same atom.
    """

    def __init__(self, atoms: Atoms, matches: Sequence[Match]) -> None:
        self.atoms, self.matches = atoms, tuple(matches)
        first = np.concatenate([match.first_atoms for match in matches])
        sizes = np.concatenate([np.full(len(m.variant.atoms), len(m.beads)) for m in matches])
        order = np.argsort(first, kind="stable")
        starts = np.empty(len(order), dtype=np.int64)
        starts[order] = np.cumsum(sizes[order]) - sizes[order]
        #: How many beads there are.
        self.count = int(sizes.sum())
        #: First bead of every group, match by match.
        self.starts = np.split(starts, np.cumsum([len(m.variant.atoms) for m in matches])[:-1])
        #: Which place of which match an atom has, -1 for none.
        self.role = self._roles()

    def _roles(self) -> IntArray:
        role, at = np.full(len(self.atoms), -1), 0
        for match in self.matches:
            places = sorted({atom for bead in match.beads for atom in bead.atoms})
            wanted = match.variant.atoms[:, places]
            again = wanted[role[wanted] >= 0]
            if not len(again):
                role[wanted] = at + np.arange(len(places))
                again = np.flatnonzero(np.bincount(wanted.ravel(), minlength=len(role)) > 1)
            if len(again):
                atom = int(again[0])
                residue = self.atoms.residue_names[self.atoms.residue_of[atom]]
                raise ConfigError(
                    f"atom {atom + 1} ({residue} {self.atoms.names[atom]}) is mapped twice",
                    where=f"molecule {match.rule.name}",
                    remedy="let one molecule of the mapping have it; the beads of one may share it",
                )
            at += len(places)
        return role

    def matrix(self, weights: Callable[[LocalBead], Sequence[float]]) -> csr_array:
        """The ``weights`` of the atoms of all beads, (beads, atoms)."""
        from scipy.sparse import csr_array

        rows, columns, values = [], [], []
        for match, starts in zip(self.matches, self.starts, strict=True):
            for number, bead in enumerate(match.beads):
                columns.append(match.variant.atoms[:, list(bead.atoms)].ravel())
                rows.append(np.repeat(starts + number, len(bead.atoms)))
                values.append(np.tile(np.asarray(weights(bead), dtype=np.float64), len(starts)))
        entries = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
        found = csr_array(entries, shape=(self.count, len(self.atoms)))
        found.eliminate_zeros()
        return found

    def per_bead(self, value: Callable[[LocalBead], T]) -> list[T]:
        """``value`` of all beads."""
        order: list[tuple[int, T]] = []
        for match, starts in zip(self.matches, self.starts, strict=True):
            for number, bead in enumerate(match.beads):
                one = value(bead)
                order += [(start + number, one) for start in starts.tolist()]
        return [one for _, one in sorted(order, key=lambda item: item[0])]

    @cached_property
    def group_of(self) -> IntArray:
        """The number of the group of every bead, ascending."""
        starts = np.sort(np.concatenate(self.starts))
        return np.searchsorted(starts, np.arange(self.count), side="right") - 1

    @cached_property
    def held_together(self) -> npt.NDArray[np.int64]:
        """The number of the molecule of every atom, those that one bead joins taken for one."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        molecule = np.unique(self.atoms.molecule_of, return_inverse=True)[1]
        membership = self.matrix(lambda bead: (1.0,) * len(bead.atoms)).tocoo()
        bead, atom = membership.coords
        first = np.full(self.count, -1)
        first[bead[::-1]] = molecule[atom[::-1]]  # any of its molecules, the same for all entries
        size = int(molecule.max()) + 1
        joined = coo_array((np.ones(len(bead)), (first[bead], molecule[atom])), shape=(size, size))
        part = connected_components(joined, directed=False)[1][molecule]
        _, where, number = np.unique(part, return_index=True, return_inverse=True)
        return np.argsort(np.argsort(where))[number]  # in the order of their first atoms
