"""The worked additions of CONTRIBUTING.md, carried out as they are written."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml
from fits import known_answer

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def files_of(section: str) -> dict[str, str]:
    """The files that a section shows, by name."""
    text = PAGE[PAGE.index(f"## {section}\n") :]
    text = text[: text.find("\n## ", 1)]
    found = re.findall(r"<!-- file ([\w.]+) -->\n *```\w+\n(.*?)\n *```", text, re.DOTALL)
    return {name: textwrap.dedent(content) + "\n" for name, content in found}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The optimizer of the page as an installed package of its own."""
    files = files_of("Add an optimizer")
    folder = tmp_path / "site"
    (folder / "compass-1.0.dist-info").mkdir(parents=True)
    entry_points = files.pop("entry_points.txt").replace('"', "")
    (folder / "compass-1.0.dist-info/entry_points.txt").write_text(entry_points)
    (folder / "compass-1.0.dist-info/METADATA").write_text("Name: compass\nVersion: 1.0\n")
    for name, content in files.items():
        (folder / name).write_text(content)
    return folder


def run(package: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A program that finds the package, in the folder beside it."""
    environment = {"PATH": "", "PYTHONPATH": str(package), "HOME": str(package)}
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=package.parent, env=environment, capture_output=True, text=True)


def fit(folder: Path, **stage: object) -> None:
    content = known_answer([{"method": "compass", **stage}])
    (folder / "fit.yaml").write_text(yaml.safe_dump(content))


def test_the_optimizer_of_the_page_passes_its_own_test(package: Path) -> None:
    done = run(package, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(package / "test_compass.py"))
    assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout + done.stderr


def test_the_optimizer_of_the_page_searches(package: Path) -> None:
    """Through the command, from the base model of the fit, which is the answer here."""
    fit(package.parent, step=0.2, evaluations=20)
    done = run(package, "-m", "cgbridge", "fit", "fit.yaml")
    assert done.returncode == 0 and "ended: every stage" in done.stdout, done.stdout + done.stderr
    shown = run(package, "-m", "cgbridge", "keys", "optimizer.stages")
    assert "compass.step" in shown.stdout and "compass.evaluations" in shown.stdout


def test_faults_with_optimizers_of_others_are_told(package: Path) -> None:
    fit(package.parent, stap=0.2)
    done = run(package, "-m", "cgbridge", "check", "fit.yaml", "--no-timing")
    assert done.returncode == 2 and "optimizer.stages.0.stap" in done.stderr
    assert "did you mean 'step'" in done.stderr
    (package / "compass.py").write_text("import nowhere\n")
    fit(package.parent)
    done = run(package, "-m", "cgbridge", "check", "fit.yaml", "--no-timing")
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "'compass' cannot be loaded: ModuleNotFoundError" in done.stderr
    (package / "compass.py").write_text("class Compass:\n    def ask(self, count): ...\n")
    done = run(package, "-m", "cgbridge", "check", "fit.yaml", "--no-timing")
    assert done.returncode == 2 and "is no optimizer: it has no settings" in done.stderr
