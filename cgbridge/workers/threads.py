"""Workers for evaluations that simulate nothing: threads of this process."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import Any, TypeVar

from cgbridge.workers.scratch import use_scratch

T = TypeVar("T")


class ThreadWorkers(ThreadPoolExecutor):
    """``slots`` calls at a time, which can neither crash nor hang; their files go to ``scratch``."""

    def __init__(self, slots: int, scratch: Path) -> None:
        super().__init__(slots, thread_name_prefix="evaluation")
        self.slots, self._scratch = slots, scratch

    def submit(self, call: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        context = copy_context()
        context.run(use_scratch, self._scratch)
        return super().submit(context.run, call, *args, **kwargs)
