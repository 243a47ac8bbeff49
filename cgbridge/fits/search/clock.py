"""Wall time of a run over all its resumptions, kept in the run folder."""

from __future__ import annotations

import json
import time
from pathlib import Path

from cgbridge.store.atomic import write_atomic

#: Seconds between two notes of the time; a killed run loses no more.
_EVERY = 5.0


class RunClock:
    """Counts from where the run stopped before."""

    def __init__(self, path: Path) -> None:
        self._path, self._started, self._noted = path, time.monotonic(), 0.0
        self._before = 0.0
        if path.exists():
            self._before = float(json.loads(path.read_text(encoding="utf-8"))["seconds"])

    @property
    def seconds(self) -> float:
        """Wall time in s, pauses between resumptions left out."""
        return self._before + time.monotonic() - self._started

    def note(self, *, now: bool = False) -> None:
        """Write the time down, if it is long ago or ``now``."""
        elapsed = time.monotonic() - self._started
        if now or elapsed - self._noted >= _EVERY:
            self._noted = elapsed
            write_atomic(self._path, json.dumps({"seconds": round(self.seconds, 3)}))
