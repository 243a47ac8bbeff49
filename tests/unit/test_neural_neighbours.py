"""Pairs in periodic boxes against a sum over all images, and lists that are kept while they hold."""

import itertools

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from cgbridge.models.neural.neighbours import PairList, find_pairs, joined_pairs  # noqa: E402

TRICLINIC = np.array([[1.5, 0.0, 0.0], [0.6, 1.4, 0.0], [-0.7, 0.5, 1.6]])


def by_images(positions, box, cutoff):
    """(i, j, distance) of every pair with every image, by brute force."""
    found = []
    for i, j in itertools.product(range(len(positions)), repeat=2):
        for shift in itertools.product(range(-6, 7), repeat=3):
            if i == j and not any(shift):
                continue
            distance = np.linalg.norm(positions[j] + np.array(shift) @ box - positions[i])
            if distance < cutoff:
                found.append((i, j, distance))
    return sorted(found)


@pytest.mark.parametrize(
    ("box", "cutoff"),
    [
        (np.diag([1.5, 1.7, 1.9]), 0.6),
        (TRICLINIC, 0.6),
        # Far smaller than twice the cutoff: particles meet several images, and their own.
        (0.3 * TRICLINIC, 0.6),
        # So skewed that the nearest image is not the one nearest in fractions.
        (np.array([[1.3, 0.0, 0.0], [0.65, 1.2, 0.0], [0.65, 0.6, 1.2]]), 0.64),
    ],
    ids=["orthorhombic", "triclinic", "tiny", "skewed"],
)
def test_pairs_are_those_of_a_sum_over_images(box, cutoff):
    rng = np.random.default_rng(1)
    # Places far outside the box as well: OpenMM does not wrap.
    positions = rng.uniform(-2.0, 3.0, (5, 3)) @ box
    pairs = find_pairs(torch.tensor(positions), torch.tensor(box), cutoff)
    vectors = pairs.vectors(torch.tensor(positions), torch.tensor(box))
    found = sorted(
        zip(
            pairs.centre.tolist(),
            pairs.neighbour.tolist(),
            torch.linalg.vector_norm(vectors, dim=1).tolist(),
            strict=True,
        )
    )
    expected = by_images(positions - np.floor(positions @ np.linalg.inv(box)) @ box, box, cutoff)
    assert [f[:2] for f in found] == [e[:2] for e in expected]
    # Rounding of places a few box lengths away.
    assert np.allclose([f[2] for f in found], [e[2] for e in expected], atol=1e-12)
    assert torch.equal(pairs.centre, pairs.centre.sort()[0])


def test_pairs_of_an_isolated_cluster():
    """Two sides of a right triangle are within the cutoff; one of them is excluded."""
    positions = torch.tensor([[0.0, 0.0, 0.0], [0.3, 0.0, 0.0], [0.3, 0.4, 0.0]], dtype=torch.double)
    pairs = find_pairs(positions, None, 0.45, exclusions=torch.tensor([[2, 1]]))
    rows = zip(
        pairs.centre.tolist(),
        pairs.neighbour.tolist(),
        pairs.distance.tolist(),
        pairs.interacting.tolist(),
        strict=True,
    )
    assert sorted(rows) == [
        (0, 1, pytest.approx(0.3), True),
        (1, 0, pytest.approx(0.3), True),
        (1, 2, pytest.approx(0.4), False),
        (2, 1, pytest.approx(0.4), False),
    ]


def test_frames_behind_each_other_keep_their_boxes():
    rng = np.random.default_rng(2)
    boxes = torch.tensor(np.stack([TRICLINIC, 1.1 * TRICLINIC]))
    positions = torch.tensor(rng.uniform(0, 1, (2, 20, 3))) @ boxes
    parts = [find_pairs(p, b, 0.6) for p, b in zip(positions, boxes, strict=True)]
    whole = joined_pairs(parts).vectors(positions.reshape(-1, 3), boxes)
    single = torch.cat([part.vectors(p, b) for part, p, b in zip(parts, positions, boxes, strict=True)])
    assert torch.equal(whole, single)


def test_a_list_is_kept_while_it_holds_and_never_longer():
    """Random moves and strains of the box: every pair within the cutoff is always in the list."""
    rng = np.random.default_rng(3)
    box, cutoff = 1.3 * TRICLINIC, 0.6
    positions = rng.uniform(0, 1, (60, 3)) @ box
    kept = PairList(cutoff, 0.1)
    for step in range(40):
        strain = np.eye(3) + 0.002 * np.tril(rng.normal(size=(3, 3)))
        box, positions = box @ strain, positions @ strain + 0.006 * rng.normal(size=positions.shape)
        # Some are put to another image, as OpenMM may do between steps.
        positions[step % 60] += rng.integers(-2, 3, 3) @ box
        here = torch.tensor(positions), torch.tensor(box)
        distance = torch.linalg.vector_norm(kept(*here).vectors(*here), dim=1)
        assert int((distance < cutoff).sum()) == len(find_pairs(*here, cutoff).centre), step
    assert 1 < kept.builds < 20


def test_a_barostat_does_not_make_a_list_anew():
    """Molecules are moved with the box: nothing comes nearer but by the strain itself."""
    rng = np.random.default_rng(4)
    positions = torch.tensor(rng.uniform(-3, 3, (60, 3)) @ TRICLINIC)
    kept = PairList(0.6, 0.1)
    for scale in (1.0, 1.003, 0.998):
        kept(positions * scale, torch.tensor(TRICLINIC * scale))
    assert kept.builds == 1
