"""The state of a run in a few plain lines, for the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cgbridge.errors import CgbridgeError
from cgbridge.records.evaluation import Outcome
from cgbridge.report import digits
from cgbridge.report.aside import measured_words
from cgbridge.report.cost import costs, elapsed_s
from cgbridge.report.diagnosis import diagnose
from cgbridge.report.failures import failure_groups
from cgbridge.report.funnel import funnel
from cgbridge.report.kinds import line_of, lines_of
from cgbridge.report.notes import short_notes
from cgbridge.report.run_record import RunRecord, find_runs, read_run
from cgbridge.report.search_stages import ended_words
from cgbridge.report.validation import validation
from cgbridge.report.verdicts import Verdict, verdicts
from cgbridge.report.words import count
from cgbridge.store.layout import RunLayout

#: Kinds of failures shown.
_FAILURES = 3


def status_text(layout: RunLayout) -> str:
    """The state of a run of any kind; raises what reading its folder does."""
    return lines_of(layout)(layout)


def search_status(layout: RunLayout) -> str:
    """State, generation, funnel, best so far with verdicts, cost and failures of a search.

    Changes nothing in the folder. Raises what :func:`~cgbridge.report.run_record.read_run` raises.
    """
    run = read_run(layout)
    lines = [f"{run.config.name}: {run.state} ({run.path})"]
    lines += _rows(
        ("stage", run.stage_words if run.entries else ""),
        ("generation", run.generation_words if run.entries else ""),
        ("levels", _funnel_line(run)),
        ("best", _best_line(run)),
    )
    lines += _verdict_lines(run)
    beyond = validation(run)
    lines += _rows(("validation", beyond.words if beyond else ""))
    lines += _rows(("cost", _cost_line(run)), *[("failures", line) for line in _failure_lines(run)])
    sentences = (ended_words(run.ended), diagnose(run).summary, measured_words(run))
    lines += ["", " ".join(part for part in sentences if part)]
    return _ascii("\n".join(lines))


@dataclass(frozen=True)
class RunLine:
    """One run among several: texts of the columns of a table; ``error`` where it cannot be read."""

    folder: str
    state: str = ""
    generation: str = ""
    evaluations: str = ""
    levels: str = ""
    deviation: str = ""
    last_result: str = ""
    error: str = ""


def run_lines(folder: Path) -> list[RunLine]:
    """One line for every run in a folder of runs; empty when it holds none, or is a run itself."""
    if RunLayout(folder).used_yaml.is_file():
        return []
    return [_run_line(path, str(path.relative_to(folder))) for path in find_runs(folder)]


def _run_line(path: Path, name: str) -> RunLine:
    try:
        return line_of(RunLayout(path))(RunLayout(path), name)
    except CgbridgeError as error:
        return RunLine(name, error=error.what)


def search_line(layout: RunLayout, name: str) -> RunLine:
    """One search among several runs."""
    run = read_run(layout)
    best = None if run.best is None else run.best.evaluation
    return RunLine(
        folder=name,
        state=str(run.state),
        generation=run.generation_words if run.entries else "-",
        evaluations=str(len(run.entries)),
        levels="-" if best is None else f"{best.levels_passed} of {len(run.levels)}",
        deviation="-" if best is None else _ascii(digits.plain(best.score.total_error, 3)),
        last_result=run.last_result.strftime("%Y-%m-%d %H:%M UTC") if run.last_result else "-",
    )


def _rows(*rows: tuple[str, str]) -> list[str]:
    return [f"  {name:<11} {text}" for name, text in rows if text]


def _funnel_line(run: RunRecord) -> str:
    if not run.candidates:
        return ""
    stages = " > ".join(f"{stage.level} {stage.passed}" for stage in funnel(run))
    return f"{count(len(run.candidates), 'candidate')} > {stages} passed"


def _best_line(run: RunRecord) -> str:
    if run.best is None:
        return ""
    evaluation = run.best.evaluation
    how = {
        "final": "measured once more, with a seed that selected nothing",
        "confirm": "confirmed with a new seed",
    }.get(run.best.phase, "not confirmed yet")
    error = digits.plain(evaluation.score.total_error, 3)
    return (
        f"{evaluation.levels_passed} of {count(len(run.levels), 'level')}, error {error} tolerances ({how})"
    )


def _verdict_lines(run: RunRecord) -> list[str]:
    """The verdict table with aligned columns."""
    rows = verdicts(run)
    if not rows:
        return []
    table = [("target", "value", "reference", "tolerance", "unit", "")]
    for row in rows:
        target = row.target
        value, error = ("-", "")
        if row.result is not None:
            value, error = digits.with_error(row.result.value, row.result.stderr)
        table.append(
            (
                run.label(row.level, target.name),
                f"{value} ± {error}" if error else value,
                digits.plain(target.value),
                digits.plain(target.tolerance, 3),
                digits.unit_text(target.unit),
                row.word,
            )
        )
    widths = [max(len(line[column]) for line in table) for column in range(6)]
    lines = []
    for line in table:
        cells = [
            text.rjust(width) if column in (1, 2, 3) else text.ljust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        lines.append(("    " + "  ".join(cells)).rstrip())
    # The first line holds the names of the columns.
    return [
        lines[0],
        *(line for row, text in zip(rows, lines[1:], strict=True) for line in _noted(row, text)),
    ]


def _noted(row: Verdict, text: str) -> list[str]:
    """A line of the table with its notes below it."""
    notes = row.result.notes if row.result is not None else ()
    return [text, *(f"      note: {note}" for note in short_notes(notes))]


def _cost_line(run: RunRecord) -> str:
    total = costs(run)[-1]
    if not total.evaluations:
        return ""
    pace = "" if total.per_core_hour is None else f" ({digits.plain(total.per_core_hour, 3)} per core hour)"
    return (
        f"{count(total.evaluations, 'evaluation')}{pace}, {digits.plain(total.md_ns, 3)} ns of MD, "
        f"{digits.plain(total.core_hours, 2)} core hours, "
        f"{digits.duration(elapsed_s(run))} from start to last result"
    )


def _failure_lines(run: RunRecord) -> list[str]:
    groups = failure_groups(run.entries)
    lines = []
    for group in groups[:_FAILURES]:
        name = "machine fault" if group.outcome is Outcome.INFRA else str(group.outcome)
        place = f" at {group.level}/{group.target}" if group.target else ""
        lines.append(f"{group.count} {name}{place}: {group.pattern if group.count > 1 else group.example}")
    rest = sum(group.count for group in groups[_FAILURES:])
    return [*lines, f"{rest} others"] if rest else lines


def _ascii(text: str) -> str:
    """Characters that every terminal has; units keep theirs."""
    return (
        text.replace("\u00a0", " ").replace("−", "-").replace("±", "+-").replace("–", "-").replace("…", "...")
    )
