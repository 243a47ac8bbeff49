"""Error against generation, one picture per level."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cgbridge.report.digits import plain
from cgbridge.report.figures.canvas import (
    MODEL,
    MUTED,
    REFERENCE,
    THIRD,
    Figure,
    draw,
    legend_above,
    log_axis,
)
from cgbridge.report.progress import LevelProgress, progress
from cgbridge.report.run_record import RunRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Errors below this (in tolerances) are drawn at it: an exact hit has no place on a log axis.
_FLOOR = 1e-3
#: Digits of a count that fit side by side between the first and the last generation.
_DIGITS = 58.0


def convergence_figures(run: RunRecord) -> tuple[Figure, ...]:
    """One picture per level that candidates finished."""
    return tuple(_figure(run, number, record) for number, record in enumerate(progress(run)))


def _figure(run: RunRecord, number: int, record: LevelProgress) -> Figure:
    final = ""
    if record.final is not None:
        name = "the winner, re-run with a new seed" if run.confirmed else "the best candidate so far"
        final = f" Dashed: {name} ({plain(record.final, 2)})."
    return draw(
        f"convergence-{number}",
        f"Convergence at level {record.level}",
        f"Level {record.level}: root mean square error of its targets in tolerances (1 = at the tolerance) "
        f"against the generation (0 = first sample). Small numbers: candidates that finished the level, "
        f"{sum(record.counts)} in all; generations without any have no point.{_stages(record)}{final}",
        lambda axes: _paint(axes, record),
    )


def _stages(record: LevelProgress) -> str:
    """What the upright lines are; empty for a search of one stage."""
    later = [f"{method} from {number}" for number, method in record.begins[1:]]
    return f" Upright lines: where the next stage begins ({', '.join(later)})." if later else ""


def _paint(axes: Axes, record: LevelProgress) -> None:
    from matplotlib.ticker import MaxNLocator

    x = record.generations
    best = [max(_FLOOR, value) for value in record.best]
    middle = [max(_FLOOR, value) for value in record.median]
    axes.axhline(1.0, color=MUTED, linewidth=1.0, linestyle=(0, (1, 2)))
    for number, part in enumerate(record.stretches):
        first = number == 0
        axes.plot(
            x[part], middle[part], "o-", color=REFERENCE, linewidth=1.0, markersize=4.0,
            label="median" if first else None,
        )  # fmt: skip
        axes.plot(
            x[part], best[part], "o-", color=MODEL, linewidth=2.2, drawstyle="steps-post",
            label="best so far" if first else None,
        )  # fmt: skip
    end = x[-1] + max(1.0, 0.06 * (x[-1] - x[0]))
    for number, _ in record.begins[1:]:
        if number <= x[-1]:
            axes.axvline(number - 0.5, color=MUTED, linewidth=0.8)
    if record.final is not None:
        axes.axhline(
            max(_FLOOR, record.final), color=THIRD, linewidth=1.6, linestyle=(0, (5, 3)), label="final model"
        )
    log_axis(axes)
    _write_counts(axes, record)
    axes.set_xlim(x[0] - 0.04 * (end - x[0]), end + 0.04 * (end - x[0]))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))
    axes.set_xlabel("generation")
    axes.set_ylabel("error (tolerances)")
    legend_above(axes)


def _write_counts(axes: Axes, record: LevelProgress) -> None:
    """How many candidates are behind each generation, along the upper edge; all that find room."""
    low, high = axes.get_ylim()
    axes.set_ylim(low, high * (high / low) ** 0.12)
    first, last = record.generations[0], record.generations[-1]
    free = -math.inf
    for generation, number in zip(record.generations, record.counts, strict=True):
        at = _DIGITS * (generation - first) / max(1, last - first)
        half = 0.5 * len(str(number)) + 0.25
        if at - half < free:
            continue
        free = at + half
        axes.text(
            generation, 0.985, str(number), color=MUTED, fontsize=8.5, ha="center", va="top",
            transform=axes.get_xaxis_transform(),
        )  # fmt: skip
