"""Atoms as text and back, and molecules from bonds."""

from cgbridge.atoms import Atoms, molecules_of

WATER = Atoms(
    names=("OW", "HW1", "HW2", "MW"),
    elements=("O", "H", "H", ""),
    masses=(15.999, 1.008, 1.008, 0.0),
    residue_names=("SOL",),
    residue_of=(0, 0, 0, 0),
    molecule_of=(0, 0, 0, 0),
    bonds=((0, 1), (0, 2)),
    constraints=((0, 1), (0, 2), (1, 2)),
)


def test_text_and_back_is_the_same():
    assert Atoms.from_json(WATER.to_json()) == WATER


def test_molecules_are_numbered_by_their_first_atom_whatever_the_order_of_bonds():
    bonds = ((5, 2), (4, 1), (2, 0))
    assert molecules_of(6, bonds) == (0, 1, 0, 2, 1, 0)
    assert molecules_of(3, ()) == (0, 1, 2)
