"""Rules about measured values: noise, selection bias, conflicting targets, drift."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from cgbridge.records.evaluation import Evaluation
from cgbridge.records.target import TargetResult
from cgbridge.report.correlations import FEWEST, SIGNIFICANT, spearman
from cgbridge.report.digits import plain
from cgbridge.report.finding import Finding, target_key
from cgbridge.report.run_record import RunRecord
from cgbridge.report.verdicts import Verdict, verdicts
from cgbridge.report.words import count, listing
from cgbridge.store.journal_entries import Entry

#: A winner whose error grows by more than this (in tolerances) and this factor was lucky.
WORSE_BY, WORSE_FACTOR = 0.3, 1.3
#: Standard errors by which the winner, or all confirmed candidates together, must have become worse.
_SURE = 2.0
#: Rank correlation of two errors that counts as a conflict, among candidates with both errors below NEAR.
CONFLICT, NEAR = -0.4, 3.0


def error_bars_too_large(run: RunRecord) -> Finding | None:
    """Values within their tolerance that are not known to their precision: verdicts are a matter of luck."""
    noisy = [row for row in verdicts(run) if row.word == "not known"]
    if not noisy:
        return None
    keys = tuple(dict.fromkeys(_maximum_key(run, row) for row in noisy))
    # The error falls with the square root of the time.
    longer = max(math.ceil(_excess(row) ** 2 - 1e-6) for row in noisy)
    words = [
        f"{_label(run, row)} ({plain(row.spread, 2)} instead of "
        f"{plain(row.target.known_to / row.target.tolerance, 2)} tolerances)"
        for row in noisy
    ]
    return Finding(
        "Values are not known to the precision that was asked for",
        f"Standard errors of {listing(words)}.",
        f"Raise {listing(list(keys))}: about {longer} times longer runs; "
        "or relax the precision or the tolerance to what can be measured.",
        keys,
    )


def _excess(row: Verdict) -> float:
    """The standard error over the one that was asked for."""
    return 1.0 if row.result is None else row.result.stderr / row.target.known_to


def _label(run: RunRecord, row: Verdict) -> str:
    return run.label(row.level, row.target.name)


def _maximum_key(run: RunRecord, row: Verdict) -> str:
    for index, level in enumerate(run.config.levels):
        if level.name == row.level and level.sampling.maximum is not None:
            return f"levels.{index}.sampling.maximum"
    return "engine.maximum"


def selection_bias(run: RunRecord) -> Finding | None:
    """The winner, or the confirmed candidates together, did worse when re-run, beyond the errors of both."""
    pairs = [pair for pair in _twins(run) if pair.measured]
    own = next((pair for pair in pairs if run.best is not None and pair.rerun is run.best.evaluation), None)
    lucky = own is not None and own.beyond_errors and (own.fallen or own.much_worse)
    together = len(pairs) > 1 and sum(pair.rise for pair in pairs) > _SURE * math.hypot(
        *(pair.rise_error for pair in pairs)
    )
    fallen = [pair for pair in pairs if pair.fallen]
    if not (lucky or (together and 2 * len(fallen) > len(pairs))):
        return None
    parts = []
    if own is not None:
        parts.append(
            f"the winner's error over its simulated targets was {_pm(*own.before)} tolerances in the search "
            f"and {_pm(*own.after)} when re-run"
        )
    if fallen:
        parts.append(f"{len(fallen)} of {count(len(pairs), 'confirmed candidate')} passed fewer levels")
    text = "; ".join(parts)
    return Finding(
        "The search rewards luck (selection bias)",
        f"With a new seed and longer production, {text}.",
        "Lengthen engine.production, confirm more often (optimizer.confirm.every) or more candidates "
        "(optimizer.confirm.candidates).",
        ("engine.production", "optimizer.confirm.every", "optimizer.confirm.candidates"),
    )


@dataclass(frozen=True)
class _Twins:
    """One point as it was seen in the search and when re-run.

    ``before`` and ``after`` are root mean squares of the normalised errors over the targets with noise that
    both measured, with their standard errors; ``measured`` says that there are such targets.
    """

    searched: Evaluation
    rerun: Evaluation
    measured: bool
    before: tuple[float, float]
    after: tuple[float, float]

    @property
    def fallen(self) -> bool:
        return self.rerun.levels_passed < self.searched.levels_passed

    @property
    def rise(self) -> float:
        return self.after[0] - self.before[0]

    @property
    def rise_error(self) -> float:
        return math.hypot(self.before[1], self.after[1])

    @property
    def beyond_errors(self) -> bool:
        return self.rise > _SURE * self.rise_error

    @property
    def much_worse(self) -> bool:
        return self.rise > WORSE_BY and self.after[0] > WORSE_FACTOR * self.before[0]


def _twins(run: RunRecord) -> list[_Twins]:
    """Points as seen in the search and re-run; the winner's re-run is its last measurement."""
    searched = {entry.point: entry.evaluation for entry in run.candidates}
    again = {entry.point: entry.evaluation for entry in run.confirmations}
    if run.best is not None and run.confirmed:
        again[run.best.point] = run.best.evaluation
    return [_pair(searched[point], evaluation) for point, evaluation in again.items() if point in searched]


