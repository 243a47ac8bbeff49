"""What runs the evaluations of a fit: processes, or threads where nothing is simulated."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor

from cgbridge.config.schema import FitConfig
from cgbridge.fits.search.task import PRELOAD
from cgbridge.workers.local import ProcessExecutor


def executor_of(config: FitConfig, workers: int) -> Executor:
    """An executor for ``workers`` evaluations at a time.

    A simulation may crash, hang or be killed for its memory, and has a process of its own. Closed forms do
    none of this, and take a tenth of the time that the start of a process takes.
    """
    if config.engine.method == "closed-form":
        return ThreadPoolExecutor(workers, thread_name_prefix="evaluation")
    return ProcessExecutor(workers, wall_limit=config.run.wall_limit, preload=PRELOAD)
