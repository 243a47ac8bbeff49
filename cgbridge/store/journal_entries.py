"""The journal read without touching it: a run may be writing to it at this moment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from cgbridge.errors import FileFormatError
from cgbridge.interfaces import Evaluation, Point
from cgbridge.store.records import evaluation_from_record


@dataclass(frozen=True)
class Entry:
    """One evaluation with its place in the run.

    ``phase`` is ``search``, ``polish`` or ``confirm``; ``factor`` says how many times longer than usual
    the production runs were.
    """

    evaluation: Evaluation
    phase: str
    generation: int
    point: Point
    factor: float = 1.0


def read_entries(path: Path) -> tuple[tuple[Entry, ...], bool]:
    """Entries in the order of their first appearance, and whether the last line is cut short.

    A cut line is a write under way or the trace of a crash; all others are whole. An evaluation that was
    repeated after a machine fault counts once, with its last result. No journal is an empty one. Raises
    :class:`FileFormatError` for a line that is no evaluation.
    """
    if not path.exists():
        return (), False
    entries: dict[str, Entry] = {}
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return tuple(entries.values()), True
            try:
                key, entry = _parse(line)
            except (ValueError, KeyError, TypeError):
                raise FileFormatError(
                    "this line is not a journal entry",
                    where=f"{path}:{number}",
                    remedy="restore the file, or start over with `cgbridge fit INPUT --fresh`",
                ) from None
            entries[key] = entry
    return tuple(entries.values()), False


def _parse(line: bytes) -> tuple[str, Entry]:
    record = json.loads(line)
    entry = Entry(
        evaluation=evaluation_from_record(record),
        phase=record["phase"],
        generation=int(record["generation"]),
        point=tuple(float(u) for u in record["point"]),
        factor=float(record["factor"]),
    )
    return record["key"], entry
