"""What a fit to forces says before it runs: rare pairs, chains, and keys that its model does not take."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from labelled_frames import argon, described, save

from cgbridge.config.loader import parse_training
from cgbridge.config.places import Lines
from cgbridge.errors import CgbridgeWarning, ConfigError, MissingDependencyError
from cgbridge.fits.training.data_priors import priors_of
from cgbridge.fits.training.kind import TrainingFit
from cgbridge.fits.training.shortest_distances import shortest_distances
from cgbridge.models.beads import Molecule
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.pairs import pair_energy
from cgbridge.topology import Topology
from cgbridge.units import GAS_CONSTANT


def rare(frames: int = 40) -> dict[str, Any]:
    """Argon in which two atoms, as far apart as they can be, have another name."""
    arrays = argon(frames=frames)
    box, first = arrays["box"][0], arrays["positions"][0]
    vector = first - first[0]
    distance = np.linalg.norm(vector - np.rint(vector @ np.linalg.inv(box)) @ box, axis=1)
    names = ["Ar"] * len(first)
    names[0] = names[int(distance.argmax())] = "I"
    topology = Topology(tuple(names))
    return arrays | described(topology, (39.948,) * len(names), {"ensemble": "nvt", "temperature": 120.0})


def test_pairs_that_hardly_occur_have_a_core(tmp_path: Path) -> None:
    """Of the size that mixing leaves, and of kT there: else beads go through each other without a word."""
    save(tmp_path / "frames.npz", rare())
    content = {
        "schema": 1, "method": "force-matching", "name": "rare",
        "data": {"files": ["frames.npz"], "gap": 0.0},
        "model": {"architecture": "pair-spline", "cutoff": 0.85},
    }  # fmt: skip
    read = TrainingFit.read(tmp_path / "fit.yaml", content, Lines())
    (note,) = [note for note in read.notes if "core of mixed size" in note]
    found = shortest_distances(read.task.data, read.task.split.train, 0.85)
    assert set(found.seen) == {("Ar", "Ar"), ("Ar", "I")} and set(found.mixed) == {("I", "I")}
    mixed = 2 * found.seen["Ar", "I"] - found.seen["Ar", "Ar"]
    assert found.mixed["I", "I"] == pytest.approx(mixed) and f"I-I {mixed:.3g} nm" in note
    model = read.trainer.run(tmp_path / "m", lambda rows: None).model
    assert isinstance(model, CoarseGrainedModel)
    kt, place = GAS_CONSTANT * 120.0, model.bead_names.index("I")
    r = mixed * np.array([0.8, 0.9, 1.0, 1.2, 1.5, 1.6])
    energy = pair_energy(model, place, place, r)
    assert energy is not None and (np.diff(energy[:5]) < 0).all()
    # kT less the tangent at 1.5 sizes, which takes a tenth of it.
    assert energy[2] == pytest.approx(kt, rel=0.1) and np.abs(energy[4:]).max() < 1e-6
    priors = priors_of(["repulsion"], read.task.data, read.task.split.train, 0.85)
    kind = read.task.data.types.index("I")
    assert priors[0].content()["sigmas"][kind][kind] == pytest.approx(mixed)


def test_torsions_that_nothing_holds_are_told(tmp_path: Path) -> None:
    """Beads three bonds apart are excluded by default, and pair splines have no torsions."""
    random = np.random.default_rng(3)
    place = np.cumsum(random.normal(0.2, 0.05, (10, 60, 4, 3)), axis=2) + random.random((60, 1, 3)) * 3
    for excluded, told in ((3, True), (2, False)):
        chain = Molecule("c", ("A", "B", "B", "A"), ((0, 1), (1, 2), (2, 3)), excluded).topology
        topology = chain.repeated(60)
        arrays = {
            "positions": place.reshape(10, 240, 3), "box": np.tile(3.0 * np.eye(3), (10, 1, 1)),
            "forces": random.normal(0, 100, (10, 240, 3)), "time": np.arange(10.0),
        }  # fmt: skip
        save(tmp_path / "frames.npz", arrays | described(topology, (12.0,) * 240, {"ensemble": "nvt"}))
        content = {
            "schema": 1, "method": "force-matching", "name": "chains",
            "data": {"files": ["frames.npz"], "gap": 0.0},
            "model": {"architecture": "pair-spline", "cutoff": 0.85},
        }  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CgbridgeWarning)  # forces without sense
            notes = TrainingFit.read(tmp_path / "fit.yaml", content, Lines()).trainer.notes
        assert any("A-B-B-A turn freely" in note for note in notes) is told


@pytest.mark.parametrize(
    ("model", "more", "place", "words"),
    [
        ({}, {"training": {"committee": 2}}, "training.committee", "nothing of the kind"),
        ({}, {"training": {"loss": {"virials": 1}}}, "training.loss.virials", "nothing of the kind"),
        ({}, {"training": {"loss": {"pressure": 1}}}, "training.loss.pressure", "tells no pressure"),
        (
            {"architecture": "parameters", "base": "mw", "search": {"epsilon": "+-10 %"}},
            {"training": {"loss": {"pressure": 1}}},
            "training.loss.pressure",
            "nothing of the kind",
        ),
        (
            {},
            {
                "training": {"committee": 2},
                "active_learning": {"atoms": "a.yaml", "mapping": "water-1bead", "threshold": 5},
            },
            "active_learning",
            "asks a committee of networks",
        ),
        ({}, {"training": {"loss": {"energies": 1}}}, "", "energies of beads have no labels"),
        ({}, {"training": {"loss": {"forces": 0, "energies": 1}}}, "", "energies of beads have no labels"),
    ],
)
def test_what_a_model_does_not_take_is_refused(
    tmp_path: Path, model: dict[str, Any], more: dict[str, Any], place: str, words: str
) -> None:
    save(tmp_path / "frames.npz", argon(frames=10))
    content = {
        "schema": 1, "method": "force-matching", "name": "a", "data": {"files": ["frames.npz"], "gap": 0},
        "model": {"architecture": "pair-spline", "cutoff": 0.8} | model, **more,
    }  # fmt: skip
    with pytest.raises(ConfigError, match=words) as fault:
        TrainingFit.read(tmp_path / "fit.yaml", content, Lines())
    assert place in str(fault.value)


def test_a_precision_of_the_training_did_nothing_and_is_told(tmp_path: Path) -> None:
    """Old files have it, and so has every old run folder."""
    data = {
        "schema": 1, "method": "force-matching", "name": "a", "data": {"files": ["frames.npz"]},
        "model": {"architecture": "pair-spline"}, "training": {"precision": "float64", "epochs": 3},
    }  # fmt: skip
    with pytest.warns(CgbridgeWarning, match=r"training.precision: this key does nothing: model.precision"):
        config = parse_training(data, Lines(), "fit.yaml")
    assert config.training.epochs == 3


def test_tensorboard_that_is_not_there_is_told_before_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    monkeypatch.setattr("cgbridge.extras.find_spec", lambda name: None if name == "tensorboard" else 1)
    save(tmp_path / "frames.npz", argon(frames=10))
    content = {
        "schema": 1, "method": "force-matching", "name": "a", "data": {"files": ["frames.npz"], "gap": 0},
        "model": {"architecture": "descriptor-network"}, "training": {"tensorboard": True},
    }  # fmt: skip
    with pytest.raises(MissingDependencyError, match="pip install tensorboard"):
        TrainingFit.read(tmp_path / "fit.yaml", content, Lines())
