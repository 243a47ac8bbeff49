"""The run's memory: torn lines, full disks, locks."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from cgbridge.errors import FileFormatError, RunFolderError, StorageError
from cgbridge.store.atomic import write_atomic
from cgbridge.store.journal import Journal, content_key
from cgbridge.store.lock import RunLock, is_locked
from cgbridge.store.scratch import run_scratch


def test_journal_survives_reopening(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append({"key": "a", "value": 0.1})
    journal.close()
    again = Journal(tmp_path / "journal.jsonl")
    assert "a" in again and again["a"]["value"] == 0.1
    again.close()


@pytest.mark.parametrize("kept", [1, 10, 20])
def test_torn_last_line_is_dropped_and_overwritten(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.append({"key": "a", "value": 1})
    journal.append({"key": "b", "value": 2})
    journal.close()
    first = path.read_bytes().index(b"\n") + 1
    os.truncate(path, first + kept)
    again = Journal(path)
    assert "a" in again and "b" not in again
    assert again.dropped_bytes == kept
    again.append({"key": "c", "value": 3})
    again.close()
    assert [json.loads(line)["key"] for line in path.read_text().splitlines()] == ["a", "c"]


def test_damage_inside_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text('{"key": "a"}\nnonsense\n{"key": "b"}\n')
    with pytest.raises(FileFormatError, match=r"journal\.jsonl:2"):
        Journal(path)


def test_full_disk_keeps_the_journal_valid(tmp_path: Path) -> None:
    # /dev/full cannot be truncated back, so the real journal runs under a file-size limit instead.
    path = tmp_path / "journal.jsonl"
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from cgbridge.store.journal import Journal; from cgbridge.errors import StorageError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"journal = Journal(Path({str(path)!r}))\n"
        "journal.append({'key': 'a', 'value': 'x' * 100})\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))\n"
        "try:\n    journal.append({'key': 'b', 'value': 'x' * 500})\n"
        "except StorageError as error:\n    print(error); journal.close(); sys.exit(6)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 6, done.stderr
    assert "the disk is full" in done.stdout and "resumes" in done.stdout
    journal = Journal(path)
    assert "a" in journal and "b" not in journal and journal.dropped_bytes == 0
    journal.close()


def test_atomic_write_keeps_the_old_file_on_a_fault(tmp_path: Path) -> None:
    """A disk that fills up half-way through the new version, as a limit on the size of files plays it."""
    path = tmp_path / "result.json"
    write_atomic(path, "old")
    script = (
        "import resource, signal; from pathlib import Path\n"
        "from cgbridge.store.atomic import write_atomic; from cgbridge.errors import StorageError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        f"try:\n    write_atomic(Path({str(path)!r}), 'new' * 1000)\n"
        "except StorageError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert "the disk is full" in done.stdout, done.stderr
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path], "half of the new version is left"


def test_atomic_write_replaces_the_file_or_says_why_not(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    write_atomic(path, "old")
    write_atomic(path, "new")
    assert path.read_text() == "new" and list(tmp_path.iterdir()) == [path]
    with pytest.raises(StorageError):
        write_atomic(tmp_path / "missing-folder" / "result.json", "new")


def test_content_key_is_independent_of_order_and_exact() -> None:
    assert content_key({"a": 1, "b": 0.1}) == content_key({"b": 0.1, "a": 1})
    assert content_key({"a": 0.1}) != content_key({"a": 0.1 + 1e-17 + 2e-17})


def test_second_run_in_a_folder_is_refused(tmp_path: Path) -> None:
    with RunLock(tmp_path):
        assert is_locked(tmp_path)
        with pytest.raises(RunFolderError, match=f"process {os.getpid()}"), RunLock(tmp_path):
            pass
    assert not is_locked(tmp_path)


def test_asking_for_the_lock_never_keeps_a_run_from_taking_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`cgbridge status` beside a fit that is just starting: it took the lock to see whether it was free.

    So a run takes it here while the one who asks still has the file open.
    """
    (tmp_path / "run.lock").touch()
    close, taken = os.close, []

    def late(descriptor: int) -> None:
        monkeypatch.setattr(os, "close", close)
        with RunLock(tmp_path):
            taken.append(True)
        close(descriptor)

    monkeypatch.setattr(os, "close", late)
    assert not is_locked(tmp_path)
    assert taken == [True]


def test_a_lock_is_seen_in_a_folder_that_may_only_be_read(tmp_path: Path) -> None:
    (tmp_path / "run.lock").touch()
    (tmp_path / "run.lock").chmod(0o444)
    assert not is_locked(tmp_path)
    with RunLock(tmp_path):
        assert is_locked(tmp_path)
    assert not is_locked(tmp_path / "nowhere")


def test_scratch_is_private_and_cannot_be_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    run = tmp_path / "run"
    run.mkdir()
    names = set()
    for _ in range(2):
        with run_scratch(run) as folder:
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            names.add(folder.name)
        assert not folder.exists()
    assert len(names) == 2
    assert list(run.iterdir()) == []


def test_what_a_killed_run_left_is_removed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    run = tmp_path / "run"
    run.mkdir()
    script = (
        "import os, signal, sys, tempfile; from pathlib import Path\n"
        "from cgbridge.store.scratch import run_scratch\n"
        f"tempfile.tempdir = {str(tmp_path)!r}\n"
        f"with run_scratch(Path({str(run)!r})) as folder:\n"
        "    (folder / 'frames.h5').touch(); print(folder, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    left = Path(done.stdout.strip())
    assert (left / "frames.h5").exists()
    with run_scratch(run) as folder:
        assert not left.exists() and folder.exists()


@pytest.mark.parametrize("kind", ["link", "foreign name", "file", "nothing", "binary"])
def test_nothing_but_an_own_scratch_folder_is_ever_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    run, precious = tmp_path / "run", tmp_path / "precious"
    run.mkdir()
    precious.mkdir()
    (precious / "data").touch()
    link, file = tmp_path / "cgbridge-link", tmp_path / "cgbridge-file"
    link.symlink_to(precious)
    file.touch()
    target = {"link": link, "foreign name": precious, "file": file, "nothing": tmp_path / "cgbridge-none"}
    note = run / ".scratch"
    note.write_bytes(b"\xff\x00" if kind == "binary" else str(target[kind]).encode())
    with run_scratch(run):
        assert (precious / "data").exists() and link.is_symlink() and file.exists()
