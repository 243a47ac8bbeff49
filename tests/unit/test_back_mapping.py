"""Atoms laid on beads: the beads are where they are wanted, molecules keep their shape and their hand."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.spatial.transform import Rotation

from cgbridge.atoms import Atoms
from cgbridge.mapping.back_mapping import back_map
from cgbridge.mapping.operator import MappingOperator
from cgbridge.topology import Topology

ATOMS = 5


def operator(beads, molecules=4):
    """Molecules of five atoms; every bead the mean of the atoms named for it."""
    count = ATOMS * molecules
    matrix = np.zeros((len(beads) * molecules, count))
    for molecule in range(molecules):
        for number, own in enumerate(beads):
            matrix[molecule * len(beads) + number, [molecule * ATOMS + a for a in own]] = 1 / len(own)
    of = tuple(np.repeat(range(molecules), ATOMS).tolist())
    atoms = Atoms(("C",) * count, ("C",) * count, (12.0,) * count, ("M",) * molecules, of, of)
    topology = Topology(("B",) * len(matrix), tuple(np.repeat(range(molecules), len(beads)).tolist()))
    maps = csr_array(matrix)
    return MappingOperator(atoms, maps, maps, topology, (12.0,) * len(matrix), ())


@pytest.mark.parametrize(
    "beads", [[(0, 1, 2)], [(0, 1), (2, 3, 4)], [(0,), (1, 2), (3, 4)], [(0,), (1,), (2,), (3,), (4,)]]
)
def test_beads_of_a_turned_molecule_are_met_and_the_molecule_keeps_shape_and_hand(beads):
    rng = np.random.default_rng(4)
    mapping = operator(beads)
    shape = rng.normal(size=(ATOMS, 3))
    template = np.concatenate([shape + 5.0 * k for k in range(4)])
    turned = [Rotation.random(random_state=k).apply(shape) + rng.normal(size=3) for k in range(4)]
    wanted = mapping.positions @ np.concatenate(turned)
    found = back_map(mapping, template, wanted, rng)
    # Rounding of a rotation of numbers of some units.
    np.testing.assert_allclose(mapping.positions @ found, wanted, atol=1e-12)
    for k in range(4):
        own = found[k * ATOMS : (k + 1) * ATOMS]
        sides, before = own[1:4] - own[0], shape[1:4] - shape[0]
        np.testing.assert_allclose(sides @ sides.T, before @ before.T, atol=1e-12)
        assert np.linalg.det(sides) == pytest.approx(np.linalg.det(before), abs=1e-12)


def test_what_beads_leave_open_is_drawn_evenly():
    """The first atom's direction from its bead: mean 0 and <z^2> = 1/3, to four standard errors."""
    rng = np.random.default_rng(1)
    mapping = operator([(0, 1, 2, 3, 4)], molecules=2000)
    shape = rng.normal(size=(ATOMS, 3))
    found = back_map(mapping, np.tile(shape, (2000, 1)), np.zeros((2000, 3)), rng)[::ATOMS]
    directions = found / np.linalg.norm(found, axis=1)[:, None]
    assert np.abs(directions.mean(axis=0)).max() < 4 * (1 / 3 / 2000) ** 0.5
    assert np.abs((directions**2).mean(axis=0) - 1 / 3).max() < 4 * (4 / 45 / 2000) ** 0.5
