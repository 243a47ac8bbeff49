"""From atoms to labels by the commands: simulate, label, and ices, as a user gives them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from program import run as command

from cgbridge.trajectories.sources import open_source

ATOMS = {
    "schema": 1,
    "name": "water",
    "model": {"forcefield": "SPC/E", "cutoff": "4.5 A"},
    "system": {"molecules": 32},
    "state": {"temperature": "300 K"},
    "dynamics": {"timestep": "2 fs", "equilibration": "0.5 ps", "time": "0.4 ps", "interval": "0.2 ps"},
    "seed": 2,
}


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with water.yaml and what `simulate` makes of it."""
    folder = tmp_path_factory.mktemp("atoms")
    (folder / "water.yaml").write_text(yaml.safe_dump(ATOMS))
    assert command(folder, "simulate", "water.yaml").returncode == 0
    return folder


def test_a_trajectory_of_atoms_becomes_labels(simulated: Path) -> None:
    words = (
        "label", "water.yaml", "water.h5", "--mapping", "water-1bead", "--out", "labels.h5",
        "--samples", "4", "--interval", "0.02 ps", "--equilibration", "0.05 ps",
    )  # fmt: skip
    done = command(simulated, *words)
    assert done.returncode == 0, done.stderr
    assert "noise of a single frame" in done.stdout
    labels = open_source(simulated / "labels.h5")
    assert len(labels) == 2 and labels.source is not None
    assert labels.source["labels"] == "constrained" and labels.source["temperature"] == 300.0
    assert all(frame.forces is not None and np.isfinite(frame.forces).all() for frame in labels)
    # Again: nothing is left to do, and the same is told.
    assert command(simulated, *words).stdout == done.stdout
    other = command(simulated, *words[:-1], "0.1 ps")
    assert other.returncode == 5 and "other settings" in other.stderr
    wrong = command(simulated, *words, "--frames", "all")
    assert wrong.returncode == 2 and "chooses no frames" in wrong.stderr
    assert command(simulated, *words[:3], "--mapping", "hexane-2bead", "--out", "b.h5").returncode == 2


def test_a_dump_of_lammps_is_labelled_with_its_units_and_its_time_step(simulated: Path) -> None:
    """It has forces, whose unit nobody knows, and counts steps of 2 fs."""
    frame = next(iter(open_source(simulated / "water.h5")))
    assert frame.forces is not None
    rows = np.hstack([frame.positions * 10.0, frame.forces / 41.84])
    lines = ["ITEM: TIMESTEP", "350", "ITEM: NUMBER OF ATOMS", str(len(rows)), "ITEM: BOX BOUNDS pp pp pp"]
    lines += [f"0 {edge * 10.0:.8f}" for edge in np.diag(frame.box)]
    lines += ["ITEM: ATOMS id x y z fx fy fz"]
    lines += [f"{i} " + " ".join(f"{x:.8f}" for x in row) for i, row in enumerate(rows, start=1)]
    (simulated / "run.dump").write_text("\n".join(lines) + "\n")
    words = (
        "label", "water.yaml", "run.dump", "--mapping", "water-1bead", "--out", "dumped.h5",
        "--samples", "4", "--interval", "0.02 ps", "--equilibration", "0.05 ps",
    )  # fmt: skip
    assert "--units" in command(simulated, *words).stderr
    done = command(simulated, *words, "--units", "real", "--timestep", "2 fs")
    assert done.returncode == 0, done.stderr
    (label,) = open_source(simulated / "dumped.h5")
    assert round(label.time, 9) == 0.7


def test_ices_by_the_command(tmp_path: Path) -> None:
    atoms = ATOMS | {"model": {"forcefield": "TIP4P/2005"}}
    (tmp_path / "water.yaml").write_text(yaml.safe_dump(atoms))
    words = ("targets", "ices", "--model", "water.yaml", "--ice", "Ic", "--count", "1", "--out", "ices")
    done = command(tmp_path, *words)
    assert done.returncode == 0, done.stderr
    assert "Ic" in done.stdout and (tmp_path / "ices" / "coverage.html").is_file()
    assert len(open_source(tmp_path / "ices" / "Ic.h5")) == 1
    assert command(tmp_path, *words).returncode == 2  # nothing is written over
