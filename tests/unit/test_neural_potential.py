"""What every architecture owes: forces and virials that are slopes, symmetry, smoothness, batches."""

from dataclasses import dataclass

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from cgbridge.models.neural.architecture import build, list_architectures, network_settings  # noqa: E402
from cgbridge.models.neural.derivatives import derivatives  # noqa: E402
from cgbridge.models.neural.potential import types_of  # noqa: E402

PARTICLES = 40
#: What has no default.
NEEDED = {"tersoff-nn": {"base": "ml-bop"}}
BOX = np.array([[1.4, 0.0, 0.0], [0.3, 1.35, 0.0], [-0.2, 0.25, 1.3]])


@dataclass
class Case:
    potential: torch.nn.Module
    positions: torch.Tensor
    types: torch.Tensor
    box: torch.Tensor

    @property
    def state(self):
        return self.positions, self.types, self.box

    def energy(self, positions=None, box=None):
        with torch.no_grad():
            return float(
                self.potential(
                    self.positions if positions is None else positions,
                    self.types,
                    self.box if box is None else box,
                )
            )


@pytest.fixture(params=[(name, kinds) for name in list_architectures() for kinds in (1, 2)], ids=str)
def case(request):
    name, kinds = request.param
    pytest.importorskip("torchmdnet" if name in ("tensornet", "graph-network") else "torch")
    torch.set_num_threads(1)
    rng = np.random.default_rng(5)
    places = np.stack(np.meshgrid(*[np.arange(4)] * 3), -1).reshape(-1, 3)[:PARTICLES] / 4.0
    positions = torch.tensor(places @ BOX + 0.04 * rng.normal(size=(PARTICLES, 3)))
    settings = network_settings(name, {"precision": "float64", "cutoff": 0.6} | NEEDED.get(name, {}))
    potential = build(name, settings, ["A", "B"][:kinds], seed=7)
    types = torch.arange(PARTICLES) % kinds
    box = torch.tensor(BOX)
    potential.calibrate(positions, types, box)
    return Case(potential, positions, types, box)


def test_forces_and_virial_are_slopes_of_the_energy(case):
    found = derivatives(case.potential, *case.state, virial=True)
    step = 1e-5
    move = torch.zeros_like(case.positions)
    move[3] = torch.tensor([0.3, -0.5, 0.8])
    slope = (case.energy(case.positions + step * move) - case.energy(case.positions - step * move)) / (
        2 * step
    )
    # Central differences: the square of the step, and 1e-13 of the energy over it.
    assert float((found.forces * move).sum()) == pytest.approx(-slope, rel=1e-5, abs=1e-5)
    strain = torch.tensor([[0.2, 0.0, 0.0], [0.5, -0.4, 0.0], [0.3, 0.1, 0.6]], dtype=torch.double)
    ends = [
        case.energy(case.positions + s * case.positions @ strain, case.box + s * case.box @ strain)
        for s in (step, -step)
    ]
    assert float((found.virial * strain).sum()) == pytest.approx(
        -(ends[0] - ends[1]) / (2 * step), rel=1e-5, abs=1e-5
    )
    # Nothing pushes or turns the whole of it.
    scale = float(found.forces.abs().max())
    assert float(found.forces.sum(0).abs().max()) < 1e-10 * scale
    assert torch.allclose(found.virial, found.virial.T, atol=1e-8 * float(found.virial.abs().max()))


def test_energy_does_not_know_frame_image_or_order(case):
    rng = np.random.default_rng(6)
    turn = torch.tensor(np.linalg.qr(rng.normal(size=(3, 3)))[0])
    energy = case.energy()
    close = {"rel": 1e-9, "abs": 1e-9}  # sums in another order
    assert case.energy(case.positions + torch.tensor([0.7, -3.0, 0.2])) == pytest.approx(energy, **close)
    assert case.energy(case.positions @ turn, case.box @ turn) == pytest.approx(energy, **close)
    images = torch.tensor(rng.integers(-2, 3, (PARTICLES, 3)), dtype=torch.double) @ case.box
    assert case.energy(case.positions + images) == pytest.approx(energy, **close)
    order = torch.tensor(rng.permutation(PARTICLES))
    with torch.no_grad():
        shuffled = float(case.potential(case.positions[order], case.types[order], case.box))
    assert shuffled == pytest.approx(energy, **close)
    # A box written with other vectors is the same crystal.
    other = case.box.clone()
    other[2] += other[0]
    assert case.energy(box=other) == pytest.approx(energy, **close)


