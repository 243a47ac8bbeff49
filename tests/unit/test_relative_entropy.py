"""Relative entropy: averages of a model's own dynamics become those of the frames; stopped runs go on."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from neural_models import EDGE, liquid_places, small_model

from cgbridge.config.relative_entropy_section import RelativeEntropySection
from cgbridge.config.training_section import TrainingSection
from cgbridge.engine.molecular_dynamics import Dynamics
from cgbridge.engine.settings import EngineSettings
from cgbridge.fits.training.data_set import DataSet, Series, State
from cgbridge.fits.training.loss_curves import read_curves
from cgbridge.fits.training.split import Split
from cgbridge.structures.lattices import Box
from cgbridge.topology import Topology

torch = pytest.importorskip("torch")

KELVIN, BAR, BEADS = 300.0, 1000.0, 64
SMALL = {
    "cutoff": 0.5,
    "angular_cutoff": 0.4,
    "radial_functions": 3,
    "angular_functions": 2,
    "angular_order": 2,
}


@pytest.fixture(scope="module")
def truth() -> Any:
    """An attraction by one radial function, beside the repulsion: sampled in picoseconds."""
    model = small_model(precision="float64", **SMALL)
    network = model.members[0].network
    with torch.no_grad():
        for values in (network.radial, network.angular, network.weights, network.outputs, network.shift):
            values.zero_()
        network.scale.fill_(1.0)
        network.radial[0, 0, 0] = 1.0
        network.weights[0, 0, 0] = 0.05
        network.outputs[0, 0] = -6.0
    return model


@pytest.fixture(scope="module")
def data(truth: Any) -> DataSet:
    """Frames of a liquid at constant pressure, made by a network whose weights are to be found again."""
    topology = Topology(("W",) * BEADS)
    start = Box.of(liquid_places(), EDGE * np.eye(3), topology.types)
    settings = EngineSettings("auto", 1, 0.005)
    run = Dynamics(truth, start, settings, temperature=KELVIN, pressure=BAR, topology=topology, seed=2)
    run.heat()
    run.equilibrate(50.0)
    boxes, forces = [], []
    for _ in range(400):
        run.equilibrate(0.25)
        boxes.append(run.box())
        forces.append(run.forces())
    series = Series(
        "liquid", topology, (18.015,) * BEADS,
        np.array([box.positions for box in boxes], dtype=np.float32), np.array(forces, dtype=np.float32),
        np.array([box.vectors for box in boxes]), 0.25 * np.arange(400), np.arange(400),
        State(KELVIN, BAR, npt=True),
    )  # fmt: skip
    return DataSet((series,))


def refinement(truth: Any, data: DataSet, folder: Path, factor: float = 1.0, **keys: Any) -> Any:
    """Of the true network with all energies times a ``factor``."""
    from cgbridge.fits.training.loop import Training
    from cgbridge.fits.training.losses import Loss, label_scales
    from cgbridge.fits.training.refinement import Refinement
    from cgbridge.models.neural.model import NeuralModel

    folder.mkdir(parents=True, exist_ok=True)
    train = tuple((0, i) for i in range(len(data.series[0])))
    scales = label_scales(data, train, energies=False, virials=False)
    potential = copy.deepcopy(truth.members[0])
    with torch.no_grad():
        potential.network.outputs.mul_(factor)
    section = TrainingSection()
    training = Training(
        potential, data, Split(train, train[:1], (), 0), section,
        loss=Loss(section.loss, 0.0, scales), seed=1, folder=folder,
    )  # fmt: skip

    def model_of(some: Any) -> NeuralModel:
        return NeuralModel.of_potentials("refined", truth.architecture, truth.settings, truth.beads, [some])

    given = {"time": 2.0, "interval": 0.1, "timestep": 0.005} | keys
    return Refinement(training, RelativeEntropySection(**given), model_of, seed=3, folder=folder)


def test_averages_become_those_of_the_frames(truth: Any, data: DataSet, tmp_path: Path) -> None:
    """An attraction that is too strong: the volume comes back to that of the frames, without any force."""
    one = refinement(truth, data, tmp_path, factor=1.4, iterations=40, time=4.0, rate=2e-3, forces=0.0)
    told: list[int] = []
    one.run(lambda done, row: told.append(done))
    assert told == list(range(1, 41))
    rows = read_curves(tmp_path / "refinement.csv")
    columns = {key: np.array([row[key] for row in rows]) for key in ("energy_0", "volume_0")}
    before = {key: values[1:6].mean() for key, values in columns.items()}
    after = {key: values[-10:].mean() for key, values in columns.items()}
    # A run of 4 ps knows its volume to 5 per cent; without a change it ends 25 per cent below.
    assert before["energy_0"] < -0.3
    assert abs(after["volume_0"] - 1.0) < 0.1
    assert abs(after["energy_0"]) < 0.5 * abs(before["energy_0"])


def test_the_truth_has_no_gradient(truth: Any, data: DataSet, tmp_path: Path) -> None:
    """Of the network that made the frames the mean gradient is zero within its scatter, else not."""
    gradients = {}
    for factor in (1.0, 1.4):
        folder = tmp_path / str(factor)
        one = refinement(truth, data, folder, factor=factor, iterations=12, time=4.0, rate=1e-12, forces=0.0)
        found = []
        step = one._optimizer.step
        weight = one._potential.network.outputs

        def keep(found: list[Any] = found, step: Any = step, weight: Any = weight) -> None:
            found.append(float(weight.grad[0, 0]))
            step()

        one._optimizer.step = keep
        one.run(lambda done, row: None)
        values = np.array(found[2:])
        error = values.std(ddof=1) / np.sqrt(len(values))
        gradients[factor] = abs(values.mean() / error)
    # Successive runs go on from one another, so that the error is somewhat too small.
    assert gradients[1.0] < 4.0 < gradients[1.4], gradients


def test_a_refinement_that_was_stopped_is_the_same(truth: Any, data: DataSet, tmp_path: Path) -> None:
    keys = {"iterations": 4, "time": 0.4}
    whole = refinement(truth, data, tmp_path / "whole", factor=1.2, **keys)
    whole.run(lambda done, row: None)

    class Stopped(BaseException):
        pass

    def stop(done: int, row: Any) -> None:
        if done in (1, 3):
            raise Stopped

    for attempt in range(3):
        parts = refinement(truth, data, tmp_path / "parts", factor=1.2 + 0.1 * attempt, **keys)
        if attempt < 2:
            with pytest.raises(Stopped):
                parts.run(stop)
        else:
            parts.run(stop)
    texts = [(tmp_path / name / "refinement.csv").read_text() for name in ("whole", "parts")]
    assert texts[0] == texts[1] and texts[0].count("\n") == 5
    for one, other in zip(whole._potential.parameters(), parts._potential.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"method": "energy-force-matching"}, "relative_entropy is for beads"),
        ({"training": {"epochs": 0}}, "epochs of 0 needs training.start"),
        ({"relative_entropy": {"time": "1 ps", "interval": "2 ps"}}, "leaves no frame"),
        (
            {
                "active_learning": {"atoms": "a.yaml", "mapping": "m", "threshold": 1.0},
                "training": {"committee": 2},
            },
            "after active_learning",
        ),
        ({"model": {"architecture": "pair-spline", "cutoff": 0.6}}, "pair-spline is none"),
    ],
)
def test_what_it_is_not_for(data: DataSet, tmp_path: Path, change: dict[str, Any], words: str) -> None:
    from labelled_frames import argon, described, save

    from cgbridge.config.places import Lines
    from cgbridge.errors import CgbridgeError
    from cgbridge.fits.training.kind import TrainingFit

    arrays = argon(frames=12)
    topology = Topology(("Ar",) * arrays["positions"].shape[1])
    masses = (39.948,) * len(topology)
    save(
        tmp_path / "frames.npz",
        arrays | described(topology, masses, {"ensemble": "nvt", "temperature": 120.0}),
    )
    content = {
        "schema": 1, "method": "force-matching", "name": "x",
        "data": {"files": ["frames.npz"], "gap": 0.0},
        "model": {"architecture": "descriptor-network", "cutoff": 0.6},
        "relative_entropy": {},
    } | change  # fmt: skip
    with pytest.raises(CgbridgeError, match=words):
        TrainingFit.read(tmp_path / "fit.yaml", content, Lines())
