"""One thing that is wrong with a fit: evidence in numbers and a remedy that names the YAML key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cgbridge.report.run_record import RunRecord


@dataclass(frozen=True)
class Finding:
    """``title`` in a few words, ``evidence`` in numbers, ``remedy`` naming ``keys`` of the fit YAML.

    ``grave`` findings explain a poor fit; the others are worth knowing even when the fit is good.
    """

    title: str
    evidence: str
    remedy: str
    keys: tuple[str, ...]
    grave: bool = True


#: A rule looks at a run and says what is wrong, or nothing.
Rule = Callable[[RunRecord], Finding | None]


def target_key(run: RunRecord, level: str, name: str) -> str:
    """Dotted path of a target in the YAML: ``levels.1.targets.0``."""
    for index, one in enumerate(run.levels):
        for target in one.targets:
            if (one.name, target.name) == (level, name):
                return f"levels.{index}.{'gates' if target.gate else 'targets'}.{target.entry}"
    return "levels"