def test_a_frame_of_a_batch_is_as_it_is_alone(case):
    positions = torch.stack([case.positions, 1.02 * case.positions])
    boxes = torch.stack([case.box, 1.02 * case.box])
    together = derivatives(case.potential, positions, case.types, boxes, virial=True)
    for number in range(2):
        alone = derivatives(case.potential, positions[number], case.types, boxes[number], virial=True)
        for name in ("energy", "forces", "virial"):
            assert torch.allclose(getattr(together, name)[number], getattr(alone, name), atol=1e-8)


def test_a_particle_comes_into_sight_smoothly(case):
    """At the cutoff energy and force go to zero, so that the energy of a run is conserved."""
    kinds = case.types[:2]
    values = []
    for distance in (0.6 + 1e-6, 0.6 - 1e-6, 0.6 - 1e-3):
        pair = torch.tensor([[0.0, 0.0, 0.0], [0.0, distance, 0.0]], dtype=torch.double)
        found = derivatives(case.potential, pair, kinds, None)
        values.append((float(found.energy), float(found.forces.abs().max())))
    alone, edge, near = values
    assert edge[0] == pytest.approx(alone[0], abs=1e-6)
    assert alone[1] == 0.0
    # The cosine's slope falls linearly with the distance from the cutoff.
    assert edge[1] < 3e-3 * near[1] + 1e-9


def test_losses_of_forces_and_pressures_reach_the_weights(case):
    found = derivatives(case.potential, *case.state, virial=True, create_graph=True)
    loss = found.forces.square().mean() + found.virial.diagonal().sum().square() + found.energy**2
    loss.backward()
    slopes = [values.grad for values in case.potential.network.parameters()]
    assert any(bool((slope.abs() > 0).any()) for slope in slopes if slope is not None)
    # One weight against a difference.
    values, slope = max(
        ((v, v.grad) for v in case.potential.network.parameters() if v.grad is not None),
        key=lambda pair: float(pair[1].abs().max()),
    )
    place = tuple(torch.unravel_index(slope.abs().argmax(), slope.shape))
    losses = []
    for step in (1e-6, -1e-6):
        with torch.no_grad():
            values[place] += step
        d = derivatives(case.potential, *case.state, virial=True)
        losses.append(float(d.forces.square().mean() + d.virial.diagonal().sum().square() + d.energy**2))
        with torch.no_grad():
            values[place] -= step
    assert (losses[0] - losses[1]) / 2e-6 == pytest.approx(float(slope[place]), rel=1e-4)


@pytest.mark.parametrize("name", list_architectures())
def test_a_seed_makes_the_weights(name):
    pytest.importorskip("torchmdnet" if name in ("tensornet", "graph-network") else "torch")
    torch.manual_seed(0)
    settings = network_settings(name, NEEDED.get(name, {}))
    first, again, other = (build(name, settings, ["W"], seed=seed) for seed in (1, 1, 2))
    states = [torch.cat([v.flatten() for v in p.parameters()]) for p in (first, again, other)]
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])
    # Torch's generator belongs to the caller.
    drawn = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(drawn, torch.rand(1))


def test_constants_of_types_are_added_in_double_precision():
    settings = network_settings("descriptor-network", {})
    potential = build("descriptor-network", settings, ["O", "H"], seed=1)
    positions = torch.rand(6, 3)
    types = types_of("OHHOHH", ["O", "H"])
    before = potential(positions, types)
    potential.type_energies[:] = torch.tensor([-197000.0, -1300.0])
    # Total energies of atoms are 1e5 kJ/mol: single precision would leave 0.03 of it.
    difference = (potential(positions, types) - before).item()
    assert difference == pytest.approx(2 * -197000.0 + 4 * -1300.0, abs=1e-9)
