"""Files of GPUMD's as models: of beads and atoms, on the command line and through openmm-ml, and written."""

import json
from dataclasses import replace

import nep_models
import numpy as np
import openmm
import pytest
from program import run

from cgbridge.errors import CgbridgeError, ConfigError
from cgbridge.export.verify import verify_export
from cgbridge.export.writers import export_model
from cgbridge.models.database import load_model, open_model
from cgbridge.models.descriptor_network import Layer
from cgbridge.models.files.nep import read_nep, write_nep
from cgbridge.topology import Topology


@pytest.fixture
def folder(tmp_path):
    """A network of O and H in ``nep.txt``, and a configuration as ``start.xyz``."""
    nep_models.write(tmp_path / "nep.txt", "two types")
    frame = nep_models.configuration(2, nep_models.BOXES["skewed"])
    box = " ".join(f"{10.0 * x:.10f}" for x in frame.box.ravel())
    lines = [str(len(frame.types)), f'Lattice="{box}" Properties=species:S:1:pos:R:3']
    lines += [
        f"{'OH'[kind]} {x:.10f} {y:.10f} {z:.10f}"
        for kind, (x, y, z) in zip(frame.types, 10.0 * frame.positions, strict=True)
    ]
    (tmp_path / "start.xyz").write_text("\n".join(lines) + "\n")
    return tmp_path, frame


def of_force(network, frame, types):
    """Energy and forces of the plugin's force."""
    system = openmm.System()
    for _ in types:
        system.addParticle(1.0)
    system.setDefaultPeriodicBoxVectors(*frame.box)
    system.addForce(network.force(types))
    return said_of(system, frame)


def said_of(system, frame):
    context = openmm.Context(
        system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatformByName("Reference")
    )
    context.setPositions(frame.positions)
    state = context.getState(energy=True, forces=True)
    return state.getPotentialEnergy()._value, np.array(state.getForces(asNumpy=True)._value)


def test_a_file_is_a_model_of_its_elements(folder):
    place, frame = folder
    model = open_model(place / "nep.txt", masses={"H": 2.014})
    assert model.bead_names == ("O", "H") and model.masses(Topology(("H", "O"))) == [2.014, 15.999]
    assert model.cutoff == pytest.approx(0.6)
    assert model.notes == (
        "nep.txt holds no masses: those of the elements are taken (O 15.999 amu); beads that stand for more "
        "need --mass",
    )
    system = model.create_system([int(kind) for kind in frame.types], frame.box)
    energy, forces = of_force(read_nep(place / "nep.txt").network, frame, frame.types)
    found = said_of(system, frame)
    assert found[0] == energy and np.array_equal(found[1], forces)
    nep_models.write(place / "other.txt", "two types, one network")
    prints = {open_model(place / name).fingerprint() for name in ("nep.txt", "other.txt")}
    assert len(prints) == 2 and open_model(place / "nep.txt").fingerprint() in prints


def test_descriptors_of_other_kinds_are_other_physics(tmp_path):
    """q_222 and q_1111 are equally many numbers."""
    nep_models.write(tmp_path / "nep.txt", "one type, many-body")
    network = open_model(tmp_path / "nep.txt").network
    (one,) = network.networks
    layer = Layer(one.layers[0].weights[:, : network.size - network.angular.shape[2]], one.layers[0].biases)
    less = replace(network, networks=(replace(one, layers=(layer,)),))
    prints = set()
    for four in (True, False):
        write_nep(tmp_path / "x.txt", ("O",), replace(less, four_body=four, five_body=not four))
        prints.add(open_model(tmp_path / "x.txt").fingerprint())
    assert len(prints) == 2


def test_a_bead_of_water_weighs_as_a_molecule(tmp_path):
    text = nep_models.write(tmp_path / "nep.txt", "one type") or (tmp_path / "nep.txt").read_text()
    (tmp_path / "water.txt").write_text(text.replace("nep4 1 O", "nep4 1 W"))
    model = open_model(tmp_path / "water.txt")
    assert model.bead_mass == pytest.approx(18.015)
    assert len(model.notes) == 1 and "taken for a water molecule" in model.notes[0]


def test_commands_take_a_file(folder):
    place, frame = folder
    done = run(place, "energy", "nep.txt", "start.xyz", "--json", "energy.json")
    assert done.returncode == 0, done.stderr
    record = json.loads((place / "energy.json").read_text())
    energy, forces = of_force(read_nep(place / "nep.txt").network, frame, frame.types)
    # The file has ten digits behind the point.
    assert record["energy_kj_mol"] == pytest.approx(energy, rel=1e-8)
    assert np.allclose(record["forces_kj_mol_nm"], forces, atol=1e-6 * np.abs(forces).max())
    done = run(place, "models", "nep.txt")
    for words in ("O 15.999 amu, H 1.008 amu", "l up to 4 and q_222", "6 functions of 8 polynomials"):
        assert words in done.stdout, done.stdout + done.stderr
    done = run(place, "simulate", "nep.txt", "--structure", "start.xyz", "--timestep", "0.1 fs",
               "--time", "0.002 ps", "--equilibration", "0 ps", "--ensemble", "nvt")  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("energy", "none.txt", "start.xyz"), "model file 'none.txt' not found"),
        (("energy", "start.txt", "start.xyz"), "is no kind of file that cgbridge computes"),
        (("energy", "nep.txt", "start.xyz", "--units", "metal"), "has its own units"),
        (("export", "nep.txt", "--to", "lammps"), "is for models of named parameters"),
        (("models", "nep.txt", "--mass", "C=12"), "there is no bead 'C'"),
    ],
)
def test_what_does_not_do_is_told(folder, words, reason):
    place, _ = folder
    (place / "start.txt").write_text((place / "start.xyz").read_text())
    done = run(place, *words)
    assert done.returncode in (2, 3) and reason in done.stderr and "Traceback" not in done.stderr, done.stderr


