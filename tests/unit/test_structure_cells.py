"""Cells of any shape and orientation: energy, forces and virial of the crystal, in the file's frame."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from cgbridge.engine.single_point import evaluate_structure
from cgbridge.errors import SimulationError
from cgbridge.models.closed_form import diamond_energy, diamond_minimum
from cgbridge.models.database import load_model
from cgbridge.structures.cells import openmm_box, place, repeated
from cgbridge.structures.structure_files import Structure

MW = load_model("mw")
#: Rounding of sums over some ten beads with coordinates of a nanometre and forces of hundreds.
ENERGY, FORCE = 1e-9, 1e-8


def evaluate(structure: Structure):
    result = evaluate_structure(MW, structure, "Reference")
    return (
        result["energy_kj_mol"],
        np.array(result["forces_kj_mol_nm"]),
        np.array(result["virial_kj_mol"]),
        result["pressure_bar"],
    )


def crystal(random: np.random.Generator, beads: int = 9) -> Structure:
    """Beads near each other in a triclinic cell that is wide enough."""
    cell = np.array([[1.0, 0, 0], [0.3, 0.95, 0], [-0.4, 0.2, 1.05]])
    sites = np.array(list(itertools.product(range(3), repeat=3)))[: 3 * beads : 3] * 0.25
    positions = sites + random.uniform(-0.04, 0.04, (beads, 3))
    return Structure(("W",) * beads, positions, cell)


def rotation(random: np.random.Generator) -> np.ndarray:
    q, r = np.linalg.qr(random.normal(size=(3, 3)))
    q *= np.sign(np.diag(r))
    return q * np.sign(np.linalg.det(q))


def unimodular(random: np.random.Generator, steps: int) -> np.ndarray:
    """Other vectors of a lattice: far from reduced, of either hand, in any order."""
    matrix = np.eye(3, dtype=int)
    for _ in range(steps):
        i, j = random.permutation(3)[:2]
        matrix[i] += int(random.integers(-3, 4)) * matrix[j]
    return (matrix * random.choice([-1, 1], 3)[:, None])[random.permutation(3)]


def test_a_cell_with_its_axes_permuted_gives_forces_in_the_frame_of_the_file() -> None:
    """The number is the slope of mW's pair energy at 2.5 A, -216.256 kJ/mol/nm."""
    dimer = Structure(
        ("mW", "mW"), np.array([[0.1, 0.1, 0.1], [0.35, 0.1, 0.1]]), np.roll(np.eye(3) * 2.0, 1, axis=1)
    )
    _, forces, virial, _ = evaluate(dimer)
    assert forces[0] == pytest.approx([-216.256, 0.0, 0.0], abs=1e-3)  # digits of the number
    assert virial == pytest.approx(np.diag([216.256 * 0.25, 0.0, 0.0]), abs=1e-3)


@pytest.mark.parametrize("seed", range(60))
def test_the_same_crystal_in_any_cell_and_orientation(seed: int) -> None:
    """Rotated, mirrored, with other vectors of its lattice and beads in other cells."""
    random = np.random.default_rng(seed)
    known = crystal(random)
    energy, forces, virial, pressure = evaluate(known)
    turn = rotation(random) * (-1 if seed % 2 else 1)  # of odd seeds the crystal's mirror image
    assert known.box is not None
    away = random.integers(-3, 4, (len(known.names), 3)) @ known.box
    other = Structure(
        known.names, (known.positions + away) @ turn.T, unimodular(random, seed % 7) @ known.box @ turn.T
    )
    found = evaluate(other)
    assert found[0] == pytest.approx(energy, abs=ENERGY)
    assert found[1] == pytest.approx(forces @ turn.T, abs=FORCE)
    assert found[2] == pytest.approx(turn @ virial @ turn.T, abs=FORCE)
    assert found[3] == pytest.approx(pressure, abs=1e-6)  # bar; the virial's rounding over a nm^3


