"""When a search is over: accounts of time, candidates and improvements, without any fit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from synthetic_reports import entry

from cgbridge.config.stop_section import StopSection
from cgbridge.fits.search.candidates import Candidates
from cgbridge.fits.search.clock import RunClock
from cgbridge.fits.search.ending import Ending, Stagnation
from cgbridge.records.evaluation import Evaluation, Outcome, Score

POINT, OTHER = (0.1, 0.2), (0.3, 0.4)


def evaluation(failed: int = 0, error: float = 1.0, md_ns: float = 0.0) -> Evaluation:
    return replace(entry().evaluation, score=Score(failed, 0.0, error, error), md_ns=md_ns)


class Clock(RunClock):
    """Says what it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    @property
    def seconds(self) -> float:
        return self.now


def ending(**stop: object) -> tuple[Ending, Candidates, Clock]:
    candidates, clock = Candidates(()), Clock()
    return Ending(StopSection.model_validate(stop), candidates, clock), candidates, clock


def test_simulated_time_is_summed_over_candidates_and_confirmations() -> None:
    found, _, _ = ending(md_ns=1.0)
    for _ in range(9):
        found.counts(evaluation(md_ns=0.11))
    assert found.ended is None and found.begins(known=False)
    found.counts(evaluation(md_ns=0.011))
    assert found.ended is not None and found.ended.why == "md_ns" and "1 ns" in found.ended.words
    assert not found.begins(known=True)


def test_time_that_is_over_ends_what_must_be_computed_only() -> None:
    """So that a resumed run comes to where it was before it looks at the clock."""
    found, _, clock = ending(hours=2.0)
    clock.now = 7300.0
    assert found.begins(known=True) and found.begins(known=True)
    assert not found.begins(known=False)
    assert found.ended is not None and found.ended.why == "hours"


def test_candidates_under_way_are_counted_as_no_stage_was_told_of_them() -> None:
    found, _, _ = ending(evaluations=3)
    assert [found.begins(known=False) for _ in range(3)] == [True] * 3
    found.takes_back(1)
    assert found.begins(known=False) and not found.begins(known=False)


def test_only_confirmed_candidates_that_pass_are_enough() -> None:
    found, candidates, _ = ending(when="all-passed", confirmed=2)
    candidates.keep(POINT, evaluation(error=0.1))
    candidates.keep(OTHER, evaluation(error=0.2))
    assert found.wanted() == 2 and candidates.passed(confirmed=False) == [POINT, OTHER]
    candidates.confirm(POINT, evaluation(failed=1))  # it was lucky
    assert candidates.passed(confirmed=False) == [POINT, OTHER]  # the search has not been told yet
    candidates.settle(POINT)
    assert candidates.passed(confirmed=False) == [OTHER] and candidates.leaders() == [OTHER, POINT]
    candidates.confirm(OTHER, replace(evaluation(), outcome=Outcome.INFRA))
    assert candidates.settle(OTHER) is None and found.wanted() == 2
    for point in (POINT, OTHER):
        candidates.confirm(point, evaluation())
        candidates.settle(point)
    assert found.wanted() == 0 and found.ended is not None and found.ended.why == "all-passed"


def test_a_hundredth_is_no_improvement() -> None:
    stagnation = Stagnation(2)
    ended = [stagnation.ended(Score(0, 0.0, error, 9.0)) for error in (1.0, 0.995, 0.98, 0.979, 0.978)]
    assert [found is not None for found in ended] == [False, False, False, False, True]
    assert Stagnation(1).ended(None) is None and Stagnation(None).ended(Score(0, 0.0, 1.0, 1.0)) is None


def test_a_level_more_is_an_improvement_whatever_the_error() -> None:
    stagnation = Stagnation(1)
    assert stagnation.ended(Score(2, 0.0, 1.0, 1.0)) is None
    assert stagnation.ended(Score(1, 0.0, 50.0, 50.0)) is None
    assert stagnation.ended(Score(1, 0.0, 50.0, 50.0)) is not None


def test_the_clock_of_a_run_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("cgbridge.fits.search.clock.time.monotonic", lambda: now)
    first = RunClock(tmp_path / "clock.json")
    now = 103.0
    first.note()
    assert not (tmp_path / "clock.json").exists()  # a few seconds are not worth a write
    now = 107.0
    first.note()
    assert json.loads((tmp_path / "clock.json").read_text())["seconds"] == 7.0
    now = 500.0  # a pause
    second = RunClock(tmp_path / "clock.json")
    now = 501.5
    assert second.seconds == pytest.approx(8.5)
