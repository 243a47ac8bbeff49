"""Every rule of the diagnosis speaks when it should and is silent when it should not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from synthetic_reports import entry, measured, record, water_run

from cgbridge.records.evaluation import Outcome
from cgbridge.records.target import Target
from cgbridge.report import rules_of_search, rules_of_values
from cgbridge.report.diagnosis import RULES, diagnose
from cgbridge.report.finding import Finding
from cgbridge.report.run_record import LevelRecord, RunRecord, State
from cgbridge.store.journal_entries import Entry

DENSITY = Target("density", "density", 1.0, 0.01, "g/cm^3")
OPTIONS = {"feature": "first_peak_position", "production": 8.0}
PEAK = Target("peak", "rdf", 2.8, 0.05, "A", options=OPTIONS, entry=1)
DIMER = Target("dimer", "dimer_energy", -21.0, 1.0, "kJ/mol")
LEVELS = (LevelRecord("pair", (DIMER,)), LevelRecord("liquid", (DENSITY, PEAK)))


def candidate(
    deviations: Sequence[float],
    *,
    stderr: float = 0.1,
    notes: Sequence[str] = (),
    point: tuple[float, float] = (0.5, 0.5),
    phase: str = "search",
    generation: int = 0,
) -> Entry:
    """A candidate with deviations from DIMER, DENSITY, PEAK in tolerances; fewer: it stopped there."""
    results, passed = [], 0
    targets = [(level, target) for level in LEVELS for target in level.targets]
    for (level, target), deviation in zip(targets, deviations, strict=False):
        error = 0.0 if target is DIMER else stderr * target.tolerance
        value = target.value + deviation * target.tolerance
        results.append(measured(target, level.name, value, stderr=error, notes=notes if error else ()))
    if results and results[0].passed:
        passed = 2 if len(results) == 3 and all(r.passed for r in results) else 1
    return entry(results, passed=passed, levels=2, point=point, phase=phase, generation=generation)


def broken(outcome: Outcome, reason: str) -> Entry:
    return entry(levels=2, outcome=outcome, reason=reason)


def run(entries: Sequence[Entry]) -> RunRecord:
    return record(LEVELS, entries)


GOOD = candidate((0.2, 0.3, 0.1))


def ask(rule: str, entries: Sequence[Entry]) -> Finding | None:
    module = rules_of_search if hasattr(rules_of_search, rule) else rules_of_values
    answer: Finding | None = vars(module)[rule](run(entries))
    return answer


def noisy(count: int, start: float, end: float) -> list[Entry]:
    """Generations whose best error falls from ``start`` to ``end``."""
    steps = np.linspace(start, end, count)
    return [candidate((0.1, float(e), float(e)), generation=g) for g, e in enumerate(steps) for _ in range(3)]


def opposed(count: int) -> list[Entry]:
    """Candidates that trade one error for the other and never meet both targets."""
    return [candidate((0.1, 2.4 - x, 0.4 + x)) for x in np.linspace(0.0, 2.0, count)]


def independent(count: int) -> list[Entry]:
    rng = np.random.default_rng(3)
    return [candidate((0.1, *rng.uniform(1.5, 2.9, 2))) for _ in range(count)]


#: Numbers in it do not make another reason of it.
NARROW = "level liquid, target peak: the box is 1.53{0} nm wide, less than twice 0.800 nm"

CASES: dict[str, tuple[Sequence[Entry], Sequence[Entry], str]] = {
    # rule: entries where it speaks, entries where it does not, a YAML key it must name
    "parameter_on_bound": (
        [candidate((0.2, 0.3, 0.1), point=(0.99, 0.5))],
        [candidate((0.2, 0.3, 0.1), point=(0.97, 0.03))],
        "model.search.epsilon.max",
    ),
    "level_never_passed": (
        [candidate((0.2, 4.0, 0.3)) for _ in range(9)],
        [candidate((0.2, 4.0, 0.3)) for _ in range(9)] + [GOOD],
        "levels.1.targets.0.tolerance",
    ),
    "mostly_unstable": (
        [GOOD] * 9 + [broken(Outcome.UNSTABLE, "level liquid, target density: it ran away to 9000 K")] * 11,
        [GOOD] * 11 + [broken(Outcome.UNSTABLE, "level liquid, target density: it ran away to 9000 K")] * 9,
        "engine.timestep",
    ),
    "one_reason_at_a_level": (
        # Six of ten that come so far, among many that do not.
        [candidate((4.0,))] * 80
        + [GOOD] * 4
        + [broken(Outcome.UNSTABLE, NARROW.format(n)) for n in range(6)],
        [candidate((4.0,))] * 80
        + [GOOD] * 5
        + [broken(Outcome.UNSTABLE, NARROW.format(n)) for n in range(5)],
        "levels.1.targets.1",
    ),
    "error_bars_too_large": (
        [candidate((0.2, 0.3, 0.1), stderr=1.3)],
        [candidate((0.2, 0.3, 0.1), stderr=0.4)],
        "engine.maximum",
    ),
    "selection_bias": (
        [candidate((0.1, 0.1, 0.1)), candidate((0.1, 0.9, 0.8), phase="confirm")],
        [candidate((0.1, 0.5, 0.4)), candidate((0.1, 0.6, 0.5), phase="confirm")],
        "optimizer.confirm.every",
    ),
    "conflicting_targets": (opposed(30), independent(60), "levels.1.targets.1.tolerance"),
    "too_few_evaluations": ([GOOD] * 49, [GOOD] * 50, "optimizer.stages.0.initial"),
    "still_improving": (noisy(12, 3.0, 0.2), noisy(12, 0.3, 0.29), "optimizer.stages.0.generations"),
    "timeouts": (
        [GOOD] * 18 + [broken(Outcome.TIMEOUT, "no answer after 3600 s")] * 2,
        [GOOD] * 39 + [broken(Outcome.TIMEOUT, "no answer after 3600 s")],
        "run.wall_limit",
    ),
    "machine_faults": (
        [GOOD] * 18 + [broken(Outcome.INFRA, "the worker died, 3 times")] * 2,
        [GOOD] * 199 + [broken(Outcome.INFRA, "the worker died, 3 times")],
        "run.workers",
    ),
    "screening_without_effect": (
        [candidate((0.2, 4.0, 0.3))] * 60 + [GOOD],
        [candidate((4.0,))] * 30 + [candidate((0.2, 4.0, 0.3))] * 30,
        "levels.0.targets",
    ),
    "drifting": (
        [candidate((0.2, 0.3, 0.1), notes=("drifting: the halves differ by 5.1 standard errors",))],
        [candidate((0.2, 0.3, 0.1), notes=("bracket 270 to 280 K",))],
        "engine.equilibration",
    ),
}


def test_every_rule_has_a_case() -> None:
    assert {rule.__name__ for rule in RULES} == set(CASES)


@pytest.mark.parametrize("rule", CASES)
def test_rule_speaks_with_a_remedy_that_names_the_key(rule: str) -> None:
    finding = ask(rule, CASES[rule][0])
    assert finding is not None
    assert CASES[rule][2] in finding.keys
    assert any(key in finding.remedy for key in finding.keys)
    assert any(character.isdigit() for character in finding.evidence) or rule == "drifting"


@pytest.mark.parametrize("rule", CASES)
def test_rule_is_silent_otherwise(rule: str) -> None:
    assert ask(rule, CASES[rule][1]) is None


@pytest.mark.parametrize("rule", CASES)
def test_rule_is_silent_without_evaluations(rule: str) -> None:
    assert ask(rule, []) is None


def test_unstable_pairs_blame_the_ranges_not_the_timestep() -> None:
    reason = "level pair, target dimer: the dimer is not bound"
    finding = ask("mostly_unstable", [GOOD] * 5 + [broken(Outcome.UNSTABLE, reason)] * 15)
    assert finding is not None and finding.keys == ("model.search",)
    assert "15 of 20 (75 %)" in finding.evidence


def test_error_bars_say_how_much_longer() -> None:
    finding = ask("error_bars_too_large", [candidate((0.2, 0.3, 0.1), stderr=1.5)])
    assert finding is not None
    # From 1.5 to 0.5 tolerances the error falls threefold, so the run must be nine times as long.
    assert "about 9 times" in finding.remedy
    assert finding.keys == ("engine.maximum",)


def test_a_winner_that_falls_back_a_level_was_lucky() -> None:
    entries = [candidate((0.1, 0.7, 0.7)), candidate((0.1, 1.25, 0.9), phase="confirm")]
    finding = ask("selection_bias", entries)
    assert finding is not None and "1 of 1 confirmed candidate passed fewer levels" in finding.evidence


@pytest.mark.parametrize(
    ("before", "after", "stderr"),
    [
        ((0.1, 0.9, 0.9), (0.1, 1.15, 0.2), 0.01),  # a level less, and a smaller error
        ((0.1, 0.9, 0.9), (0.1, 1.15, 0.9), 0.2),  # a level less, within the errors
        ((0.1, 0.1, 0.1), (0.1, 0.9, 0.8), 0.9),  # much worse, and nothing that the errors do not allow
    ],
)
def test_luck_is_said_only_where_the_error_rose_beyond_errors(
    before: tuple[float, ...], after: tuple[float, ...], stderr: float
) -> None:
    entries = [candidate(before, stderr=stderr), candidate(after, stderr=stderr, phase="confirm")]
    assert ask("selection_bias", entries) is None


def test_confirmed_candidates_together_show_luck_that_each_alone_does_not() -> None:
    # Each rises by 0.13 with an error of 0.11: alone nothing, nine of them four standard errors.
    points = [(0.1 * n, 0.5) for n in range(1, 10)]
    entries = [candidate((0.1, 0.9, 0.9), point=point) for point in points]
    again = [candidate((0.1, 1.15, 0.9), stderr=0.15, point=point, phase="confirm") for point in points]
    assert ask("selection_bias", [*entries, again[0]]) is None
    finding = ask("selection_bias", [*entries, *again])
    assert finding is not None and "9 of 9 confirmed candidates passed fewer levels" in finding.evidence


def test_conflict_counts_what_each_target_would_allow() -> None:
    finding = ask("conflicting_targets", opposed(30))
    assert finding is not None and "none both" in finding.evidence


def test_good_fit_is_called_good(tmp_path: Path) -> None:
    diagnosis = diagnose(water_run(tmp_path))
    assert diagnosis.good is True
    assert "meets all 8 targets on 3 levels" in diagnosis.summary
    # A rule that is silent is no proof, and a pass is no proof against luck.
    assert "not luck" not in diagnosis.explanation and "anything to improve" not in diagnosis.explanation


def test_gates_are_no_targets_that_were_met(tmp_path: Path) -> None:
    found = water_run(tmp_path)
    first, *others = found.levels[1].targets
    gated = replace(found.levels[1], targets=(replace(first, gate=True), *others))
    diagnosis = diagnose(replace(found, levels=(found.levels[0], gated, found.levels[2])))
    assert "meets all 7 targets on 3 levels" in diagnosis.summary


def test_a_winner_of_the_search_alone_is_not_called_good() -> None:
    diagnosis = diagnose(run([GOOD] * 60))
    assert diagnosis.good is False and "may have been lucky" in diagnosis.summary


def test_a_fit_that_misses_a_target_says_by_how_much() -> None:
    entries = [candidate((0.2, 4.0, 0.3))] * 60 + [candidate((0.2, 4.0, 0.3), phase="confirm")]
    diagnosis = diagnose(run(entries))
    assert diagnosis.good is False
    assert "passes 1 of 2 levels and misses density by 4 tolerances" in diagnosis.summary
    assert diagnosis.explanation.startswith("The likely reasons")


def test_nothing_is_called_poor_before_it_is_finished() -> None:
    unfinished = replace(run([candidate((0.2, 4.0, 0.3))]), state=State.RUNNING)
    assert diagnose(unfinished).good is None
    assert diagnose(replace(run([]), state=State.RUNNING)).summary == "No evaluation has finished yet."
