"""The mappings that come with cgbridge, on molecules of any naming."""

from __future__ import annotations

import numpy as np
import pytest
from molecules import GRAPHS, atoms_of, grown

from cgbridge.atoms import Atoms, molecules_of
from cgbridge.frames import Frame
from cgbridge.mapping.mapping_file import list_mappings, load_named_mapping
from cgbridge.mapping.resolve import resolve

NO_BOX = np.zeros((3, 3))
#: Molecule, masses of the beads from those of the atoms, and bonds, written down by hand.
SHIPPED = {
    "water-1bead": ("water", {"W": 18.015}, 0),
    "methanol-1bead": ("methanol", {"MEOH": 32.042}, 0),
    "methanol-2bead": ("methanol", {"ME": 15.035, "OH": 17.007}, 1),
    "hexane-2bead": ("hexane", {"PR": 43.089}, 1),
    "hexane-3bead": ("hexane", {"EN": 29.062, "MI": 28.054}, 2),
    "alanine-dipeptide-5bead": (
        "alanine-dipeptide",
        {"C1": 43.045, "N1": 15.015, "CA": 28.054, "C2": 28.010, "N2": 30.050},
        4,
    ),
    "alanine-dipeptide-6bead": (
        "alanine-dipeptide",
        {"C1": 43.045, "N1": 15.015, "CA": 13.019, "CB": 15.035, "C2": 28.010, "N2": 30.050},
        5,
    ),
}


def test_all_are_here() -> None:
    assert set(list_mappings()) == set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_masses_bonds_and_momentum(name: str) -> None:
    molecule, masses, bonds = SHIPPED[name]
    atoms = atoms_of(GRAPHS[molecule], 3)
    operator = resolve(load_named_mapping(name), atoms)
    assert dict(zip(operator.topology.types, np.round(operator.masses, 6), strict=True)) == masses
    assert sum(operator.masses) == pytest.approx(sum(atoms.masses), rel=1e-12)
    assert len(operator.topology.bonds) == 3 * bonds and not operator.unmapped and not operator.notes
    assert operator.topology.molecules == tuple(k for k in range(3) for _ in range(len(operator) // 3))
    np.testing.assert_allclose(operator.positions.sum(axis=1), 1.0, rtol=1e-14)
    if molecule != "alanine-dipeptide":  # centres of mass: all forces arrive
        forces = np.random.default_rng(1).standard_normal((len(atoms), 3))
        mapped = operator.apply(Frame(np.zeros_like(forces), NO_BOX, 0.0, forces)).forces
        np.testing.assert_allclose(mapped.sum(axis=0), forces.sum(axis=0), atol=1e-13)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_order_of_the_atoms_and_their_names_do_not_matter(name: str) -> None:
    random = np.random.default_rng(7)
    plain = atoms_of(GRAPHS[SHIPPED[name][0]])
    order = random.permutation(len(plain))
    rank = np.argsort(order)
    bonds = tuple(sorted(tuple(sorted((int(rank[i]), int(rank[j])))) for i, j in plain.bonds))
    mixed = Atoms(
        tuple(f"X{k}" for k in range(len(plain))),
        tuple(plain.elements[i] for i in order),
        tuple(plain.masses[i] for i in order),
        ("UNK",),
        (0,) * len(plain),
        molecules_of(len(plain), bonds),
        bonds,
    )
    positions = grown(plain, np.eye(3), random)
    here, there = (
        resolve(load_named_mapping(name), atoms).apply(Frame(where, NO_BOX, 0.0)).positions
        for atoms, where in ((plain, positions), (mixed, positions[order]))
    )
    # A molecule that is the same from both ends may be counted from either.
    assert np.allclose(here, there, atol=1e-14) or np.allclose(here, there[::-1], atol=1e-14)


def test_the_beads_of_capped_alanine_lie_on_its_backbone() -> None:
    """Names and bonds of the residues are OpenMM's, written by others."""
    from openmm.app import Topology, element

    atoms_in = {
        "ACE": "H1 CH3 H2 H3 C O",
        "ALA": "N H CA HA CB HB1 HB2 HB3 C O",
        "NME": "N H C H1 H2 H3",
    }
    topology = Topology()
    chain = topology.addChain()
    for residue, names in atoms_in.items():
        here = topology.addResidue(residue, chain)
        for name in names.split():
            topology.addAtom(name, element.Element.getBySymbol(name[0]), here)
    topology.createStandardBonds()
    listed = list(topology.atoms())
    bonds = tuple(sorted((min(a.index, b.index), max(a.index, b.index)) for a, b in topology.bonds()))
    assert len(bonds) == 21
    atoms = Atoms(
        tuple(atom.name for atom in listed),
        tuple(atom.element.symbol for atom in listed),
        tuple(atom.element.mass._value for atom in listed),
        tuple(atoms_in),
        tuple(atom.residue.index for atom in listed),
        (0,) * len(listed),
        bonds,
    )
    for name, expected in (
        ("alanine-dipeptide-5bead", "ACE:C ALA:N ALA:CA ALA:C NME:N"),
        ("alanine-dipeptide-6bead", "ACE:C ALA:N ALA:CA ALA:CB ALA:C NME:N"),
    ):
        operator = resolve(load_named_mapping(name), atoms)
        at = operator.positions.indices[np.argsort(operator.positions.tocoo().row, kind="stable")]
        found = [f"{atoms.residue_names[atoms.residue_of[i]]}:{atoms.names[i]}" for i in at]
        assert found == expected.split()
