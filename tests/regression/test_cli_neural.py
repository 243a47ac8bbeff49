"""The commands with a neural model: energies as torch has them, dynamics, values, and what is refused."""

import json

import numpy as np
import pytest
from neural_models import EDGE, small_model
from program import run

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A committee in ``small.cgnn``, and its configuration as ``start.xyz``."""
    place = tmp_path_factory.mktemp("neural")
    model = small_model(members=2)
    model.save(place / "small.cgnn")
    lines = [
        "64",
        f'Lattice="{10 * EDGE} 0 0 0 {10 * EDGE} 0 0 0 {10 * EDGE}" Properties=species:S:1:pos:R:3',
    ]
    lines += ["W {:.10f} {:.10f} {:.10f}".format(*place) for place in 10.0 * model.example.positions]
    (place / "start.xyz").write_text("\n".join(lines) + "\n")
    return place, model


def test_energy_of_a_structure(folder):
    place, model = folder
    done = run(place, "energy", "small.cgnn", "start.xyz", "--json", "energy.json")
    assert done.returncode == 0, done.stderr
    found = json.loads((place / "energy.json").read_text())
    # Single precision of the weights, and eleven digits of the file.
    assert found["energy_kj_mol"] == pytest.approx(model.example.energy, rel=1e-5)
    assert np.allclose(found["forces_kj_mol_nm"], model.example.forces, atol=1e-3)
    assert found["pressure_bar"] == pytest.approx(
        np.trace(found["virial_kj_mol"]) / 3.0 / EDGE**3 / 0.0602214076
    )


def test_models_tells_what_a_bundle_is(folder):
    done = run(folder[0], "models", "small.cgnn")
    assert done.returncode == 0, done.stderr
    for words in ("committee of 2 descriptor-network + repulsion", "1,229 in each of 2", "W 18.015 amu"):
        assert words in done.stdout


def test_dynamics_go_on_from_a_structure(folder):
    place, _ = folder
    words = "simulate small.cgnn --structure start.xyz --time 0.4ps --equilibration 0.1ps --timestep 2fs"
    done = run(place, *words.split(), "--interval", "0.1ps", "-o", "run.dcd", "--json", "run.json")
    assert done.returncode == 0, done.stderr
    record = json.loads((place / "run.json").read_text())
    assert record["beads"] == 64
    assert all(np.isfinite(average["value"]) for average in record["averages"].values())
    assert (place / "run.dcd").stat().st_size > 4 * 64 * 12


@pytest.mark.slow
def test_values_of_targets(folder):
    """Dynamics in processes of their own, to which the model travels."""
    place, model = folder
    (place / "targets.yaml").write_text(
        "schema: 1\n"
        "targets:\n"
        "  - {observable: density, value: 0.5 g/cm^3, tolerance: 50 %, temperature: 300 K,"
        " options: {check_phase: false}}\n"
        "engine: {beads: 64, equilibration: 0.02 ps, production: 0.1 ps, interval: 0.02 ps, timestep: 2 fs,"
        " density: 0.57 g/cm^3}\n"
    )
    done = run(place, "evaluate", "small.cgnn", "targets.yaml", "--json", "values.json")
    assert done.returncode == 0, done.stderr
    record = json.loads((place / "values.json").read_text())
    assert record["fingerprint"] == model.fingerprint()
    assert 0.3 < record["targets"][0]["value"] < 0.9


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("export small.cgnn --to lammps", "a LAMMPS file is for models of named parameters"),
        ("energy small.cgnn start.xyz --units real", "a neural model has its own units and beads"),
    ],
)
def test_what_is_refused(folder, words, message):
    done = run(folder[0], *words.split())
    assert done.returncode != 0 and message in done.stderr and "Traceback" not in done.stderr
