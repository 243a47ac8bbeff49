"""How the model does where the search never looked: validation, and cross-validation."""

from __future__ import annotations

from dataclasses import dataclass

from cgbridge.errors import ConfigError
from cgbridge.fits.cross_validation import cross_validate_run
from cgbridge.objectives.cross_validation import CrossValidation
from cgbridge.records.evaluation import Outcome
from cgbridge.report.digits import plain
from cgbridge.report.run_record import RunRecord
from cgbridge.report.verdicts import Verdict
from cgbridge.report.words import count
from cgbridge.store.journal_entries import Entry


@dataclass(frozen=True)
class Validation:
    """Verdicts on the targets of the validation for the winner, and in words what became of it.

    ``others`` are the errors in tolerances of the other confirmed candidates.
    """

    rows: tuple[Verdict, ...]
    words: str
    others: tuple[float, ...]


def validation(run: RunRecord) -> Validation | None:
    """None where the run validates nothing."""
    if not run.validation:
        return None
    own, others = None, []
    for entry in run.validated:
        if run.best is not None and entry.point == run.best.point:
            own = entry
        elif entry.evaluation.outcome is Outcome.OK:
            others.append(entry.evaluation.score.total_error)
    measured = {} if own is None else {result.name: result for result in own.evaluation.results}
    rows = tuple(Verdict("validation", target, measured.get(target.name)) for target in run.validation)
    return Validation(rows, _words(own, rows), tuple(others))


def _words(own: Entry | None, rows: tuple[Verdict, ...]) -> str:
    if own is None:
        return "The validation has not been measured yet: it comes at the end of the run."
    if own.evaluation.outcome is not Outcome.OK:
        return f"The validation broke down: {own.evaluation.reason}."
    passed = sum(row.passed for row in rows)
    error = plain(own.evaluation.score.total_error, 2)
    return (
        f"Of {count(len(rows), 'target')} that no search saw, the winner meets {passed}; the root "
        f"mean square of the deviations is {error} tolerances."
    )


def cross_validation(run: RunRecord) -> CrossValidation | None:
    """None where it is not asked for, or where the candidates are too few."""
    section = run.config.cross_validation
    if section is None or not run.entries:
        return None
    try:
        evaluations = [entry.evaluation for entry in run.entries]
        return cross_validate_run(run.targets, evaluations, section.folds)
    except ConfigError:
        return None


def cross_validation_words(found: CrossValidation) -> str:
    """The result in sentences, with what it can and cannot say."""
    error, chosen, typical, noise = (
        plain(value, 2) for value in (found.error, found.chosen, found.typical, found.noise)
    )
    return (
        f"Of {count(found.candidates, 'candidate')} with every target measured, the best was chosen "
        f"{found.folds} times again, each time without a part of the state points. On what was left out it "
        f"is {error} tolerances off (root mean square); the candidate that is best on all targets {chosen}, "
        f"the median candidate {typical}. Standard errors alone would give {noise}. Near {chosen}, the other "
        f"targets imply those left out; near {typical}, they say nothing about them. The candidates were "
        "bred under all targets: this judges the choice among them, not the search, and a fit without those "
        "targets would do no better."
    )
