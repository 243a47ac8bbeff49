"""A fit with molecular dynamics that meets what machines and people do to it. Nothing is ever lost."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import program
import pytest
import yaml
from fits import command, molecular_dynamics, without_times, write


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of the uninterrupted fit."""
    folder = tmp_path_factory.mktemp("whole")
    write(folder, molecular_dynamics())
    done = command(folder, "fit", "fit.yaml")
    assert done.returncode == 0, done.stderr
    return folder / "run"


class Start(Protocol):
    def __call__(self, folder: Path, **environment: str) -> subprocess.Popen[str]: ...


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a fit beside the test; whatever it leaves running ends with the test, also with a failed one."""
    with contextlib.ExitStack() as stack:

        def fit(folder: Path, **environment: str) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "-m", "cgbridge", "fit", "fit.yaml"],
                cwd=folder,
                env=os.environ | environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            stack.enter_context(process)
            stack.callback(end_group, process.pid)
            return process

        yield fit


def end_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def wait_for_evaluations(folder: Path, count: int, process: subprocess.Popen[str]) -> None:
    journal = folder / "run/journal.jsonl"
    deadline = time.monotonic() + 120.0
    while not journal.exists() or journal.read_bytes().count(b"\n") < count:
        assert time.monotonic() < deadline and process.poll() is None, "the fit does not get going"
        time.sleep(0.02)


def assert_equal_runs(one: Path, other: Path) -> None:
    """Journal and result are equal apart from times; no evaluation is there twice."""
    assert without_times(one / "journal.jsonl") == without_times(other / "journal.jsonl")
    best = [json.loads((folder / "result.json").read_text())["best"] for folder in (one, other)]
    assert best[0] == best[1]
    for name in ("model.yaml", "model.sw", "system.xml"):
        assert (one / "best" / name).read_bytes() == (other / "best" / name).read_bytes()


def descendants(pid: int) -> list[int]:
    """Processes below ``pid`` that are running an evaluation: children of the fork server."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    return [grandchild for child in parents.get(pid, []) for grandchild in parents.get(child, [])]


def test_kills_at_random_moments_change_nothing(tmp_path: Path, whole: Path) -> None:
    write(tmp_path, molecular_dynamics())
    journal, moments = tmp_path / "run/journal.jsonl", random.Random(1)
    evaluations = len(without_times(whole / "journal.jsonl"))
    for lines in sorted(moments.sample(range(evaluations - 5), 6)):
        process = program.Command(tmp_path, ("fit", "fit.yaml"))
        while lines and (not journal.exists() or journal.read_bytes().count(b"\n") < lines):
            assert not process.ended, "the fit was meant to be killed before its end"
            time.sleep(0.002)
        # Somewhere in the evaluations that are running then, which take a tenth of a second.
        time.sleep(moments.uniform(0.0, 0.2))
        process.kill()
        assert process.wait().returncode == -signal.SIGKILL
        if (tmp_path / "run/best").exists():
            assert (tmp_path / "run/best/model.yaml").stat().st_size > 0
    done = command(tmp_path, "fit", "fit.yaml")
    assert done.returncode == 0, done.stderr
    assert_equal_runs(whole, tmp_path / "run")


