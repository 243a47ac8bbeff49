"""What runs the evaluations of a fit: processes, or threads where nothing is simulated."""

from __future__ import annotations

from pathlib import Path

from cgbridge.config.schema import FitConfig
from cgbridge.fits.search.task import PRELOAD
from cgbridge.interfaces import Workers
from cgbridge.workers.local import ProcessWorkers
from cgbridge.workers.threads import ThreadWorkers


def executor_of(config: FitConfig, slots: int, scratch: Path) -> Workers:
    """Workers for ``slots`` evaluations at a time, with files in ``scratch``.

    A simulation may crash, hang or be killed for its memory, and has a process of its own. Closed forms do
    none of this, and take a tenth of the time that the start of a process takes.
    """
    if not config.engine.simulates:
        return ThreadWorkers(slots, scratch)
    return ProcessWorkers(slots, wall_limit=config.run.wall_limit, preload=PRELOAD, scratch=scratch)
