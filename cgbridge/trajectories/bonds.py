"""Bonds told from distances, for files that name atoms and no bonds."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cgbridge.frames import FloatArray
from cgbridge.topology import Chains
from cgbridge.units import ANGSTROM

IntArray = npt.NDArray[np.int64]

#: Elements of which an atom that is a residue of its own may be bonded to another residue; metals there are
#: ions, and halogens as well.
_BONDING = ("H", "B", "C", "N", "O", "Si", "P", "S", "Ge", "As", "Se", "Te")
#: Elements that are ions wherever nothing else is said.
_IONS = ("Li", "Na", "K", "Rb", "Cs", "Fr", "Be", "Mg", "Ca", "Sr", "Ba", "Ra")
#: nm by which a bond may be longer than its covalent radii (doi:10.1186/1758-2946-3-33 takes the same).
_SLACK = 0.045


def covalent_radii(elements: Sequence[str]) -> FloatArray:
    """In nm (doi:10.1039/B801115J); nan for the empty name of what is no element."""
    from ase.data import atomic_numbers
    from ase.data import covalent_radii as radii

    known = {
        name: radii[number] * ANGSTROM if (number := atomic_numbers.get(name, 0)) else np.nan
        for name in set(elements)
    }
    return np.array([known[name] for name in elements])


def bonds_by_distance(
    elements: Sequence[str],
    positions: FloatArray,
    box: FloatArray,
    residue_of: Sequence[int] | None = None,
) -> Chains:
    """Pairs nearer than their covalent radii and 0.045 nm, across the faces of the ``box`` (zeros: none).

    A hydrogen atom has one bond, the shortest; what is no element has none, nor have alkali and alkaline
    earth metals but to others of a residue that is known, nor metals, halogens and noble gases that are
    residues of their own: radii of atoms do not hold for ions, and water around them is nearer. From one
    residue to another, where they are known, there are no bonds of hydrogen and none between two oxygens:
    solvent that was placed and not relaxed overlaps.
    """
    from scipy.spatial import cKDTree

    radii = covalent_radii(elements)
    atoms = np.flatnonzero(~np.isnan(radii))
    if not len(atoms):
        return ()
    reach = 2.0 * float(radii[atoms].max()) + _SLACK
    points, owner = with_images(positions[atoms], atoms, box, reach)
    pairs = cKDTree(points).query_pairs(reach, output_type="ndarray")
    pairs = pairs[(pairs < len(atoms)).any(axis=1)]  # one of the two lies in the box itself
    lengths = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1)
    ends = np.sort(owner[pairs], axis=1)
    near = (lengths < radii[ends].sum(axis=1) + _SLACK) & (ends[:, 0] != ends[:, 1])
    symbols = np.asarray(elements)
    near &= ~_ions(symbols, residue_of)[ends].any(axis=1)
    if residue_of is not None:
        residue = np.asarray(residue_of)
        loose = (symbols[ends] == "H").any(axis=1) | (symbols[ends] == "O").all(axis=1)
        near &= ~loose | (residue[ends[:, 0]] == residue[ends[:, 1]])
    ends, lengths = ends[near], lengths[near]
    order = np.argsort(lengths, kind="stable")
    bonds: set[tuple[int, int]] = set()
    bonded: set[int] = set()
    for i, j in ends[order].tolist():
        hydrogens = [atom for atom in (i, j) if elements[atom] == "H"]
        if (i, j) not in bonds and not any(atom in bonded for atom in hydrogens):
            bonds.add((i, j))
            bonded.update(hydrogens)
    return tuple(sorted(bonds))


def _ions(symbols: npt.NDArray[np.str_], residue_of: Sequence[int] | None) -> npt.NDArray[np.bool_]:
    """Which atoms are ions, or noble gases, by their elements and by standing alone in a residue."""
    salt = np.isin(symbols, _IONS)
    if residue_of is None:
        return salt
    residue = np.unique(residue_of, return_inverse=True)[1]
    size, salts = np.bincount(residue), np.bincount(residue, salt)
    alone = (size[residue] == 1) & (symbols != "") & ~np.isin(symbols, _BONDING)
    return alone | (salt & (salts == size)[residue])


def with_images(
    positions: FloatArray, atoms: IntArray, box: FloatArray, reach: float
) -> tuple[FloatArray, IntArray]:
    """Positions in the box, and behind them those of images within ``reach`` of it; and whose they are."""
    if not box.any():
        return positions, atoms
    inverse = np.linalg.inv(box)
    inside = (positions @ inverse) % 1.0
    margin = reach * np.linalg.norm(inverse, axis=0)  # as fractions of the vectors
    turns = [range(-int(np.ceil(part)), int(np.ceil(part)) + 1) for part in margin]
    points, owner = [inside], [atoms]
    for shift in itertools.product(*turns):
        if any(shift):
            moved = inside + np.array(shift, dtype=float)
            near = ((moved > -margin) & (moved < 1.0 + margin)).all(axis=1)
            points.append(moved[near])
            owner.append(atoms[near])
    return np.concatenate(points) @ box, np.concatenate(owner)
