"""Lines of progress of commands that take a while."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import typer

#: Seconds between lines.
_EVERY = 10.0


def counted(what: str) -> Callable[[int, int], None]:
    """A display of how many of all are done, now and then, on standard error: ``frame 7 of 100, 80 s left``.

    What was there before the first call costs no time, and is not counted in what is left.
    """
    started = last = time.monotonic()
    first: int | None = None

    def display(done: int, total: int) -> None:
        nonlocal last, first
        first = done - 1 if first is None else first
        now = time.monotonic()
        if now - last >= _EVERY:
            last = now
            left = (now - started) * (total - done) / (done - first)
            typer.echo(f"{what} {done} of {total}, {left:.0f} s left", err=True)
            sys.stderr.flush()

    return display


def now_and_then() -> Callable[[str], None]:
    """A display of what is being done: the first words at once, then the newest every ten seconds."""
    last = float("-inf")

    def display(text: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _EVERY:
            last = now
            typer.echo(text, err=True)

    return display
