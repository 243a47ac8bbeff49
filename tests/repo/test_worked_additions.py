"""What pages show to those who add something is done, and the tests that they show pass."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path
from zipfile import ZipFile

import pytest
from worked_pages import add, copy_of_cgbridge, steps

from cgbridge.observables.traits import Traits

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "CONTRIBUTING.md"


def run(folder: Path, *words: str) -> str:
    """The output of a Python that finds the copy in ``folder`` before anything installed."""
    paths = [str(folder), str(ROOT / "tests/support")]
    done = subprocess.run(
        [sys.executable, "-P", *words], cwd=folder, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("heading", "commands"),
    [
        (
            "Add an observable",
            {
                "observables": "Thermal expansion from the fluct",
                "observables thermal_expansion": "check_phase",
            },
        ),
        ("Add a term by OpenMM's forces", {"models mw": "epsilon"}),
    ],
)
def test_the_addition_works(heading: str, commands: dict[str, str], tmp_path: Path) -> None:
    made = steps(PAGE, heading)
    copy = copy_of_cgbridge(tmp_path)
    touched = add(made, copy)
    own = {path for path in touched if copy / "cgbridge" in path.parents}
    tests = sorted({str(path) for path in touched} - {str(path) for path in own})
    assert len(own) <= 2 and tests
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent)) or "ruff"
    here = f"src = ['{copy}']"  # where cgbridge is no foreign package
    for check in (["check", "--config", here], ["format", "--check"]):
        done = subprocess.run(
            [ruff, *check, "--config", str(ROOT / "pyproject.toml"), *map(str, touched)],
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    # Warnings are errors, as in all tests; no plug-ins, no configuration of the surroundings.
    output = run(copy, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", *tests)
    assert "passed" in output
    for command, words in commands.items():
        assert words in run(copy, "-m", "cgbridge", *command.split())


def test_the_page_for_parts_of_ones_own(tmp_path: Path) -> None:
    """Its files in a folder: the test passes, and the entry point is one that cgbridge finds."""
    files = add(steps(ROOT / "docs/testing.md"), tmp_path)
    assert "2 passed" in run(tmp_path, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", ".")
    # With pip a build of its own would ask the network for setuptools.
    build = "from setuptools import build_meta; print(build_meta.build_wheel('wheel'))"
    wheel = tmp_path / "wheel" / run(tmp_path, "-c", build).split()[-1]
    assert {name for name in ZipFile(wheel).namelist() if "/" not in name} == {"volume.py"}
    project = tomllib.loads(next(path for path in files if path.suffix == ".toml").read_text())["project"]
    ((group, points),) = project["entry-points"].items()
    described = tmp_path / "my_observables-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: 1.0\n")
    lines = "".join(f"{name} = {place}\n" for name, place in points.items())
    (described / "entry_points.txt").write_text(f"[{group}]\n{lines}")
    listed = run(tmp_path, "-m", "cgbridge", "observables")
    assert "volume_per_bead" in listed and project["name"] in listed
    assert "crystal_threshold" in run(tmp_path, "-m", "cgbridge", "observables", "volume_per_bead")


def test_the_table_of_attributes_is_that_of_the_class() -> None:
    page = (ROOT / "docs/testing.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert told == {field.name for field in fields(Traits)} - {"summary"}
