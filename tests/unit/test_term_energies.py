"""`cgbridge energy` tells what each term adds: against sums by hand, and against models of one term."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from cgbridge.cli.app import app
from cgbridge.engine.single_point import evaluate_structure, single_point
from cgbridge.engine.term_energies import GROUPS
from cgbridge.models.database import load_model
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.structures.structure_files import Structure

MW = load_model("mw")
(ONE_WATER,) = MW.terms[0].entries.values()
WATER = {
    "form": "stillinger-weber",
    "parameters": [{"name": p.name, "unit": p.unit} for p in MW.terms[0].parameters],
    "entries": [{"types": ["W", "W", "W"], "values": dict(ONE_WATER)}],
}
LJ = {
    "form": "lennard-jones",
    "parameters": [{"name": "smoothing", "unit": "1", "value": 1.0}],
    "entries": [
        {"types": ["W", "H"], "values": {"epsilon": "2.5 kJ/mol", "sigma": "3.8 A", "cutoff": "11 A"}}
    ],
}
BOND = {
    "form": "harmonic-bond",
    "entries": [{"types": ["H", "H"], "values": {"k": "1250 kJ/mol/nm^2", "r0": "3.6 A"}}],
}
#: Three waters near the places of ice, and a molecule of two beads.
NAMES = ("W", "W", "W", "H", "H")
PLACES = np.array([[0, 0, 0], [2.7, 0, 0], [-0.9, 2.6, 0.1], [0.5, 0.3, 4.1], [0.7, 0.2, 7.9]])
FILE = "5\n\n" + "".join(f"{n} {x} {y} {z}\n" for n, (x, y, z) in zip(NAMES, PLACES, strict=True))


def model_of(*terms: dict) -> CoarseGrainedModel:
    return CoarseGrainedModel.from_dict(
        {
            "name": "several",
            "beads": [{"name": "W"}, {"name": "H"}],
            "terms": list(terms),
            "molecules": [{"name": "rod", "beads": ["H", "H"], "bonds": [[0, 1]]}],
        }
    )


def lennard_jones_by_hand() -> float:
    """4 eps [(s/r)^12 - (s/r)^6] over the six pairs W H, in kJ/mol."""
    r = np.linalg.norm(PLACES[:3, None] - PLACES[None, 3:], axis=-1)
    return float(np.sum(4 * 2.5 * ((3.8 / r) ** 12 - (3.8 / r) ** 6)))


@pytest.mark.parametrize("platform", ["Reference", "CPU"])
def test_every_term_has_its_own_energy(tmp_path: Path, platform: str) -> None:
    path, waters = tmp_path / "five.xyz", tmp_path / "three.xyz"
    path.write_text(FILE)
    waters.write_text("3\n\n" + "\n".join(FILE.splitlines()[2:5]) + "\n")
    found = single_point(model_of(WATER, LJ, BOND), path, platform)
    bond = 0.5 * 1250.0 * (np.linalg.norm(PLACES[4] - PLACES[3]) / 10.0 - 0.36) ** 2
    assert list(found["terms"]) == ["sw", "lj", "bond"]
    # The CPU platform computes pairs in single precision.
    rel = 1e-9 if platform == "Reference" else 1e-5
    assert found["terms"]["lj"] == pytest.approx(lennard_jones_by_hand(), rel=rel)
    assert found["terms"]["bond"] == pytest.approx(bond, rel=rel)
    assert found["terms"]["sw"] == pytest.approx(single_point(MW, waters)["energy_kj_mol"], rel=rel)
    assert sum(found["terms"].values()) == pytest.approx(found["energy_kj_mol"], rel=rel)


def test_the_terms_of_a_repeated_cell_are_those_of_one(tmp_path: Path) -> None:
    """Two tables of one term are two forces, and the cell is below twice the cutoff."""
    r = np.linspace(0.2, 0.6, 41)
    table = {"distance": r.tolist(), "energy": (50.0 * (0.6 - r) ** 3).tolist()}
    entries = [{"types": pair, "table": table} for pair in (["W", "W"], ["W", "H"], ["H", "H"])]
    beads = {"name": "both", "beads": [{"name": "W"}, {"name": "H"}]}
    terms = [{"form": "table", "entries": entries}, LJ]
    both, first, second = (
        CoarseGrainedModel.from_dict(beads | {"terms": chosen}) for chosen in (terms, terms[:1], terms[1:])
    )
    places = np.array([[0.1, 0.1, 0.1], [0.4, 0.3, 0.5]])
    cell = Structure(("W", "H"), places, 0.7 * np.eye(3))
    found = evaluate_structure(both, cell, "Reference")
    for name, alone in (("table", first), ("lj", second)):
        expected = evaluate_structure(alone, cell, "Reference")
        assert found["terms"][name] == pytest.approx(expected["energy_kj_mol"], rel=1e-9)
        assert "terms" not in expected  # it has nothing else to tell


def test_more_terms_than_groups_have_their_sum(tmp_path: Path) -> None:
    path = tmp_path / "five.xyz"
    path.write_text(FILE)
    one = model_of(LJ, BOND)
    lj, bond = one.terms
    most = replace(one, terms=(bond, *(replace(lj, label=f"lj{n}") for n in range(GROUPS - 1))))
    assert len(single_point(most, path)["terms"]) == GROUPS
    more = single_point(replace(most, terms=(*most.terms, lj)), path)
    assert "terms" not in more
    assert more["notes"] == ["the energies of more than 32 terms are not told apart"]
    assert more["energy_kj_mol"] == pytest.approx(
        single_point(one, path)["energy_kj_mol"] + (GROUPS - 1) * lennard_jones_by_hand(), rel=1e-9
    )


def test_the_command_prints_a_table_and_writes_it(tmp_path: Path) -> None:
    (tmp_path / "five.xyz").write_text(FILE)
    model_of(WATER, LJ, BOND).save(tmp_path / "several.yaml")
    words = [str(tmp_path / name) for name in ("several.yaml", "five.xyz")]
    done = CliRunner().invoke(app, ["energy", *words, "--json", str(tmp_path / "out.json")])
    assert done.exit_code == 0, done.output
    terms = json.loads((tmp_path / "out.json").read_text())["terms"]
    printed = dict(
        line.split() for line in done.stdout.splitlines() if line.split()[:1] and line.split()[0] in terms
    )
    assert {name: float(text) for name, text in printed.items()} == pytest.approx(terms, rel=1e-7)
    (tmp_path / "two.xyz").write_text("2\n\nW 0 0 0\nW 2.7 0 0\n")
    assert "term" not in CliRunner().invoke(app, ["energy", "mw", str(tmp_path / "two.xyz")]).stdout
