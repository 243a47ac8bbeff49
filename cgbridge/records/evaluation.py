"""What is known of a candidate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cgbridge.records.target import (
    TargetResult,
)


class Outcome(StrEnum):
    """How a simulation, or the evaluation of a candidate, ended."""

    OK = "ok"
    UNSTABLE = "unstable"  # the candidate's fault: NaN, runaway energy, box collapse
    TIMEOUT = "timeout"  # the watchdog on MD steps (or wall time) stopped it
    INFRA = "infra"  # the machine's fault: killed worker, segmentation fault, full disk


@dataclass(frozen=True, order=True)
class Score:
    """Rank of a candidate; smaller is better, compared field by field.

    First the number of levels not passed; then, among those that stopped at the same level, the ones
    that finished it (``unfinished`` = 0) before unstable ones, which are graded by the fraction they
    left undone; then by how far the gates of that level were missed (``gate_error`` = 0: none was); then the
    normalised error at the level where the candidate stopped (all levels, for a candidate that passed every
    one), then the total over all levels seen. Gates count in neither error. No penalty constants.
    """

    levels_failed: int
    unfinished: float
    gate_error: float = field(default=0.0, kw_only=True)
    level_error: float
    total_error: float


@dataclass(frozen=True)
class Evaluation:
    """All that is known about one evaluated candidate."""

    parameters: Mapping[str, float]
    seed: int
    outcome: Outcome
    levels_passed: int
    score: Score
    results: tuple[TargetResult, ...] = ()
    reason: str = ""
    md_ns: float = 0.0
    wall_s: float = 0.0
    cpu_s: float = 0.0


#: A point of the unit cube.
Point = tuple[float, ...]


@dataclass(frozen=True)
class Residual:
    """How far one target was missed: (value - reference) / tolerance, and its standard error likewise.

    ``level`` and ``target`` name it, ``weight`` is its weight in the error of a candidate.
    """

    level: str
    target: str
    deviation: float
    stderr: float
    weight: float = 1.0


@dataclass(frozen=True)
class Observation:
    """What is known about one point of the unit cube.

    ``score`` is None when the point could not be evaluated (a machine fault). ``residuals`` are those of the
    targets that were measured. ``gradient`` is that of the score's total error along the axes of the cube,
    where an engine gives one.
    """

    point: Point
    score: Score | None
    residuals: tuple[Residual, ...] = ()
    gradient: tuple[float, ...] | None = None
