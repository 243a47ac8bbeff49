"""How fast the atoms were that a model stands for, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cgbridge.report.digits import plain


def speed_words(record: Mapping[str, Any]) -> str:
    """``3.4 ns/day with SPC/E (648 atoms, steps of 1 fs; when simulated: 2 threads of NAME)``."""
    device = f" of {record['device']}" if record.get("device") else ""
    threads = record["threads"]
    where = f"{threads} thread{'s' if threads > 1 else ''}{device}" if record["platform"] == "CPU" else ""
    place = where or f"{record['platform']}{device}"
    return (
        f"{plain(record['ns_per_day'], 2)} ns/day with {record['potential'] or 'their potential'} "
        f"({record['atoms']} atoms, steps of {plain(1e3 * record['timestep'], 3)} fs; when simulated: "
        f"{place})"
    )
