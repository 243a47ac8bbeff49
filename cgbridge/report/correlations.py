"""Rank correlations between parameters, and of parameters with deviations from the targets."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cgbridge.frames import FloatArray
from cgbridge.report.run_record import RunRecord
from cgbridge.store.journal_entries import Entry

#: Fewest candidates behind a correlation.
FEWEST = 12
#: Correlations whose p value is above this are shown faintly.
SIGNIFICANT = 0.01


@dataclass(frozen=True)
class Correlation:
    """Spearman's rank correlation of ``count`` pairs; None where a quantity does not vary."""

    value: float | None
    p: float
    count: int

    @property
    def significant(self) -> bool:
        return self.value is not None and self.p < SIGNIFICANT


@dataclass(frozen=True)
class CorrelationTable:
    """``cells[i][j]`` correlates ``rows[i]`` with ``columns[j]``; ``counts`` are candidates per column."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[Correlation, ...], ...]
    counts: tuple[int, ...]


def spearman(x: Sequence[float] | FloatArray, y: Sequence[float] | FloatArray) -> Correlation:
    """Spearman's correlation with its p value."""
    from scipy.stats import spearmanr

    if len(x) < 3 or len(set(x)) < 2 or len(set(y)) < 2:
        return Correlation(None, 1.0, len(x))
    with warnings.catch_warnings():
        # Perfectly ordered ranks make the p value's formula divide by zero; p is then 0, as it should be.
        warnings.simplefilter("ignore", RuntimeWarning)
        result = spearmanr(x, y)
    return Correlation(float(result.statistic), float(result.pvalue), len(x))


def parameter_correlations(run: RunRecord, level: int) -> CorrelationTable | None:
    """Between parameters, over the candidates that reached level number ``level``; None for too few."""
    entries = [entry for entry in run.candidates if entry.evaluation.levels_passed >= level]
    if len(entries) < FEWEST or len(run.parameters) < 2:
        return None
    points = np.array([entry.point for entry in entries])
    names = tuple(parameter.name for parameter in run.parameters)
    cells = tuple(
        tuple(spearman(points[:, i], points[:, j]) for j in range(len(names))) for i in range(len(names))
    )
    return CorrelationTable(names, names, cells, (len(entries),) * len(names))


def error_correlations(run: RunRecord) -> CorrelationTable | None:
    """Parameters (rows) with signed deviations from each target (columns) that enough candidates reached."""
    columns, series = [], []
    for level, name in run.targets:
        points, deviations = _deviations(run.candidates, level, name)
        if len(points) >= FEWEST:
            columns.append(run.label(level, name))
            series.append((points, deviations))
    if not columns:
        return None
    rows = tuple(parameter.name for parameter in run.parameters)
    cells = tuple(
        tuple(spearman(points[:, i], deviations) for points, deviations in series) for i in range(len(rows))
    )
    return CorrelationTable(rows, tuple(columns), cells, tuple(len(points) for points, _ in series))


def _deviations(entries: Sequence[Entry], level: str, name: str) -> tuple[FloatArray, FloatArray]:
    points, deviations = [], []
    for entry in entries:
        for result in entry.evaluation.results:
            if (result.level, result.name) == (level, name) and np.isfinite(result.value):
                points.append(entry.point)
                deviations.append(result.value - result.target)
    return np.array(points), np.array(deviations)


def deepest_level(run: RunRecord) -> int:
    """Number of the deepest level that enough candidates reached for correlations."""
    for level in range(len(run.levels) - 1, 0, -1):
        if sum(entry.evaluation.levels_passed >= level for entry in run.candidates) >= FEWEST:
            return level
    return 0
