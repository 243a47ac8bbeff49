"""Neural models in OpenMM and in files: the same energies everywhere, and nothing wrong is read."""

import json
import pickle
import zipfile

import numpy as np
import openmm
import pytest
from neural_models import EDGE, liquid_places, small_model

torch = pytest.importorskip("torch")

from cgbridge.engine.virial import Virial  # noqa: E402
from cgbridge.errors import ConfigError, FileFormatError, SimulationError  # noqa: E402
from cgbridge.models.beads import Molecule  # noqa: E402
from cgbridge.models.database import load_model, open_model  # noqa: E402
from cgbridge.models.neural.derivatives import derivatives  # noqa: E402
from cgbridge.models.neural.model import NeuralModel  # noqa: E402
from cgbridge.models.neural.python_force import computation_of  # noqa: E402
from cgbridge.models.neural.self_test import said_by_torch  # noqa: E402
from cgbridge.topology import Topology  # noqa: E402

ARCHITECTURES = ["descriptor-network", "tensornet", "graph-network"]
#: An energy that depends on the temperature is no force of the plugin's, and goes through PythonForce.
THERMAL = {"temperatures": (280.0, 320.0)}
#: In the box of the example this is too wide for the plugin.
TORCH = {"cutoff": 0.72}


def context_of(model, platform="Reference", positions=None, timestep=0.005):
    system = model.create_system(model.example.topology, EDGE)
    integrator = openmm.VerletIntegrator(timestep)
    context = openmm.Context(system, integrator, openmm.Platform.getPlatformByName(platform))
    context.setPositions(model.example.positions if positions is None else positions)
    return context


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("members", [1, 2])
def test_a_file_holds_the_model(architecture, members, tmp_path):
    if architecture != "descriptor-network":
        pytest.importorskip("torchmdnet")
    model = small_model(architecture, members=members, kinds=("W", "C"))
    model.save(tmp_path / "small.cgnn")
    again = open_model(tmp_path / "small.cgnn")
    assert again.fingerprint() == model.fingerprint()
    assert again.bead_names == ("W", "C") and len(again.members) == members
    there = said_by_torch(model, liquid_places(9), EDGE * np.eye(3), model.example.topology)
    back = said_by_torch(again, liquid_places(9), EDGE * np.eye(3), model.example.topology)
    assert there[0] == back[0] and np.array_equal(there[1], back[1])
    # Equal models are equal files, so that they can be compared and cached.
    again.save(tmp_path / "again.cgnn")
    assert (tmp_path / "again.cgnn").read_bytes() == (tmp_path / "small.cgnn").read_bytes()


def test_openmm_says_what_torch_says_wherever_the_particles_are():
    """In double precision, so that nothing hides behind rounding; 10 and more box lengths away."""
    model = small_model(precision="float64", kinds=("W", "C"))
    rng = np.random.default_rng(8)
    positions = liquid_places(9) + EDGE * rng.integers(-20, 20, (64, 3))
    state = context_of(model, positions=positions).getState(energy=True, forces=True)
    energy, forces = said_by_torch(model, positions, EDGE * np.eye(3), model.example.topology)
    assert state.getPotentialEnergy()._value == pytest.approx(energy, rel=1e-12)
    assert np.allclose(state.getForces(asNumpy=True)._value, forces, atol=1e-9 * np.abs(forces).max())


def test_lists_that_are_kept_lose_no_pair():
    """At 600 K under a barostat: after every stretch the energy is that of pairs that are found anew."""
    model = small_model(precision="float64", **TORCH)
    system = model.create_system(model.example.topology, EDGE)
    assert type(system.getForce(0)).__name__ == "PythonForce"
    system.addForce(openmm.MonteCarloBarostat(500.0, 600.0, 3))
    integrator = openmm.LangevinMiddleIntegrator(600.0, 1.0, 0.002)
    context = openmm.Context(system, integrator, openmm.Platform.getPlatformByName("CPU"))
    context.setPositions(model.example.positions)
    context.setVelocitiesToTemperature(600.0, 1)
    for _ in range(15):
        integrator.step(7)
        state = context.getState(energy=True, positions=True)
        box = state.getPeriodicBoxVectors(asNumpy=True)._value
        positions = state.getPositions(asNumpy=True)._value
        energy, _ = said_by_torch(model, positions, box, model.example.topology)
        assert state.getPotentialEnergy()._value == pytest.approx(energy, rel=1e-10)