@pytest.mark.parametrize("seed", range(6))
def test_forces_and_virial_are_derivatives_in_the_frame_of_the_file(seed: int) -> None:
    """Moving a bead along the file's axes, and straining file and cell: -dE/dr and -dE/de."""
    random = np.random.default_rng(seed)
    known = crystal(random)
    assert known.box is not None
    turn = rotation(random)
    hand = np.diag([1.0, 1.0, -1.0 if seed % 2 else 1.0])
    cell, positions = hand @ known.box @ turn.T, known.positions @ turn.T
    names, step = known.names, 1e-5
    _, forces, virial, _ = evaluate(Structure(names, positions, cell))
    bead = int(random.integers(len(names)))
    for axis in range(3):
        move = np.zeros_like(positions)
        move[bead, axis] = step
        up, down = (evaluate(Structure(names, positions + s * move, cell))[0] for s in (1, -1))
        # Central differences: third derivatives of some 1e6 kJ/mol/nm^3 times step^2 / 6.
        assert (down - up) / (2 * step) == pytest.approx(forces[bead, axis], abs=1e-3)
    for a, b in itertools.product(range(3), repeat=2):
        strain = np.zeros((3, 3))
        strain[a, b] = step  # r_b moves by step r_a, so that dE/de_ab = -sum r_a f_b
        up, down = (
            evaluate(Structure(names, positions @ (np.eye(3) + s * strain), cell @ (np.eye(3) + s * strain)))[
                0
            ]
            for s in (1, -1)
        )
        assert (down - up) / (2 * step) == pytest.approx(virial[a, b], abs=1e-3)


def test_openmm_takes_the_box_and_the_rotation_reflects_nothing() -> None:
    random = np.random.default_rng(0)
    for steps in range(200):
        cell = unimodular(random, steps % 12) @ (np.eye(3) + random.uniform(-0.4, 0.4, (3, 3)))
        turn, box = openmm_box(cell)
        assert np.linalg.det(turn) == pytest.approx(1.0) and turn.T @ turn == pytest.approx(np.eye(3))
        assert (np.triu(box, 1) == 0.0).all() and (np.diag(box) > 0.0).all()
        # OpenMM's own conditions, to the last bit.
        assert all(box[j, j] >= 2.0 * abs(box[i, j]) for i, j in ((1, 0), (2, 0), (2, 1)))
        # Vectors of one lattice are whole multiples of those of the other.
        multiples = box @ turn.T @ np.linalg.inv(cell)
        assert multiples == pytest.approx(np.round(multiples), abs=1e-6)
        assert abs(np.linalg.det(np.round(multiples))) == pytest.approx(1.0)


def test_a_cell_in_openmms_frame_is_not_touched() -> None:
    cell = np.array([[2.0, 0, 0], [1.0, 2.0, 0], [-0.3, 0.7, 3.0]])
    turn, box = openmm_box(cell)
    assert (turn == np.eye(3)).all() and (box == cell).all()


def diamond(bond: float, primitive: bool) -> Structure:
    edge = 4.0 * bond / np.sqrt(3.0)
    fcc = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]) * edge
    sites = fcc[:1] if primitive else fcc
    cell = fcc[1:] if primitive else np.eye(3) * edge
    return Structure(("W",) * (2 * len(sites)), np.concatenate([sites, sites + edge / 4.0]), cell)


@pytest.mark.parametrize("primitive", [False, True], ids=["cubic", "primitive"])
def test_a_small_cell_has_the_energy_of_the_crystal(primitive: bool) -> None:
    """Cells of one bond and a half: the closed form of the diamond lattice, per bead of the cell."""
    bond = 1.02 * diamond_minimum(MW).bond
    cell = diamond(bond, primitive)
    result = evaluate_structure(MW, cell, "Reference")
    beads = len(cell.names)
    assert result["energy_kj_mol"] / beads == pytest.approx(float(diamond_energy(MW, bond)), rel=1e-12)
    assert len(result["forces_kj_mol_nm"]) == beads
    assert any("the results are those of one" in note for note in result["notes"])
    # The pressure is that of the lattice, -dE/dV from its closed form.
    step = 1e-6
    up, down = (beads * float(diamond_energy(MW, bond * (1 + s * step))) for s in (1, -1))
    assert np.trace(result["virial_kj_mol"]) == pytest.approx(-(up - down) / (2 * step), rel=1e-6)


