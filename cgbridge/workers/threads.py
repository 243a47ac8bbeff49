"""Workers for evaluations that simulate nothing: threads of this process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cgbridge.workers.scratch import use_scratch


class ThreadWorkers(ThreadPoolExecutor):
    """``slots`` calls at a time, which can neither crash nor hang; their files go to ``scratch``."""

    def __init__(self, slots: int, scratch: Path) -> None:
        super().__init__(slots, thread_name_prefix="evaluation")
        self.slots = slots
        use_scratch(scratch)
