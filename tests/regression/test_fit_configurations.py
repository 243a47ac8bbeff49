"""A fit to stored configurations: the model of their labels is found again, and its input is checked."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from fits import command

from cgbridge.engine.single_point import evaluate_structure
from cgbridge.models.database import load_model
from cgbridge.structures.structure_files import Structure
from cgbridge.testing.made_up_runs import lattice_frame
from cgbridge.topology import Beads, Topology
from cgbridge.trajectories.hdf5 import TrajectoryWriter
from cgbridge.trajectories.layout import Header


def labelled(path: Path, shift: float = -57.0) -> None:
    """Jittered cubic ice at several densities with mW's energies, from another zero, and forces."""
    mw = load_model("mw")
    types = ("W",) * 64
    header = Header(Beads(Topology(types), (18.015,) * 64), ("energy", "forces"))
    with TrajectoryWriter(path, 64, header) as writer:
        for number in range(12):
            ice = lattice_frame("diamond", 0.26 + 0.003 * number, (2, 2, 2), jitter=0.02, seed=number)
            found = evaluate_structure(mw, Structure(types, ice.positions, ice.box), "Reference")
            energy, forces = found["energy_kj_mol"] + 64 * shift, np.array(found["forces_kj_mol_nm"])
            writer.append(replace(ice, time=float(number), energy=energy, forces=forces))


def fit(**target: Any) -> dict[str, Any]:
    both = [
        {"name": "energies", "value": "0 kJ/mol", "tolerance": "0.01 kJ/mol"},
        {
            "name": "forces",
            "value": "0 kJ/mol/nm",
            "tolerance": "2 kJ/mol/nm",
            "options": {"feature": "forces"},
        },
    ]
    return {
        "schema": 1,
        "name": "configurations",
        "model": {
            "form": "stillinger-weber",
            "base": "mw",
            "search": {
                "epsilon": {"min": "3 kcal/mol", "max": "10 kcal/mol"},
                "sigma": {"min": "2.2 A", "max": "2.6 A"},
            },
        },
        "levels": [
            {
                "name": "configurations",
                "targets": [
                    {"observable": "configurations", "files": ["ices/*.h5"], **one, **target} for one in both
                ],
            }
        ],
        "optimizer": {
            "start": [],
            "stages": [
                {"method": "hoga", "initial": 8, "population": 4, "generations": 1},
                {"method": "nelder-mead", "evaluations": 50},
            ],
            "seed": 3,
        },
        "run": {"folder": "run", "workers": 2},
    }


def write(folder: Path, content: dict[str, Any]) -> None:
    (folder / "fit.yaml").write_text(yaml.safe_dump(content))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ices").mkdir()
    labelled(tmp_path / "ices" / "a.h5")
    write(tmp_path, fit())
    return tmp_path


def test_the_model_of_the_labels_is_found(folder: Path) -> None:
    assert command(folder, "check", "fit.yaml").returncode == 0
    done = command(folder, "fit", "fit.yaml")
    assert done.returncode == 0, done.stderr
    best = json.loads((folder / "run/result.json").read_text())["best"]
    mw = load_model("mw").parameters
    for name in ("epsilon", "sigma"):
        # Two parameters and thousands of exact numbers: as near as the simplex comes in its budget.
        assert best["parameters"][name] == pytest.approx(mw[name], rel=2e-3)
    targets = json.loads((folder / "run/targets.json").read_text())["configurations"]
    assert len(targets[0]["files"][0]["digest"]) == 64
    assert "configurations" in (folder / "run/report.html").read_text()
    # The same content elsewhere is the same fit, finished; other labels are another one.
    (folder / "ices").rename(folder / "moved")
    (folder / "ices").mkdir()
    (folder / "moved" / "a.h5").rename(folder / "ices" / "b.h5")
    assert command(folder, "fit", "fit.yaml").returncode == 0
    labelled(folder / "ices" / "b.h5", shift=-58.0)
    changed = command(folder, "fit", "fit.yaml")
    assert changed.returncode == 5 and "were changed since this run began" in changed.stderr


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"files": ["nowhere/*.h5"]}, "no file is called 'nowhere/*.h5'"),
        ({"files": []}, "configurations are read from files"),
        ({"options": {"feature": "force"}}, "energy"),
        ({"options": {"window": "3 nm"}}, "window"),
    ],
)
def test_faults_are_told_before_anything_runs(folder: Path, change: dict[str, Any], words: str) -> None:
    write(folder, fit(**change))
    done = command(folder, "check", "fit.yaml")
    assert done.returncode == 2 and words in done.stderr, done.stderr
    assert "levels.0.targets.0" in done.stderr
