"""How many evaluations run at a time."""

from __future__ import annotations

import warnings

from cgbridge.config.schema import FitConfig
from cgbridge.errors import CgbridgeWarning
from cgbridge.workers.local import default_workers


def worker_count(config: FitConfig) -> int:
    """``run.workers``; for ``auto`` as many as the cores allow, each with ``engine.threads``.

    Warns of more than that: threads that share a core run the slower, and nothing is gained.
    """
    cores, threads = default_workers(), config.engine.threads
    if config.run.workers == "auto":
        return max(1, cores // threads)
    count = config.run.workers
    if count > 1 and count * threads > cores:
        each = "" if threads == 1 else f" of {threads} threads each (engine.threads)"
        warnings.warn(
            f"run.workers: {count} evaluations at a time{each} share {cores} core{'s' * (cores != 1)}: each "
            f"takes about {count * threads / cores:.2g} times as long, also against run.wall_limit, and the "
            f"fit gains nothing; {max(1, cores // threads)} are enough",
            CgbridgeWarning,
            stacklevel=3,
        )
    return count
