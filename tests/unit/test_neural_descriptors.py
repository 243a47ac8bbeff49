"""Basis functions and sums over pairs of neighbours against their definitions."""

import itertools

import numpy as np
import pytest
from scipy.special import eval_chebyt, eval_legendre

torch = pytest.importorskip("torch")

from cgbridge.models.neural.architecture import network_settings  # noqa: E402
from cgbridge.models.neural.descriptors import chebyshev_basis, legendre_sums, monomials  # noqa: E402
from cgbridge.models.neural.fingerprint import Fingerprint  # noqa: E402
from cgbridge.models.neural.neighbours import find_pairs  # noqa: E402


def basis(scaled, count):
    """NEP's basis by scipy's polynomials."""
    s = np.minimum(np.asarray(scaled), 1.0)[..., None]
    polynomials = eval_chebyt(np.arange(count), 2.0 * (s - 1.0) ** 2 - 1.0)
    return 0.5 * (polynomials + 1.0) * 0.5 * (1.0 + np.cos(np.pi * s))


def test_radial_functions():
    scaled = np.linspace(0.01, 1.2, 50)
    found = chebyshev_basis(torch.tensor(scaled), 10)
    assert np.allclose(found, basis(scaled, 10), atol=1e-13)
    # Nothing is seen from the cutoff on.
    assert not found[torch.tensor(scaled) >= 1.0].any()


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_sums_of_legendre_polynomials(order):
    rng = np.random.default_rng(1)
    directions = rng.normal(size=(7, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    weights = rng.normal(size=7)
    moments = monomials(torch.tensor(directions.T), order) @ torch.tensor(weights)
    found = legendre_sums(moments, order)
    cosines = directions @ directions.T
    for degree in range(1, order + 1):
        expected = weights @ eval_legendre(degree, cosines) @ weights
        assert found[degree - 1].item() == pytest.approx(expected, abs=1e-12)


def test_a_fingerprint_is_the_double_sum_over_neighbours():
    """Two types, whose coefficients differ for every pair of them; by loops over neighbours."""
    settings = network_settings(
        "descriptor-network",
        {"precision": "float64", "cutoff": 0.6, "angular_cutoff": 0.5, "radial_functions": 2,
         "radial_basis": 3, "angular_functions": 2, "angular_basis": 4, "angular_order": 3},
    )  # fmt: skip
    torch.manual_seed(2)
    fingerprint = Fingerprint(settings, 2)
    rng = np.random.default_rng(2)
    positions, types = torch.tensor(rng.uniform(0, 0.7, (6, 3))), torch.tensor([0, 1, 1, 0, 1, 0])
    pairs = find_pairs(positions, None, 0.6)
    found = (
        fingerprint.descriptors(fingerprint.sums(pairs, pairs.vectors(positions, None), types), types)
        .detach()
        .numpy()
    )
    radial, angular = (
        values.detach().numpy().reshape(2, 2, 2, count)
        for values, count in ((fingerprint.radial, 3), (fingerprint.angular, 4))
    )
    places, kinds = positions.numpy(), types.numpy()
    for i in range(6):
        others = [j for j in range(6) if j != i]
        vectors = {j: places[j] - places[i] for j in others}
        distance = {j: np.linalg.norm(vectors[j]) for j in others}

        def mixed(coefficients, j, cutoff, count, i=i, distance=distance):
            return coefficients[kinds[i], :, kinds[j]] @ basis(distance[j] / cutoff, count)

        sums = np.sum([mixed(radial, j, 0.6, 3) for j in others], axis=0)
        angles = np.zeros((2, 3))
        for j, k in itertools.product(others, repeat=2):
            cosine = vectors[j] @ vectors[k] / distance[j] / distance[k]
            weight = mixed(angular, j, 0.5, 4) * mixed(angular, k, 0.5, 4)
            angles += weight[:, None] * eval_legendre([1, 2, 3], cosine)
        assert np.allclose(found[i], [*sums, *angles.flatten()], atol=1e-11)


def test_scales_are_those_of_the_frames_and_bounded_in_a_crystal():
    """Mean 0 and spread 1 where descriptors differ; elsewhere no small change becomes a large one."""
    settings = network_settings("descriptor-network", {"precision": "float64"})
    torch.manual_seed(1)
    fingerprint = Fingerprint(settings, 2)
    grid = torch.tensor(list(np.ndindex(4, 4, 4)), dtype=torch.double) * 0.35
    box, rng = 1.4 * torch.eye(3, dtype=torch.double), np.random.default_rng(4)
    liquid = grid + 0.05 * torch.tensor(rng.normal(size=(64, 3)))
    types = torch.zeros(64, dtype=torch.long)

    def seen(positions):
        pairs = find_pairs(positions, box, 0.6)
        return pairs, pairs.vectors(positions, box), types

    def found_at(positions):
        return fingerprint.scaled(fingerprint.sums(*seen(positions)), types).detach()

    fingerprint.calibrate(*seen(liquid))
    found = found_at(liquid)
    assert found.mean(0).abs().max() < 1e-9
    assert (found.std(0) - 1.0).abs().max() < 0.2
    # A second type that never occurs leaves its scales alone.
    assert torch.equal(fingerprint.scale[1], torch.ones_like(fingerprint.scale[1]))
    fingerprint.calibrate(*seen(grid))
    assert torch.isfinite(fingerprint.scale).all()
    assert found_at(grid + 1e-6 * (liquid - grid)).abs().max() < 0.1
