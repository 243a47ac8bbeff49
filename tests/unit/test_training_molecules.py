"""Dynamics of molecules beside their frames: bonds, angles, and the fluctuations of the volume."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bent_molecules import EDGE, MOLECULES, bent, bent_model
from labelled_frames import dynamics, save
from program import run
from scipy.stats import norm

from cgbridge.fits.training.structure import Grid, bonded_edges, shared, structure_of
from cgbridge.frames import Frame
from cgbridge.models.database import load_model
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.report.training.figures import _bonded

GRID = Grid(0.5, 0.05, 0.3)
BAR = 71.0  # an ideal gas of the molecules has about this pressure


def model(r0: float) -> CoarseGrainedModel:
    return bent_model(r0, epsilon=0.1, sigma=0.2, cutoff=0.5)


@pytest.mark.parametrize("apart", [0.0, 0.02])
def test_bonds_share_what_normal_distributions_do(apart: float) -> None:
    """Two of a spread s whose means are d apart have 2 Phi(-d/2s) in common."""
    random, spread, count = np.random.default_rng(1), 0.01, 200
    topology, found = bent(count), []
    for mean in (0.3, 0.3 + apart):
        frames = []
        for time in range(20):
            middle = 3.0 * random.random((count, 1, 3))
            long = mean + spread * random.standard_normal((count, 2))
            arms = np.zeros((count, 3, 3))
            arms[:, 0, 0], arms[:, 2, 1] = long[:, 0], long[:, 1]
            frames.append(Frame((middle + arms).reshape(-1, 3) % 3.0, 3.0 * np.eye(3), float(time)))
        found.append(structure_of(frames, topology, GRID))
    one, other = found
    assert set(one.bonded) == {("A", "B"), ("A", "B", "A")}
    # 8000 bonds in about 30 bins: sqrt(30/8000)/2 of noise at most.
    exact = 2.0 * norm.cdf(-apart / (2.0 * spread))
    assert shared(one.share(("A", "B")), other.share(("A", "B"))) == pytest.approx(exact, abs=0.03)
    edges, share = bonded_edges(("A", "B", "A")), one.share(("A", "B", "A"))
    place = int(np.argmax(share))
    assert share[place] > 0.4 and edges[place] - 0.1 <= 90.0 <= edges[place + 1] + 0.1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With frames.npz, a gas of the molecules."""
    folder = tmp_path_factory.mktemp("molecules")
    own, grid = (
        model(0.31),
        np.stack(np.meshgrid(*[np.arange(3)] * 3, indexing="ij"), axis=-1).reshape(-1, 1, 3),
    )
    start = (grid + 0.5) * EDGE / 3 + np.array([[0.31, 0, 0], [0, 0, 0], [-0.1, 0.29, 0]])
    arrays = dynamics(
        own, bent(MOLECULES), EDGE * np.eye(3), kelvin=300.0, frames=200, timestep=0.002, stride=50,
        start=start.reshape(-1, 3), pressure=BAR,
    )  # fmt: skip
    save(folder / "frames.npz", arrays)
    return folder


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, Any]:
    """What `compare` says of the model that made the frames, and of one with longer bonds."""
    told: dict[str, Any] = {}
    for name, r0, time in (("own", 0.31, "10 ps"), ("longer", 0.33, "4 ps")):
        model(r0).save(folder / f"{name}.yaml")
        words = ("--time", time, "--equilibration", "1 ps", "--timestep", "2 fs", "--interval", "0.1 ps")
        done = run(folder, "compare", f"{name}.yaml", "frames.npz", *words, "--json", f"{name}.json")
        assert done.returncode == 0, done.stderr
        told[name] = json.loads((folder / f"{name}.json").read_text())["files"][0] | {"said": done.stdout}
    return told


def test_bonds_and_angles_of_molecules_stand_beside_the_data(found: dict[str, Any], tmp_path: Path) -> None:
    own, longer = found["own"]["bonded"], found["longer"]["bonded"]
    assert set(own) == {"bond A-B", "angle A-B-A"}
    for name in own:
        # The model that made the frames differs as their halves do, by noise.
        assert own[name]["overlap"] > own[name]["halves"] - 0.03 > 0.85
        assert own[name]["error"] > 0.0 and f"{name} " in found["own"]["said"]
    # sqrt(kT/k) is 0.022 nm: 0.02 nm apart leaves 65 %.
    assert longer["bond A-B"]["overlap"] == pytest.approx(0.65, abs=0.05)
    assert longer["angle A-B-A"]["overlap"] > 0.85
    figure = _bonded("bonded-0-bond A-B", "Bond A-B", longer["bond A-B"])
    assert "overlap by 0.6" in figure.caption


def test_the_compressibility_has_an_error_and_that_of_the_data(found: dict[str, Any]) -> None:
    here, there = (found["own"][key] for key in ("compressibility", "reference_compressibility"))
    assert abs(here["value"] - there["value"]) < 4.0 * np.hypot(here["stderr"], there["stderr"])
    for one in (here, there):
        assert 0.0 < one["stderr"] < one["value"]
        # Nearly an ideal gas, of 1/p.
        assert one["value"] == pytest.approx(1.0 / BAR, abs=4.0 * one["stderr"])


def test_pair_splines_of_a_gas_reach_to_its_rarest_collisions(folder: Path) -> None:
    """Large forces at rare distances are no other pair's, and cores push where hardly a pair has been."""
    (folder / "fit.yaml").write_text(
        """
schema: 1
method: force-matching
name: gas
data: {files: [frames.npz], gap: 0.1 ps}
model: {architecture: pair-spline, cutoff: 5 A, spacing: 0.2 A}
run: {folder: gas}
"""
    )
    assert run(folder, "fit", "fit.yaml").returncode == 0
    errors = json.loads((folder / "gas" / "result.json").read_text())["errors"]["validation"]
    # Splines of 0.2 A leave a tenth of the forces of the hardest collisions.
    assert errors["force"] < 0.2 * errors["spread"]
    fitted = load_model(str(folder / "gas" / "best" / "model.yaml"))
    (pairs,) = (term for term in fitted.terms if term.form == "table")
    for key, table in pairs.tables.items():
        energy = np.array(table.energy)
        # Beads of this gas collide with some 5 kT, of 2.5 kJ/mol each; the core goes on from there.
        assert energy[0] > 12.0 and (np.diff(energy[:10]) < 0.0).all(), key
