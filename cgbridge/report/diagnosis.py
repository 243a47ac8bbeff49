"""Is the fit good, and if not, why: a verdict in a sentence and findings from rules."""

from __future__ import annotations

from dataclasses import dataclass

from cgbridge.report import rules_of_search, rules_of_values
from cgbridge.report.digits import plain
from cgbridge.report.finding import Finding, Rule
from cgbridge.report.run_record import RunRecord, State
from cgbridge.report.verdicts import verdicts
from cgbridge.report.words import count, listing

#: In the order of usefulness: what the user should change first comes first.
RULES: tuple[Rule, ...] = (
    rules_of_search.machine_faults,
    rules_of_search.mostly_unstable,
    rules_of_search.one_reason_at_a_level,
    rules_of_search.level_never_passed,
    rules_of_search.parameter_on_bound,
    rules_of_values.conflicting_targets,
    rules_of_values.selection_bias,
    rules_of_values.error_bars_too_large,
    rules_of_search.too_few_evaluations,
    rules_of_search.still_improving,
    rules_of_search.timeouts,
    rules_of_search.screening_without_effect,
    rules_of_values.drifting,
)


@dataclass(frozen=True)
class Diagnosis:
    """``good`` is None while it cannot be said; ``summary`` is the verdict in words."""

    good: bool | None
    summary: str
    findings: tuple[Finding, ...]

    @property
    def explanation(self) -> str:
        """The paragraph that leads to the findings."""
        titles = [finding.title[0].lower() + finding.title[1:] for finding in self.findings]
        if self.good:
            start = "Every level is passed, in a re-run with a new seed as well."
            if not titles:
                return f"{start} No rule has anything to add; they look at the search and its targets only."
            return f"{start} Worth knowing all the same: {'; '.join(titles)}."
        if titles:
            start = "The likely reasons" if self.good is False else "What stands out so far"
            return (
                f"{start}, the most telling first: {'; '.join(titles)}. The evidence and what to do about it:"
            )
        if self.good is False:
            return (
                "No rule explains it: the functional form may not be able to meet these targets together. "
                "Search more parameters (model.search) or try another model.form."
            )
        return "Nothing stands out so far."

    @property
    def question(self) -> str:
        """Heading over the findings."""
        if self.good:
            return "What else there is to know"
        return "Why is the fit poor?" if self.good is False else "How is it going?"


def diagnose(run: RunRecord) -> Diagnosis:
    """Apply all rules and sum up.

    A fit is good when the best candidate passed every level in a re-run with a new seed. It is not
    called poor before it is finished.
    """
    findings = tuple(finding for rule in RULES if (finding := rule(run)) is not None)
    best = run.best
    if best is None:
        return Diagnosis(None, _nothing_yet(run), findings)
    passed_all = best.evaluation.levels_passed == len(run.levels)
    if passed_all and run.confirmed:
        return Diagnosis(True, _good(run), findings)
    good = False if run.state is State.FINISHED else None
    return Diagnosis(good, _poor(run, passed_all) + _resumption(run), findings)


def _nothing_yet(run: RunRecord) -> str:
    if not run.entries:
        return f"No evaluation has finished yet.{_resumption(run)}"
    return "Every evaluation so far was lost to machine faults; nothing can be said about the model."


def _good(run: RunRecord) -> str:
    factor = run.best.factor if run.best is not None and run.config.engine.simulates else 1.0
    rows = [row for row in verdicts(run) if not row.target.gate]
    missed = sum(not row.passed for row in rows)
    # A level may be passed by the mean of its deviations.
    what = f"{len(rows) - missed} of {len(rows)} targets" if missed else f"all {count(len(rows), 'target')}"
    text = (
        f"The best candidate {'passes' if missed else 'meets'} "
        + (
            f"{count(len(run.levels), 'level')} with {what}"
            if missed
            else f"{what} on {count(len(run.levels), 'level')}"
        )
        + " when re-run with a new seed"
        + (
            f" and {plain(factor)} times longer production"
            if factor > 1 and run.config.engine.simulates
            else ""
        )
        + "."
    )
    worst = max(rows, key=lambda row: abs(row.offset), default=None)
    if worst is not None:
        name, deviation = run.label(worst.level, worst.target.name), plain(abs(worst.offset), 2)
        text += f" The largest deviation is that of {name}, {deviation} tolerances."
    return text


def _poor(run: RunRecord, passed_all: bool) -> str:
    if run.best is None:
        return ""
    if passed_all:
        return (
            "The best candidate of the search meets all targets, but it has not been re-run with a new seed "
            "yet: it may have been lucky."
        )
    passed = run.best.evaluation.levels_passed
    missed = [row for row in verdicts(run) if row.result is not None and not row.passed]
    unknown = [run.label(row.level, row.target.name) for row in missed if row.word == "not known"]
    words = [
        f"{run.label(row.level, row.target.name)} by {plain(abs(row.offset), 2)} tolerances"
        for row in missed
        if row.word == "missed"
    ][:4]
    text = f"The best candidate passes {passed} of {count(len(run.levels), 'level')}"
    text += f" and misses {listing(words)}." if words else "."
    text += f" Not known to their precision: {listing(unknown[:4])}." if unknown else ""
    if run.best.evaluation.reason and not missed:
        text += f" It stopped because: {run.best.evaluation.reason}."
    return text


def _resumption(run: RunRecord) -> str:
    interrupted = run.state is State.INTERRUPTED
    return " The run was interrupted; the same command resumes it." if interrupted else ""
