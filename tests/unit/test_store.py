"""The run's memory: torn lines, full disks, locks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cgbridge.errors import FileFormatError, RunFolderError, StorageError
from cgbridge.store.atomic import write_atomic
from cgbridge.store.journal import Journal, content_key
from cgbridge.store.lock import RunLock, is_locked


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
    path = tmp_path / "result.json"
    write_atomic(path, "old")
    with pytest.raises(StorageError):
        write_atomic(tmp_path / "missing-folder" / "result.json", "new")
    write_atomic(path, "new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_content_key_is_independent_of_order_and_exact() -> None:
    assert content_key({"a": 1, "b": 0.1}) == content_key({"b": 0.1, "a": 1})
    assert content_key({"a": 0.1}) != content_key({"a": 0.1 + 1e-17 + 2e-17})


def test_second_run_in_a_folder_is_refused(tmp_path: Path) -> None:
    with RunLock(tmp_path):
        assert is_locked(tmp_path)
        with pytest.raises(RunFolderError, match=f"process {os.getpid()}"), RunLock(tmp_path):
            pass
    assert not is_locked(tmp_path)
