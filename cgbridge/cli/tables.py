"""Tables: fitted to the terminal by wrapping, at full width in a file or pipe; nothing is cut off."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

#: Width of tables where no terminal sets one: wider than any of ours.
_UNLIMITED = 4000


#: A text, or a text with a style of rich.
Cell = str | tuple[str, str]


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Cell]], *, title: str | None = None) -> None:
    """Print rows under column names; a name that begins with ``>`` is aligned to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in columns:
        right = name.startswith(">")
        table.add_column(
            name.removeprefix(">"),
            justify="right" if right else "left",
            overflow="fold",
            no_wrap=right,
        )
    for row in rows:
        table.add_row(*(Text(cell) if isinstance(cell, str) else Text(*cell) for cell in row))
    console = Console(width=None if sys.stdout.isatty() else _UNLIMITED, highlight=False)
    if title:
        console.print(Text(title, "bold"))
    with console.capture() as captured:
        console.print(table)
    # Rich pads every line to the width of the table; files and copied lines are better without.
    sys.stdout.write("\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n\n")


def result_table(title: str, results: Sequence[Mapping[str, Any]]) -> None:
    """Print target results: value with standard error, reference, tolerance, verdict; then their notes."""
    from cgbridge.report.notes import short_notes

    rows = [
        (
            result["name"],
            with_error(result["value"], result["stderr"]),
            f"{result['target']:g}",
            f"{result['tolerance']:.3g}",
            result["unit"] or "1",
            _verdict(result),
        )
        for result in results
    ]
    print_table(("target", ">value", ">reference", ">tolerance", "unit", "verdict"), rows, title=title)
    noted = [(result["name"], note) for result in results for note in short_notes(result["notes"])]
    if noted:
        print_table(("notes", ""), noted)


def _verdict(result: Mapping[str, Any]) -> Cell:
    """A value within its tolerance that is not known well enough is neither passed nor missed."""
    if result["passed"]:
        return "passed", "green"
    error = result["normalised_error"]
    within = error is not None and error <= 1.0
    return ("not known", "yellow") if within and not result["known"] else ("missed", "red")


def with_error(value: float | None, stderr: float | None) -> str:
    """``0.9951 +- 0.0008``: the error with two digits, the value to the same place."""
    if value is None:
        return "-"
    if not stderr:
        return f"{value:.6g}"
    from math import floor, isfinite, log10

    if not isfinite(stderr):
        return f"{value:.6g} +- ?"
    places = max(0, 1 - floor(log10(stderr)))
    return f"{value:.{places}f} +- {stderr:.{places}f}"
