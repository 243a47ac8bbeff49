"""The report: one HTML file that needs nothing else, written atomically."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cgbridge.report import digits, marks
from cgbridge.report.aside import aside_words
from cgbridge.report.correlations import deepest_level, error_correlations, parameter_correlations
from cgbridge.report.cost import costs, elapsed_s
from cgbridge.report.diagnosis import diagnose
from cgbridge.report.failures import failure_groups, missed_targets
from cgbridge.report.figures.convergence import convergence_figures
from cgbridge.report.figures.curves import other_figures
from cgbridge.report.figures.densities import density_figures
from cgbridge.report.figures.melting import melting_figures
from cgbridge.report.figures.structure import rdf_figures
from cgbridge.report.finding import Finding
from cgbridge.report.fit_in_words import fit_words
from cgbridge.report.funnel import funnel
from cgbridge.report.kinds import page_of
from cgbridge.report.lineages import lineage_words, lineages
from cgbridge.report.ranges import RangePosition, range_positions
from cgbridge.report.run_record import RunRecord, read_run
from cgbridge.report.templates import environment
from cgbridge.report.validation import cross_validation, cross_validation_words, validation
from cgbridge.report.verdicts import Verdict, verdicts
from cgbridge.report.words import count, observable_words
from cgbridge.store.atomic import write_atomic
from cgbridge.store.layout import RunLayout

if TYPE_CHECKING:
    from markupsafe import Markup


def write_report(layout: RunLayout) -> Path:
    """Write ``report.html`` into the run folder and return its path.

    Works for a run of any kind and in any state, also while it is alive, and changes nothing else in the
    folder. Raises what :func:`~cgbridge.report.run_record.read_run` raises, and StorageError when it cannot
    be written.
    """
    write_atomic(layout.report, page_of(layout)(layout))
    return layout.report


def search_html(layout: RunLayout) -> str:
    """The page of a search."""
    return report_html(read_run(layout))


def report_html(run: RunRecord) -> str:
    """The page as text."""
    made = environment()
    made.filters |= {
        "percent": digits.percent,
        "duration": digits.duration,
        "phrase": observable_words,
        "correlation": lambda value: f"{value + 0.0:.2f}".replace("-0.00", "0.00").replace("-", "−"),
        "with_keys": with_keys,
    }
    made.globals |= {"aligned": aligned, "count": count}
    return made.get_template("template.html").render(**page_content(run))


def aligned(texts: list[str]) -> list[tuple[str, str]]:
    """Cells of a numeric column with what must follow each unseen to bring the decimal points in line."""
    return list(zip(texts, digits.decimal_pads(texts), strict=True))


def with_keys(finding: Finding) -> Markup:
    """The remedy with the YAML keys in it, and what stands between backticks, set as code."""
    from markupsafe import Markup, escape

    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(finding.remedy)))
    pattern = "|".join(re.escape(str(escape(key))) for key in sorted(finding.keys, key=len, reverse=True))
    marked = re.sub(pattern, lambda match: f"<code>{match.group(0)}</code>", text) if pattern else text
    return Markup(marked)


def page_content(run: RunRecord) -> dict[str, Any]:
    """Everything that the template shows."""
    places = range_positions(run)
    level = deepest_level(run)
    found, cross = validation(run), cross_validation(run)
    return {
        "run": run,
        "diagnosis": diagnose(run),
        "sentences": fit_words(run),
        "verdict_levels": _verdict_levels(run),
        "validation": found,
        "validation_cells": _cells(found.rows) if found else [],
        "cross": cross,
        "cross_words": cross_validation_words(cross) if cross else "",
        "results": (
            *density_figures(run),
            *rdf_figures(run),
            *melting_figures(run),
            *other_figures(run),
        ),
        "convergence": convergence_figures(run),
        "stages": funnel(run),
        "aside": aside_words(run),
        "relatives": _relatives(run, places),
        "places": [(place, marks.range_mark(place)) for place in places],
        "mark_width": marks.WIDTH,
        "correlation_level": run.levels[level].name if run.levels else "",
        "between_parameters": parameter_correlations(run, level),
        "with_errors": error_correlations(run),
        "failures": failure_groups(run.entries),
        "missed": missed_targets(run),
        "costs": costs(run),
        "elapsed": elapsed_s(run),
        "best_model": "best/model.yaml" if (run.path / "best" / "model.yaml").is_file() else "",
    }


def _relatives(run: RunRecord, places: tuple[RangePosition, ...]) -> str:
    """What the spread of the candidates that passed some level can tell; empty where there is none."""
    if not places or places[0].spread is None or places[0].spread_levels == 0:
        return ""
    found = lineages(run, places[0].spread_levels)
    return "" if found is None else lineage_words(found)


def _verdict_levels(run: RunRecord) -> list[dict[str, Any]]:
    """Rows of the verdict table by level; columns are aligned over the whole table."""
    rows = verdicts(run)
    if not rows:
        return []
    cells = _cells(rows)
    return [
        {
            "name": level.name,
            "passed": index < (run.best.evaluation.levels_passed if run.best else 0),
            "cells": [cell for cell in cells if cell["row"].level == level.name],
        }
        for index, level in enumerate(run.levels)
    ]


def _cells(rows: Sequence[Verdict]) -> list[dict[str, Any]]:
    """Rows with their numbers as text and their marks."""
    pairs = [_value_cells(row) for row in rows]
    columns = [aligned(list(column)) for column in zip(*pairs, strict=True)]
    return [
        {"row": row, "numbers": numbers, "mark": marks.deviation_mark(row)}
        for row, *numbers in zip(rows, *columns, strict=True)
    ]


def _value_cells(row: Verdict) -> tuple[str, str, str, str, str]:
    """Value, standard error, reference, tolerance and number of independent samples as text."""
    target = row.target
    value, error, samples = "–", "", ""
    if row.result is not None:
        value, error = digits.with_error(row.result.value, row.result.stderr)
        error = f"± {error}" if error else "exact"
        samples = digits.plain(row.result.n_eff, 2) if row.result.stderr else ""
    return value, error, digits.plain(target.value), f"± {digits.plain(target.tolerance, 3)}", samples
