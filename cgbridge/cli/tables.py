"""Tables for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def result_table(title: str, results: Sequence[Mapping[str, Any]]) -> None:
    """Print target results: value with standard error, reference, tolerance, verdict."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for column in ("target", "value", "reference", "tolerance", "unit", ""):
        table.add_column(column, justify="left" if column in ("target", "unit", "") else "right")
    for result in results:
        table.add_row(
            result["name"],
            with_error(result["value"], result["stderr"]),
            f"{result['target']:g}",
            f"{result['tolerance']:.3g}",
            result["unit"] or "1",
            "[green]passed[/green]" if result["passed"] else "[red]missed[/red]",
        )
    Console().print(table)


def with_error(value: float | None, stderr: float | None) -> str:
    """``0.9951 +- 0.0008``: the error with two digits, the value to the same place."""
    if value is None:
        return "-"
    if not stderr:
        return f"{value:.6g}"
    from math import floor, log10

    places = max(0, 1 - floor(log10(stderr)))
    return f"{value:.{places}f} +- {stderr:.{places}f}"
