"""What CONTRIBUTING.md shows is done in a copy of cgbridge: two files at most, and a test that passes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from worked_pages import add, copy_of_cgbridge, steps

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
