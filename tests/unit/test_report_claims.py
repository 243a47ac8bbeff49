"""What the report says of relatives, of what was no target, of notes and units: no more than is known."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from synthetic_reports import entry, measured, record, water_levels, water_run, write_run

from cgbridge.records.parameter import Parameter
from cgbridge.records.target import Curve, Target
from cgbridge.report.aside import aside_words, asides
from cgbridge.report.document import report_html
from cgbridge.report.figures.convergence import convergence_figures
from cgbridge.report.lengths import in_length_unit, length_unit
from cgbridge.report.lineages import lineage_words, lineages
from cgbridge.report.notes import short_notes
from cgbridge.report.progress import progress
from cgbridge.report.references import water_rdf
from cgbridge.report.run_record import LevelRecord, RunRecord
from cgbridge.report.status import run_lines, status_text
from cgbridge.store.journal_entries import Entry

TARGET = Target("a", "density", 1.0, 0.1, "g/cm^3")
LEVEL = LevelRecord("one", (TARGET,))
GRID = [(x, y) for x in np.linspace(0.05, 0.95, 5) for y in np.linspace(0.05, 0.95, 4)]


def at(point: tuple[float, float], *, passes: bool, generation: int = 0) -> Entry:
    value = 1.0 if passes else 2.0
    return entry([measured(TARGET, "one", value)], passed=int(passes), point=point, generation=generation)


def bred_around(*centres: tuple[float, float]) -> RunRecord:
    """A first sample on a grid, of which nobody passes, and six children around every centre."""
    rng = np.random.default_rng(5)
    children = [
        at(tuple(np.array(centre) + rng.uniform(-0.05, 0.05, 2)), passes=True, generation=1)
        for centre in centres
        for _ in range(6)
    ]
    return record((LEVEL,), [*(at(point, passes=False) for point in GRID), *children])


# ---- lineages ----


def test_relatives_are_one_group_and_nothing_is_claimed() -> None:
    found = lineages(bred_around((0.3, 0.4)), 1)
    assert found is not None
    assert (found.candidates, found.first, found.groups) == (6, 0, 1)
    assert found.spacing == pytest.approx(0.225)  # of the grid, the shorter side
    words = lineage_words(found)
    assert "one group" in words and "does not say that the targets determine the parameter" in words


def test_independent_finds_are_counted_apart() -> None:
    found = lineages(bred_around((0.2, 0.2), (0.8, 0.8), (0.2, 0.8)), 1)
    assert found is not None and found.groups == 3
    assert "3 groups (0 of the first sample, 18 bred)" in lineage_words(found)


def test_doubled_points_are_one_group_and_one_candidate_is_one() -> None:
    run = record((LEVEL,), [*(at(p, passes=False) for p in GRID), *[at((0.3, 0.4), passes=True)] * 3])
    found = lineages(run, 1)
    assert found is not None and (found.candidates, found.groups) == (3, 1)
    assert lineages(record((LEVEL,), [at((0.3, 0.4), passes=True)]), 1) is None  # no sample to compare with


def test_the_page_never_says_that_targets_determine_a_parameter(tmp_path: Path) -> None:
    for run in (bred_around((0.3, 0.4)), water_run(tmp_path / "run")):
        text = re.sub(r"<[^>]+>", "", report_html(run))
        said = re.findall(r"[^.;]*determine the parameter", text)
        assert all("does not say" in sentence for sentence in said)


# ---- what was no target ----


def sharp(height: float, options: dict[str, object], observable: str = "rdf") -> RunRecord:
    """A liquid whose g(r) has its first peak at 2.8 A with a height of its own."""
    r = np.arange(0.0025, 0.8, 0.005)
    g = np.where(r > 0.25, 1.0, 0.0) + (height - 1.0) * np.exp(-(((r - 0.2825) / 0.02) ** 2))
    target = Target("peak", observable, 2.8, 0.05, "A", temperature=298.15, options=options)
    curve = Curve(r, g, np.full(len(r), 0.02), "nm", "1")
    result = measured(target, "one", 2.8, stderr=0.01, curves={"rdf": curve})
    return record((LevelRecord("one", (target,)),), [entry([result], passed=1, phase="confirm")])


def test_a_peak_that_was_no_target_is_named_beside_experiment() -> None:
    run = sharp(3.3, {"feature": "first_peak_position"})
    (line,) = asides(run)
    assert "height of the first peak of g(r) at 298.15 K" in line.what and line.model == "3.3"
    known = water_rdf()
    assert known is not None and float(line.reference) == pytest.approx(known[0].y.max(), abs=0.05)
    words = aside_words(run)
    assert "Measured, but no target: height of the first peak" in words
    assert "heat capacity" in words.partition("Neither asked for nor measured")[2]
    assert words in re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", report_html(run)))


def test_what_was_a_target_is_not_named() -> None:
    (line,) = asides(sharp(3.3, {"feature": "first_peak_height"}))
    assert "place of the first peak" in line.what and line.model in ("2.82 Å", "2.83 Å")  # 2.825
    assert asides(sharp(3.3, {"feature": "curve"})) == ()
    far = sharp(3.3, {"feature": "first_peak_position"})
    hot = replace(far.levels[0].targets[0], temperature=400.0)
    assert asides(replace(far, levels=(LevelRecord("one", (hot,)),))) == ()  # experiment is at 298 K


def test_other_substances_are_not_compared_with_water() -> None:
    run = sharp(3.3, {"feature": "first_peak_position"})
    assert run.base is not None
    bead = replace(run.base.beads[0], mass=28.0855)
    section = run.config.model.model_copy(
        update={"bead": run.config.model.bead.model_copy(update={"mass": 28.0855})}
    )
    silicon = replace(
        run,
        base=replace(run.base, beads=(bead,)),
        config=run.config.model_copy(update={"model": section}),
    )
    assert "water" not in aside_words(silicon) and "experiment" not in aside_words(silicon)


# ---- convergence ----


def test_one_model_is_drawn_in_every_picture_and_gaps_stay_gaps(tmp_path: Path) -> None:
    run = water_run(tmp_path)
    records = progress(run)
    assert len(records) == 3 and all(found.final is not None for found in records)
    for figure in convergence_figures(run):
        assert "final model" in figure.svg and "the winner, re-run" in figure.caption
    generations = {0: 2, 1: 1, 4: 3, 5: 1}
    entries = [
        at((0.5, 0.5), passes=True, generation=g) for g, number in generations.items() for _ in range(number)
    ]
    (found,) = progress(record((LEVEL,), entries))
    assert [found.generations[part] for part in found.stretches] == [(0, 1), (4, 5)]
    (figure,) = convergence_figures(record((LEVEL,), entries))
    for number in generations.values():
        assert f">{number}</text>" in figure.svg
    assert "7 in all" in figure.caption and "best candidate so far" in figure.caption


# ---- one unit of length ----


def test_a_page_has_one_unit_of_length(tmp_path: Path) -> None:
    run = water_run(tmp_path)
    assert length_unit(run) == "A"
    page = report_html(run)
    body = re.sub(r"<[^>]+>", " ", page[page.index("<main>") : page.index('id="reproduce"')])
    assert not re.search(r"\bnm\b", body)
    assert "r (Å)" in body and "Å²" in body  # g(r) and the mean square displacement


def test_the_unit_is_that_of_the_users_targets() -> None:
    run = sharp(3.0, {"feature": "first_peak_position"})
    metric = replace(run.levels[0].targets[0], value=0.28, tolerance=0.005, unit="nm")
    assert length_unit(replace(run, levels=(LevelRecord("one", (metric,)),))) == "nm"
    bare = replace(run, levels=(LEVEL,), parameters=(Parameter("x", "1", range=(0.0, 1.0)),))
    assert length_unit(bare) == "A"


def test_curves_are_converted_with_their_errors() -> None:
    x = np.array([1.0, 2.0])
    found = in_length_unit(Curve(x, 3 * x, 0.1 * x, "ps", "nm^2"), "A")
    assert (found.x_unit, found.y_unit) == ("ps", "A^2")
    np.testing.assert_allclose(found.y, 300 * x, rtol=1e-12)  # (10 A / nm)^2
    np.testing.assert_allclose(found.y_err, 10 * x, rtol=1e-12)


# ---- notes ----


def test_notes_that_differ_in_numbers_are_told_once() -> None:
    notes = [
        f"bulk liquid {t} K: drifting: the halves differ by {t / 50:.1f} standard errors"
        for t in (250, 260, 300)
    ]
    notes += ["3 of 5 boxes had transformed before the measurement", "x" * 300]
    found = short_notes(notes)
    assert found[0] == f"{notes[0]} (and 2 more like it)"
    assert found[1] == notes[3]
    assert len(found[2]) <= 100 and found[2].endswith("...")
    assert len(short_notes([f"kind {letter}" for letter in "abcdefgh"])) == 4


def test_notes_stand_beside_values_in_status_and_report(tmp_path: Path) -> None:
    note = "3 of 5 boxes had transformed before the measurement"
    result = measured(TARGET, "one", 1.02, stderr=0.01, notes=[note])
    run = record((LEVEL,), [entry([result], passed=1, phase="confirm")], path=tmp_path / "run")
    lines = status_text(write_run(run)).splitlines()
    row = next(number for number, line in enumerate(lines) if line.split()[:1] == ["a"])
    assert lines[row + 1] == f"      note: {note}"
    assert note in report_html(run)


# ---- several runs ----


def test_a_folder_of_runs_is_told_in_one_line_each(tmp_path: Path) -> None:
    write_run(water_run(tmp_path / "good"))
    write_run(record(water_levels(), [], path=tmp_path / "group" / "empty"))
    broken = write_run(water_run(tmp_path / "broken"))
    broken.targets.write_text("{")
    lines = {line.folder: line for line in run_lines(tmp_path)}
    assert set(lines) == {"good", "group/empty", "broken"}
    assert (lines["good"].state, lines["good"].levels) == ("finished", "3 of 3")
    assert lines["group/empty"].levels == "-" and "JSON" in lines["broken"].error
    assert run_lines(tmp_path / "good") == []  # it is a run itself
    assert run_lines(tmp_path / "nowhere") == []
