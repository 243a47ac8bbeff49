"""Times of a clock on the wall, for readers."""

from __future__ import annotations


def duration_words(seconds: float | None) -> str:
    """``1 h 02 min``, ``3 min 20 s``, ``42 s``; ``-`` where it is not known."""
    if seconds is None:
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
