"""Cross-validation of a run, from its journal: nothing is simulated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cgbridge.objectives.cross_validation import Candidate, CrossValidation, cross_validate
from cgbridge.objectives.quantities import counted, once, quantity_of
from cgbridge.records.evaluation import Evaluation, Outcome
from cgbridge.records.target import Target
from cgbridge.store.records import result_record

#: Targets by the level and the name that their results have.
Targets = Mapping[tuple[str, str], Target]


def cross_validate_run(
    targets: Targets, evaluations: Iterable[Evaluation], folds: int
) -> CrossValidation | None:
    """Cross-validate over the evaluations of a run; None when fewer than two are measured as a whole.

    Of a candidate that was evaluated several times the last evaluation counts: confirmations are longer, and
    no search looked at them. Raises :class:`~cgbridge.errors.ConfigError` for goals of one state only.
    """
    candidates: dict[Sequence[tuple[str, float]], Candidate] = {}
    goals = once(targets.values())
    for evaluation in evaluations:
        if evaluation.outcome is Outcome.INFRA:
            continue
        pairs = [(targets[r.level, r.name], r) for r in evaluation.results if (r.level, r.name) in targets]
        found = {quantity_of(target): result for target, result in counted(pairs)}
        if len(found) == len(goals):
            candidates[tuple(sorted(evaluation.parameters.items()))] = found
    return cross_validate(goals, list(candidates.values()), folds)


def cross_validation_record(found: CrossValidation) -> dict[str, Any]:
    """The form of ``result.json`` and of ``cgbridge cross-validate --json``; errors are in tolerances."""
    return {
        "folds": found.folds,
        "candidates": found.candidates,
        "error": found.error,
        "error_of_chosen": found.chosen,
        "error_of_typical": found.typical,
        "noise": found.noise,
        "fold_errors": list(found.fold_errors),
        "targets": [{"fold": one.fold, **result_record(one.result, curves=False)} for one in found.left_out],
    }
