"""What seems to be forgotten in a model is told: bonds, terms that act on them, entries of pairs, tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from dumbbells import dumbbells, ionic, lennard_jones

from cgbridge.engine.single_point import evaluate_structure
from cgbridge.errors import CgbridgeWarning
from cgbridge.models.database import load_model
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.structures.cells import place
from cgbridge.structures.structure_files import Structure


def read(folder: Path, content: dict[str, Any]) -> None:
    (folder / "model.yaml").write_text(yaml.safe_dump(content))
    load_model(folder / "model.yaml")


def test_terms_of_bonds_in_a_model_without_bonds_are_told(tmp_path: Path) -> None:
    content = ionic().to_dict()
    del content["molecules"]
    with pytest.warns(CgbridgeWarning) as told:
        read(tmp_path, content)
    texts = [str(warning.message) for warning in told]
    assert len(texts) == 2
    assert "the term 'bond' acts on nothing, for no molecule has bonds" in texts[0]
    assert "the term 'angle' acts on nothing, for no molecule has angles" in texts[1]


def test_bonds_that_nothing_holds_are_told(tmp_path: Path) -> None:
    content = dumbbells().to_dict()
    content["terms"] = content["terms"][:1]
    with pytest.warns(CgbridgeWarning, match="nothing holds the molecule 'pair' together"):
        read(tmp_path, content)


def test_a_pair_without_an_entry_is_noted() -> None:
    beads = [{"name": name, "mass": "40 amu"} for name in "ABS"]
    pairs = lennard_jones(("A", "A"), ("S", "B"), ("B", "B"), ("S", "S"), ("A", "B"))
    (note,) = CoarseGrainedModel.from_dict({"name": "x", "beads": beads, "terms": [pairs]}).notes
    assert note.startswith("no entry for A S: such pairs do not interact")
    assert not ionic().notes and not dumbbells().notes
    example = Path(__file__).parents[2] / "examples/models/silicon-dispersion.yaml"
    assert not load_model(example).notes and not load_model("mw").notes


def test_an_energy_beyond_the_end_of_a_table_is_noted() -> None:
    """Two of three pairs are nearer than 0.2 nm, one of them through the face of the box."""
    table = {"distance": [0.2, 0.3, 0.4, 0.5], "energy": [8.0, 1.5, -0.6, 0.0]}
    model = CoarseGrainedModel.from_dict(
        {
            "name": "soft",
            "beads": [{"name": "P", "mass": "72 amu"}],
            "form": "table",
            "entries": [{"types": ["P", "P"], "table": table}],
        }
    )
    places = np.array([[0.05, 0.5, 0.5], [0.2, 0.5, 0.5], [1.0, 0.5, 0.5]])
    found = evaluate_structure(model, Structure(("P",) * 3, places, np.eye(3) * 1.1), "Reference")
    assert [note for note in found["notes"] if note.startswith("2 pairs of P below the first point")]
    apart = Structure(("P",) * 2, places[1:], np.eye(3) * 1.1)
    assert not any("table" in note for note in evaluate_structure(model, apart, "Reference")["notes"])


@pytest.mark.parametrize("edge", [1.2, 1.2000001, 1.21, 1.1999])
def test_a_cell_of_twice_the_cutoff_has_an_energy(edge: float) -> None:
    """Forces are differences between boxes that are wider and narrower by 1e-5: there must be room."""
    model = CoarseGrainedModel.from_dict(
        {"name": "x", "beads": [{"name": "P"}], "terms": [lennard_jones(("P", "P"))]}
    )
    structure = Structure(("P",) * 2, np.array([[0.0, 0.0, 0.0], [0.35, 0.0, 0.0]]), np.eye(3) * edge)
    found = evaluate_structure(model, structure, "Reference")
    wide = evaluate_structure(model, Structure(structure.names, structure.positions, np.eye(3) * 9.0), "CPU")
    assert found["energy_kj_mol"] == pytest.approx(wide["energy_kj_mol"], rel=1e-5)
    assert place(structure, model.cutoff, repeat=True).copies == (8 if edge < 1.2001 else 1)
