"""From atoms to beads to a committee that asks for labels where it disagrees, by the commands."""

import json
import shutil
import time

import numpy as np
import pytest

pytest.importorskip("torch")

from program import Command
from program import run as cgbridge

from cgbridge.trajectories.hdf5 import Trajectory

ATOMS = """\
schema: 1
name: atoms
model: {forcefield: SPC/Fw}
system: {molecules: 64, density: 0.997 g/cm^3}
state: {ensemble: nvt, temperature: 300 K}
dynamics: {timestep: 0.5 fs, equilibration: 0.5 ps, time: 1 ps, interval: 0.05 ps}
seed: 1
"""
FIT = """\
schema: 1
method: force-matching
name: water
data: {files: beads.h5, gap: 0 ps}
model: {architecture: descriptor-network, radial_functions: 4, angular_functions: 2, neurons: 8}
training: {epochs: 2, batch: 4, committee: 2}
active_learning:
  atoms: atoms.yaml
  mapping: water-1bead
  threshold: 1 kJ/mol/nm
  rounds: 1
  frames: 2
  explore: {time: 0.3 ps, interval: 0.05 ps, stop: 1e6}
  labels: {samples: 4, interval: 0.02 ps, equilibration: 0.1 ps}
run: {folder: runs/water}
"""


def files_of(folder):
    return {
        path: path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "run.lock"
    }


@pytest.fixture(scope="module")
def beads(tmp_path_factory):
    """A folder with frames of beads and the simulation that they are of."""
    folder = tmp_path_factory.mktemp("beads")
    (folder / "atoms.yaml").write_text(ATOMS)
    succeed(folder, "simulate", "atoms.yaml")
    succeed(folder, "map", "atoms.h5", "--mapping", "water-1bead", "--out", "beads.h5")
    return folder


def succeed(folder, *command):
    done = cgbridge(folder, *command)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def begun(beads, folder, text=FIT):
    """A new folder with the frames of ``beads`` and a fit."""
    for name in ("atoms.yaml", "beads.h5"):
        shutil.copy(beads / name, folder / name)
    (folder / "fit.yaml").write_text(text)
    return folder / "runs" / "water"


@pytest.fixture(scope="module")
def finished(beads, tmp_path_factory):
    """A folder in which the fit was done without interruption."""
    folder = tmp_path_factory.mktemp("finished")
    begun(beads, folder)
    succeed(folder, "fit", "fit.yaml")
    return folder


@pytest.mark.slow
def test_rounds_label_train_again_and_are_not_done_twice(finished):
    run = finished / "runs" / "water"
    result = json.loads((run / "result.json").read_text())
    (first,) = result["active_learning"]
    assert first["labels"] >= 1 and first["above"] >= first["labels"]
    labels = Trajectory(run / "rounds" / "1" / "labels-1.h5")
    assert len(labels) == first["labels"]
    # Beads are held where the network had them: springs that carry the force move about by 0.0008 nm, and
    # what four samples and a short equilibration know of that force leaves a few thousandths.
    with np.load(run / "rounds" / "1" / "looks.npz") as looks:
        for frame, wanted in zip(labels, looks["chosen_positions"], strict=True):
            assert np.sqrt(np.mean((frame.positions - wanted) ** 2)) < 0.003
    # The last round has them, and began with the weights of the first.
    data = json.loads((run / "rounds" / "2" / "data.json").read_text())
    assert data["frames"]["train"] + data["frames"]["validation"] == 20 + first["labels"]
    begun = (run / "rounds" / "2" / "members" / "1" / "curves.csv").read_text().splitlines()
    assert len(begun) > 1
    before = files_of(run / "rounds")
    succeed(finished, "fit", "fit.yaml")
    assert files_of(run / "rounds") == before
    assert json.loads((run / "result.json").read_text()) == result
    page = (run / "report.html").read_text()
    assert "Active learning" in page and "Disagreement by round" in page


@pytest.mark.slow
@pytest.mark.parametrize("place", ["members/1/curves.csv", "looks.npz", "labels-1.h5"])
def test_a_round_that_is_killed_goes_on_to_the_same_end(beads, finished, tmp_path, place):
    run = begun(beads, tmp_path)
    command = Command(tmp_path, ("fit", "fit.yaml"))
    while not (run / "rounds" / "1" / place).exists() and not command.ended:
        time.sleep(0.01)
    assert not command.ended
    command.kill()
    command.wait()
    succeed(tmp_path, "fit", "fit.yaml")
    found, expected = (
        json.loads((folder / "runs" / "water" / "result.json").read_text()) for folder in (tmp_path, finished)
    )
    assert found["active_learning"] == expected["active_learning"]
    assert found["errors"] == expected["errors"]


#: Nobody disagrees by so much, and steps of 50 fs are far too long.
BROKEN = FIT.replace("threshold: 1 kJ", "threshold: 1e9 kJ").replace("time: 0.3", "timestep: 50 fs, time: 5")


@pytest.mark.slow
def test_networks_that_break_down_are_not_taken_for_good_ones(beads, tmp_path):
    run = begun(beads, tmp_path, BROKEN)
    succeed(tmp_path, "fit", "fit.yaml")
    (first,) = json.loads((run / "result.json").read_text())["active_learning"]
    assert first["broke"] == 1 and first["above"] == 0 and first["labels"] >= 1
    assert "runs that broke down: 1" in (run / "report.html").read_text()


@pytest.mark.slow
def test_labels_that_all_fail_are_no_end(beads, tmp_path):
    # With steps of 10 fs for the held atoms, whose bonds swing in 9 fs, none of them can be labelled.
    run = begun(beads, tmp_path)
    (tmp_path / "atoms.yaml").write_text(ATOMS.replace("timestep: 0.5 fs", "timestep: 10 fs"))
    done = cgbridge(tmp_path, "fit", "fit.yaml")
    assert done.returncode == 7, done.stdout + done.stderr
    assert "round 1 of active_learning: none of 2 frames could be labelled" in done.stderr
    assert "Traceback" not in done.stderr
    # Nothing is left that would be taken for good where the same is asked for with better settings.
    assert not list((run / "rounds" / "1").glob("labels-*")) and not (run / "result.json").exists()
    (tmp_path / "atoms.yaml").write_text(ATOMS)
    succeed(tmp_path, "fit", "fit.yaml")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("committee: 2", "committee: 1", "needs training.committee of 2"),
        ("atoms: atoms.yaml", "atoms: other.yaml", "other.yaml"),
        ("threshold: 1 kJ/mol/nm", "threshold: 1 kJ", "threshold"),
    ],
)
def test_what_cannot_be_is_said(tmp_path, old, new, words):
    rng = np.random.default_rng(1)
    np.savez(
        tmp_path / "beads.npz",
        positions=rng.random((10, 8, 3)),
        forces=rng.normal(size=(10, 8, 3)) * 100,
        box=np.tile(np.eye(3) * 1.3, (10, 1, 1)),
        bead_types=np.array(["W"] * 8),
        source=np.array(json.dumps({"temperature": 300.0})),
    )
    (tmp_path / "fit.yaml").write_text(FIT.replace("beads.h5", "beads.npz").replace(old, new))
    done = cgbridge(tmp_path, "fit", "fit.yaml")
    assert done.returncode not in (0, 1) and "Traceback" not in done.stderr
    assert words in done.stderr
