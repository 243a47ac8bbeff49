"""Trained networks as terms: the same energies as the models that they come from, and their files."""

import numpy as np
import openmm
import pytest
import yaml
from nep_models import ELEMENTS, network
from neural_models import EDGE, liquid_places, small_model

from cgbridge.errors import CgbridgeError, ConfigError
from cgbridge.models.database import load_model, open_model
from cgbridge.models.files.nep import write_nep
from cgbridge.models.neural import TEMPERATURE
from cgbridge.topology import Topology


def energies_and_forces(model, *temperatures):
    """In double precision, at temperatures where the energy depends on one."""
    system = model.create_system(Topology(("W",) * 64), EDGE)
    platform = openmm.Platform.getPlatformByName("Reference")
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), platform)
    context.setPositions(liquid_places(8))
    found = []
    for temperature in temperatures or (None,):
        if temperature is not None:
            context.setParameter(TEMPERATURE, temperature)
        state = context.getState(energy=True, forces=True)
        found.append(state.getPotentialEnergy()._value)
        found.extend(state.getForces(asNumpy=True)._value.ravel())
    return np.array(found)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    pytest.importorskip("torch")
    path = tmp_path_factory.mktemp("models") / "thermal.cgnn"
    small_model(precision="float64", temperatures=["280 K", "320 K"]).save(path)
    return path


@pytest.mark.parametrize("file", ["bundle", "yaml", "written"])
def test_a_term_says_what_its_bundle_says(bundle, tmp_path, file):
    """Of the file itself, of one that names it, and of the numbers in full."""
    path = bundle
    if file != "bundle":
        path = bundle.with_name("model.yaml")
        content = {
            "name": "own",
            "beads": [{"name": "W", "mass": "18.015 amu"}],
            "form": "descriptor-network",
        }
        path.write_text(yaml.safe_dump(content | {"network": bundle.name}))
    if file == "written":
        load_model(path).save(tmp_path / "whole.yaml")
        path = tmp_path / "whole.yaml"
    temperatures = 270.0, 285.0, 310.0
    expected = energies_and_forces(open_model(bundle), *temperatures)
    found = energies_and_forces(load_model(path), *temperatures)
    assert found == pytest.approx(expected, rel=1e-11, abs=1e-9 * np.abs(expected).max())


def test_what_changes_with_the_temperature_has_a_factor(bundle):
    model = load_model(bundle)
    cold, middle, hot = energies_and_forces(model, 280.0, 300.0, 320.0).reshape(3, -1)
    assert cold == pytest.approx(2.0 * middle - hot, rel=1e-9)
    found = energies_and_forces(model.with_parameters({"entropy": 0.5}), 280.0, 300.0).reshape(2, -1)
    assert found[1] == pytest.approx(middle, rel=1e-12)
    assert found[0] == pytest.approx(0.5 * (cold + middle), rel=1e-9)


def test_a_file_of_gpumd_is_a_term(tmp_path):
    path = tmp_path / "nep.txt"
    write_nep(path, ELEMENTS[:1], network("one type"))
    model = load_model(path)
    assert model.form == "descriptor-network" and model.bead_names == ("O",)
    assert model.cutoff == open_model(path).cutoff
    # What has no effect on it is no parameter of it.
    assert set(model.parameters) == {"energy", "length", "radial", "angular"}
    content = model.to_dict()
    content["parameters"].append({"name": "entropy", "unit": "1", "value": 2.0})
    with pytest.raises(ConfigError, match="has no factor 'entropy': its energy does not depend"):
        type(model).from_dict(content)
    # Factors of all lengths change the cutoff as well.
    assert model.with_parameters({"length": 1.1}).cutoff == pytest.approx(1.1 * model.cutoff)


def test_bonds_of_a_bundle_are_terms(tmp_path):
    """Of a molecule whose repulsion has no exclusions to respect."""
    torch = pytest.importorskip("torch")
    from dataclasses import replace

    from cgbridge.models.neural.priors import HarmonicAngles, HarmonicBonds

    model = small_model(priors=False, precision="float64", kinds=("A", "B"))
    member = model.members[0]
    member.priors.extend(
        [HarmonicBonds({"0-1": (0.25, 4000.0)}, 2), HarmonicAngles({"0-1-0": (2.0, 80.0)}, 2)]
    )
    assert torch.get_num_threads() == 1
    bundle = replace(model, members=(member,), example=None).with_example(
        liquid_places(), EDGE * np.eye(3), Topology(("A", "B") * 32)
    )
    bundle.save(tmp_path / "bonded.cgnn")
    found = load_model(tmp_path / "bonded.cgnn")
    assert found.form == "descriptor-network + harmonic-bond + harmonic-angle"
    assert found.terms[1].indexed(found.bead_index)[0, 1] == pytest.approx({"r0": 0.25, "k": 4000.0})
    assert found.terms[2].indexed(found.bead_index)[0, 1, 0] == pytest.approx({"theta0": 2.0, "k": 80.0})


def test_refusals(bundle, tmp_path):
    pytest.importorskip("torch")
    small_model(members=2).save(tmp_path / "committee.cgnn")
    with pytest.raises(ConfigError, match="committee"):
        load_model(tmp_path / "committee.cgnn")
    whole = load_model(bundle).to_dict()
    for change, words in [
        ({"form": "table", "parameters": []}, "has no network"),
        ({"network": None}, "needs its numbers"),
        ({"entries": [{"types": ["W"]}]}, "its own beads"),
        ({"beads": [{"name": "X", "mass": "18 amu"}]}, "no bead"),
        ({"network": "nowhere.cgnn"}, "nowhere.cgnn"),
        ({"network": whole["network"] | {"radial": [[[[1.0]]]]}}, "do not fit together"),
        ({"network": whole["network"] | {"temperatures": None}}, "belong together"),
    ]:
        with pytest.raises(CgbridgeError, match=words):
            type(load_model(bundle)).from_dict(whole | change)
