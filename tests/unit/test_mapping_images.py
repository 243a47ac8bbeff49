"""Molecules across the faces of triclinic boxes: beads against MDAnalysis and mdtraj, and invariances."""

from __future__ import annotations

import MDAnalysis
import mdtraj
import numpy as np
import pytest
from molecules import GRAPHS, apart, atoms_of, broken, grown, random_box

from cgbridge.atoms import Atoms
from cgbridge.errors import FileFormatError
from cgbridge.frames import Frame
from cgbridge.mapping.mapping_file import load_named_mapping
from cgbridge.mapping.operator import MappingOperator
from cgbridge.mapping.resolve import resolve
from cgbridge.structures.cells import reduced_box

SEEDS = range(6)
#: Both libraries keep positions in single precision, 1e-7 of some nm.
TOLERANCE = 1e-5


def system(
    seed: int, name: str = "hexane-3bead", copies: int = 20
) -> tuple[MappingOperator, np.ndarray, Frame]:
    """Operator, whole positions, and the frame of the same atoms broken at random."""
    random = np.random.default_rng(seed)
    atoms = atoms_of(GRAPHS[name.rpartition("-")[0]], 20)
    box = random_box(random)
    whole = grown(atoms, box, random)
    forces = random.standard_normal(whole.shape)
    return resolve(load_named_mapping(name), atoms), whole, Frame(broken(whole, box), box, 0.0, forces)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["water-1bead", "hexane-3bead", "alanine-dipeptide-6bead"])
def test_broken_molecules_give_the_beads_of_whole_ones(name: str, seed: int) -> None:
    operator, whole, frame = system(seed, name)
    beads = operator.apply(frame)
    assert apart(beads.positions, operator.positions @ whole, frame.box) < 1e-12
    # In one piece: no bond of beads crosses the box.
    bonds = np.array(operator.topology.bonds, dtype=int).reshape(-1, 2)
    steps = beads.positions[bonds[:, 1]] - beads.positions[bonds[:, 0]]
    assert np.linalg.norm(steps, axis=1).max(initial=0.0) < 1.0
    # Any image of any atom, a shift of all, and other vectors of the same lattice change nothing.
    random = np.random.default_rng(seed + 100)
    shift = random.uniform(-3, 3, 3)
    skewed = frame.box.copy()
    skewed[2] += 2 * skewed[0] - skewed[1]
    skewed[1] += skewed[0]
    for box, positions, moved in (
        (frame.box, broken(whole, frame.box, random), 0.0),
        (frame.box, broken(whole + shift, frame.box), shift),
        (skewed, broken(whole, skewed), 0.0),
        (-frame.box, broken(whole, frame.box), 0.0),
        (frame.box[[1, 0, 2]], broken(whole, frame.box), 0.0),
    ):
        again = operator.apply(Frame(positions, box, 0.0))
        assert apart(again.positions - moved, beads.positions, frame.box) < 1e-11


@pytest.mark.parametrize("seed", SEEDS)
def test_beads_against_mdanalysis_and_mdtraj(seed: int) -> None:
    operator, _, frame = system(seed)
    atoms = operator.atoms
    ours = operator.apply(frame).positions
    groups = _groups(operator)
    theirs = _of_mdanalysis(atoms, frame, groups)
    assert apart(ours, theirs, frame.box) < TOLERANCE
    assert apart(ours, _of_mdtraj(atoms, frame, groups), frame.box) < TOLERANCE


def _groups(operator: MappingOperator) -> list[np.ndarray]:
    return [operator.positions[[bead]].indices for bead in range(len(operator))]


def _of_mdanalysis(atoms: Atoms, frame: Frame, groups: list[np.ndarray]) -> np.ndarray:
    universe = MDAnalysis.Universe.empty(len(atoms), trajectory=True)
    universe.add_TopologyAttr("masses", atoms.masses)
    universe.add_TopologyAttr("bonds", atoms.bonds)
    universe.atoms.positions = 10.0 * frame.positions
    lengths_and_angles = MDAnalysis.lib.mdamath.triclinic_box(*(10.0 * frame.box))
    universe.dimensions = lengths_and_angles
    for fragment in universe.atoms.fragments:
        MDAnalysis.lib.mdamath.make_whole(fragment)
    return np.array([universe.atoms[group].center_of_mass() for group in groups]) / 10.0


def _of_mdtraj(atoms: Atoms, frame: Frame, groups: list[np.ndarray]) -> np.ndarray:
    topology = mdtraj.Topology()
    chain = topology.add_chain()
    residues = [topology.add_residue(name, chain) for name in atoms.residue_names]
    listed = [
        topology.add_atom(name, mdtraj.element.get_by_symbol(symbol), residues[residue])
        for name, symbol, residue in zip(atoms.names, atoms.elements, atoms.residue_of, strict=True)
    ]
    for i, j in atoms.bonds:
        topology.add_bond(listed[i], listed[j])
    loaded = mdtraj.Trajectory(frame.positions[None], topology)
    loaded.unitcell_vectors = frame.box[None]
    whole = loaded.make_molecules_whole(inplace=False)
    return np.array([mdtraj.compute_center_of_mass(whole.atom_slice(group))[0] for group in groups])


@pytest.mark.parametrize("seed", SEEDS)
def test_no_force_is_lost(seed: int) -> None:
    operator, _, frame = system(seed)
    mapped = operator.apply(frame).forces
    # To rounding: the sum of 400 numbers of order 1.
    np.testing.assert_allclose(mapped.sum(axis=0), frame.forces.sum(axis=0), atol=1e-12)


def test_a_box_that_is_thin_in_these_vectors_only() -> None:
    """Rounded coordinates of far from reduced vectors pick a wrong image; shorter vectors do not."""
    random = np.random.default_rng(3)
    atoms = atoms_of(GRAPHS["hexane"], 5)
    box = np.diag([1.5, 1.6, 1.7])
    far = box.copy()
    far[1] += 7 * far[0]
    far[2] += 5 * far[1] - 3 * far[0]
    assert np.allclose(reduced_box(far.copy()), box)
    whole = grown(atoms, box, random)
    operator = resolve(load_named_mapping("hexane-2bead"), atoms)
    found = operator.apply(Frame(broken(whole, far, random), far, 0.0)).positions
    assert apart(found, operator.positions @ whole, box) < 1e-11


def test_no_box_leaves_the_molecules_as_they_are() -> None:
    operator, whole, _ = system(0)
    found = operator.apply(Frame(whole, np.zeros((3, 3)), 0.0))
    np.testing.assert_allclose(found.positions, operator.positions @ whole, atol=1e-14)


def test_atoms_of_another_topology_are_found_by_their_bonds() -> None:
    operator, whole, frame = system(1)
    mixed = Frame(frame.positions[np.random.default_rng(1).permutation(len(whole))], frame.box, 0.0)
    with pytest.raises(FileFormatError, match=r"are bonded but .* nm apart"):
        operator.apply(mixed)
    with pytest.raises(FileFormatError, match="the frame has 399 atoms, and the topology 400"):
        operator.apply(Frame(whole[:-1], frame.box, 0.0))
    # Molecules in pieces and no box to put them together by.
    with pytest.raises(FileFormatError, match="are bonded but"):
        operator.apply(Frame(frame.positions, np.zeros((3, 3)), 0.0))