def test_the_pressure_of_a_barostat_is_that_of_the_virial():
    """OpenMM's own, a difference of energies in volume, against autograd through the box; both in double."""
    model = small_model(precision="float64")
    system = model.create_system(model.example.topology, EDGE)
    barostat = openmm.MonteCarloBarostat(1.0, 300.0, 10)
    system.addForce(barostat)
    integrator = openmm.LangevinMiddleIntegrator(300.0, 1.0, 0.002)
    context = openmm.Context(system, integrator, openmm.Platform.getPlatformByName("CPU"))
    context.setPositions(model.example.positions)
    context.setVelocitiesToTemperature(300.0, 2)
    before = context.getState().getPeriodicBoxVolume()._value
    integrator.step(60)
    state = context.getState(energy=True)
    volume, kinetic = state.getPeriodicBoxVolume()._value, state.getKineticEnergy()._value
    assert volume != before
    virial = Virial(context)
    pressure = (2.0 * kinetic + virial.trace()) / (3.0 * volume) / 0.0602214076
    assert virial.trace() == pytest.approx(np.trace(virial.tensor()))
    # OpenMM moves the box by 1e-3 of its volume to both sides.
    assert barostat.computeCurrentPressure(context)._value == pytest.approx(pressure, rel=5e-3, abs=5.0)


def test_a_system_in_xml_has_its_network_and_executes_nothing():
    model = small_model()
    context = context_of(model)
    text = openmm.XmlSerializer.serialize(context.getSystem())
    other = openmm.XmlSerializer.deserialize(text)
    again = openmm.Context(
        other, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatformByName("Reference")
    )
    again.setPositions(model.example.positions)
    energies = [c.getState(energy=True).getPotentialEnergy()._value for c in (context, again)]
    assert energies[0] == energies[1]
    # Another Python force is none of ours, and its pickle is not run to find that out.
    assert computation_of(openmm.PythonForce(print)) is None


def test_workers_get_the_model_whole():
    model = small_model(members=2)
    assert pickle.loads(pickle.dumps(model)).fingerprint() == model.fingerprint()


def test_a_committee_is_the_mean_of_its_members_and_tells_how_far_they_are_apart():
    model = small_model(members=3, precision="float64")
    positions, types = torch.tensor(liquid_places(4)), torch.zeros(64, dtype=torch.long)
    box = EDGE * torch.eye(3, dtype=torch.double)
    whole = derivatives(model.potential, positions, types, box)
    each = [derivatives(member, positions, types, box) for member in model.members]
    forces = torch.stack([one.forces for one in each])
    assert torch.allclose(whole.forces, forces.mean(0))
    assert torch.allclose(whole.energy, torch.stack([one.energy for one in each]).mean())
    spread = model.potential.disagreement(positions, types, box)
    assert torch.allclose(spread**2, forces.var(0).sum(-1))


def test_molecules_travel_with_the_model(tmp_path):
    from dataclasses import replace

    from cgbridge.models.neural.priors import HarmonicBonds

    model = small_model(kinds=("A", "B"), precision="float64", priors=False)
    bonds = HarmonicBonds({"0-1": (0.3, 500.0)}, 2)
    member = model.members[0]
    member.priors.append(bonds)
    dimer = Molecule("AB", ("A", "B"), ((0, 1),))
    model = replace(model, molecules=(dimer,))
    positions, topology = liquid_places(5), model.topology(["A", "B"] * 32)
    model = model.with_example(positions, EDGE * np.eye(3), topology)
    model.save(tmp_path / "dimer.cgnn")
    again = NeuralModel.load(tmp_path / "dimer.cgnn")
    assert again.topology(["A", "B"] * 32) == topology
    # The bond's own energy is in it: it is what is added by the bonds of the topology.
    with_bonds = said_by_torch(again, positions, EDGE * np.eye(3), topology)[0]
    without = said_by_torch(again, positions, EDGE * np.eye(3), Topology(topology.types))[0]
    length = positions[1::2] - positions[::2]
    length = np.linalg.norm(length - EDGE * np.round(length / EDGE), axis=1)
    assert with_bonds - without == pytest.approx(250.0 * np.sum((length - 0.3) ** 2), rel=1e-9)


