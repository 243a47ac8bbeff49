"""Loss curves, epoch by epoch: a CSV that a resumed run goes on with, and TensorBoard's files beside it."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cgbridge.store.atomic import storage_errors, write_atomic


class LossCurves:
    """Rows of numbers in full precision; those behind epoch ``last`` of an earlier run are taken away."""

    def __init__(self, path: Path, *, last: int, tensorboard: bool = False) -> None:
        self._path = path
        rows = [row for row in read_curves(path) if row["epoch"] <= last]
        self._columns = list(rows[0]) if rows else []
        if path.exists():
            write_atomic(path, _text(self._columns, rows, header=True))
        self._board: Any = None
        if tensorboard:
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(path.with_suffix("")), purge_step=last + 1)

    def append(self, row: Mapping[str, float]) -> None:
        """Add the row of an epoch; it is on disk when this returns."""
        first = not self._columns
        self._columns = self._columns or list(row)
        with storage_errors(self._path), open(self._path, "a", encoding="utf-8", newline="") as file:
            file.write(_text(self._columns, [row], header=first))
            file.flush()
            os.fsync(file.fileno())
        if self._board is not None:
            for name, value in row.items():
                if name != "epoch":
                    self._board.add_scalar(name, value, int(row["epoch"]))
            self._board.flush()

    def close(self) -> None:
        """Close what is open."""
        if self._board is not None:
            self._board.close()


def read_curves(path: Path) -> list[dict[str, float]]:
    """The rows of a CSV of loss curves; a last one that is cut short is left out, as is a missing file."""
    if not path.exists():
        return []
    found = []
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            try:
                found.append({name: float(value) for name, value in row.items()})
            except (TypeError, ValueError):
                break
    return found


def _text(columns: list[str], rows: list[Any], *, header: bool) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if header and columns:
        writer.writerow(columns)
    writer.writerows(
        [int(row[name]) if name in ("epoch", "step") else repr(float(row[name])) for name in columns]
        for row in rows
    )
    return out.getvalue()
