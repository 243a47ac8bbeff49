"""What a user sees while a fit runs: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cgbridge.fits.catalogue import Rows

#: Seconds between plain lines.
_LINE_EVERY = 10.0


@contextmanager
def show_progress(name: str) -> Iterator[Callable[[Rows], None]]:
    """Yield the display callback that fits the output."""
    if sys.stdout.isatty():
        with _live_table(name) as display:
            yield display
    else:
        yield _plain_lines()


def _plain_lines() -> Callable[[Rows], None]:
    last = 0.0

    def display(rows: Rows) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _LINE_EVERY:
            last = now
            print("; ".join(f"{key} {value}" for key, value in rows), flush=True)  # noqa: T201

    return display


@contextmanager
def _live_table(name: str) -> Iterator[Callable[[Rows], None]]:
    from rich.live import Live
    from rich.table import Table

    def table(rows: Rows) -> Table:
        grid = Table(title=name, show_header=False, title_justify="left")
        for key, value in rows:
            grid.add_row(key, value)
        return grid

    with Live(refresh_per_second=4) as live:
        yield lambda rows: live.update(table(rows))