def test_a_search_finds_the_factors_of_a_term(folder):
    model = load_model(folder[0] / "nep.txt")
    assert model.form == "descriptor-network" and model.parameters["length"] == 1.0
    assert model.bead_names == open_model(folder[0] / "nep.txt").bead_names


def test_a_file_that_is_read_is_written(folder):
    place, frame = folder
    model = open_model(place / "nep.txt")
    path = export_model(model, "nep", place / "again.txt")
    assert "verified with nep" in verify_export(model, "nep", path)[0]
    # Factors of descriptors have gone into weights: the physics is the same, to rounding.
    first, second = (of_force(read_nep(p).network, frame, frame.types) for p in (place / "nep.txt", path))
    assert second[0] == pytest.approx(first[0], rel=1e-12)
    assert (
        "verified with openmm"
        in verify_export(model, "openmm", export_model(model, "openmm", place / "nep.xml"))[0]
    )


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_trained_network_is_written_and_says_the_same(tmp_path, precision):
    pytest.importorskip("torch")
    from neural_models import small_model

    model = small_model(kinds=("O", "H"), precision=precision, priors=False)
    path = export_model(model, "nep", tmp_path / "nep.txt")
    # verify compares torch with what the plugin makes of the file, to 1e-9.
    assert "verified with nep" in verify_export(model, "nep", path)[0]


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ({"members": 2}, "a committee"),
        ({"temperatures": (280.0, 320.0)}, "change with the temperature"),
        ({}, "no repulsion of this form"),
        ({"architecture": "tersoff-nn", "base": "ml-bop"}, "no network of descriptors"),
    ],
)
def test_what_gpumd_does_not_know_is_not_exported(tmp_path, made, reason):
    pytest.importorskip("torch")
    from neural_models import small_model

    with pytest.raises(ConfigError, match=reason):
        export_model(small_model(**made), "nep", tmp_path / "nep.txt")
    assert not list(tmp_path.iterdir())


class TestThroughOpenmmMl:
    @pytest.fixture(autouse=True)
    def needs_it(self):
        pytest.importorskip("openmmml")

    def water(self, molecules=27):
        from cgbridge.models.atomistic.starts import water

        return water(molecules, 0.997, 1)

    def potential(self, place, **more):
        from openmmml import MLPotential

        return MLPotential("nep", modelPath=str(place / "nep.txt"), **more)

    def test_all_atoms(self, folder):
        place, _ = folder
        start = self.water(64)
        system = self.potential(place).createSystem(start.topology)
        types = [0 if atom.element.symbol == "O" else 1 for atom in start.topology.atoms()]
        energy, forces = of_force(read_nep(place / "nep.txt").network, start, types)
        found = said_of(system, start)
        assert found[0] == pytest.approx(energy) and np.allclose(found[1], forces)

    def test_some_atoms(self, folder):
        """Atoms outside are no neighbours either."""
        place, _ = folder
        start = self.water(64)
        inside = list(range(12))
        whole = openmm.System()
        for _ in start.topology.atoms():
            whole.addParticle(1.0)
        whole.setDefaultPeriodicBoxVectors(*start.box)
        system = self.potential(place).createMixedSystem(start.topology, whole, inside)
        (force,) = (f for f in system.getForces() if type(f).__name__ == "DescriptorNetworkForce")
        assert [force.getParticleParameters(i)[0] for i in (0, 1, 11, 12, 100)] == [0, 1, 1, -1, -1]

    def test_simulate_takes_it_by_name(self, folder):
        place, _ = folder
        (place / "atoms.yaml").write_text(
            "schema: 1\nname: atoms\nmodel: {potential: nep, file: nep.txt}\n"
            "system: {molecules: 64}\nstate: {ensemble: nvt, temperature: 300 K}\n"
            "dynamics: {timestep: 0.05 fs, equilibration: 0 fs, time: 1 fs, interval: 0.5 fs}\nseed: 1\n"
        )
        done = run(place, "simulate", "atoms.yaml")
        assert done.returncode == 0, done.stderr

    def test_faults(self, folder):
        from openmmml import MLPotential

        place, _ = folder
        with pytest.raises(ValueError, match="modelPath"):
            MLPotential("nep")
        nep_models.write(place / "nep.txt", "one type")
        with pytest.raises(CgbridgeError, match="knows O, not H"):
            self.potential(place).createSystem(self.water().topology)
