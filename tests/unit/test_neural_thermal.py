"""Free energies that depend on the temperature: linear between the ends, flat beyond, the same in OpenMM."""

import devices
import numpy as np
import openmm
import pytest
from neural_models import EDGE, liquid_places

torch = pytest.importorskip("torch")

from cgbridge.engine.molecular_dynamics import Dynamics  # noqa: E402
from cgbridge.engine.settings import EngineSettings  # noqa: E402
from cgbridge.engine.virial import Virial  # noqa: E402
from cgbridge.fits.training.network_fit import committee_spread  # noqa: E402
from cgbridge.frames import Frame  # noqa: E402
from cgbridge.models.beads import Bead  # noqa: E402
from cgbridge.models.neural import TEMPERATURE  # noqa: E402
from cgbridge.models.neural.architecture import build, network_settings  # noqa: E402
from cgbridge.models.neural.derivatives import derivatives  # noqa: E402
from cgbridge.models.neural.model import NeuralModel  # noqa: E402
from cgbridge.structures.lattices import Box  # noqa: E402
from cgbridge.topology import Topology  # noqa: E402

BOX = EDGE * torch.eye(3, dtype=torch.double)


@pytest.fixture(scope="module")
def model():
    torch.set_num_threads(1)
    settings = network_settings(
        "descriptor-network", {"precision": "float64", "temperatures": ["280 K", "320 K"]}
    )
    potential = build("descriptor-network", settings, ["W"], seed=1)
    positions = liquid_places()
    potential.calibrate(torch.tensor(positions), torch.zeros(64, dtype=torch.long), BOX)
    found = NeuralModel.of_potentials("two", "descriptor-network", settings, [Bead("W", 18.0)], [potential])
    return found.with_example(positions, BOX.numpy(), Topology(("W",) * 64))


def energies(model, *temperatures):
    positions, types = torch.tensor(liquid_places(8)), torch.zeros(64, dtype=torch.long)
    return [model.potential(positions, types, BOX, temperature=t).item() for t in temperatures]


def test_the_free_energy_is_linear_between_the_ends_and_flat_beyond(model):
    low, middle, high, default, cold, hot = energies(model, 280.0, 300.0, 320.0, None, 100.0, 600.0)
    assert low != high
    assert middle == default == pytest.approx(0.5 * (low + high), rel=1e-12)
    assert (cold, hot) == (low, high)


def test_frames_of_a_batch_have_temperatures_of_their_own(model):
    """So that frames of several temperatures train one potential, and reach both networks."""
    positions, types = torch.tensor(liquid_places(8)), torch.zeros(64, dtype=torch.long)
    given = torch.tensor([280.0, 310.0])
    found = derivatives(
        model.potential,
        torch.stack([positions, positions]),
        types,
        torch.stack([BOX, BOX]),
        temperature=given,
        create_graph=True,
    )
    assert found.energy.tolist() == pytest.approx(energies(model, 280.0, 310.0))
    slopes = torch.autograd.grad(found.forces.square().sum(), model.members[0].thermal.network.weights)
    assert slopes[0].abs().max() > 0


def test_a_simulation_has_the_free_energy_of_its_thermostat(model, tmp_path):
    model.save(tmp_path / "two.cgnn")
    again = NeuralModel.load(tmp_path / "two.cgnn")
    box = Box.of(liquid_places(8), BOX.numpy(), ("W",) * 64)
    settings = EngineSettings(platform="Reference")
    dynamics = Dynamics(again, box, settings, temperature=290.0, barostat="none", seed=1)
    cold, warm = energies(model, 290.0, 315.0)

    def said():
        return dynamics.context.getState(energy=True).getPotentialEnergy()._value

    assert said() == pytest.approx(cold, rel=1e-10)
    # When the thermostat changes, so does the free energy, and its virial.
    before = Virial(dynamics.context).trace()
    dynamics.set_temperature(315.0)
    assert dynamics.context.getParameter(TEMPERATURE) == 315.0
    assert said() == pytest.approx(warm, rel=1e-10)
    positions, types = torch.tensor(liquid_places(8)), torch.zeros(64, dtype=torch.long)
    wanted = derivatives(model.potential, positions, types, BOX, temperature=315.0, virial=True).virial
    after = Virial(dynamics.context).trace()
    assert after == pytest.approx(float(wanted.trace()), rel=1e-8) and after != before


@pytest.mark.parametrize("platform", ["Reference", "CPU", "CPUSerial", "OpenCL"])
def test_in_a_system_of_ones_own_it_is_a_parameter(model, platform):
    system = model.at(310.0).create_system(64, EDGE)
    # A System that went through a file says the same.
    system = openmm.XmlSerializer.deserialize(openmm.XmlSerializer.serialize(system))
    devices.require(platform)
    chosen = openmm.Platform.getPlatformByName(platform)
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), chosen)
    context.setPositions(liquid_places(8))
    assert context.getParameter(TEMPERATURE) == 310.0
    # Single precision, of the sum of the sizes of the energies of 64 beads.
    exact = platform == "Reference"
    for temperature in (310.0, 285.0, 100.0, 310.0):
        context.setParameter(TEMPERATURE, temperature)
        found = context.getState(energy=True).getPotentialEnergy()._value
        (wanted,) = energies(model, temperature)
        assert found == pytest.approx(wanted, rel=1e-10 if exact else 0.0, abs=0.0 if exact else 1e-4 * 64)


def test_a_network_in_a_narrow_box_has_the_parameter_too(model):
    """Through torch."""
    settings = network_settings("descriptor-network", {"temperatures": ["280 K", "320 K"], "cutoff": 0.74})
    potential = build("descriptor-network", settings, ["W"], seed=2)
    narrow = NeuralModel.of_potentials("n", "descriptor-network", settings, [Bead("W", 18.0)], [potential])
    system = narrow.create_system(64, EDGE)
    (force,) = system.getForces()
    assert type(force).__name__ == "PythonForce"
    context = openmm.Context(
        system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatformByName("Reference")
    )
    context.setPositions(liquid_places(8))
    for temperature in (300.0, 285.0):
        context.setParameter(TEMPERATURE, temperature)
        found = context.getState(energy=True).getPotentialEnergy()._value
        assert found == pytest.approx(energies(narrow, temperature)[0], rel=1e-6)


def test_a_committee_disagrees_at_the_temperature_of_the_state(model):
    settings = network_settings("descriptor-network", {"temperatures": ["280 K", "320 K"]})
    members = []
    for seed in (1, 2):
        member = build("descriptor-network", settings, ["W"], seed=seed)
        member.calibrate(torch.tensor(liquid_places()), torch.zeros(64, dtype=torch.long), BOX)
        members.append(member)
    committee = NeuralModel.of_potentials("two", "descriptor-network", settings, [Bead("W", 18.0)], members)
    frame, topology = Frame(liquid_places(8), BOX.numpy(), 0.0), Topology(("W",) * 64)
    positions, types = torch.tensor(frame.positions), torch.zeros(64, dtype=torch.long)
    for kelvin in (280.0, 310.0):
        found = committee_spread(committee)(frame, topology, kelvin)
        # By hand, from the forces of each of the two: |F_1 - F_2|/sqrt(2).
        one, two = (
            derivatives(member, positions, types, BOX, temperature=kelvin).forces.numpy()
            for member in members
        )
        np.testing.assert_allclose(found, np.linalg.norm(one - two, axis=1) / 2**0.5, rtol=1e-4)