# --- what is refused ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("neural") / "small.cgnn"
    small_model().save(path)
    return path


def rewritten(source, target, change, weights=None):
    """A copy of a bundle whose description was changed by ``change``, or whose weights are others."""
    with zipfile.ZipFile(source) as archive:
        description = json.loads(archive.read("model.json"))
        content = archive.read("weights.safetensors")
    change(description)
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("model.json", json.dumps(description))
        archive.writestr("weights.safetensors", content if weights is None else weights)
    return target


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.update(schema=2), "has schema 2"),
        (lambda d: d.update(format="other"), "no neural model of cgbridge"),
        (lambda d: d["settings"].update(neurons=31), "damaged"),
        (lambda d: d["settings"].update(nerves=31), "nerves"),
        (lambda d: d.update(architecture="descriptor-netwrk"), "did you mean 'descriptor-network'"),
        (lambda d: d.pop("beads"), "damaged"),
        (lambda d: d["priors"][0].update(name="attraction"), "unknown prior"),
        (lambda d: d.update(members=2), "damaged"),
    ],
)
def test_a_bundle_of_another_schema_or_a_damaged_one_is_told(saved, tmp_path, change, words):
    path = rewritten(saved, tmp_path / "other.cgnn", change)
    with pytest.raises((FileFormatError, ConfigError), match=words) as caught:
        open_model(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"name: mw\n"], ids=["empty", "cut", "text"])
def test_what_is_no_bundle_is_told(tmp_path, content):
    path = tmp_path / "no.cgnn"
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match="no bundle of a neural model"):
        open_model(path)


def test_a_cut_bundle_is_told(saved, tmp_path):
    path = tmp_path / "cut.cgnn"
    path.write_bytes(saved.read_bytes()[:-2000])
    with pytest.raises(FileFormatError):
        open_model(path)


def test_no_pickle_is_ever_read(saved, tmp_path):
    """A checkpoint as torch saves it, which would run a command when it is unpickled."""

    class Trap:
        def __reduce__(self):
            return (tmp_path.joinpath("sprung").touch, ())

    torch.save({"state_dict": Trap()}, tmp_path / "trap.cgnn")
    with pytest.raises(FileFormatError, match="pickles, are not read"):
        open_model(tmp_path / "trap.cgnn")
    path = rewritten(saved, tmp_path / "inner.cgnn", lambda d: None, pickle.dumps(Trap()))
    with pytest.raises(FileFormatError):
        open_model(path)
    assert not (tmp_path / "sprung").exists()


def test_weights_that_were_changed_are_not_taken_for_the_model(saved, tmp_path):
    """As if another version of a package read them in another order: the stored energies tell."""
    from safetensors.torch import load, save

    with zipfile.ZipFile(saved) as archive:
        weights = load(archive.read("weights.safetensors"))
    weights["0.network.weights"] = weights["0.network.weights"].roll(1, dims=1).contiguous()
    path = rewritten(saved, tmp_path / "rolled.cgnn", lambda d: None, save(weights))
    with pytest.raises(SimulationError, match="does not say what the trained potential said"):
        open_model(path)


def test_a_model_that_differs_in_openmm_is_not_saved(tmp_path, monkeypatch):
    """Torch agrees and OpenMM does not: what is wrong lies between them."""
    from cgbridge.models.neural import python_force

    model = small_model(**TORCH)
    places_of = python_force.places_of
    monkeypatch.setattr(
        python_force, "places_of", lambda state, periodic: (1.001 * places_of(state, periodic)[0], None)
    )
    with pytest.raises(SimulationError, match="OpenMM does not say"):
        model.save(tmp_path / "wrong.cgnn")
    assert not list(tmp_path.iterdir())


