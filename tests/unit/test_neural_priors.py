"""Priors against their formulas, and what they must not do: act on excluded pairs, or jump at the cutoff."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from cgbridge.errors import ConfigError  # noqa: E402
from cgbridge.models.neural.bonded import Bonded  # noqa: E402
from cgbridge.models.neural.derivatives import derivatives  # noqa: E402
from cgbridge.models.neural.potential import NeuralPotential  # noqa: E402
from cgbridge.models.neural.priors import HarmonicAngles, HarmonicBonds, Repulsion, prior_of  # noqa: E402
from cgbridge.topology import Topology  # noqa: E402

SIGMA, ENERGY, CUTOFF = 0.3, 2.0, 0.6
BOX = torch.tensor([[2.0, 0.0, 0.0], [0.5, 1.9, 0.0], [-0.4, 0.3, 1.8]], dtype=torch.double)


class Nothing(torch.nn.Module):
    """A network that says nothing, so that what is left are the priors."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.double))

    def forward(self, pairs, vectors, types):
        return 0.0 * self.weight * types + 0.0 * vectors.sum()


def of(*priors, kinds=1):
    return NeuralPotential(Nothing(), CUTOFF, kinds, priors)


def test_a_repulsion_is_its_formula_and_ends_smoothly():
    potential = of(Repulsion([[SIGMA]], ENERGY, CUTOFF))
    types = torch.zeros(2, dtype=torch.long)
    for distance in (0.2, 0.3, 0.45, CUTOFF - 1e-7):
        pair = torch.tensor([[0.0, 0.0, 0.0], [0.0, distance, 0.0]], dtype=torch.double)
        found = derivatives(potential, pair, types)
        edge = (SIGMA / CUTOFF) ** 12
        u = ENERGY * ((SIGMA / distance) ** 12 - edge * (13 - 12 * distance / CUTOFF))
        force = 12 * ENERGY * ((SIGMA / distance) ** 12 / distance - edge / CUTOFF)
        assert found.energy.item() == pytest.approx(u, abs=1e-12)
        assert found.forces[1, 1].item() == pytest.approx(force, rel=1e-9, abs=1e-9)
    # The last of them is at the cutoff: energy and force are gone.
    assert abs(found.energy.item()) < 1e-10 and found.forces.abs().max().item() < 1e-3


def test_a_repulsion_is_between_the_types_that_it_names_and_not_within_bonds():
    potential = of(Repulsion([[0.0, SIGMA], [SIGMA, 0.0]], ENERGY, CUTOFF), kinds=2)
    places = torch.tensor([[0.0, 0, 0], [0.3, 0, 0], [0.3, 0.3, 0]], dtype=torch.double)
    types = torch.tensor([0, 1, 1])
    bonded = Bonded.of(Topology(("A", "B", "B"), bonds=((0, 1),), exclusions=((0, 1),)))
    free, within = (potential(places, types, bonded=b).item() for b in (None, bonded))
    edge = (SIGMA / CUTOFF) ** 12

    def pair(r):
        return ENERGY * ((SIGMA / r) ** 12 - edge * (13 - 12 * r / CUTOFF))

    # B and B have none; the bonded pair is left out where it is known.
    assert free == pytest.approx(pair(0.3) + pair(0.3 * np.sqrt(2)))
    assert within == pytest.approx(pair(0.3 * np.sqrt(2)))


def test_bonds_and_angles_through_the_faces_of_the_box():
    """A bent molecule of which every bead is in another image."""
    potential = of(
        HarmonicBonds({"0-1": (0.2, 900.0)}, 2), HarmonicAngles({"0-1-0": (1.9, 50.0)}, 2), kinds=2
    )
    topology = Topology(("A", "B", "A"), bonds=((0, 1), (1, 2)), angles=((0, 1, 2),))
    angle = 1.6
    places = np.array([[0.25, 0.0, 0.0], [0.0, 0.0, 0.0], [0.22 * np.cos(angle), 0.22 * np.sin(angle), 0.0]])
    images = np.array([[1, 0, -2], [0, 0, 0], [-1, 3, 1]]) @ BOX.numpy()
    types, bonded = torch.tensor([0, 1, 0]), Bonded.of(topology)
    expected = 450.0 * (0.05**2 + 0.02**2) + 25.0 * 0.3**2
    found = derivatives(potential, torch.tensor(places + images), types, BOX, bonded=bonded, virial=True)
    assert found.energy.item() == pytest.approx(expected, rel=1e-9)
    assert np.allclose(found.forces.sum(0), 0.0, atol=1e-9)
    # In a batch every frame has its own.
    frames = torch.tensor(np.stack([places, 1.1 * places]))
    both = potential(frames, types, torch.stack([BOX, BOX]), bonded=bonded)
    alone = [potential(frame, types, BOX, bonded=bonded).item() for frame in frames]
    assert both.tolist() == pytest.approx(alone)


def test_a_straight_chain_has_finite_forces():
    potential = of(HarmonicAngles({"0-0-0": (np.pi, 50.0)}, 1))
    places = torch.tensor([[-0.3, 0, 0], [0, 0, 0], [0.3, 0, 0]], dtype=torch.double)
    bonded = Bonded.of(Topology(("A",) * 3, angles=((0, 1, 2),)))
    found = derivatives(potential, places, torch.zeros(3, dtype=torch.long), bonded=bonded)
    assert torch.isfinite(found.forces).all() and found.energy.item() == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    "prior",
    [
        Repulsion([[0.1, 0.2], [0.2, 0.3]], 2.5, 0.6),
        HarmonicBonds({"0-1": (0.2, 900.0), "1-1": (0.3, 1.0)}, 2),
        HarmonicAngles({"0-1-0": (1.9, 50.0)}, 2),
    ],
    ids=lambda prior: prior.name,
)
def test_a_prior_is_rebuilt_from_its_content(prior):
    assert prior_of(prior.name, prior.content()).content() == prior.content()


def test_what_is_no_prior_is_told():
    with pytest.raises(ConfigError, match="symmetric table"):
        Repulsion([[0.1, 0.2], [0.3, 0.1]], 1.0, 0.6)
    with pytest.raises(ConfigError, match="no chain of 2 types"):
        HarmonicBonds({"0-2": (0.2, 1.0)}, 2)
    potential = of(HarmonicBonds({"0-1": (0.2, 900.0)}, 2), kinds=2)
    bonded = Bonded.of(Topology(("A", "A"), bonds=((0, 1),)))
    with pytest.raises(ConfigError, match="no entry for the chain of types 0-0"):
        potential(torch.rand(2, 3).double(), torch.tensor([0, 0]), bonded=bonded)
