"""A file that a target reads, known by its content."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DataFile:
    """``path`` is where it lies here, ``digest`` what stands in it: equal digests, equal results."""

    path: str
    digest: str
