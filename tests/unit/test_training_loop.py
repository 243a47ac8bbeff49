"""The training of a network: resumed equals uninterrupted, gradients are those of the loss, schedules."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from labelled_frames import argon

from cgbridge.config.training_section import LossSection, RateSection, TrainingSection
from cgbridge.errors import FileFormatError
from cgbridge.fits.training.data_set import DataSet, Series, State
from cgbridge.fits.training.learning_rate import LearningRate
from cgbridge.fits.training.loss_curves import LossCurves, read_curves
from cgbridge.fits.training.split import Split
from cgbridge.models.neural.settings import DescriptorSettings
from cgbridge.topology import Topology
from cgbridge.units import EV

torch = pytest.importorskip("torch")
torch.set_num_threads(1)

SMALL = DescriptorSettings(
    cutoff=0.6, angular_cutoff=0.5, radial_functions=3, radial_basis=4, angular_functions=2, angular_basis=4,
    angular_order=2, neurons=5,
)  # fmt: skip


def liquid(frames: int = 8, particles: int = 30) -> DataSet:
    """A part of the atoms of argon with all kinds of labels, for what no physics is needed for."""
    arrays = argon(frames)
    virial = np.random.default_rng(3).standard_normal((frames, 3, 3))
    series = Series(
        "argon", Topology(("Ar",) * particles), (39.9,) * particles,
        arrays["positions"][:, :particles].astype(np.float32),
        arrays["forces"][:, :particles].astype(np.float32),
        arrays["box"], arrays["time"], np.arange(frames), State(120.0, 300.0),
        arrays["energy"], virial + virial.transpose(0, 2, 1),
    )  # fmt: skip
    return DataSet((series,))


def training(
    folder: Path, data: DataSet, *, seed: int = 5, weights: int = 1, energies: float = 0.1, **keys: Any
) -> Any:
    from cgbridge.fits.training.loop import Training
    from cgbridge.fits.training.losses import Loss, label_scales
    from cgbridge.models.neural.architecture import build

    folder.mkdir(parents=True, exist_ok=True)
    section = TrainingSection.model_validate({"epochs": 4, "batch": 3, **keys})
    train = tuple((0, i) for i in range(len(data.series[0]) - 2))
    split = Split(train, tuple((0, i) for i in range(len(train), len(train) + 2)), (), 0)
    scales = label_scales(data, train, energies=energies > 0, virials=section.loss.virials > 0)
    potential = build("descriptor-network", SMALL, data.types, seed=weights)
    if energies:
        potential.type_energies.copy_(torch.tensor(scales.type_energies))
    loss = Loss(section.loss, energies, scales)
    return Training(potential, data, split, section, loss=loss, seed=seed, folder=folder)


class Stopped(BaseException):
    """What stands for Ctrl-C."""


@pytest.mark.parametrize("schedule", ["cosine", "plateau"])
def test_a_training_that_was_stopped_again_and_again_is_the_same(
    schedule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cgbridge.fits.training.loop import Training

    data = liquid()
    keys = {
        "loss": {"pressure": 0.1, "virials": 0.01},
        "rate": {"schedule": schedule, "patience": 1, "warm_up": 3},
        # After every step: it is looked at before the clock has moved.
        "checkpoint": 1e-9,
    }
    whole = training(tmp_path / "whole", data, **keys)
    whole.run(lambda told: None)
    original, steps = Training.backward, 0

    def counted(self: Any, batch: Any, weight: float = 1.0) -> float:
        nonlocal steps
        steps += 1
        if steps in (2, 5, 6, 9, 13):
            raise Stopped
        found: float = original(self, batch, weight)
        return found

    monkeypatch.setattr(Training, "backward", counted)
    for attempt in range(6):
        # Weights and random numbers of a new process: the checkpoint must bring all.
        torch.manual_seed(attempt)
        parts = training(tmp_path / "parts", data, weights=100 + attempt if attempt else 1, **keys)
        try:
            parts.run(lambda told: None)
        except Stopped:
            continue
    texts = [(tmp_path / name / "curves.csv").read_text() for name in ("whole", "parts")]
    assert texts[0] == texts[1] and texts[0].count("\n") == 5
    for (name, one), other in zip(
        whole.potential.named_parameters(), parts.potential.parameters(), strict=True
    ):
        assert torch.equal(one, other), name


PROGRAM = """
import sys
sys.path[:0] = {paths!r}
import torch
from pathlib import Path
from test_training_loop import liquid, training
torch.set_num_threads(1)
one = training(Path(sys.argv[1]), liquid(), epochs={epochs}, checkpoint=1e-9, loss={{"pressure": 0.1}})
print("begins", flush=True)
one.run(lambda told: None)
print("ended", flush=True)
"""


def killed_runs(folder: Path, kills: int, epochs: int) -> None:
    paths = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "support")]
    script = folder / "program.py"
    script.write_text(PROGRAM.format(paths=paths, epochs=epochs))
    random, done = np.random.default_rng(kills), 0
    while True:
        process = subprocess.Popen(
            [sys.executable, "-P", str(script), str(folder / "killed")], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        with process.stdout as out:
            assert out.readline() == "begins\n"
            if done < kills:
                time.sleep(random.uniform(0.0, 0.4))
                os.kill(process.pid, signal.SIGKILL)
                done += 1
            ended = out.read()
        process.wait()
        if ended == "ended\n" and done >= kills:
            return


@pytest.mark.slow
@pytest.mark.parametrize("kills", [1, 10])
def test_a_training_that_was_killed_is_the_same(kills: int, tmp_path: Path) -> None:
    epochs = 4 * kills
    killed_runs(tmp_path, kills, epochs)
    whole = training(tmp_path / "whole", liquid(), epochs=epochs, loss={"pressure": 0.1})
    whole.run(lambda told: None)
    texts = [(tmp_path / name / "curves.csv").read_text() for name in ("whole", "killed")]
    assert texts[0] == texts[1] and texts[0].count("\n") == epochs + 1


def test_a_budget_that_is_raised_goes_on_as_if_it_had_been_so(tmp_path: Path) -> None:
    data, keys = liquid(), {"rate": {"schedule": "plateau", "patience": 1}}
    for epochs in (2, 4):
        training(tmp_path / "longer", data, epochs=epochs, **keys).run(lambda told: None)
    training(tmp_path / "at once", data, epochs=4, **keys).run(lambda told: None)
    texts = [(tmp_path / name / "curves.csv").read_text() for name in ("longer", "at once")]
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    "loss",
    [
        {"forces": 1.0},
        {"forces": 0.0, "energies": 1.0},
        {"forces": 0.5, "virials": 0.3},
        {"forces": 0.5, "kind": "huber"},
        {"forces": 0.1, "pressure": 2.0},
    ],
    ids=lambda loss: "-".join(loss),
)
def test_gradients_are_those_of_the_loss(loss: dict[str, Any], tmp_path: Path) -> None:
    data = liquid(6)
    one = training(tmp_path, data, energies=loss.get("energies", 0.1), loss=loss)
    batch = [(0, 0), (0, 3), (0, 1)]
    one._optimizer.zero_grad()
    one.backward(batch)
    name, weight = "network.outputs", dict(one.potential.named_parameters())["network.outputs"]
    found = weight.grad[0, 1].item()

    def value(change: float) -> float:
        with torch.no_grad():
            weight[0, 1] += change
        one._loss.running.clear()
        result: float = one.backward(batch)
        with torch.no_grad():
            weight[0, 1] -= change
        return result

    # Single precision: 1e-6 of the loss over the step, and its square.
    step = 0.01
    expected = (value(step) - value(-step)) / (2 * step)
    assert found == pytest.approx(expected, rel=2e-3, abs=1e-4), name


def test_a_batch_of_several_files_is_that_of_all_frames(tmp_path: Path) -> None:
    """Frames of two files in one batch: the loss is the mean over all components, whatever their order."""
    whole = liquid(6)
    (series,) = whole.series
    halves = DataSet(
        tuple(
            Series(
                f"{k}", series.topology, series.masses, series.positions[k::2], series.forces[k::2],
                series.box[k::2], series.time[k::2], series.number[k::2],
            )
            for k in range(2)
        )
    )  # fmt: skip
    one = training(tmp_path / "one", whole, energies=0.0)
    two = training(tmp_path / "two", halves, energies=0.0)
    two._loss.scales = one._loss.scales
    assert one.backward([(0, 0), (0, 1), (0, 2)]) == pytest.approx(
        two.backward([(0, 0), (1, 0), (0, 1)]), rel=1e-6
    )


def test_energies_of_types_are_found_from_compositions() -> None:
    from cgbridge.fits.training.losses import reference_energies

    true, every = {"O": -2000.0 * EV, "H": -13.6 * EV}, []
    random = np.random.default_rng(1)
    for number, types in enumerate([("O", "H", "H"), ("O", "H", "H") * 2, ("H", "H")]):
        rest = 0.1 * random.standard_normal(50)
        energy = sum(true[name] for name in types) + rest * len(types)
        count = len(types)
        every.append(
            Series(
                str(number),
                Topology(types),
                (),
                np.zeros((50, count, 3), np.float32),
                np.zeros((50, count, 3), np.float32),
                np.tile(np.eye(3), (50, 1, 1)),
                np.arange(50.0),
                np.arange(50),
                State(),
                energy,
            )
        )
    data = DataSet(tuple(every))
    found, rest = reference_energies(data, [(s, i) for s in range(3) for i in range(50)])
    # 150 frames with a spread of 0.1 kJ/mol per particle.
    np.testing.assert_allclose(found, [true[name] for name in data.types], atol=0.2)
    assert np.std(rest) == pytest.approx(0.1, rel=0.15)


def test_rates() -> None:
    cosine = LearningRate(RateSection(begin=1e-3, end=1e-5, schedule="cosine", warm_up=9), 109)
    assert cosine.at(0) == pytest.approx(1e-4) and cosine.at(9) == pytest.approx(1e-3)
    assert cosine.at(59) == pytest.approx(0.5 * (1e-3 + 1e-5)) and cosine.at(109) == pytest.approx(1e-5)
    section = RateSection(begin=1e-3, end=2e-4, schedule="plateau", warm_up=0, factor=0.5, patience=2)
    plateau, rates = LearningRate(section, 100), []
    for error in (3.0, 2.0, 2.1, 2.2, 1.9, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0):
        plateau.epoch_ended(error)
        rates.append(plateau.at(50))
    assert rates == pytest.approx([1e-3] * 3 + [5e-4] * 3 + [2.5e-4] * 2 + [2e-4] * 3)


def test_the_mean_of_weights_follows_their_running_mean() -> None:
    from cgbridge.fits.training.weight_average import WeightAverage

    module = torch.nn.Linear(1, 1, bias=False)
    average, expected = WeightAverage(module, 0.9), float(module.weight.detach())
    for step in range(200):
        with torch.no_grad():
            module.weight.fill_(math.sin(step))
        average.update(step)
        decay = min(0.9, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * math.sin(step)
    assert float(average.weights["weight"]) == pytest.approx(expected, abs=1e-6)
    with average.in_place():
        assert float(module.weight.detach()) == pytest.approx(expected, abs=1e-6)
    assert float(module.weight.detach()) == pytest.approx(math.sin(199))


def test_training_ends_when_validation_does_not_improve(tmp_path: Path) -> None:
    keys = {
        "epochs": 50,
        "rate": {"begin": 1e-30, "end": 0.0, "schedule": "constant"},
        "early_stop": 3,
        "average": 0.0,
    }
    one = training(tmp_path, liquid(6), **keys)
    ended = one.run(lambda told: None)
    assert ended.ended == "early stop" and ended.epoch - 1 < 50
    # It is over: the same call does nothing more.
    again = training(tmp_path, liquid(6), **keys).run(lambda told: pytest.fail("it went on"))
    assert again.epoch == ended.epoch


def test_the_network_learns_the_forces(tmp_path: Path) -> None:
    keys = {"epochs": 20, "rate": {"begin": 3e-2, "warm_up": 3}, "batch": 2, "average": 0.9}
    one = training(tmp_path, liquid(10, 125), energies=0.0, **keys)
    one.run(lambda told: None)
    rows = read_curves(tmp_path / "curves.csv")
    spread = one._loss.scales.force
    # A network of 66 parameters from 8 frames: half of the variance, where the untrained one adds to it.
    assert rows[0]["validation_force"] > spread
    assert rows[-1]["validation_force"] < 0.75 * spread


def test_a_damaged_checkpoint_is_told(tmp_path: Path) -> None:
    training(tmp_path, liquid(6), epochs=1).run(lambda told: None)
    path = tmp_path / "last.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FileFormatError, match=r"last\.safetensors.*cannot be read"):
        training(tmp_path, liquid(6), epochs=2).run(lambda told: None)
    path.write_bytes(whole.replace(b'\\"schema\\": 1', b'\\"schema\\": 9'))
    with pytest.raises(FileFormatError, match="schema 9"):
        training(tmp_path, liquid(6), epochs=2).run(lambda told: None)


def test_curves_are_cut_back_to_the_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "curves.csv"
    curves = LossCurves(path, last=0)
    for epoch in (1, 2, 3):
        curves.append({"epoch": epoch, "loss": 0.1 + 0.2 * epoch})
    with open(path, "a") as file:
        file.write("4,0.")  # a write that was cut short
    again = LossCurves(path, last=2)
    again.append({"epoch": 3, "loss": 1.0 / 3.0})
    assert path.read_text() == f"epoch,loss\n1,{0.1 + 0.2!r}\n2,{0.1 + 0.4!r}\n3,{1 / 3!r}\n"


def test_curves_for_tensorboard(tmp_path: Path) -> None:
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    training(tmp_path, liquid(6), epochs=2, tensorboard=True).run(lambda told: None)
    found = events.EventAccumulator(str(tmp_path / "curves"))
    found.Reload()
    rows = read_curves(tmp_path / "curves.csv")
    kept = [one.value for one in found.Scalars("validation_force")]
    assert kept == pytest.approx([row["validation_force"] for row in rows], rel=1e-6)


def test_a_loss_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="must have a weight"):
        LossSection(forces=0.0)


def test_every_series_trains_the_free_energy_of_its_own_temperature(tmp_path: Path) -> None:
    """A potential has no error in its own forces at two temperatures, but in those of one for the other."""
    from dataclasses import replace

    from cgbridge.errors import ConfigError
    from cgbridge.fits.training.loop import Training
    from cgbridge.fits.training.losses import Loss, label_scales
    from cgbridge.models.neural.architecture import build
    from cgbridge.models.neural.derivatives import derivatives

    settings = SMALL.model_copy(update={"temperatures": (100.0, 140.0)})
    potential = build("descriptor-network", settings, ["Ar"], seed=1)
    base = liquid(4).series[0]
    types = torch.zeros(base.particles, dtype=torch.long)

    def at(kelvin: float | None) -> Series:
        places, box = torch.tensor(base.positions, dtype=torch.float64), torch.tensor(base.box)
        forces = derivatives(potential, places, types, box, temperature=kelvin).forces
        return replace(base, forces=forces.numpy().astype(np.float32), state=State(kelvin))

    def error(*series: Series) -> float:
        data = DataSet(series)
        frames = tuple((number, index) for number in range(len(series)) for index in range(4))
        loss = Loss(LossSection(), 0.0, label_scales(data, frames, energies=False, virials=False))
        split, section = Split(frames, frames, (), 0), TrainingSection()
        one = Training(potential, data, split, section, loss=loss, seed=1, folder=tmp_path)
        return one.errors(frames).force

    cold, warm = at(105.0), at(135.0)
    # Labels are in single precision.
    assert error(cold, warm) < 1e-8 * error(replace(cold, state=warm.state), replace(warm, state=cold.state))
    with pytest.raises(ConfigError, match="temperature of these frames is not known"):
        error(cold, at(None))
