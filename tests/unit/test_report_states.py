"""Reports tell one substance from another, say how long things ran, and which targets are gates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from synthetic_reports import entry, measured, record

from cgbridge.config.schema import FitConfig
from cgbridge.observables.traits import composition_words, state_words
from cgbridge.records.target import Curve, Target
from cgbridge.report.document import report_html
from cgbridge.report.figures.densities import density_figures
from cgbridge.report.figures.structure import rdf_figures
from cgbridge.report.fit_in_words import fit_words
from cgbridge.report.run_record import LevelRecord, RunRecord
from cgbridge.report.words import observable_words


def density(kelvin: float, *beads: str, **more: Any) -> Target:
    name = f"density-{'-'.join(beads)}-{kelvin:g}K"
    return Target(name, "density", 1.2, 0.05, "g/cm^3", temperature=kelvin, composition=beads, **more)


def run_of(*targets: Target, **engine: Any) -> RunRecord:
    level = LevelRecord("liquid", tuple(targets))
    results = [measured(t, "liquid", t.value, stderr=0.01) for t in targets]
    run = record([level], [entry(results, passed=1), entry(results, passed=1, phase="confirm")])
    return with_input(run, engine=engine)


def with_input(run: RunRecord, **sections: Any) -> RunRecord:
    content = run.config.model_dump(mode="json", by_alias=True)
    return replace(run, config=FitConfig.model_validate(content | sections))


@pytest.mark.parametrize(
    ("beads", "words"),
    [
        ((), ""),
        (("Ar",), "Ar"),
        (("Ar", "Kr"), "Ar and Kr"),
        (("C", "T", "T", "A"), "C, 2 T and A"),
        (("Ar", "Ar"), "Ar"),
    ],
)
def test_a_composition_in_words(beads: tuple[str, ...], words: str) -> None:
    assert composition_words(beads) == words


def test_the_state_tells_beads_and_pressure() -> None:
    target = density(110.0, "Ar", "Kr", pressure=100.0)
    assert state_words(target) == ("liquid of Ar and Kr", "110 K", "100 bar")
    words = observable_words(target).replace("\u00a0", " ")
    assert words == "density of the liquid of Ar and Kr at 110 K and 100 bar"
    assert "bar" not in observable_words(density(110.0))


def test_densities_of_different_substances_are_different_pictures() -> None:
    figures = density_figures(
        run_of(density(95.0, "Ar"), density(110.0, "Ar", "Kr"), density(105.0, "Ar"), density(95.0, "Kr"))
    )
    assert [figure.key for figure in figures] == ["density-liquid", "density-liquid-2", "density-liquid-3"]
    assert [figure.title for figure in figures] == [
        "Density of liquid of Ar against temperature",
        "Density of liquid of Ar and Kr against temperature",
        "Density of liquid of Kr against temperature",
    ]


def test_two_pressures_at_one_temperature_are_both_drawn() -> None:
    figures = density_figures(run_of(density(300.0), replace(density(300.0), name="high", pressure=1000.0)))
    assert [figure.title for figure in figures] == [
        "Density of liquid against temperature",
        "Density of liquid at 1000 bar against temperature",
    ]


def test_distribution_functions_of_different_beads_are_different_pictures() -> None:
    r = np.linspace(0.01, 0.8, 40)
    curves = {"rdf": Curve(r, np.tanh(r), np.full(40, 0.01), "nm", "1")}
    pairs: tuple[Any, ...] = (None, ["Ar", "Ar"], ["Ar", "Kr"])
    targets = [
        Target(
            f"t{n}", "rdf", 3.4, 0.1, "A", composition=("Ar", "Kr"), options={"pair": pair} if pair else {}
        )
        for n, pair in enumerate(pairs)
    ]
    targets.append(Target("pure", "rdf", 3.4, 0.1, "A"))
    level = LevelRecord("liquid", tuple(targets))
    results = [measured(target, "liquid", 3.4, stderr=0.01, curves=curves) for target in targets]
    figures = rdf_figures(record([level], [entry(results, passed=1, phase="confirm")]))
    assert sorted(figure.title.removeprefix("Radial distribution function") for figure in figures) == [
        " at 300 K",
        " of liquid of Ar and Kr at 300 K",
        " of the pair Ar-Ar in liquid of Ar and Kr at 300 K",
        " of the pair Ar-Kr in liquid of Ar and Kr at 300 K",
    ]


def test_an_unnamed_crystal_is_the_one_that_is_measured() -> None:
    ice = Target("ice", "crystal_density", 0.92, 0.02, "g/cm^3", temperature=200.0)
    named = replace(ice, name="named", temperature=250.0, structure="ice-ih")
    other = replace(ice, name="cubic", structure="ice-ic")
    titles = [figure.title for figure in density_figures(run_of(ice, named, other))]
    assert titles == ["Density of ice against temperature", "Density of ice-ic against temperature"]


def test_real_lengths_stand_in_the_report() -> None:
    run = run_of(density(300.0))
    content = run.config.model_dump(mode="json", by_alias=True)
    content["levels"][0]["sampling"] = {"equilibration": 4, "production": 6, "beads": 128}
    run = with_input(run, levels=content["levels"])
    words = fit_words(run)[-1]
    assert "boxes of 128 beads, 4 ps of equilibration and 6 ps of production" in words
    assert "unless" not in words and "40 ps" not in words and "120 ps" not in words


def test_levels_of_different_lengths_are_told_by_name_and_those_at_rest_not_at_all() -> None:
    dimer = Target("dimer", "dimer_energy", -26.0, 2.0, "kJ/mol")
    levels = [LevelRecord("rest", (dimer,))]
    levels += [LevelRecord(name, (density(300.0),)) for name in ("short", "long")]
    run = record(levels, [])
    content = run.config.model_dump(mode="json", by_alias=True)["levels"]
    content[1]["sampling"] = {"production": 6}
    words = fit_words(with_input(run, levels=content))[-1]
    assert "at level short boxes" in words and "6 ps of production; at level long boxes" in words
    assert "at level rest" not in words


def test_a_fit_at_rest_tells_of_no_dynamics() -> None:
    words = fit_words(
        record([LevelRecord("rest", (Target("d", "dimer_energy", -26.0, 2.0, "kJ/mol"),))], [])
    )[-1]
    assert "no level has molecular dynamics" in words and "fs steps" not in words


def test_gates_and_the_winner_and_missing_curves_on_the_page() -> None:
    gate = replace(density(300.0), name="first", gate=True)
    run = run_of(gate, density(310.0))
    page = report_html(replace(run, ended={"why": "complete", "words": "all was done", "stages": []}))
    fitted = page[page.index('<section id="fitted">') : page.index('<section id="results">')]
    assert fitted.count('class="gate"') == 1
    assert "Values of the winner, re-run" in page and "published model" not in page
    dimer = Target("dimer", "dimer_energy", -26.0, 2.0, "kJ/mol")
    results = [measured(dimer, "rest", -26.0)]
    still = record([LevelRecord("rest", (dimer,))], [entry(results, passed=1, phase="confirm")])
    page = report_html(replace(still, ended={"why": "complete", "words": "all was done", "stages": []}))
    assert "None of the targets has curves" in page and "with curves yet" not in page
