"""Error against generation, one picture per level."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cgbridge.report.figures.canvas import INK, MODEL, MUTED, REFERENCE, Figure, draw, legend_above, log_axis
from cgbridge.report.progress import LevelProgress, progress
from cgbridge.report.run_record import RunRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Errors below this (in tolerances) are drawn at it: an exact hit has no place on a log axis.
_FLOOR = 1e-3


def convergence_figures(run: RunRecord) -> tuple[Figure, ...]:
    """One picture per level that candidates finished."""
    return tuple(_figure(number, record) for number, record in enumerate(progress(run)))


def _figure(number: int, record: LevelProgress) -> Figure:
    return draw(
        f"convergence-{number}",
        f"Convergence at level {record.level}",
        f"Level {record.level}: root mean square error of its targets in tolerances (1 = at the tolerance) "
        f"against the generation (0 = first sample), over the "
        f"{sum(record.counts)} candidates that finished the level.",
        lambda axes: _paint(axes, record),
    )


def _paint(axes: Axes, record: LevelProgress) -> None:
    from matplotlib.ticker import MaxNLocator

    x = record.generations
    best = [max(_FLOOR, value) for value in record.best]
    axes.axhline(1.0, color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)))
    axes.plot(
        x, [max(_FLOOR, v) for v in record.median], "o-", color=REFERENCE, linewidth=1.0, label="median"
    )
    axes.step(x, best, where="post", color=MODEL, linewidth=2.2, label="best so far")
    axes.plot(x[-1:], best[-1:], "o", color=MODEL)
    if record.polished is not None:
        end = x[-1] + max(1.0, 0.06 * (x[-1] - x[0]))
        axes.plot([end], [max(_FLOOR, record.polished)], "D", color=INK, label="best of the polish")
    log_axis(axes)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))
    axes.set_xlabel("generation")
    axes.set_ylabel("error (tolerances)")
    legend_above(axes)
