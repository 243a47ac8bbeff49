"""The page and the status of run folders in every state."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from synthetic_reports import entry, measured, record, water_levels, water_run, write_run

from cgbridge.errors import FileFormatError, RunFolderError
from cgbridge.records.evaluation import Outcome
from cgbridge.report.document import report_html, write_report
from cgbridge.report.run_record import State, read_run
from cgbridge.report.status import status_text
from cgbridge.store.layout import RunLayout
from cgbridge.store.lock import RunLock

SECTIONS = (
    "verdict", "diagnosis", "fitted", "results", "convergence", "funnel", "parameters", "correlations",
    "failures", "cost", "reproduce",
)  # fmt: skip
VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """Checks that elements nest, and collects identifiers, addresses and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.text: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self._collect(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._collect(tag, attrs)

    def _collect(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src", "action", "data", "xlink:href"):
                self.addresses.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> RunLayout:
    return write_run(water_run(tmp_path_factory.mktemp("run") / "water"))


@pytest.fixture(scope="module")
def html(layout: RunLayout) -> str:
    return write_report(layout).read_text(encoding="utf-8")


def test_a_written_run_reads_back_equal(layout: RunLayout) -> None:
    run = water_run(layout.path)
    again = read_run(layout)
    assert again.levels[2].targets == run.levels[2].targets
    assert again.parameters == run.parameters
    assert again.state is State.FINISHED and again.confirmed
    # The journal keeps six digits of curves, and every digit of values.
    assert [e.evaluation.score for e in again.entries] == [e.evaluation.score for e in run.entries]
    assert [e.point for e in again.entries] == [e.point for e in run.entries]
    assert again.best is not None and run.best is not None
    assert again.best.evaluation.seed == run.best.evaluation.seed


def test_every_section_is_there_and_the_page_is_sound(html: str) -> None:
    page = Page(html)
    assert set(SECTIONS) <= set(page.ids)
    assert len(page.ids) == len(set(page.ids)), "identifiers must differ, also between pictures"
    for address in page.addresses:
        assert not address.startswith("#") or address[1:] in page.ids, f"{address} leads nowhere"
    for reference in re.findall(r"url\(#([^)]+)\)", html):
        assert reference in page.ids


def test_the_page_stands_alone(html: str) -> None:
    assert "http:" not in html and "https:" not in html and "//www" not in html
    page = Page(html)
    assert all(a.startswith(("#", "data:,", "best/")) for a in page.addresses), page.addresses
    assert not any(tag in ("script", "iframe", "img") for tag, _ in page.elements)
    assert "@import" not in html and "None" not in "".join(page.text)


def test_pictures_have_titles_and_captions(html: str) -> None:
    page = Page(html)
    plots = [attrs for tag, attrs in page.elements if tag == "svg" and attrs.get("class") == "plot"]
    # Densities of liquid and ice, g(r), melting, angles, displacement, and three levels of convergence.
    assert len(plots) == 9
    for attributes in plots:
        names = (attributes.get("aria-labelledby") or "").split()
        assert len(names) == 2 and set(names) <= set(page.ids)
    assert html.count("<figcaption>") == len(plots)
    marks = [attrs for tag, attrs in page.elements if tag == "svg" and attrs.get("class") != "plot"]
    assert marks and all(attrs.get("role") == "img" and attrs.get("aria-label") for attrs in marks)


def test_colours_come_from_the_page(html: str) -> None:
    drawings = "".join(re.findall(r'<svg class="plot".*?</svg>', html, re.DOTALL))
    assert not re.findall(r"#[0-9a-f]{6}\b", drawings), "a fixed colour would not follow the dark scheme"


def test_the_same_run_gives_the_same_page(layout: RunLayout) -> None:
    assert report_html(read_run(layout)) == report_html(read_run(layout))


def test_values_stand_beside_their_errors(html: str, layout: RunLayout) -> None:
    text = " ".join("".join(Page(html).text).split())
    best = read_run(layout).best
    assert best is not None
    density = next(r for r in best.evaluation.results if r.name == "water/density-300K")
    assert f"{density.value:.5f}" in text and f"± {density.stderr:.5f}" in text
    assert "density of the liquid at 300 K" in text
    assert "The rate is zero at" in text and "bracket it from 270 to 280 K" in text


def test_names_are_escaped(tmp_path: Path) -> None:
    levels = water_levels()
    evil = replace(levels[0].targets[0], name="<script>alert(1)</script>")
    run = record((replace(levels[0], targets=(evil,)),), [entry()], path=tmp_path)
    assert "<script>" not in report_html(run)


def test_a_run_without_results_has_a_report(tmp_path: Path) -> None:
    layout = write_run(record(water_levels(), [], state=State.INTERRUPTED, path=tmp_path / "run"))
    layout.journal.write_text("")
    page = Page(write_report(layout).read_text(encoding="utf-8"))
    assert set(SECTIONS) <= set(page.ids)
    assert "No evaluation has finished yet." in status_text(layout)


def test_a_run_ended_while_it_was_set_up_has_a_report(tmp_path: Path) -> None:
    layout = write_run(record(water_levels(), [], state=State.INTERRUPTED, path=tmp_path / "run"))
    for file in (layout.targets, layout.base_model, layout.versions, layout.journal):
        file.unlink()
    assert "was ended while it was being set up" in write_report(layout).read_text(encoding="utf-8")
    assert "interrupted" in status_text(layout)


def test_every_evaluation_lost_says_so(tmp_path: Path) -> None:
    lost = [entry(outcome=Outcome.INFRA, reason="the worker died, 3 times", levels=3)] * 4
    layout = write_run(record(water_levels(), lost, state=State.INTERRUPTED, path=tmp_path / "run"))
    Page(write_report(layout).read_text(encoding="utf-8"))
    assert "lost to machine faults" in status_text(layout)


def test_nothing_but_breakdowns_has_a_report(tmp_path: Path) -> None:
    reason = "level dimer, target dimer_energy: the dimer is not bound"
    broken = [entry(outcome=Outcome.UNSTABLE, reason=reason, levels=3, seed=n) for n in range(12)]
    layout = write_run(record(water_levels(), broken, path=tmp_path / "run"))
    text = " ".join("".join(Page(write_report(layout).read_text(encoding="utf-8")).text).split())
    assert "not measured" in text and "Why is the fit poor?" in text
    assert "Most candidates break down" in text and "12 unstable at dimer/dimer_energy" in status_text(layout)


def test_values_that_are_not_numbers_are_dashes(tmp_path: Path) -> None:
    levels = water_levels()
    odd = measured(levels[0].targets[0], levels[0].name, math.nan, stderr=math.inf)
    layout = write_run(record(levels, [entry([odd], levels=3)], path=tmp_path / "run"))
    assert "nan" not in "".join(Page(write_report(layout).read_text(encoding="utf-8")).text)
    assert "nan" not in status_text(layout)


@pytest.mark.parametrize("kept", [1, 40, 400])
def test_a_cut_last_line_is_left_alone(tmp_path: Path, kept: int) -> None:
    layout = write_run(water_run(tmp_path / "run"))
    lines = layout.journal.read_bytes().splitlines(keepends=True)
    layout.journal.write_bytes(b"".join(lines[:30]) + lines[30][:kept])
    before = layout.journal.read_bytes()
    run = read_run(layout)
    assert len(run.entries) == 30 and run.torn
    assert "its last line is cut short" in write_report(layout).read_text(encoding="utf-8")
    # The run may be alive and about to finish that very line.
    assert layout.journal.read_bytes() == before


def test_damage_inside_the_journal_names_its_line(tmp_path: Path) -> None:
    layout = write_run(water_run(tmp_path / "run"))
    lines = layout.journal.read_bytes().splitlines(keepends=True)
    layout.journal.write_bytes(lines[0] + b'{"key": "x"}\n' + lines[1])
    with pytest.raises(FileFormatError, match=r"journal\.jsonl:2"):
        read_run(layout)


def test_a_repeated_evaluation_counts_once_with_its_last_result(tmp_path: Path) -> None:
    layout = write_run(water_run(tmp_path / "run"))
    lines = layout.journal.read_text().splitlines(keepends=True)
    layout.journal.write_text(lines[0].replace('"outcome": "ok"', '"outcome": "infra"') + "".join(lines))
    run = read_run(layout)
    assert len(run.entries) == len(lines) and run.entries[0].evaluation.outcome == "ok"


def test_states(tmp_path: Path) -> None:
    layout = write_run(water_run(tmp_path / "run", state=State.INTERRUPTED))
    assert read_run(layout).state is State.INTERRUPTED
    with RunLock(layout.path):
        assert read_run(layout).state is State.RUNNING
        assert "made-up water: running" in status_text(layout)
    finished = write_run(water_run(tmp_path / "other"))
    assert status_text(finished).startswith("made-up water: finished")


def test_generations_are_counted_from_the_first_sample(tmp_path: Path) -> None:
    run = read_run(write_run(water_run(tmp_path / "run")))
    numbers = [e.generation for e in run.candidates]
    # 20 candidates of the first sample, then 6 generations of 10 less 2 elites.
    assert numbers == [0] * 20 + [g for g in range(1, 7) for _ in range(8)]


def test_status_is_short_and_complete(layout: RunLayout) -> None:
    text = status_text(layout)
    assert len(text.splitlines()) < 25
    for words in (
        "generation  6 of 6",
        "68 candidates > dimer",
        "3 of 3 levels",
        "core hours",
        "+-",
        "passed",
    ):
        assert words in text


def test_not_a_run_folder(tmp_path: Path) -> None:
    write_run(water_run(tmp_path / "runs" / "water"))
    with pytest.raises(RunFolderError, match="not a run folder") as caught:
        write_report(RunLayout(tmp_path / "runs"))
    assert str(tmp_path / "runs" / "water") in (caught.value.remedy or "")
    with pytest.raises(RunFolderError, match="no such folder"):
        status_text(RunLayout(tmp_path / "runs" / "watr"))


def test_another_schema_is_refused(tmp_path: Path) -> None:
    layout = write_run(water_run(tmp_path / "run"))
    layout.used_yaml.write_text(layout.used_yaml.read_text().replace("schema: 1", "schema: 7"))
    with pytest.raises(RunFolderError, match="run of schema 7, this version reads schema 1"):
        write_report(layout)


@pytest.mark.parametrize("name", ["targets", "versions", "result", "base_model"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    layout = write_run(water_run(tmp_path / "run"))
    path: Path = getattr(layout, name)
    path.write_text(path.read_text()[:-20])
    with pytest.raises(FileFormatError, match=re.escape(path.name)):
        write_report(layout)


def test_the_report_is_replaced_as_a_whole(layout: RunLayout) -> None:
    write_report(layout)
    assert not [name for name in os.listdir(layout.path) if name.endswith(".tmp")]


def test_the_command_line_starts_without_drawing_packages() -> None:
    script = (
        "import sys, cgbridge.cli.app; print(sorted({'matplotlib', 'jinja2', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
