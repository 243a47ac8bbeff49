"""A model beside frames: the one that made them, another one, and frames that are none of its beads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from labelled_frames import LENNARD_JONES, argon, save
from program import run as command


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Frames of argon in a skewed box, the model that made them, and one whose atoms are 6 % smaller."""
    folder = tmp_path_factory.mktemp("compare")
    save(folder / "frames.npz", argon(frames=40, skew=0.16))
    LENNARD_JONES.save(folder / "argon.yaml")
    parameters = LENNARD_JONES.parameters
    LENNARD_JONES.with_parameters(parameters | {"sigma": 0.94 * parameters["sigma"]}).save(
        folder / "small.yaml"
    )
    return folder


def test_the_model_that_made_the_frames_has_their_forces_and_their_structure(folder: Path) -> None:
    words = ("--time", "6 ps", "--equilibration", "2 ps", "--shell", "5 A")
    found = {}
    for name in ("argon", "small"):
        done = command(folder, "compare", f"{name}.yaml", "frames.npz", *words, "--json", f"{name}.json")
        assert done.returncode == 0, done.stderr
        assert "force error" in done.stdout and "g(r) Ar-Ar" in done.stdout, done.stdout
        (found[name],) = json.loads((folder / f"{name}.json").read_text())["files"]
    own, other = found["argon"], found["small"]
    # Frames are kept in single precision, a millionth of the forces.
    assert own["forces"]["force"] < 1e-4 * own["forces"]["spread"]
    assert other["forces"]["force"] > 0.3 * own["forces"]["spread"]
    difference = {name: record["rdf"]["Ar-Ar"]["difference"] for name, record in found.items()}
    # Both runs are short: what one model differs by is noise, as between the halves of the frames.
    assert difference["argon"] < 2.0 * own["rdf"]["Ar-Ar"]["halves"]
    assert difference["small"] > 2.0 * difference["argon"]
    assert own["angles"]["overlap"] > other["angles"]["overlap"]
    assert own["stable_ps"] == pytest.approx(own["asked_ps"]) == 8.0


def test_without_dynamics_only_forces_are_looked_at(folder: Path) -> None:
    done = command(folder, "compare", "argon.yaml", "frames.npz")
    assert done.returncode == 0 and "force error" in done.stdout and "g(r)" not in done.stdout


def test_the_name_of_a_single_bead_does_not_matter(folder: Path) -> None:
    text = (folder / "argon.yaml").read_text(encoding="utf-8")
    assert "Ar" in text
    (folder / "renamed.yaml").write_text(text.replace("Ar", "X"), encoding="utf-8")
    done = command(folder, "compare", "renamed.yaml", "frames.npz")
    assert done.returncode == 0, done.stderr
    assert done.stdout == command(folder, "compare", "argon.yaml", "frames.npz").stdout


def test_frames_of_other_beads_are_refused(folder: Path) -> None:
    done = command(folder, "compare", "tersoff-sic", "frames.npz")
    assert done.returncode == 2 and "has no bead 'Ar'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_temperature_that_no_file_says_is_asked_for_and_taken(folder: Path) -> None:
    arrays = argon(frames=20)
    save(folder / "silent.npz", arrays | {"source": json.dumps({"ensemble": "nvt"})})
    words = ("compare", "argon.yaml", "silent.npz", "--time", "0.4 ps", "--equilibration", "0 ps")
    done = command(folder, *words)
    assert done.returncode == 2 and '--temperature "300 K"' in done.stderr, done.stderr
    done = command(folder, *words, "--temperature", "120 K")
    assert done.returncode == 0 and "125 beads, 120 K" in done.stdout, done.stderr
    done = command(folder, *words, "--temperature", "120 K", "--temperature", "130 K")
    assert done.returncode == 2 and "2 temperatures for 1 trajectories" in done.stderr
