"""The state of a run in a few plain lines, for the terminal."""

from __future__ import annotations

from cgbridge.interfaces import Outcome
from cgbridge.report import digits
from cgbridge.report.cost import costs, elapsed_s
from cgbridge.report.diagnosis import diagnose
from cgbridge.report.failures import failure_groups
from cgbridge.report.funnel import funnel
from cgbridge.report.run_record import RunRecord, read_run
from cgbridge.report.verdicts import verdicts
from cgbridge.report.words import count
from cgbridge.store.layout import RunLayout

#: Kinds of failures shown.
_FAILURES = 3


def status_text(layout: RunLayout) -> str:
    """State, generation, funnel, best so far with verdicts, cost and failures of a run.

    Changes nothing in the folder. Raises what :func:`~cgbridge.report.run_record.read_run` raises.
    """
    run = read_run(layout)
    lines = [f"{run.config.name}: {run.state} ({run.path})"]
    lines += _rows(
        ("generation", f"{run.generation} of {run.config.optimizer.generations}" if run.entries else ""),
        ("levels", _funnel_line(run)),
        ("best", _best_line(run)),
    )
    lines += _verdict_lines(run)
    lines += _rows(("cost", _cost_line(run)), *[("failures", line) for line in _failure_lines(run)])
    lines += ["", diagnose(run).summary]
    return _ascii("\n".join(lines))


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
    return lines


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
