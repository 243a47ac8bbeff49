"""The mapping goes from the frames of beads to the model, and what several of them mean is told."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
from labelled_frames import argon, save
from program import run

from cgbridge.config.places import Lines
from cgbridge.errors import CgbridgeWarning
from cgbridge.fits.training.kind import TrainingFit
from cgbridge.mapping.readers import read_mapping


def mapped(path: Path, mapping: object) -> None:
    source = {"ensemble": "nvt", "temperature": 120.0, "mapping": mapping}
    save(path, argon(frames=12) | {"source": json.dumps(source)})


def fit(folder: Path, *files: str, **model: Any) -> TrainingFit:
    content = {
        "schema": 1, "method": "force-matching", "name": "mapped", "data": {"files": list(files), "gap": 0},
        "model": {"architecture": "pair-spline", "cutoff": 0.85} | model,
        "training": {"epochs": 1}, "run": {"folder": str(folder / "run")},
    }  # fmt: skip
    return TrainingFit.read(folder / "fit.yaml", content, Lines())


def test_a_bundle_holds_the_whole_mapping_and_shows_it(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from cgbridge.models.neural.model import NeuralModel

    mapping = read_mapping("water-1bead")
    mapped(tmp_path / "frames.npz", mapping.record())
    settings = {"cutoff": 0.6, "neurons": 3, "radial_functions": 2, "angular_functions": 0}
    found = fit(tmp_path, "frames.npz", architecture="descriptor-network", **settings)
    found.run(fresh=False, display=lambda rows: None)
    model = NeuralModel.load(tmp_path / "run/best/model.cgnn")
    assert model.mapping is not None and model.mapping["molecules"][0]["name"] == mapping.molecules[0].name
    text = Path(mapping.where).read_text(encoding="utf-8")
    assert model.documents() == {"water-1bead.yaml": text}
    assert "where" not in model.mapping  # a place on the machine of whoever made it
    shown = run(tmp_path, "models", "run/best/model.cgnn")
    assert text.strip() in shown.stdout, shown.stderr
    (tmp_path / "again.yaml").write_text(model.documents()["water-1bead.yaml"])
    assert read_mapping(str(tmp_path / "again.yaml")).molecules == mapping.molecules


def test_data_of_several_mappings_are_told(tmp_path: Path) -> None:
    mapped(tmp_path / "a.npz", read_mapping("water-1bead").record())
    mapped(tmp_path / "b.npz", "water-1bead")  # as files of before say it
    mapped(tmp_path / "c.npz", read_mapping("methanol-1bead").record())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(tmp_path, "a.npz", "b.npz")
    with pytest.warns(CgbridgeWarning, match=r"a.npz by 'water-1bead', c.npz by 'methanol-1bead'"):
        fit(tmp_path, "a.npz", "c.npz")
