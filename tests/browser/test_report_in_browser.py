"""The report as people see it: wide and narrow, light and dark, on paper; without network or scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import Tab, find_chromium
from synthetic_reports import record, water_levels, water_run, write_run

from cgbridge.report.document import write_report
from cgbridge.report.run_record import State

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium (Debian: apt-get install chromium)"),
]

DESKTOP, PHONE = (1280, 900), (375, 812)
#: Contrast of normal text that WCAG 2.2 asks for at level AA.
CONTRAST = 4.5

#: Relative luminance and contrast as WCAG defines them; reads the computed colour of the text and the
#: nearest background below it that is not transparent.
_LOWEST_CONTRAST = """
(() => {
  const parse = (c) => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] > 0.99) return c;
    }
    return [255, 255, 255];
  };
  let lowest = [99, ''];
  const kinds = 'h1, h2, h3, p, th, td, dt, dd, a, figcaption, .note, .caveat, .pill, .chip';
  for (const e of document.querySelectorAll(kinds)) {
    const style = getComputedStyle(e);
    if (!e.textContent.trim() || style.opacity < 1 || e.matches('.up, .down')) continue;
    const [a, b] = [light(parse(style.color)), light(ground(e))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < lowest[0]) lowest = [contrast, e.outerHTML.slice(0, 80)];
  }
  return lowest;
})()
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Tab]:
    program = find_chromium()
    assert program is not None
    with Tab(program) as tab:
        yield tab


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(write_run(water_run(tmp_path_factory.mktemp("finished") / "run")))


@pytest.fixture(scope="module")
def empty_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty") / "run"
    return write_report(write_run(record(water_levels(), [], state=State.INTERRUPTED, path=folder)))


def test_a_page_with_faults_is_seen_through(browser: Tab, tmp_path: Path) -> None:
    """What the other tests look for is found where it is: else a driver that sees nothing would pass them."""
    page = tmp_path / "faulty.html"
    page.write_text(
        "<meta name='viewport' content='width=device-width'><div style='width: 3000px'>wide</div>"
        "<img src='nowhere.png'><script>console.log('heard'); throw new Error('thrown')</script>"
    )
    browser.show(page, width=375, height=812)
    assert browser.evaluate("document.documentElement.scrollWidth") >= 3000
    assert browser.requests() == [page.as_uri(), (tmp_path / "nowhere.png").as_uri()]
    words = " ".join(browser.troubles())
    assert "heard" in words and "thrown" in words and "nowhere.png" in words


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, (768, 1024), PHONE, (320, 568)], ids=lambda size: f"{size[0]}px")
def test_nothing_overflows_and_nothing_complains(
    browser: Tab, report: Path, tmp_path: Path, size: tuple[int, int], dark: bool
) -> None:
    browser.show(report, width=size[0], height=size[1], dark=dark)
    width = browser.evaluate("document.documentElement.scrollWidth")
    assert width <= size[0], "the page scrolls sideways"
    assert browser.troubles() == []
    assert browser.requests() == [report.resolve().as_uri()], "the page asks for something"
    picture = tmp_path / "page.png"
    browser.screenshot(picture)
    assert picture.stat().st_size > 50_000


def test_tables_on_a_phone_are_whole_or_shaded_where_they_go_on(browser: Tab, report: Path) -> None:
    browser.show(report, width=400, height=812)
    tables = browser.evaluate(
        """[...document.querySelectorAll('.scroll')].map(box => ({
          label: box.getAttribute('aria-label'), cards: box.querySelector('table.cards') !== null,
          hidden: box.scrollWidth - box.clientWidth, shades: getComputedStyle(box).backgroundImage
        }))"""
    )
    assert sum(table["cards"] for table in tables) >= 3 and any(table["hidden"] > 1 for table in tables)
    for table in tables:
        if table["cards"]:
            assert table["hidden"] <= 1, f"{table['label']} is cut"
        else:
            assert table["shades"].count("linear-gradient") == 4, table["label"]


def test_cards_on_a_phone_name_every_value(browser: Tab, report: Path) -> None:
    browser.show(report, width=400, height=812)
    # In a wide window the head of the table says what a number is; here the card must.
    nameless = browser.evaluate(
        """[...document.querySelectorAll('table.cards tbody td')].filter(cell =>
          getComputedStyle(cell).display !== 'none' && !cell.matches('.verdict') &&
          getComputedStyle(cell, '::before').content in {none: 1, normal: 1, '""': 1}
        ).map(cell => cell.outerHTML.slice(0, 80))"""
    )
    assert nameless == []
    words = browser.evaluate("document.querySelector('#verdict .cards tbody tr:not(.level)').innerText")
    assert "passed" in words and "dimer_energy" in words


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_report_without_results_fits_too(browser: Tab, empty_report: Path, size: tuple[int, int]) -> None:
    browser.show(empty_report, width=size[0], height=size[1])
    assert browser.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert browser.troubles() == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_has_contrast(browser: Tab, report: Path, dark: bool) -> None:
    browser.show(report, width=1280, height=900, dark=dark)
    lowest, element = browser.evaluate(_LOWEST_CONTRAST)
    assert lowest >= CONTRAST, f"{element}: {lowest:.2f}"


def test_pictures_follow_the_colour_scheme(browser: Tab, report: Path) -> None:
    colour = "getComputedStyle(document.querySelector('svg.plot text')).fill"
    seen = set()
    for dark in (False, True):
        browser.show(report, width=1280, height=900, dark=dark)
        seen.add(browser.evaluate(colour))
    assert len(seen) == 2


def test_labels_of_pictures_do_not_leave_them(browser: Tab, report: Path) -> None:
    browser.show(report, width=1280, height=900)
    outside = browser.evaluate(
        """[...document.querySelectorAll('svg.plot')].flatMap(svg => {
          const frame = svg.getBoundingClientRect();
          return [...svg.querySelectorAll('text')].filter(text => {
            const box = text.getBoundingClientRect();
            return box.left < frame.left - 1 || box.right > frame.right + 1 ||
                   box.top < frame.top - 1 || box.bottom > frame.bottom + 1;
          }).map(text => text.textContent);
        })"""
    )
    assert outside == []


def test_decimal_points_of_a_column_are_in_line(browser: Tab, report: Path) -> None:
    browser.show(report, width=1280, height=900)
    # The place of the decimal point in each value of the verdict table, measured on the page.
    places = browser.evaluate(
        """[...document.querySelectorAll('#verdict tbody tr:not(.level)')].map(row => {
          const node = row.querySelector('td.num').firstChild;
          const at = node.textContent.indexOf('.');
          if (at < 0 || node.textContent.includes('×')) return null;
          const range = document.createRange();
          range.setStart(node, at); range.setEnd(node, at + 1);
          return range.getBoundingClientRect().left;
        }).filter(place => place !== null)"""
    )
    assert len(places) >= 5
    assert max(places) - min(places) < 1.0


def test_paper_is_white_whatever_the_scheme(browser: Tab, report: Path) -> None:
    browser.show(report, width=794, height=1123, dark=True, media="print")
    assert browser.evaluate("getComputedStyle(document.body).color") == "rgb(28, 32, 36)"
    assert browser.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    assert browser.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"


def test_tables_fit_on_paper(browser: Tab, report: Path) -> None:
    # A4 less the margins of the page, 182 mm at 96 pixels per inch.
    browser.show(report, width=688, height=970, media="print")
    wide = browser.evaluate(
        "[...document.querySelectorAll('table')].filter(t => t.getBoundingClientRect().right > 690).length"
    )
    assert wide == 0