def _pair(first: Evaluation, second: Evaluation) -> _Twins:
    known = {(result.level, result.name): result for result in first.results}
    keyed = [((result.level, result.name), result) for result in second.results]
    both = [(known[key], result) for key, result in keyed if key in known and result.stderr > 0]
    before, after = (_rms([pair[index] for pair in both]) for index in (0, 1))
    return _Twins(first, second, bool(both), before, after)


def _rms(results: Sequence[TargetResult]) -> tuple[float, float]:
    """rms = sqrt(sum e^2 / n) with its standard error sqrt(sum (e s)^2) / (n rms), s that of each e."""
    if not results:
        return 0.0, 0.0
    rms = math.sqrt(sum(r.normalised_error**2 for r in results) / len(results))
    spread = math.sqrt(sum((r.normalised_error * r.stderr / r.tolerance) ** 2 for r in results))
    return rms, spread / (len(results) * rms) if rms > 0 else 0.0


def _pm(value: float, error: float) -> str:
    return f"{plain(value, 2)} ± {plain(error, 1)}"


def conflicting_targets(run: RunRecord) -> Finding | None:
    """Two targets of which no candidate meets both, with errors that rise when the other's fall."""
    rows = [row for row in verdicts(run) if row.result is not None and not row.passed]
    missed = {(row.level, row.target.name) for row in rows}
    found = []
    for first, second in combinations(run.targets, 2):
        if not missed & {first, second}:
            continue
        errors = _paired_errors(run.candidates, first, second)
        near = [pair for pair in errors if max(pair) < NEAR]
        if len(near) < FEWEST or any(max(pair) <= 1.0 for pair in near):
            continue
        ranks = spearman([pair[0] for pair in near], [pair[1] for pair in near])
        if ranks.value is not None and ranks.value < CONFLICT and ranks.p < SIGNIFICANT:
            found.append((ranks.value, first, second, near))
    if not found:
        return None
    value, first, second, near = min(found, key=lambda item: item[0])
    meets = [sum(pair[index] <= 1.0 for pair in near) for index in (0, 1)]
    keys = (f"{target_key(run, *first)}.tolerance", f"{target_key(run, *second)}.tolerance")
    names = run.label(*first), run.label(*second)
    return Finding(
        "Two targets pull in opposite directions",
        f"Of {len(near)} candidates near both, {meets[0]} meet {names[0]} and {meets[1]} meet {names[1]}, "
        f"none both; their errors are anti-correlated (Spearman {plain(value, 2)}).",
        f"Search more parameters under model.search, or decide which one matters: "
        f"relax {keys[0]} or {keys[1]}.",
        ("model.search", *keys),
    )


def _paired_errors(
    entries: Sequence[Entry], first: tuple[str, str], second: tuple[str, str]
) -> list[tuple[float, float]]:
    pairs = []
    for entry in entries:
        errors = {(r.level, r.name): r.normalised_error for r in entry.evaluation.results}
        if first in errors and second in errors:
            pairs.append((errors[first], errors[second]))
    return pairs


def drifting(run: RunRecord) -> Finding | None:
    """The best candidate's own simulations had not settled."""
    rows = [
        row
        for row in verdicts(run)
        if row.result is not None and any("drifting" in note for note in row.result.notes)
    ]
    if not rows:
        return None
    keys = tuple(
        dict.fromkeys(
            f"{target_key(run, row.level, row.target.name)}.options.equilibration"
            if "equilibration" in row.target.options
            else "engine.equilibration"
            for row in rows
        )
    )
    return Finding(
        "Simulations of the best model had not settled",
        f"Both halves of the production disagree for {listing([_label(run, row) for row in rows])}.",
        f"Lengthen {listing(list(keys))}.",
        keys,
        grave=False,
    )
