"""Force maps: what of the forces on atoms is the force on a bead.

A bead at R_I = sum_i M_Ii r_i has the force F_I = sum_i B_Ii f_i. The mean of it over the atoms is the mean
force on the beads if two rules are kept (Ciccotti et al., doi:10.1002/cphc.200400669; Kraemer et al.,
doi:10.1021/acs.jpclett.3c00444): B M^T = 1, and B_Ii = B_Ij for atoms i, j whose distance is held by a
constraint, since the force along it is in no f. Sites without mass have B = 0: their forces are handed to
the atoms that carry them.

``basic``
    the atoms of the bead, each by 1 / sum_i M_Ii over those that are in no other bead: their sum, where no
    atom is shared.
``sum``
    the same, and the atoms that are in no bead with the bead that is fewest bonds away (in equal parts with
    several): no force is lost.
``optimal``
    the map with the least noise (:mod:`cgbridge.mapping.optimal_force_map`), one per kind of molecule.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

import numpy as np
from scipy.sparse import coo_array, csr_array, eye_array

from cgbridge.atoms import Atoms
from cgbridge.errors import CgbridgeError, ConfigError
from cgbridge.frames import FloatArray, Frames
from cgbridge.mapping.force_moments import ForceMoments, force_moments
from cgbridge.mapping.molecule_kinds import MoleculeKind, molecule_kinds
from cgbridge.mapping.optimal_force_map import least_noise_map
from cgbridge.topology import Topology

ForceMapKind = Literal["basic", "sum", "optimal"]
FORCE_MAPS: tuple[ForceMapKind, ...] = get_args(ForceMapKind)

#: How far B M^T may be from the unit matrix, and weights of one rigid body from each other: weights are
#: ratios of masses that files give with four digits or more.
_RULES = 1e-4
#: Independent forces that every free coefficient of an optimal map should have behind it: with n of them the
#: noise on other frames is about 1 + 1/n times that on the own ones.
_SAMPLES = 20


class PositionMap(Protocol):
    """The part of a mapping that is needed here: weights (beads x atoms), and what the beads are."""

    @property
    def positions(self) -> csr_array: ...

    @property
    def topology(self) -> Topology: ...


@dataclass(frozen=True)
class ForceMap:
    """``matrix`` B (beads x atoms) of a ``kind``.

    ``rms`` by bead type is the root mean square of a component of the mapped force in kJ/(mol nm). Its mean
    square is that of the mean force, which is the same for all kinds, and the noise: the smaller the better.
    """

    kind: ForceMapKind
    matrix: csr_array
    rms: Mapping[str, float]
    notes: tuple[str, ...] = ()


def force_matrix(kind: ForceMapKind, mapping: PositionMap, atoms: Atoms, frames: Frames) -> csr_array:
    """B (beads x atoms) of the ``kind``; ``frames`` of the atoms with forces, which ``optimal`` looks at.

    Raises :class:`ConfigError` where the kind has no valid map, with the reason, and what
    :func:`~cgbridge.mapping.force_moments.force_moments` does.
    """
    kinds = molecule_kinds(mapping.positions, atoms)
    moments = force_moments(kinds, frames) if kind == "optimal" else None
    blocks = [_local(kind, one, number, mapping, moments) for number, one in enumerate(kinds)]
    matrix = _assembled(blocks, kinds, mapping)
    require_valid(matrix, mapping, atoms, kind)
    return matrix


def force_map(kind: ForceMapKind, mapping: PositionMap, atoms: Atoms, frames: Frames) -> ForceMap:
    """The same matrix with its noise and notes."""
    kinds = molecule_kinds(mapping.positions, atoms)
    moments = force_moments(kinds, frames)
    return _force_map(kind, kinds, mapping, atoms, (moments, moments))


def compare_force_maps(
    mapping: PositionMap, atoms: Atoms, frames: Frames, *, judged_on: Frames | None = None
) -> dict[ForceMapKind, ForceMap | CgbridgeError]:
    """Every kind of map from the same frames, or why there is none of that kind.

    The noise is that on the frames ``judged_on``, where they are given: on its own frames an optimal map
    looks a little better than it is.
    """
    kinds = molecule_kinds(mapping.positions, atoms)
    moments = force_moments(kinds, frames)
    judge = moments if judged_on is None else force_moments(kinds, judged_on)
    found: dict[ForceMapKind, ForceMap | CgbridgeError] = {}
    for kind in FORCE_MAPS:
        try:
            found[kind] = _force_map(kind, kinds, mapping, atoms, (moments, judge))
        except ConfigError as error:
            found[kind] = error
    return found


def require_valid(forces: csr_array, mapping: PositionMap, atoms: Atoms, kind: str = "") -> None:
    """Raise :class:`ConfigError` where ``forces`` B (beads x atoms) breaks one of the rules.

    ``kind`` is that of the map; empty for weights of a user's own.
    """
    types, pairs = mapping.topology.types, np.array(atoms.constraints, dtype=np.int64).reshape(-1, 2)
    columns = csr_array(forces).tocsc()
    across = coo_array(columns[:, pairs[:, 0]] - columns[:, pairs[:, 1]])
    for bead, number, difference in zip(across.row, across.col, across.data, strict=True):
        if abs(difference) > _RULES:
            i, j = pairs[number]
            inside, outside = (i, j) if abs(forces[bead, i]) > abs(forces[bead, j]) else (j, i)
            raise _across(types[bead], kind, atoms.names[inside], atoms.names[outside])
    product = coo_array(forces @ mapping.positions.T - eye_array(len(types)))
    for first, second, difference in zip(product.row, product.col, product.data, strict=True):
        if abs(difference) > _RULES:
            right = float(first == second)
            raise ConfigError(
                f"a displacement of the bead {types[second]} goes into the force of the bead {types[first]} "
                f"with the weight {right + difference:.4g}, where {right:g} is right",
                where=f"bead {types[first]}",
                remedy="use forces: optimal"
                if kind
                else "the sum over atoms of force weight times position weight must be 1 for a bead, and 0 "
                "for two",
            )


def _force_map(
    kind: ForceMapKind,
    kinds: Sequence[MoleculeKind],
    mapping: PositionMap,
    atoms: Atoms,
    found_and_judged: tuple[ForceMoments, ForceMoments],
) -> ForceMap:
    moments, judge = found_and_judged
    blocks = [_local(kind, one, number, mapping, moments) for number, one in enumerate(kinds)]
    squares: dict[str, list[tuple[float, int]]] = {}
    notes = []
    for one, block, gram in zip(kinds, blocks, judge.products, strict=True):
        for bead, square in zip(
            _types(one, mapping), np.einsum("mi,ij,mj->m", block, gram, block), strict=True
        ):
            squares.setdefault(bead, []).append((max(float(square), 0.0), len(one.atoms)))
        independent = moments.frames * len(one.atoms) * 3
        unknown = int(one.rigid.max()) + 1 - len(block)
        if kind == "optimal" and independent < _SAMPLES * unknown:
            notes.append(
                f"the optimal force map of {' '.join(_types(one, mapping))} has {unknown} free weights, and "
                f"{independent} force components to find them from: give more frames"
            )
    rms = {
        bead: math.sqrt(sum(s * n for s, n in found) / sum(n for _, n in found))
        for bead, found in squares.items()
    }
    matrix = _assembled(blocks, kinds, mapping)
    require_valid(matrix, mapping, atoms, kind)
    return ForceMap(kind, matrix, rms, tuple(notes))


def _types(kind: MoleculeKind, mapping: PositionMap) -> list[str]:
    return [mapping.topology.types[bead] for bead in kind.beads[0]]


def _local(
    kind: ForceMapKind,
    molecule: MoleculeKind,
    number: int,
    mapping: PositionMap,
    moments: ForceMoments | None,
) -> FloatArray:
    """B (m, n) of one molecule; raises :class:`ConfigError` where there is none."""
    types = _types(molecule, mapping)
    free = np.array([float(mass > 0.0) for mass in molecule.masses])
    for bead, row in zip(types, molecule.weights, strict=True):
        for atom in np.flatnonzero((np.abs(row) > 0) & (free == 0)):
            raise ConfigError(
                f"the site {molecule.names[atom]} has no mass, and the bead {bead} takes part of its "
                "position from it: no force acts on such a site",
                where=f"bead {bead}",
                remedy="take the position of atoms with mass only",
            )
    if kind == "optimal":
        assert moments is not None
        try:
            return least_noise_map(molecule.weights, molecule.rigid, free, moments.products[number])
        except ValueError:
            raise ConfigError(
                f"constraints join {_joined(molecule)}, so that the beads {', '.join(types)} do not move "
                "independently of each other and no linear force map is right for them",
                where="forces",
                remedy="simulate without these constraints (a flexible model and a smaller time step), or "
                "put what they join into one bead",
            ) from None
    return _summed(molecule, types, free, everything=kind == "sum")


def _joined(molecule: MoleculeKind) -> str:
    names = dict.fromkeys(molecule.names[atom] for pair in molecule.constraints for atom in pair)
    return ", ".join(names) or "nothing"


def _summed(
    molecule: MoleculeKind, types: Sequence[str], free: FloatArray, *, everything: bool
) -> FloatArray:
    """B of ``basic``, or of ``sum``."""
    inside = np.abs(molecule.weights) > 0
    shared = inside.sum(axis=0) > 1
    own = inside & ~shared
    share = np.where(own, molecule.weights, 0.0).sum(axis=1)
    for bead, part in zip(types, share, strict=True):
        if not part > 0:
            raise ConfigError(
                f"the bead {bead} has no atom of its own: every one is in another bead as well",
                where=f"bead {bead}",
                remedy="use forces: optimal",
            )
    block = own / share[:, None]
    if everything:
        outside = ~inside.any(axis=0)
        block = block + np.where(outside, _nearest(molecule, inside), 0.0)
    result: FloatArray = block * free
    return result


def _nearest(molecule: MoleculeKind, inside: np.ndarray) -> FloatArray:
    """(m, n): the share of every bead in every atom, whole where one bead is the fewest bonds away."""
    from scipy.sparse.csgraph import shortest_path

    count = len(molecule.names)
    pairs = np.array([*molecule.bonds, *molecule.constraints], dtype=np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    bonds = shortest_path(graph.tocsr(), directed=False, unweighted=True)
    distance = np.array([bonds[members].min(axis=0) for members in inside])
    # Without bonds nothing is nearer than anything else.
    nearest = distance == distance.min(axis=0)
    found: FloatArray = nearest / nearest.sum(axis=0)
    return found


def _across(bead: str, kind: str, inside: str, outside: str) -> ConfigError:
    same = f"give {inside} and {outside} the same force weight"
    return ConfigError(
        f"the force of {inside} without that of {outside} is not the mean force: their distance is held by a "
        f"constraint, and the force along it, which is in no trajectory, would count for the bead {bead}",
        where=f"forces: {kind}" if kind else f"bead {bead}",
        remedy={"": same, "sum": "use forces: optimal"}.get(kind, "use forces: sum, or optimal"),
    )


def _assembled(
    blocks: Sequence[FloatArray], kinds: Sequence[MoleculeKind], mapping: PositionMap
) -> csr_array:
    """One matrix of the blocks of all molecules."""
    rows, columns, values = [], [], []
    for block, kind in zip(blocks, kinds, strict=True):
        i, j = np.nonzero(block)
        rows.append(kind.beads[:, i].ravel())
        columns.append(kind.atoms[:, j].ravel())
        values.append(np.tile(block[i, j], len(kind.atoms)))
    entries = np.concatenate(values or [np.empty(0)])
    places = np.concatenate(rows or [np.empty(0, int)]), np.concatenate(columns or [np.empty(0, int)])
    return coo_array((entries, places), shape=mapping.positions.shape).tocsr()
