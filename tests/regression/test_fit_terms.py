"""Fits of models of two beads and of two terms, by the command line, from the examples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from fits import command

from cgbridge.models.database import load_model
from cgbridge.models.descriptor_network import DescriptorNetwork, Layer, TypeNetwork
from cgbridge.models.files.network_entry import network_to_dict
from cgbridge.models.terms.network import NetworkData

EXAMPLES = Path(__file__).parents[2] / "examples"


def fitted(folder: Path, name: str, evaluations: int) -> dict[str, Any]:
    """The result of an example with a smaller budget."""
    content = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8"))
    search, local = content["optimizer"]["stages"]
    search |= {"initial": 8, "population": 4, "generations": 1}
    local["evaluations"] = evaluations
    content["run"] = {"folder": "run", "workers": 2}
    if "/" in content["model"]["base"]:
        content["model"]["base"] = str(EXAMPLES / content["model"]["base"])
    (folder / "fit.yaml").write_text(yaml.safe_dump(content))
    done = command(folder, "fit", "fit.yaml")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads((folder / "run/result.json").read_text())
    return found


def test_a_bond_between_two_elements_is_refined(tmp_path: Path) -> None:
    result = fitted(tmp_path, "silicon-carbide", evaluations=30)
    best = load_model(tmp_path / "run/best/model.yaml")
    for name, other in (("A[Si-C-C]", "A[C-Si-Si]"), ("lambda2[Si-C-C]", "lambda2[C-Si-Si]")):
        assert best.parameters[name] == best.parameters[other] == result["best"]["parameters"][name]
    # What was not searched is that of the publication, and LAMMPS's file is the same model.
    assert best.parameters["A[Si-Si-Si]"] == 1830.8
    written = load_model(tmp_path / "run/best/model.tersoff")
    assert written.parameters == pytest.approx(best.parameters, rel=1e-15)
    values = {target["name"]: target for target in result["best"]["targets"]}
    # The detuned start is 0.5 eV off; the whole budget of the example ends within every tolerance.
    assert abs(values["lattice_constant"]["value"] - 4.360) < 0.1
    assert command(tmp_path, "report", "run").returncode == 0
    assert "Si (28.085 amu), C (12.011 amu)" in (tmp_path / "run/report.html").read_text()


def test_a_model_of_two_terms_is_searched_in_both(tmp_path: Path) -> None:
    result = fitted(tmp_path, "two-terms", evaluations=4)
    assert set(result["best"]["parameters"]) == {"tersoff.B", "lj.epsilon", "lj.sigma"}
    best = load_model(tmp_path / "run/best/model.yaml")
    assert best.parameters["lj.epsilon"] == result["best"]["parameters"]["lj.epsilon"]
    assert not (tmp_path / "run/best/model.tersoff").exists()  # no file of LAMMPS holds both
    assert (tmp_path / "run/best/system.xml").exists()


def test_a_factor_of_all_lengths_of_a_network_is_found(tmp_path: Path) -> None:
    """A crystal two per cent wider: the factor of lengths is 1.02, and the best model holds its network."""
    # A well: the repulsion within, and beyond it an attraction by the one descriptor, sum_j f_0(r_ij).
    layer = Layer(np.array([[0.5]]), np.array([0.0]))
    network = DescriptorNetwork(
        0.5, 0.0, np.ones((1, 1, 1, 1)), np.zeros((1, 1, 0, 0)), 0,
        (TypeNetwork((layer,), np.array([-60.0]), 0.0),), repulsion=np.array([[2e-6]]),
    )  # fmt: skip
    base = {"name": "well", "beads": [{"name": "X", "mass": "40 amu"}], "form": "descriptor-network"}
    base["network"] = network_to_dict(NetworkData(("X",), network))
    (tmp_path / "well.yaml").write_text(yaml.safe_dump(base))
    target = {"observable": "lattice_constant", "structure": "fcc", "value": "4 A", "tolerance": "50 %"}
    (tmp_path / "targets.yaml").write_text(yaml.safe_dump({"schema": 1, "targets": [target]}))
    done = command(tmp_path, "evaluate", "well.yaml", "targets.yaml", "--json", "found.json")
    assert done.returncode == 0, done.stderr
    (found,) = json.loads((tmp_path / "found.json").read_text())["targets"]
    target |= {"value": f"{1.02 * found['value']} A", "tolerance": "0.1 %"}
    content = {
        "schema": 1,
        "name": "wider",
        "model": {"base": "well.yaml", "search": {"length": "+-5 %"}},
        "levels": [{"name": "crystal", "targets": [target]}],
        "optimizer": {
            "stages": [{"method": "nelder-mead", "evaluations": 20}], "confirm": {"every": 0}, "seed": 1,
        },
        "run": {"folder": "run", "workers": 1},
    }  # fmt: skip
    (tmp_path / "fit.yaml").write_text(yaml.safe_dump(content))
    done = command(tmp_path, "fit", "fit.yaml")
    assert done.returncode == 0, done.stderr
    best = load_model(tmp_path / "run/best/model.yaml")
    assert best.parameters["length"] == pytest.approx(1.02, abs=0.001)
    assert best.terms[0].network == NetworkData(("X",), network)
