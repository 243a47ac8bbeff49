"""A process for every evaluation: what it answers, and what becomes of it when it cannot."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from worker_calls import (
    answer,
    asleep,
    half_a_message,
    killed,
    mistake,
    out_of_memory,
    refuse,
    unreadable,
    warned,
)

from cgbridge.errors import CgbridgeWarning, ConfigError, MachineFault, WorkerDied, WorkerTimeout
from cgbridge.workers.local import ProcessWorkers, _read
from cgbridge.workers.scratch import scratch_folder
from cgbridge.workers.threads import ThreadWorkers


@pytest.fixture(scope="module")
def executor() -> Any:
    with ProcessWorkers(2, wall_limit=60.0) as found:
        yield found


def test_results_and_errors_travel(executor: ProcessWorkers) -> None:
    assert executor.submit(answer, 21).result() == 42
    with pytest.raises(ConfigError, match="here: no such thing"):
        executor.submit(refuse).result()
    with pytest.raises(RuntimeError, match="KeyError: 'a bug'"):
        executor.submit(mistake).result()
    with pytest.raises(RuntimeError, match="Local"):
        executor.submit(unreadable).result()


def test_warnings_travel_and_each_is_told_once_by_a_call(executor: ProcessWorkers) -> None:
    with pytest.warns(CgbridgeWarning) as told:
        assert executor.submit(warned, 3).result() == 3
    assert [str(warning.message) for warning in told] == ["the box has a net charge", "and another"]


@pytest.mark.parametrize(
    ("call", "reason"),
    [(killed, "signal SIGKILL"), (out_of_memory, "out of memory"), (half_a_message, "exit code 0")],
)
def test_faults_of_the_machine_are_told_as_such(
    executor: ProcessWorkers, call: Callable[[], None], reason: str
) -> None:
    with pytest.raises(WorkerDied, match=reason) as caught:
        executor.submit(call).result()
    assert isinstance(caught.value, MachineFault)


@pytest.mark.parametrize("kept", [0, 1, 10, -1])
def test_a_damaged_answer_is_no_result(kept: int) -> None:
    message = pickle.dumps((True, list(range(100))))
    with pytest.raises(WorkerDied, match="could not be read"):
        _read(message[:kept])


def test_a_process_that_cannot_be_started_is_a_fault_of_the_machine(
    executor: ProcessWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(duplex: bool) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(executor._context, "Pipe", full)
    with pytest.raises(WorkerDied, match="Too many open files"):
        executor.submit(answer, 1).result()


def test_wall_time_ends_an_evaluation() -> None:
    with ProcessWorkers(1, wall_limit=0.2) as executor, pytest.raises(WorkerTimeout, match=r"0\.2 s"):
        executor.submit(asleep).result()


def test_files_of_a_call_go_where_its_workers_say(tmp_path: Path) -> None:
    """And nowhere else: what one fit said is no place for the calls of another, in the same process."""
    workers = ThreadWorkers(1, tmp_path)
    assert workers.submit(scratch_folder).result() == tmp_path
    workers.shutdown()
    assert scratch_folder() == Path(tempfile.gettempdir())
    with ProcessWorkers(1, scratch=tmp_path / "processes") as processes:
        assert processes.submit(scratch_folder).result() == tmp_path / "processes"
    with ProcessWorkers(1) as processes:
        assert processes.submit(scratch_folder).result() == Path(tempfile.gettempdir())
