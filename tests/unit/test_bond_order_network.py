"""A network that changes Tersoff's parameters: what it is before and after training, and what it refuses."""

import numpy as np
import openmm
import pytest

torch = pytest.importorskip("torch")

from cgbridge.errors import ConfigErrors  # noqa: E402
from cgbridge.models.database import load_model  # noqa: E402
from cgbridge.models.neural.architecture import build, network_settings  # noqa: E402
from cgbridge.models.neural.derivatives import derivatives  # noqa: E402
from cgbridge.topology import Topology  # noqa: E402

#: A skewed box at about the density of water, and its beads a little off a lattice.
BOX = np.array([[1.9, 0.0, 0.0], [0.5, 1.8, 0.0], [-0.4, 0.6, 1.7]])
COUNT = 6


def beads(seed=3):
    rng = np.random.default_rng(seed)
    places = np.stack(np.meshgrid(*[np.arange(COUNT)] * 3), -1).reshape(-1, 3) / COUNT
    return places @ BOX + 0.03 * rng.normal(size=(COUNT**3, 3))


def network(**more):
    torch.set_num_threads(1)
    options = {"base": "ml-bop", "precision": "float64", **more}
    return build("tersoff-nn", network_settings("tersoff-nn", options), ["W"], seed=2)


def by_plugin(model, positions):
    system = openmm.System()
    topology = Topology((model.bead_names[0],) * len(positions))
    for mass in model.masses(topology):
        system.addParticle(mass)
    system.setDefaultPeriodicBoxVectors(*BOX)
    model.add_forces(system, topology)
    platform = openmm.Platform.getPlatformByName("Reference")
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), platform)
    context.setPositions(positions)
    state = context.getState(getEnergy=True, getForces=True)
    forces = state.getForces(asNumpy=True)._value
    return state.getPotentialEnergy()._value, np.asarray(forces)


@pytest.mark.parametrize("base", ["ml-bop", "cgbridge-water-1", "tersoff-si"])
def test_untrained_it_is_the_model_that_it_starts_from(base):
    model = load_model(base)
    positions = beads()
    energy, forces = by_plugin(model, positions)
    found = derivatives(
        network(base=base),
        torch.tensor(positions),
        torch.zeros(len(positions), dtype=torch.long),
        torch.tensor(BOX),
    )
    # Both in double precision; sums of some thousand terms.
    assert float(found.energy) == pytest.approx(energy, rel=1e-11)
    np.testing.assert_allclose(found.forces.numpy(), forces, atol=1e-10 * np.abs(forces).max())


def test_a_bond_alone_has_its_full_strength_and_a_finite_force():
    pair = torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.0, 0.28]], dtype=torch.float64)
    found = derivatives(network(), pair, torch.zeros(2, dtype=torch.long), None)
    model = load_model("ml-bop")
    (values,) = model.terms[0].indexed({"W": 0}).values()
    form = model.terms[0].functional_form
    assert float(found.energy) == pytest.approx(float(form.dimer_energy(values, np.array(0.28))), rel=1e-12)
    assert bool(torch.isfinite(found.forces).all())


def test_changes_stay_within_their_limit():
    potential = network(limit=0.1)
    with torch.no_grad():
        potential.network.outputs.normal_(std=100.0)
    positions = torch.tensor(beads())
    types = torch.zeros(len(positions), dtype=torch.long)
    pairs = potential.pairs(positions, torch.tensor(BOX))
    vectors = pairs.vectors(positions, torch.tensor(BOX))
    sums = potential.network.sums(pairs, vectors, types)
    with torch.no_grad():
        local = potential.network.local_parameters(sums, types)
        base = network(limit=0.1).network.local_parameters(sums, types)
    for name, values in local.items():
        change = values - base[name] if name == "costheta0" else torch.log(values / base[name])
        assert 0.09 < float(change.abs().max()) <= 0.1 + 1e-12


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"base": "mw"}, "no Tersoff model"),
        ({"base": {"A": 1.0}}, "lacks m, gamma"),
        ({"base": "ml-bop", "cutoff": 0.3, "angular_cutoff": 0.3}, "cutoff is shorter"),
        ({"base": "ml-bob"}, "ml-bop"),
    ],
)
def test_bases_that_do_not_do(options, words):
    with pytest.raises(ConfigErrors, match=words):
        network_settings("tersoff-nn", options)