def test_a_network_that_differs_in_the_plugin_is_not_saved(tmp_path, monkeypatch):
    from dataclasses import replace

    from cgbridge.models.neural import native

    model, network_of = small_model(), native.network_of

    def wrong(potential, settings):
        network = network_of(potential, settings)
        return replace(network, angular=1.001 * network.angular)

    monkeypatch.setattr(native, "network_of", wrong)
    with pytest.raises(SimulationError, match="OpenMM does not say"):
        model.save(tmp_path / "wrong.cgnn")


@pytest.mark.parametrize(
    ("settings", "forces"),
    [
        ({}, ["DescriptorNetworkForce"]),
        ({"members": 2}, ["DescriptorNetworkForce"] * 2),
        ({"angular_functions": 0}, ["DescriptorNetworkForce"]),
        (THERMAL, ["DescriptorNetworkForce"] * 2),
        (TORCH, ["PythonForce"]),
    ],
    ids=["alone", "committee", "radial only", "with a temperature", "in a narrow box"],
)
def test_what_computes_a_descriptor_network(settings, forces):
    """Forces of OpenMM and the plugin wherever they say the same, on the CPU to single precision."""
    model = small_model(kinds=("W", "C"), **settings)
    system = model.create_system(model.example.topology, EDGE)
    assert [type(force).__name__ for force in system.getForces()] == forces
    state = context_of(model, "CPU").getState(energy=True, forces=True)
    scale = np.abs(model.example.forces).max()
    assert np.allclose(state.getForces(asNumpy=True)._value, model.example.forces, atol=1e-4 * scale)
    assert state.getPotentialEnergy()._value == pytest.approx(model.example.energy, rel=1e-4, abs=1e-3)


def test_a_simulation_at_another_temperature_is_told():
    """Of an energy that was matched at one; not of one that knows the temperature."""
    from dataclasses import replace

    from cgbridge.engine.free_run import FreeRun, FreeSimulation
    from cgbridge.engine.settings import EngineSettings

    def told(model, kelvin):
        run = FreeRun(beads=64, density=1.0, temperature=kelvin, time=0.01, equilibration=0.0)
        return [
            note
            for note in FreeSimulation(model, run, EngineSettings(timestep=0.005)).notes
            if "was trained" in note
        ]

    states = {"states": [{"temperature": 350.0}, {"temperature": None}]}
    model = replace(small_model(), provenance=states)
    assert told(model, 300.0) == ["the model was trained on frames of 350 K, and this simulation has 300 K"]
    assert not told(model, 350.0) and not told(small_model(), 300.0)
    assert not replace(small_model(**THERMAL), provenance=states).trained_at


def test_the_folder_of_a_best_model_is_no_model(tmp_path):
    small_model().save(tmp_path / "model.cgnn")
    with pytest.raises(ConfigError, match="is a folder") as fault:
        open_model(tmp_path)
    assert str(tmp_path / "model.cgnn") in str(fault.value.remedy)


def test_without_an_example_nothing_is_saved(tmp_path):
    from dataclasses import replace

    with pytest.raises(ConfigError, match="no configuration to test itself"):
        replace(small_model(), example=None).save(tmp_path / "none.cgnn")


def test_where_named_parameters_are_needed_only_networks_of_descriptors_will_do(saved, tmp_path):
    assert list(load_model(saved).parameters)[:2] == ["energy", "length"]
    pytest.importorskip("torchmdnet")
    small_model("tensornet").save(tmp_path / "tensornet.cgnn")
    with pytest.raises(ConfigError, match=r"it is tensornet .*, and no network of descriptors"):
        load_model(tmp_path / "tensornet.cgnn")


