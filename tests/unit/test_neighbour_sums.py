"""The plugin's sums over neighbours and their derivatives against torch's own."""

import os
import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from cgbridge.models.neural.neighbour_sums import NeighbourSums, only_gradients_of_weights  # noqa: E402
from cgbridge.models.neural.neighbours import find_pairs  # noqa: E402

#: Several images of a particle are in reach, and more neighbours than any vector has lanes.
BOX = torch.tensor([[0.9, 0.0, 0.0], [0.2, 0.85, 0.0], [-0.1, 0.15, 0.8]], dtype=torch.double)


def neighbourhoods(kinds, dtype=torch.double, particles=14):
    rng = np.random.default_rng(3)
    positions = torch.tensor(rng.uniform(size=(particles, 3))) @ BOX
    pairs = find_pairs(positions, BOX, 0.6)
    types = torch.tensor(rng.integers(0, kinds, particles))
    return pairs, pairs.vectors(positions, BOX).to(dtype), types


def derivatives_of(compute, vectors, weights, along):
    """A function of the sums, its slopes, and the slopes of those with respect to vectors and weights."""
    places, factors = vectors.clone().requires_grad_(True), weights.clone().requires_grad_(True)
    sums = compute(places)
    (first,) = torch.autograd.grad((torch.tanh(sums) * factors).sum(), places, create_graph=True)
    second = torch.autograd.grad((first * along).sum(), (places, factors))
    return sums.detach(), first.detach(), *second


@pytest.mark.parametrize("degree", range(5))
@pytest.mark.parametrize("kinds", [1, 3])
@pytest.mark.parametrize(("precision", "error"), [("float64", 1e-12), ("float32", 2e-5)])
def test_sums_and_derivatives_are_those_of_arrays(degree, kinds, precision, error):
    dtype = getattr(torch, precision)
    pairs, vectors, types = neighbourhoods(kinds, dtype)
    sums = NeighbourSums(7, degree, 0.5, kinds)
    rng = np.random.default_rng(1)
    weights = torch.tensor(rng.normal(size=(7 * kinds, pairs.particles, sums.monomials)), dtype=dtype)
    along = torch.tensor(rng.normal(size=vectors.shape), dtype=dtype)
    found = derivatives_of(lambda v: sums(pairs, v, types), vectors, weights, along)
    expected = derivatives_of(
        lambda v: sums.by_arrays(pairs, v, types), vectors.double(), weights.double(), along.double()
    )
    for own, other in zip(found, expected, strict=True):
        assert own.shape == other.shape
        assert float((own - other).abs().max()) < error * float(other.abs().max())


def test_positions_cost_nothing_where_weights_alone_are_asked_for():
    """The same gradients of weights, and none of positions."""
    pairs, vectors, types = neighbourhoods(1)
    sums, places = NeighbourSums(4, 2, 0.5, 1), vectors.requires_grad_(True)
    weights = torch.ones(4, pairs.particles, sums.monomials, dtype=torch.double, requires_grad=True)
    gradients = []
    for only in (False, True):
        (first,) = torch.autograd.grad(
            (torch.tanh(sums(pairs, places, types)) * weights).sum(), places, create_graph=True
        )
        weights.grad = None
        if only:
            with only_gradients_of_weights():
                first.square().sum().backward(inputs=[weights])
        else:
            first.square().sum().backward(inputs=[weights])
        gradients.append(weights.grad)
    assert torch.equal(*gradients)


def test_particles_without_neighbours():
    positions = torch.tensor([[0.0, 0.0, 0.0], [5.0, 0.0, 0.0]])
    pairs = find_pairs(positions, None, 0.6)
    found = NeighbourSums(3, 4, 0.5, 1)(pairs, pairs.vectors(positions, None), torch.tensor([0, 0]))
    assert torch.equal(found, torch.zeros(3, 2, 35))


_ISA = """
import sys, torch
sys.path.append(sys.argv[1])
from tests.unit.test_neighbour_sums import neighbourhoods
from cgbridge.models.neural.neighbour_sums import NeighbourSums
pairs, vectors, types = neighbourhoods(2, torch.float32)
for degree in (0, 4):
    sums = NeighbourSums(7, degree, 0.5, 2)
    places = vectors.clone().requires_grad_(True)
    found = sums(pairs, places, types)
    assert (found - sums.by_arrays(pairs, places, types)).abs().max() < 1e-4
    (slope,) = torch.autograd.grad(found.square().sum(), places)
    (other,) = torch.autograd.grad(sums.by_arrays(pairs, places, types).square().sum(), places)
    assert (slope - other).abs().max() < 1e-4 * other.abs().max()
"""


@pytest.mark.parametrize("isa", ["baseline", "avx2"])
def test_every_instruction_set_says_the_same(isa):
    """The best one of this machine is that of the other tests."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    done = subprocess.run(
        [sys.executable, "-P", "-c", _ISA, root],
        env={**os.environ, "CGBRIDGE_CPU_ISA": isa, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    if "cannot run" in done.stderr:
        pytest.skip(f"no {isa} here")
    assert done.returncode == 0, done.stderr
