"""Networks of descriptors against NEP_CPU, which calorine 4.1 brings: energies, forces, virial, weights."""

import itertools
import json

import devices
import nep_models
import numpy as np
import openmm
import pytest

from cgbridge.models.files.nep import read_nep
from cgbridge.models.network_model import read_network
from cgbridge.topology import Topology

# Reference: both programs compute in double precision; the values are kept with 13 digits.
# CPU: single precision. OpenCL: single precision, its positions too, or double.
TOLERANCE = {
    "Reference": 1e-9,
    "CPU": 1e-5,
    "CPUSerial": 1e-5,
    "OpenCL:single": 2e-5,
    "OpenCL:mixed": 1e-5,
    "OpenCL:double": 1e-9,
}
#: Each of the others costs PoCL as many seconds of compilation.
ON_DEVICES = [("four types", "skewed"), ("one type", "orthogonal")]
VALUES = json.loads(nep_models.VALUES.read_text())


class Said:
    """What the force says of a configuration."""

    def __init__(self, network, frame, platform="Reference", weights=None):
        self.force = network.force(frame.types)
        for index, weight in enumerate([] if weights is None else weights):
            self.force.setParticleParameters(index, int(frame.types[index]), float(weight))
        system = openmm.System()
        for _ in frame.types:
            system.addParticle(1.0)
        system.setDefaultPeriodicBoxVectors(*frame.box)
        system.addForce(self.force)
        name, _, precision = platform.partition(":")
        properties = {"Precision": precision} if precision else {}
        self.context = openmm.Context(
            system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatformByName(name), properties
        )
        self.context.setPositions(frame.positions)
        state = self.context.getState(energy=True, forces=True)
        self.energy = state.getPotentialEnergy()._value
        self.forces = np.array(state.getForces(asNumpy=True)._value)

    @property
    def energies(self):
        return np.array(self.force.getParticleEnergies(self.context))

    @property
    def virial(self):
        return np.array(self.force.getVirial(self.context)).reshape(3, 3)


def compare(said, energies, forces, virial, tolerance):
    size = np.abs(energies).sum()
    assert abs(said.energy - energies.sum()) < tolerance * size
    # The host computes these in double precision, from positions that may be in single.
    assert np.abs(said.energies - energies).max() < tolerance * np.abs(energies).max()
    assert np.abs(said.forces - forces).max() < tolerance * np.sqrt(np.mean(forces**2)) * 3
    assert np.abs(said.virial - virial).max() < tolerance * np.abs(virial).max()


def cases():
    for platform, name, box in itertools.product(TOLERANCE, nep_models.MODELS, nep_models.BOXES):
        slow = platform.startswith("OpenCL") and (name, box) not in ON_DEVICES
        yield pytest.param(name, box, platform, marks=[pytest.mark.slow] if slow else [])


@pytest.mark.parametrize(("name", "box", "platform"), list(cases()))
def test_equals_nep_cpu(name, box, platform, tmp_path):
    """By what was kept of calorine, through the file that it has read."""
    devices.require(platform)
    nep_models.write(tmp_path / "nep.txt", name)
    network = read_nep(tmp_path / "nep.txt").network
    frame = nep_models.configuration(network.kinds, nep_models.BOXES[box])
    expected = {key: np.array(value) for key, value in VALUES[name][box].items()}
    said = Said(network, frame, platform)
    compare(
        said,
        expected["energies"],
        expected["forces"].reshape(-1, 3),
        expected["virial"].reshape(3, 3),
        TOLERANCE[platform],
    )


@pytest.mark.parametrize("box", nep_models.BOXES)
@pytest.mark.parametrize("name", [*nep_models.WITH_REPULSION, nep_models.OWN_CONSTANTS])
def test_whole_files_equal_nep_cpu(name, box, tmp_path):
    """The repulsion of nuclei, universal, by radii or of its own, and version 5."""
    path = tmp_path / "nep.txt"
    nep_models.write(path, name)
    model = read_network(path)
    frame = nep_models.configuration(len(model.beads), nep_models.BOXES[box])
    expected = {key: np.array(value) for key, value in VALUES[name][box].items()}
    topology = Topology(tuple(model.bead_names[kind] for kind in frame.types))
    for platform in ("Reference", "CPU"):
        system = model.create_system(topology, frame.box)
        context = openmm.Context(
            system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatformByName(platform)
        )
        context.setPositions(frame.positions)
        state = context.getState(energy=True, forces=True)
        forces, size = expected["forces"].reshape(-1, 3), np.abs(expected["energies"]).sum()
        tolerance = TOLERANCE[platform]
        assert abs(state.getPotentialEnergy()._value - expected["energies"].sum()) < tolerance * size
        found = np.array(state.getForces(asNumpy=True)._value)
        assert np.abs(found - forces).max() < 3.0 * tolerance * np.sqrt(np.mean(forces**2))
    # The network alone says something else, or the test would see no repulsion.
    if name in nep_models.WITH_REPULSION:
        alone = Said(model.network, frame)
        assert abs(alone.energy - expected["energies"].sum()) > 1e-3 * size


@pytest.mark.parametrize("cells", [2, 3, 5, pytest.param(12, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["one type", "four types"])
def test_boxes_of_many_cells(name, cells, tmp_path):
    """The CPU's lists against those of the Reference, and calorine itself where it is installed."""
    network = nep_models.network(name)
    skewed = nep_models.BOXES["skewed"] * (cells * 0.61 / 1.25)
    frame = nep_models.configuration(network.kinds, skewed)
    expected = Said(network, frame)
    compare(
        Said(network, frame, "CPU"), expected.energies, expected.forces, expected.virial, TOLERANCE["CPU"]
    )
    try:
        import _nepy  # noqa: F401
    except ImportError:
        return
    nep_models.write(tmp_path / "nep.txt", name)
    compare(expected, *nep_models.said_by_calorine(tmp_path / "nep.txt", frame), TOLERANCE["Reference"])


def test_weights_count_for_centres(tmp_path):
    """E = sum w_i e_i, linear in every weight; a particle of weight 0 is still a neighbour."""
    network = nep_models.network("two types")
    frame = nep_models.configuration(network.kinds, nep_models.BOXES["skewed"])
    weights = np.random.default_rng(1).integers(0, 4, len(frame.types)) / 2.0
    plain = Said(network, frame)
    for platform in ("Reference", "CPU"):
        said = Said(network, frame, platform, weights)
        rest = Said(network, frame, platform, 1.0 - weights)
        size = np.abs(plain.energies).sum()
        assert abs(said.energy - weights @ plain.energies) < TOLERANCE[platform] * size
        scale = np.abs(plain.forces).max()
        np.testing.assert_allclose(said.forces + rest.forces, plain.forces, atol=1e-5 * scale)


def test_the_force_survives_xml():
    network = nep_models.network("four types")
    frame = nep_models.configuration(network.kinds, nep_models.BOXES["orthogonal"])
    said = Said(network, frame)
    system = said.context.getSystem()
    again = openmm.XmlSerializer.deserialize(openmm.XmlSerializer.serialize(system))
    (force,) = again.getForces()
    assert type(force).__name__ == "DescriptorNetworkForce"
    context = openmm.Context(
        again, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatformByName("Reference")
    )
    context.setPositions(frame.positions)
    assert context.getState(energy=True).getPotentialEnergy()._value == said.energy
