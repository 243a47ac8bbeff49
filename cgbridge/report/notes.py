"""Notes of results for a line of a terminal: those that differ in numbers only are told once."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: Notes shown, and characters of each.
_LINES, _WIDTH = 3, 100
_NUMBER = re.compile(r"\d[\d.]*(?:[eE][-+]?\d+)?")


def short_notes(notes: Iterable[str]) -> tuple[str, ...]:
    """At most three lines; ``drifting ... (and 4 more like it)``."""
    groups: dict[str, list[str]] = {}
    for note in notes:
        groups.setdefault(_NUMBER.sub("#", note), []).append(note)
    lines = [_line(alike) for alike in groups.values()]
    rest = len(lines) - _LINES
    return tuple(lines) if rest <= 0 else (*lines[:_LINES], f"{rest} more kind{'s' * (rest != 1)} of notes")


def _line(alike: list[str]) -> str:
    first = " ".join(alike[0].split())
    shown = first if len(first) <= _WIDTH else first[: _WIDTH - 3].rstrip() + "..."
    return shown if len(alike) == 1 else f"{shown} (and {len(alike) - 1} more like it)"
