"""A run folder of before there were stages: it is read and begun with, and not gone on with.

``run-of-results-2`` was written by that version: eight candidates drawn, four bred, and a simplex of
three, the first of which was known.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from fits import command, known_answer, write

from cgbridge.fits.run_folder import RunFolder
from cgbridge.report.document import write_report
from cgbridge.report.run_record import read_run
from cgbridge.report.status import status_text
from cgbridge.store.layout import RunLayout

OLD = Path(__file__).parent / "run-of-results-2"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A copy in the place that its YAML names."""
    return Path(shutil.copytree(OLD, tmp_path / "runs/old"))


def test_it_is_read_and_reported(run: Path) -> None:
    record = read_run(RunLayout(run))
    assert [stage.method for stage in record.config.optimizer.stages] == ["hoga", "nelder-mead"]
    assert [sum(e.stage == stage for e in record.candidates) for stage in (0, 1)] == [8 + 2 * 2, 2]
    assert record.best is not None and record.best.phase == "final"
    assert "stage       2 of 2 (nelder-mead)" in status_text(RunLayout(run))
    page = write_report(RunLayout(run)).read_text()
    assert "8 quasi-random candidates" in page and "3 evaluations" in page


def test_it_is_refused_with_what_to_do(run: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    shutil.copy(OLD / "fit.yaml", tmp_path)
    done = command(tmp_path, "fit", "fit.yaml")
    assert done.returncode == 5 and "Traceback" not in done.stderr
    assert "a run of another version" in done.stderr and "results 2 -> " in done.stderr
    assert "optimizer.start" in done.stderr and "--fresh" in done.stderr
    assert "stand in stages now" in done.stderr
    assert {path.name: path.read_bytes() for path in run.iterdir() if path.name in before} == before


def test_another_fit_begins_with_its_best(run: Path, tmp_path: Path) -> None:
    content = known_answer([{"method": "nelder-mead", "evaluations": 3}])
    content["optimizer"]["start"] = [{"run": "runs/old", "candidates": 2}]
    write(tmp_path, content)
    done = command(tmp_path, "fit", "fit.yaml")
    assert done.returncode == 0, done.stderr
    begun = json.loads(RunFolder(tmp_path / "run").start.read_text())["candidates"]
    assert [one["from"] for one in begun] == ["runs/old", "runs/old"]
