"""What a fit says of itself while it runs, and before."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from fits import known_answer
from synthetic_reports import entry, measured, water_levels

from cgbridge.config.schema import FitConfig
from cgbridge.errors import CgbridgeWarning
from cgbridge.fits.durations import duration_words
from cgbridge.fits.search.evaluator import Job
from cgbridge.fits.search.progress import Progress
from cgbridge.records.evaluation import Outcome
from cgbridge.workers.local import default_workers
from cgbridge.workers.worker_count import worker_count

JOB = Job((0.5, 0.5), "search", 0, 1)
BROKEN = entry(outcome=Outcome.UNSTABLE, levels=3).evaluation


def shown(progress: Progress) -> str:
    return "; ".join(f"{key} {value}" for key, value in progress.rows())


def fresh() -> Progress:
    names = tuple(level.name for level in water_levels())
    return Progress(budget=100, level_names=names, stages=("hoga", "nelder-mead"))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0.2, "0 s"),
        (42.0, "42 s"),
        (60.0, "1 min 00 s"),
        (3599.9, "1 h 00 min"),
        (7384.0, "2 h 03 min"),
    ],
)
def test_durations_have_the_unit_that_suits_them(seconds: float | None, text: str) -> None:
    assert duration_words(seconds) == text


def test_nothing_is_said_of_a_best_before_anything_was_measured() -> None:
    progress = fresh()
    progress.record(JOB, BROKEN, "computed")
    assert "best" not in shown(progress) and "0.000" not in shown(progress)
    level = water_levels()[0]
    found = entry([measured(level.targets[0], level.name, -27.0)], levels=3).evaluation
    progress.record(JOB, found, "computed")
    assert "best 0 of 3 levels, error 0.5 tolerances" in shown(progress)
    lost = replace(found, outcome=Outcome.INFRA, score=replace(found.score, levels_failed=0))
    progress.record(JOB, lost, "computed")
    assert progress.best is found


def test_the_start_of_the_workers_is_no_pace() -> None:
    """The first of hundreds comes after seconds of start-up: 14 minutes were foretold, of which 30 s came."""
    progress = fresh()
    progress.record(JOB, BROKEN, "computed")
    assert progress.eta_s is None and "time left -" in shown(progress)
    for _ in range(20):
        progress.record(JOB, BROKEN, "computed")
    assert progress.eta_s is not None and progress.eta_s < 60.0
    assert re.search(r"time left \d+ s$", shown(progress))


def test_what_an_earlier_run_made_is_counted_apart_and_repeats_cost_nothing() -> None:
    progress = fresh()
    costly = replace(BROKEN, md_ns=1.0, cpu_s=1.0)
    progress.record(JOB, costly, "computed")
    assert "earlier" not in shown(progress)
    progress.record(JOB, costly, "repeated")
    assert (progress.evaluations, progress.from_journal, progress.md_ns) == (2, 0, 1.0)
    progress.record(JOB, costly, "journal")
    assert "evaluations 3 of 100 (1 of an earlier run)" in shown(progress)


def config(**run: object) -> FitConfig:
    content = known_answer()
    content["engine"] |= {"threads": run.pop("threads", 1)}
    content["run"] = run
    return FitConfig.model_validate(content)


def test_more_workers_than_cores_are_told_what_they_cost() -> None:
    cores = default_workers()
    with pytest.warns(
        CgbridgeWarning, match=rf"{4 * cores} evaluations .* about 4 times as long.*; {cores} are"
    ):
        assert worker_count(config(workers=4 * cores)) == 4 * cores
    with pytest.warns(CgbridgeWarning, match=r"2 threads each"):
        worker_count(config(workers=max(2, cores), threads=2))
    assert worker_count(config(workers=cores)) == cores  # and no warning, which would be an error here
    assert worker_count(config()) == cores
    assert worker_count(config(threads=2 * cores)) == 1
