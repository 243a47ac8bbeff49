"""The journal read without touching it: a run may be writing to it at this moment."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

from cgbridge.errors import FileFormatError
from cgbridge.records.evaluation import Evaluation, Point
from cgbridge.store.layout import RunLayout
from cgbridge.store.records import evaluation_from_record


@dataclass(frozen=True)
class Entry:
    """One evaluation with its place in the run.

    ``phase`` is ``start``, ``search``, ``confirm``, ``final`` or ``validation``; ``stage`` counts the stages
    of the search from 0; ``factor`` says how many times longer than usual the production runs were.
    """

    evaluation: Evaluation
    phase: str
    generation: int
    point: Point
    factor: float = 1.0
    stage: int = 0

    @property
    def of_search(self) -> bool:
        """Whether this is a candidate of the search, and no re-run of one."""
        return self.phase in ("start", "search")


def run_entries(layout: RunLayout) -> tuple[tuple[Entry, ...], bool]:
    """Those entries of a run's journal that were computed with the run's own input and versions.

    See :func:`read_entries`. A folder of an older version does not say with what; it is read as it is.
    """
    return read_entries(layout.journal, _protocol(layout.versions))


def validation_entries(layout: RunLayout) -> tuple[Entry, ...]:
    """The measurements of a run's present validation; none where it has no validation."""
    validation = _protocol(layout.validation)
    if not validation:
        return ()
    return read_entries(layout.journal, _protocol(layout.versions), validation)[0]


def _protocol(path: Path) -> str | None:
    if path.exists():
        with contextlib.suppress(ValueError):
            found: str | None = json.loads(path.read_text(encoding="utf-8")).get("protocol")
            return found
    return None


def read_entries(
    path: Path, protocol: str | None = None, validation: str | None = None
) -> tuple[tuple[Entry, ...], bool]:
    """Entries in the order of their first appearance, and whether the last line is cut short.

    A cut line is a write under way or the trace of a crash; all others are whole. An evaluation that was
    repeated counts once, with its last result. Lines of another protocol than ``protocol`` are left out, if
    one is given; so are those of another ``validation``, and without it all of any. No journal is an empty
    one. Raises :class:`FileFormatError` for a line that is no evaluation.
    """
    if not path.exists():
        return (), False
    entries: dict[str, Entry] = {}
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return tuple(entries.values()), True
            try:
                key, entry, computed_with, validated = _parse(line)
            except (ValueError, KeyError, TypeError):
                raise FileFormatError(
                    "this line is not a journal entry",
                    where=f"{path}:{number}",
                    remedy="restore the file, or start over with `cgbridge fit INPUT --fresh`",
                ) from None
            if (protocol is None or computed_with == protocol) and validated == validation:
                entries[key] = entry
    return tuple(entries.values()), False


def _parse(line: bytes) -> tuple[str, Entry, str | None, str | None]:
    record = json.loads(line)
    # Before there were stages, the one after the genetic algorithm was called polish.
    polish = record["phase"] == "polish"
    entry = Entry(
        evaluation=evaluation_from_record(record),
        phase="search" if polish else record["phase"],
        generation=int(record["generation"]),
        point=tuple(float(u) for u in record["point"]),
        factor=float(record["factor"]),
        stage=int(record.get("stage", polish)),
    )
    return record["key"], entry, record.get("protocol"), record.get("validation")
