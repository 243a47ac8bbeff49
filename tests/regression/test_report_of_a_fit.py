"""Fits through the command line leave a report, whether they finish or are stopped."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from fits import command


def write_input(folder: Path, *, generations: int, seed: int = 1) -> None:
    """A fit of mW's dimer by closed forms: milliseconds per evaluation."""
    content: dict[str, Any] = {
        "schema": 1,
        "name": "dimer",
        "model": {
            "form": "stillinger-weber",
            "base": "mw",
            "search": {"epsilon": {"min": "3 kcal/mol", "max": "10 kcal/mol"}, "sigma": {"min": 2, "max": 3}},
        },
        "levels": [
            {
                "name": "pair",
                "targets": [{"observable": "dimer_energy", "value": "-26 kJ/mol", "tolerance": "0.5 kJ/mol"}],
            }
        ],
        "optimizer": {
            "stages": [{"method": "hoga", "population": 8, "generations": generations}],
            "seed": seed,
        },
        "engine": {"method": "closed-form"},
        "run": {"folder": "run", "workers": 1},
    }
    (folder / "fit.yaml").write_text(yaml.safe_dump(content))


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    write_input(tmp_path, generations=4)
    done = command(tmp_path, "fit", "fit.yaml")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "report: run/report.html"
    return tmp_path


def test_a_finished_fit_has_a_report_and_a_status(finished: Path) -> None:
    html = (finished / "run/report.html").read_text()
    assert "What else there is to know" in html and "dimer_energy" in html
    told = command(finished, "status", "run")
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("dimer: finished (run)")
    assert "1 of 1 level" in told.stdout and "generation  4 of 4" in told.stdout


def test_the_report_is_the_same_when_written_again(finished: Path) -> None:
    first = (finished / "run/report.html").read_bytes()
    done = command(finished, "report", "run")
    assert done.returncode == 0 and done.stdout.strip() == "report: run/report.html"
    assert (finished / "run/report.html").read_bytes() == first


def test_a_folder_of_another_input_keeps_its_report(finished: Path) -> None:
    first = (finished / "run/report.html").stat().st_mtime_ns
    write_input(finished, generations=4, seed=2)
    assert command(finished, "fit", "fit.yaml").returncode == 5
    assert (finished / "run/report.html").stat().st_mtime_ns == first


def test_a_stopped_fit_leaves_a_report_of_what_was_done(tmp_path: Path) -> None:
    write_input(tmp_path, generations=4000)
    process = subprocess.Popen(
        [sys.executable, "-m", "cgbridge", "fit", "fit.yaml"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    journal = tmp_path / "run/journal.jsonl"
    deadline = time.monotonic() + 60.0
    while not journal.exists() or journal.read_bytes().count(b"\n") < 10:
        assert time.monotonic() < deadline and process.poll() is None, "the fit does not get going"
        time.sleep(0.05)
    # While it is alive, its report and status can be had from outside.
    alive = command(tmp_path, "status", "run")
    assert alive.stdout.startswith("dimer: running"), alive.stderr
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "report so far: run/report.html" in output
    assert 'class="pill interrupted"' in (tmp_path / "run/report.html").read_text()


@pytest.mark.parametrize("verb", ["report", "status"])
def test_a_wrong_folder_is_one_message(tmp_path: Path, verb: str) -> None:
    done = command(tmp_path, verb, "nowhere")
    assert done.returncode == 5
    assert "no such folder" in done.stderr and "remedy" in done.stderr and "Traceback" not in done.stderr
