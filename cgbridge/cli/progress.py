"""What a user sees while a fit runs: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from cgbridge.fits.search.progress import Display, Progress

#: Seconds between plain lines.
_LINE_EVERY = 10.0


@contextmanager
def show_progress(name: str) -> Iterator[Display]:
    """Yield the display callback that fits the output."""
    if sys.stdout.isatty():
        with _live_table(name) as display:
            yield display
    else:
        yield _plain_lines()


def _rows(progress: Progress) -> list[tuple[str, str]]:
    funnel = " > ".join(
        f"{level} {count}" for level, count in zip(progress.level_names, progress.reached, strict=True)
    )
    best = progress.best
    earlier = f" ({progress.from_journal} of an earlier run)" if progress.from_journal else ""
    rows = [
        ("doing", progress.doing),
        ("generation", str(progress.generation)),
        ("evaluations", f"{progress.evaluations} of {progress.budget}{earlier}"),
        ("levels passed", f"{progress.evaluations} > {funnel}"),
        ("MD done", f"{progress.md_ns:.2f} ns"),
        ("time left", _duration(progress.eta_s)),
    ]
    # A candidate that broke down before anything was measured has no error, and is no news.
    if best is not None and best.results:
        levels = f"{best.levels_passed} of {len(progress.level_names)} levels"
        rows.insert(4, ("best", f"{levels}, error {best.score.total_error:.3g} tolerances"))
    return rows


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def _plain_lines() -> Display:
    last = 0.0

    def display(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _LINE_EVERY:
            last = now
            print("; ".join(f"{key} {value}" for key, value in _rows(progress)), flush=True)  # noqa: T201

    return display


@contextmanager
def _live_table(name: str) -> Iterator[Display]:
    from rich.live import Live
    from rich.table import Table

    def table(progress: Progress) -> Table:
        grid = Table(title=name, show_header=False, title_justify="left")
        for key, value in _rows(progress):
            grid.add_row(key, value)
        return grid

    with Live(refresh_per_second=4) as live:
        yield lambda progress: live.update(table(progress))
