"""Bonds that are told from distances: none to ions, in salt water and wherever else they stand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cgbridge.mapping.readers import read_mapping
from cgbridge.mapping.resolve import resolve
from cgbridge.trajectories.atom_files import read_atoms
from cgbridge.trajectories.bonds import bonds_by_distance
from cgbridge.trajectories.named_atoms import NamedAtoms, finished
from cgbridge.units import ANGSTROM

#: Water near an ion: a metal at 0.235 nm from oxygen and a halogen at 0.22 nm from hydrogen.
IONS = ("Na", "K", "Li", "Mg", "Ca", "Zn", "Cl", "F", "I")


def _ion_between_waters(ion: str) -> tuple[list[str], np.ndarray]:
    shape = np.array([[0, 0, 0], [0.0816, 0.0577, 0], [-0.0816, 0.0577, 0]])
    waters = [np.array(place) + shape for place in ((1.0, 1.235, 1.0), (1.235, 1.0, 1.0), (2.0, 2.0, 2.0))]
    return [*"OHHOHHOHH", ion], np.concatenate([*waters, [[1.0, 1.0, 1.0]]])


@pytest.mark.parametrize("ion", IONS)
def test_an_ion_is_bonded_to_no_water(ion: str, tmp_path: Path) -> None:
    names, positions = _ion_between_waters(ion)
    rows = [
        f"{1 + n // 3:5d}{'SOL' if n < 9 else ion.upper():<5}{name if n < 9 else ion.upper():>5}{n + 1:5d}"
        + "".join(f"{x:8.3f}" for x in positions[n])
        for n, name in enumerate(names)
    ]
    (tmp_path / "s.gro").write_text("\n".join(["salt water", "10", *rows, "   3.0   3.0   3.0"]) + "\n")
    atoms, _ = read_atoms(tmp_path / "s.gro")
    assert atoms.elements[-1] == ion
    assert atoms.bonds == ((0, 1), (0, 2), (3, 4), (3, 5), (6, 7), (6, 8))
    assert len(resolve(read_mapping("water-1bead"), atoms)) == 3
    # Without residues the elements that are nothing but ions are known; molecules tell the others.
    lines = [f"{name} {x} {y} {z}" for name, (x, y, z) in zip(names, positions / ANGSTROM, strict=True)]
    (tmp_path / "s.xyz").write_text("\n".join(["10", "", *lines]) + "\n")
    if ion in ("Na", "K", "Li", "Mg", "Ca"):
        assert read_atoms(tmp_path / "s.xyz")[0].bonds == atoms.bonds
    molecules = tuple(n // 3 for n in range(10))
    named = NamedAtoms(tuple(names), tuple(names), None, None, molecules, positions=positions)
    assert finished(named)[0].bonds == atoms.bonds


def test_a_metal_within_a_residue_keeps_its_bonds() -> None:
    """Magnesium in chlorophyll, and a molecule of a halogen."""
    positions = np.array([[0.0, 0, 0], [0.21, 0, 0], [0, 0.21, 0], [-0.21, 0, 0]])
    elements = ("Mg", "N", "N", "N")
    assert bonds_by_distance(elements, positions, np.zeros((3, 3)), [0] * 4) == ((0, 1), (0, 2), (0, 3))
    pair = np.array([[0.0, 0, 0], [0.199, 0, 0]])
    assert bonds_by_distance(("Cl", "Cl"), pair, np.zeros((3, 3)), [0, 0]) == ((0, 1),)
    assert bonds_by_distance(("Cl", "Cl"), pair, np.zeros((3, 3)), [0, 1]) == ()
