"""A fit in this process: as the real one, but no process is started for an evaluation."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from cgbridge.config.schema import FitConfig
from cgbridge.errors import WorkerDied
from cgbridge.fits.search import loop
from cgbridge.fits.search.problem import build_problem


class InlineExecutor(Executor):
    """Runs each call at once. ``fault`` may raise in place of the call with this number (from 0)."""

    def __init__(self, fault: Callable[[int], None] = lambda number: None) -> None:
        self._fault, self.calls, self.slots = fault, 0, 1

    def submit(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        number, self.calls = self.calls, self.calls + 1
        try:
            self._fault(number)
            future.set_result(call(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def losing(numbers: Collection[int]) -> Callable[[int], None]:
    """Machine faults in place of some calls."""

    def fault(number: int) -> None:
        if number in numbers:
            raise WorkerDied("the evaluation's process died (signal SIGKILL)")

    return fault


def fit_here(
    content: dict[str, Any],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    fault: Callable[[int], None] = lambda number: None,
    display: Any = None,
) -> InlineExecutor:
    """Run the fit of a YAML's content in ``folder``; returns what it was run on."""
    executor = InlineExecutor(fault)
    monkeypatch.setattr(loop, "executor_of", lambda config, slots, scratch: executor)
    content = copy.deepcopy(content)
    content["run"] = content.get("run", {}) | {"folder": str(folder)}
    config = FitConfig.model_validate(content)
    loop.run_fit(build_problem(config, folder.parent), display=display)
    return executor
