"""Molecules of a graph in boxes of any shape, broken across the faces as a simulation breaks them."""

from __future__ import annotations

import numpy as np

from cgbridge.atoms import Atoms, molecules_of
from cgbridge.mapping.graph import parse_graph

MASSES = {"H": 1.008, "C": 12.011, "N": 14.007, "O": 15.999}
GRAPHS = {
    "water": "O1H2",
    "methanol": "C1H3-O1H",
    "hexane": "C1H3-C2H2-C3H2-C4H2-C5H2-C6H3",
    "alanine-dipeptide": "C1H3-C2-N1H-C3H-C4-N2H-C5H3, C2-O1, C4-O2, C3-C6H3",
}
BOND, SPREAD = 0.11, 0.004  # nm; bonds that keep their length are taken for constraints


def atoms_of(graph: str, copies: int = 1) -> Atoms:
    """Atoms called by their labels, every heavy atom with its hydrogens behind it."""
    parsed = parse_graph(graph)
    names, elements, bonds, place = [], [], [], {}
    for number, (label, element, hydrogens) in enumerate(
        zip(parsed.labels, parsed.elements, parsed.hydrogens, strict=True)
    ):
        place[number] = len(names)
        names.append(label)
        elements.append(element)
        for k in range(hydrogens):
            bonds.append((place[number], len(names)))
            names.append(f"H{label}{k}")
            elements.append("H")
    bonds += [tuple(sorted((place[i], place[j]))) for i, j in parsed.bonds]
    one, size = tuple(sorted(bonds)), len(names)
    all_bonds = tuple((i + size * k, j + size * k) for k in range(copies) for i, j in one)
    return Atoms(
        tuple(names) * copies,
        tuple(elements) * copies,
        tuple(MASSES[element] for element in elements) * copies,
        ("MOL",) * copies,
        tuple(k for k in range(copies) for _ in range(size)),
        molecules_of(size * copies, all_bonds),
        all_bonds,
    )


def random_box(random: np.random.Generator, width: float = 2.5) -> np.ndarray:
    """A triclinic box (rows, nm) as OpenMM and GROMACS take it."""
    a, b, c = width * random.uniform(1.0, 1.4, 3)
    skew = random.uniform(-0.5, 0.5, 3)
    return np.array([[a, 0, 0], [skew[0] * a, b, 0], [skew[1] * a, skew[2] * b, c]])


def grown(atoms: Atoms, box: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Positions (nm) of whole molecules, atom by atom along the bonds, in and around the box."""
    bonded: dict[int, int] = {}
    for i, j in sorted(atoms.bonds):
        bonded.setdefault(j, i)
    positions = np.empty((len(atoms), 3))
    for atom in range(len(atoms)):
        if atom in bonded:
            step = random.standard_normal(3)
            length = BOND + SPREAD * random.standard_normal()
            positions[atom] = positions[bonded[atom]] + length * step / np.linalg.norm(step)
        else:
            positions[atom] = random.uniform(0, 1, 3) @ box
    return positions


def broken(positions: np.ndarray, box: np.ndarray, random: np.random.Generator | None = None) -> np.ndarray:
    """Every atom in the box, or with ``random`` in any image of it."""
    fractions = positions @ np.linalg.inv(box)
    wrapped = fractions - np.floor(fractions)
    if random is not None:
        wrapped = wrapped + random.integers(-2, 3, positions.shape)
    return wrapped @ box


def apart(positions: np.ndarray, others: np.ndarray, box: np.ndarray) -> float:
    """The largest distance (nm) of two sets of points, a lattice vector more or less each."""
    fractions = (positions - others) @ np.linalg.inv(box)
    return float(np.abs((fractions - np.rint(fractions)) @ box).max())