@pytest.mark.parametrize("settings", [{}, THERMAL], ids=["alone", "with a temperature"])
def test_a_committee_on_the_same_descriptors_is_one_force(settings, tmp_path):
    """Its neurons are those of all members; and then the committee is a network like any other."""
    model = small_model(members=3, kinds=("W", "C"), precision="float64", **settings)
    model.save(tmp_path / "apart.cgnn")
    with pytest.raises(ConfigError, match="it is a committee"):
        load_model(tmp_path / "apart.cgnn")
    first = model.members[0]
    for other in model.members[1:]:
        other.share_descriptors(first)
        networks = [other.network] if other.thermal is None else [other.network, other.thermal.network]
        assert not any(network.radial.requires_grad for network in networks)
    shared = NeuralModel.of_potentials(
        "shared", model.architecture, model.settings, model.beads, model.members
    ).with_example(model.example.positions, model.example.box, model.example.topology)
    system = shared.create_system(shared.example.topology, EDGE)
    assert system.getNumForces() == 1 + bool(settings)
    shared.save(tmp_path / "shared.cgnn")  # compares OpenMM with torch
    state = context_of(shared).getState(energy=True)
    assert state.getPotentialEnergy()._value == pytest.approx(shared.example.energy, rel=1e-10)
    assert load_model(tmp_path / "shared.cgnn").terms[0].network is not None


def test_beads_that_the_network_does_not_know_are_told(saved):
    model = open_model(saved)
    with pytest.raises(ConfigError, match="no bead type 'V'"):
        model.create_system(["V"] * 64, EDGE)
    with pytest.raises(ConfigError, match="knows no particle 'V'"):
        model.create_system(Topology(("V",) * 64), EDGE)


def test_bonded_priors_are_those_of_openmm():
    """Molecules of three with bonds, angles and exempt pairs, across the edges of the box."""
    from cgbridge.models.beads import Bead
    from cgbridge.models.neural.architecture import build, network_settings
    from cgbridge.models.neural.priors import HarmonicAngles, HarmonicBonds, Repulsion

    kinds, count = ("A", "B"), 20
    settings = network_settings("descriptor-network", {"precision": "float64"})
    priors = [
        Repulsion([[0.25, 0.22], [0.22, 0.2]], 1.5, settings.cutoff),
        HarmonicBonds({"0-1": (0.25, 8000.0)}, 2),
        HarmonicAngles({"0-1-0": (2.0, 90.0)}, 2),
    ]
    potential = build("descriptor-network", settings, kinds, priors=priors, seed=5)
    topology = Topology(
        ("A", "B", "A") * count,
        tuple(number for number in range(count) for _ in range(3)),
        bonds=tuple((3 * n + i, 3 * n + i + 1) for n in range(count) for i in (0, 1)),
        angles=tuple((3 * n, 3 * n + 1, 3 * n + 2) for n in range(count)),
        exclusions=tuple((3 * n + i, 3 * n + j) for n in range(count) for i, j in ((0, 1), (1, 2), (0, 2))),
    )
    arms = np.array([[0.26, 0.0, 0.0], [0.0, 0.0, 0.0], [-0.1, 0.24, 0.0]])
    middles = np.random.default_rng(2).random((count, 1, 3)) * EDGE
    positions = (
        (middles + arms).reshape(-1, 3) + 0.01 * np.random.default_rng(3).normal(size=(60, 3))
    ) % EDGE
    beads = [Bead("A", 15.0), Bead("B", 14.0)]
    model = NeuralModel.of_potentials("chains", "descriptor-network", settings, beads, [potential])
    model = model.with_example(positions, EDGE * np.eye(3), topology)
    names = [type(force).__name__ for force in model.create_system(topology, EDGE).getForces()]
    assert names == [
        "DescriptorNetworkForce", "CustomNonbondedForce", "HarmonicBondForce", "HarmonicAngleForce",
    ]  # fmt: skip
    state = context_of(model).getState(energy=True, forces=True)
    energy, forces = said_by_torch(model, positions, EDGE * np.eye(3), topology)
    assert state.getPotentialEnergy()._value == pytest.approx(energy, rel=1e-9)
    assert np.allclose(state.getForces(asNumpy=True)._value, forces, atol=1e-8 * np.abs(forces).max())