def test_killed_evaluations_are_tried_again(tmp_path: Path, start: Start, whole: Path) -> None:
    write(tmp_path, molecular_dynamics())
    process = start(tmp_path)
    for count, number in ((3, signal.SIGKILL), (8, signal.SIGSEGV)):
        wait_for_evaluations(tmp_path, count, process)
        hit = False
        while not hit and process.poll() is None:
            for victim in descendants(process.pid)[:1]:
                with contextlib.suppress(ProcessLookupError):  # it ended by itself in between
                    os.kill(victim, number)
                    hit = True
        assert hit, "the fit was over before a worker could be killed"
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert_equal_runs(whole, tmp_path / "run")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_worker_outlives_a_killed_fit(tmp_path: Path, start: Start, number: int) -> None:
    """Runs of minutes: whoever goes on alone is still there when we look."""
    content = molecular_dynamics()
    content["engine"]["production"] = "20 ns"
    content["levels"][0]["targets"][0]["tolerance"] = "0.5 g/cm^3"  # most of the first sample comes to it
    write(tmp_path, content)
    process = start(tmp_path)
    # The evaluations of the static level are over in milliseconds: wait for two that stay.
    before: set[int] = set()
    running = set(descendants(process.pid))
    deadline = time.monotonic() + 60.0
    while len(before & running) < 2:
        assert time.monotonic() < deadline and process.poll() is None, "the fit does not get going"
        time.sleep(1.0)
        before, running = running, set(descendants(process.pid))
    os.kill(process.pid, number)
    process.communicate()
    deadline = time.monotonic() + 60.0
    while group_lives(process.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not group_lives(process.pid)


def group_lives(leader: int) -> bool:
    """Whether a process of the group runs; where nobody reaps orphans, dead ones stay in the list."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, group, *_ = stat.read_text().rsplit(")", 1)[1].split()
            if int(group) == leader and state not in "ZX":
                return True
    return False


def test_ctrl_c_stops_at_once_and_the_same_command_goes_on(tmp_path: Path, start: Start, whole: Path) -> None:
    write(tmp_path, molecular_dynamics())
    process = start(tmp_path)
    wait_for_evaluations(tmp_path, 20, process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the fit and its workers
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "run the same command again" in errors and "Traceback" not in errors
    done = command(tmp_path, "fit", "fit.yaml")
    assert done.returncode == 0, done.stderr
    assert_equal_runs(whole, tmp_path / "run")


def test_a_second_fit_in_the_folder_is_refused_while_one_is_alive(tmp_path: Path, start: Start) -> None:
    write(tmp_path, molecular_dynamics())
    process = start(tmp_path)
    wait_for_evaluations(tmp_path, 2, process)
    refused = command(tmp_path, "fit", "fit.yaml")
    assert refused.returncode == 5
    assert f"another run is alive in this folder (process {process.pid})" in refused.stderr
    fresh = command(tmp_path, "fit", "fit.yaml", "--fresh")
    assert fresh.returncode == 5, "--fresh must not take the folder from a living run"
    assert process.poll() is None


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 kB, in a folder whose name is longer than that of a socket may be."""
    folder = tmp_path / ("disk" * 25)
    folder.mkdir()
    if (
        shutil.which("mount") is None
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(folder)], capture_output=True
        ).returncode
    ):
        pytest.skip("a file system can be mounted by root only")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_stops_the_fit_with_advice_and_keeps_what_was_done(
    tmp_path: Path, small_disk: Path, whole: Path
) -> None:
    write(tmp_path, molecular_dynamics(folder=str(small_disk / "run")))
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 200_000)
    full = command(tmp_path, "fit", "fit.yaml")
    assert full.returncode == 6, full.stderr
    assert "the disk is full" in full.stderr and "free some space" in full.stderr
    assert "Traceback" not in full.stderr
    journal = small_disk / "run/journal.jsonl"
    done_before = set(without_times(journal))
    assert done_before, "the disk was meant to fill up during the fit"
    filler.unlink()
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    done = command(tmp_path, "fit", "fit.yaml")
    assert done.returncode == 0, done.stderr
    assert done_before < set(without_times(journal))
    assert_equal_runs(whole, small_disk / "run")


def test_a_full_temporary_disk_is_not_held_against_a_candidate(
    tmp_path: Path, start: Start, small_disk: Path
) -> None:
    content = molecular_dynamics()
    content["engine"]["production"] = "40 ps"
    write(tmp_path, content)
    done = start(tmp_path, TMPDIR=str(small_disk))
    _, errors = done.communicate(timeout=120)
    assert done.returncode == 6, errors
    assert "the disk is full" in errors and str(small_disk) in errors and "Traceback" not in errors
    assert not any(entry.name.startswith("cgbridge-") for entry in small_disk.iterdir())


def test_a_folder_that_cannot_be_written_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    write(tmp_path, molecular_dynamics(folder="file/run"))
    done = command(tmp_path, "fit", "fit.yaml")
    assert done.returncode == 6 and "cannot be written" in done.stderr and "Traceback" not in done.stderr


def test_a_run_folder_of_another_schema_is_refused(tmp_path: Path) -> None:
    write(tmp_path, molecular_dynamics())
    (tmp_path / "run").mkdir()
    used = tmp_path / "run/used.yaml"
    used.write_text(yaml.safe_dump({"schema": 99, "name": "from the future"}))
    done = command(tmp_path, "fit", "fit.yaml")
    assert done.returncode == 5
    assert "schema 99" in done.stderr and "--fresh" in done.stderr and "Traceback" not in done.stderr
    assert yaml.safe_load(used.read_text())["name"] == "from the future"


def test_a_box_below_twice_the_cutoff_is_refused_before_the_fit(tmp_path: Path) -> None:
    content = molecular_dynamics()
    content["engine"]["beads"] = 20
    write(tmp_path, content)
    done = command(tmp_path, "fit", "fit.yaml")
    assert done.returncode == 2, done.stderr  # the input's fault, found before anything is simulated
    assert "twice the cutoff" in done.stderr and "more beads" in done.stderr
    assert "Traceback" not in done.stderr


def unstable(content: dict[str, Any]) -> dict[str, Any]:
    """Time steps so long that every liquid explodes."""
    content["engine"]["timestep"] = "50 fs"
    return content


def test_exploding_candidates_are_graded_and_told(tmp_path: Path) -> None:
    write(tmp_path, unstable(molecular_dynamics(generations=1, polish={"evaluations": 0})))
    done = command(tmp_path, "fit", "fit.yaml")
    assert done.returncode == 0, done.stderr
    entries = [json.loads(line) for line in (tmp_path / "run/journal.jsonl").read_text().splitlines()]
    broken = [entry for entry in entries if entry["outcome"] == "unstable"]
    assert broken and all("level liquid" in entry["reason"] for entry in broken)
    status = command(tmp_path, "status", "run")
    assert "unstable" in status.stdout