def test_a_small_cell_and_the_cell_repeated_by_hand_agree() -> None:
    random = np.random.default_rng(5)
    small = diamond(0.28, primitive=False)
    small = Structure(small.names, small.positions + random.uniform(-0.03, 0.03, (8, 3)), small.box)
    one = evaluate(small)
    by_hand = evaluate(repeated(small, (2, 3, 2)))
    assert by_hand[0] == pytest.approx(12 * one[0], abs=ENERGY * 12)
    assert by_hand[1] == pytest.approx(np.tile(one[1], (12, 1)), abs=FORCE)
    assert by_hand[2] == pytest.approx(12 * one[2], abs=FORCE * 12)
    assert by_hand[3] == pytest.approx(one[3], abs=1e-6)


@pytest.mark.parametrize("periodic", [p for p in itertools.product((True, False), repeat=3) if any(p)])
@pytest.mark.parametrize("empty", [False, True], ids=["cell-vector-given", "cell-vector-zero"])
def test_open_directions_are_as_in_a_wide_box(periodic: tuple[bool, bool, bool], empty: bool) -> None:
    """Layers and chains: the vectors of open directions play no part, whatever the file says of them."""
    random = np.random.default_rng(11)
    known = crystal(random)
    assert known.box is not None
    turn = rotation(random)
    kept = [axis for axis in range(3) if periodic[axis]]
    wide, given = known.box.copy(), known.box.copy()
    across = np.linalg.qr(known.box[kept].T, mode="complete")[0][:, len(kept) :].T
    for axis, direction in zip([a for a in range(3) if not periodic[a]], across, strict=True):
        wide[axis] = 9.0 * direction
        given[axis] = 0.0 if empty else 0.1 * known.box[axis]
    expected = evaluate(Structure(known.names, known.positions, wide))
    found = evaluate(Structure(known.names, known.positions @ turn.T, given @ turn.T, periodic))
    assert found[0] == pytest.approx(expected[0], abs=ENERGY)
    assert found[1] == pytest.approx(expected[1] @ turn.T, abs=FORCE)
    assert found[2] == pytest.approx(turn @ expected[2] @ turn.T, abs=FORCE)
    assert all(periodic) or found[3] is None  # a layer has no volume


def test_a_long_thin_cell_of_a_wide_lattice_is_not_repeated() -> None:
    """Shorter vectors of the same lattice do, so that a simulation can take it as well."""
    cell = np.array([[1, 5, 0], [0, 1, 0], [3, -4, 1]]) @ (np.eye(3) * 1.2)
    placed = place(Structure(("W",), np.zeros((1, 3)), cell), MW.cutoff)
    assert placed.copies == 1 and placed.box == pytest.approx(np.eye(3) * 1.2)


def test_what_cannot_be_is_refused() -> None:
    layer = Structure(("W",), np.zeros((1, 3)), np.eye(3), (True, True, False))
    with pytest.raises(SimulationError, match="not periodic in a direction"):
        repeated(layer, (1, 1, 2))
    tiny = Structure(("W",), np.zeros((1, 3)), np.eye(3) * 1e-3)
    with pytest.raises(SimulationError, match="right unit of length"):
        place(tiny, MW.cutoff, repeat=True)
    with pytest.raises(SimulationError, match="--repeat 2 2 1"):
        place(Structure(("W",), np.zeros((1, 3)), np.diag([0.5, 0.5, 1.0])), MW.cutoff)
