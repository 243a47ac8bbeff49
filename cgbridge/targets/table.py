"""Small CSV tables: comment lines with ``#``, one header line, numbers; read strictly."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np

from cgbridge.errors import ConfigError, FileFormatError, did_you_mean
from cgbridge.frames import FloatArray


def read_table(path: Path) -> dict[str, FloatArray]:
    """Columns by name, in the order of the file.

    Raises :class:`ConfigError` for a missing file and :class:`FileFormatError` (file, line, column) for
    one that is empty, ragged or holds something that is not a number.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise ConfigError(
            "no such file", where=str(path), remedy="paths are relative to the YAML file"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise FileFormatError(f"cannot be read: {error}", where=str(path)) from None
    rows = [(number, line) for number, line in enumerate(lines, start=1) if line.strip() and line[0] != "#"]
    if len(rows) < 2:
        raise FileFormatError(
            "the table has no rows",
            where=str(path),
            remedy="give a header line with column names, then numbers",
        )
    header = [name.strip() for name in next(csv.reader([rows[0][1]]))]
    if any(_is_number(name) for name in header) or len(set(header)) != len(header):
        raise FileFormatError(
            "the first line must hold different column names",
            where=f"{path}, line {rows[0][0]}",
            remedy="for example: r_angstrom,g,g_err",
        )
    values = [_row(line, number, header, path) for number, line in rows[1:]]
    return dict(zip(header, np.array(values, dtype=np.float64).T, strict=True))


def column(table: dict[str, FloatArray], name: str, path: Path) -> FloatArray:
    """A column by name; raises :class:`ConfigError` with a suggestion when there is none."""
    if name not in table:
        raise ConfigError(
            f"the table has no column '{name}'{did_you_mean(name, table)}",
            where=str(path),
            remedy="its columns: " + ", ".join(table),
        )
    return table[name]


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _row(line: str, number: int, header: list[str], path: Path) -> list[float]:
    cells = next(csv.reader([line]))
    if len(cells) != len(header):
        raise FileFormatError(
            f"{len(cells)} values under {len(header)} column names", where=f"{path}, line {number}"
        )
    for name, cell in zip(header, cells, strict=True):
        # float() would also take '1_000' and full-width digits.
        if not (cell.isascii() and "_" not in cell and _is_number(cell)):
            raise FileFormatError(
                f"'{cell}' in column '{name}' is not a finite number", where=f"{path}, line {number}"
            )
    return [float(cell) for cell in cells]
