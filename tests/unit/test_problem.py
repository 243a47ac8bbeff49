"""From YAML to fit problem: names, beads, units, start densities, boxes, and all faults at once."""

from __future__ import annotations

import math
import pickle
import random
import re
from pathlib import Path

import numpy as np
import pytest
from single_bead import SINGLE_BEAD

from cgbridge.config.schema import FitConfig
from cgbridge.errors import CgbridgeError, CgbridgeWarning, ConfigError, ConfigErrors
from cgbridge.fits.search.box_check import check_simulations, start_densities
from cgbridge.fits.search.problem import build_problem, resolve_target
from cgbridge.fits.search.reading import read_evaluation, read_fit
from cgbridge.models.database import load_model
from cgbridge.models.files.lammps_format import format_lammps
from cgbridge.models.model import Bead
from cgbridge.observables.catalogue import ALIASES, OBSERVABLES, get_observable
from cgbridge.records.simulation import Simulation
from cgbridge.records.target import Sampling
from cgbridge.structures.box_sizes import start_density
from cgbridge.units import parse_unit

EXAMPLES = Path(__file__).parents[2] / "examples"


def problem(name: str):
    config = FitConfig.model_validate(
        {
            "schema": 1,
            "name": name,
            "model": {
                "form": "tersoff",
                "base": "ml-bop",
                "search": {"B": {"min": "400 eV", "max": "500 eV"}},
            },
            "levels": [
                {
                    "name": "dimer",
                    "targets": [{"observable": "dimer_energy", "value": "-21 kJ/mol", "tolerance": "30 %"}],
                }
            ],
        }
    )
    return build_problem(config, Path())


def test_a_fitted_model_does_not_pass_for_its_base() -> None:
    fitted = problem("my water/2").fitted({"B": 450.0})
    assert fitted.parameters["B"] == 450.0
    assert fitted.name == "my-water-2"  # usable as a file name
    text = format_lammps(fitted)
    assert "Model my-water-2" in text
    # The base model's own publication must not stand beside other numbers.
    assert load_model("ml-bop").source not in text
    assert "ml-bop" in fitted.source


def test_the_name_is_no_physics() -> None:
    one = problem("water")
    assert one.fitted({"B": 450.0}).fingerprint() == one.candidate({"B": 450.0}).fingerprint()


FAULTY = """\
schema: 1
name: many-faults
model:
  form: stillinger-weber
  base: mw
  search:
    epsilom: {min: 5 kcal/mol, max: 7 kcal/mol}
    sigma: {min: 3 A, max: 2 A}
levels:
  - name: one
    targets:
      - {observable: lattice_density, structure: ice-ic, value: 0.98 g/cm^3, tolerence: 1 %}
      - {observable: latice_density, structure: ice-ic, value: 0.98 g/cm^3, tolerance: 1 %}
      - water/density-300
  - name: two
    targets:
      - observable: rdf
        value: 2.8 A
        tolerance: 1 K
      - observable: density
        value: 1 g/cm^3
        tolerance: 1 %
        options:
          check_phas: no
          ice_threshold: 4
      - {from: water/density-300K, options: {beds: 3}}
      - {observable: rdf, value: 0, tolerance: 1, reference: nowhere.csv}
optimizer: {stages: [{method: hoga, population: 8, generations: 2}]}
"""
#: Line, dotted path and words of every fault in a target of it.
IN_TARGETS = [
    (12, "levels.0.targets.0.tolerence", "did you mean 'tolerance'?"),
    (12, "levels.0.targets.0.tolerance", "this key is required"),
    (13, "levels.0.targets.1", "did you mean 'lattice_density'?"),
    (14, "levels.0.targets.2", "did you mean 'water/density-300K'?"),
    (19, "levels.1.targets.0.tolerance", "cannot convert 'K'"),
    (24, "levels.1.targets.1.options.check_phas", "did you mean 'check_phase'?"),
    (25, "levels.1.targets.1.options.ice_threshold", "less than 1"),
    (26, "levels.1.targets.2.options.beds", "did you mean 'beads'?"),
    (27, "levels.1.targets.3", "no such file"),
]
IN_MODEL = [
    (7, "model.search.epsilom", "did you mean 'epsilon'?"),
    (8, "model.search.sigma", "min (3 A) is not below max (2 A)"),
]
IN_SECTIONS = [
    (28, "optimizer.stages.0.popluation", "did you mean 'population'?"),
    (5, "model.base", "no value is given here"),
]


def faults_of(path: Path, read=read_fit) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        read(path)
    text = str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == text  # workers send errors home
    return [line for line in text.splitlines() if not line.startswith("  remedy:")]


def expect(found: list[str], path: Path, expected: list[tuple[int, str, str]]) -> None:
    assert len(found) == len(expected), found
    for line, dotted, words in expected:
        assert [f for f in found if f.startswith(f"{path}:{line}: {dotted}:") and words in f], (line, dotted)


def test_all_faults_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "fit.yaml"
    path.write_text(FAULTY)
    expect(faults_of(path), path, IN_MODEL + IN_TARGETS)
    path.write_text(FAULTY.replace("population", "popluation"))
    expect(faults_of(path), path, IN_SECTIONS[:1] + IN_MODEL + IN_TARGETS)
    # Where the model section itself is wrong, its ranges cannot be looked at, and the targets can.
    path.write_text(FAULTY.replace("population", "popluation").replace("base: mw", "base:"))
    expect(faults_of(path), path, IN_SECTIONS + IN_TARGETS)


def test_a_target_list_tells_its_faults_at_once_too(tmp_path: Path) -> None:
    path = tmp_path / "targets.yaml"
    path.write_text("schema: 1\nseed: -1\ntargets:\n  - water/density-300\n  - {observable: density}\n")
    found = faults_of(path, read_evaluation)
    expect(
        found,
        path,
        [
            (2, "seed", "greater than or equal to 0"),
            (4, "targets.0", "did you mean 'water/density-300K'?"),
            (5, "targets.1.value", "this key is required"),
            (5, "targets.1.tolerance", "this key is required"),
        ],
    )


def test_one_fault_stays_one_error(tmp_path: Path) -> None:
    path = tmp_path / "targets.yaml"
    path.write_text("schema: 1\ntargets: [water/density-300]\n")
    with pytest.raises(ConfigError, match=r"targets\.yaml:2: targets\.0: unknown target") as caught:
        read_evaluation(path)
    assert not isinstance(caught.value, ConfigErrors) and caught.value.remedy


def fit(base: str, *targets, bead: dict | None = None, engine: dict | None = None, folder: Path = Path()):
    model = {"form": load_model(base, folder).form, "base": base, "search": {}}
    model["search"] = (
        {"B": {"min": "400 eV", "max": "500 eV"}}
        if model["form"] == "tersoff"
        else {"sigma": {"min": "2 A", "max": "2.3 A"}}
    )
    if bead is not None:
        model["bead"] = bead
    levels = [{"name": "all", "targets": list(targets)}]
    content = {"schema": 1, "name": "x", "model": model, "levels": levels, "engine": engine or {}}
    return build_problem(FitConfig.model_validate(content), folder)


DIMER = {"observable": "dimer_energy", "value": "-200 kJ/mol", "tolerance": "8 kJ/mol"}


@pytest.mark.parametrize("base", SINGLE_BEAD)
def test_the_bead_is_that_of_the_base(base):
    """Another substance is not water in disguise."""
    model = load_model(base)
    if len(model.beads) == 1:
        assert fit(base, DIMER).base.beads == model.beads


def test_the_bead_of_a_lammps_file_is_its_element(tmp_path):
    line = "Ge Ge Ge 3.0 1.0 0.0 1.0643e5 15.2 -0.35 0.75627 5.017e-7 1.71 430.0 2.95 0.15 2.4451 1760.1\n"
    (tmp_path / "Ge.tersoff").write_text("# UNITS: metal\n" + line)
    (bead,) = fit("Ge.tersoff", DIMER, folder=tmp_path).base.beads
    assert (bead.name, round(bead.mass, 1)) == ("Ge", 72.6)


def test_another_bead_than_that_of_the_base_is_announced():
    with pytest.warns(CgbridgeWarning) as found:
        problem = fit("sw-si", DIMER, bead={"name": "W", "mass": "18.015 amu"})
    words = [str(one.message) for one in found]
    assert any("18.015 amu" in w and "28.085 amu" in w and "0.6414" in w for w in words)
    assert any("Si" in w and "is called W" in w for w in words)
    assert problem.base.beads == (Bead("W", 18.015),)
    with pytest.warns(CgbridgeWarning, match="is called Q"):
        assert fit("sw-si", DIMER, bead={"name": "Q"}).base.beads == (Bead("Q", 28.085),)
    fit("sw-si", DIMER, bead={"name": "Si", "mass": 28.085})  # what is said agrees: no warning, which fails


@pytest.mark.parametrize("name", [*OBSERVABLES, *ALIASES])
def test_a_bare_number_is_refused_unless_the_observable_is_one(name):
    item = {"observable": name, "value": 235, "tolerance": 0.1, "temperature": 300}
    if name.startswith("lattice"):
        item["structure"] = "diamond"
    options = {"rdf": {"feature": "first_peak_height"}, "adf": {"feature": "peak_angle"}}.get(name)
    if options:
        item["options"] = options
    if parse_unit(get_observable(name).unit) == parse_unit("1"):
        assert resolve_target(item, Path(), "targets.0").unit == "1"
        return
    with pytest.raises(ConfigError, match=r"targets\.0\.value: the value 235 .*no unit") as caught:
        resolve_target(item, Path(), "targets.0")
    assert "value: 235 " in caught.value.remedy
    # What the remedy says is right.
    remedy = caught.value.remedy.partition("value: ")[2]
    if name not in ("adf", "bond_distribution", "angle_distribution", "configurations"):  # these want more
        assert resolve_target({**item, "value": remedy}, Path(), "targets.0").value == 235


def test_a_bare_position_of_a_peak_is_refused_too():
    item = {
        "observable": "rdf",
        "value": 2.45,
        "tolerance": 0.1,
        "options": {"feature": "first_peak_position"},
    }
    with pytest.raises(ConfigError, match=r"2\.45 of 'rdf' has no unit"):
        resolve_target(item, Path(), "targets.0")


def density(value: float, temperature: float, pressure: float = 1.0):
    state = {"temperature": temperature, "pressure": pressure}
    return {"observable": "density", "value": f"{value} g/cm^3", "tolerance": "5 %", **state}


def test_a_liquid_starts_near_the_density_that_is_wished_for():
    peak = {"observable": "rdf", "value": "2.45 A", "tolerance": "0.1 A", "temperature": 1900,
            "options": {"feature": "first_peak_position"}}  # fmt: skip
    problem = fit("sw-si", peak, density(2.5, 2000), density(4.0, 3000))
    (level,) = problem.levels
    starts = [
        simulation.density
        for target in level.targets
        for simulation in get_observable(target.observable).simulations(target, level.sampling)
    ]
    assert starts == [2.5, 2.5, 4.0]
    assert [round(s, 2) for s in start_densities(problem)] == [2.32, 3.62]  # within 12 %, see start_density
    given = fit("sw-si", peak, density(2.5, 2000), engine={"density": "3 g/cm^3"})
    assert [round(s, 2) for s in start_densities(given)] == [2.9]
    alone = fit("sw-si", peak)  # from the crystal, 2.33
    assert [round(s, 2) for s in start_densities(alone)] == [2.32]


@pytest.mark.parametrize("value", [0.86, 0.92, 0.997, 1.05])
@pytest.mark.parametrize("base", ["mw", "ml-bop"])
def test_water_starts_where_it_always_did(base, value):
    """So that its runs repeat: 0.95 g/cm^3, from density targets and from the crystals of all models."""
    peak = {"observable": "rdf", "value": "2.8 A", "tolerance": "0.1 A",
            "options": {"feature": "first_peak_position"}}  # fmt: skip
    assert start_densities(fit(base, density(value, 300), peak)) == [0.95]
    assert start_densities(fit(base, peak)) == [0.95]


@pytest.mark.parametrize("expected", np.geomspace(0.05, 25.0, 40))
def test_start_densities_are_near_and_few(expected):
    start = start_density(expected)
    # Half a step of 25 % either way.
    assert 1 / np.sqrt(1.25) <= start / expected * (1 + 1e-12) and start / expected <= np.sqrt(1.25) * (
        1 + 1e-12
    )
    assert start_density(start) == pytest.approx(start, rel=1e-12)


def test_a_box_too_narrow_for_what_is_looked_at_is_told_before_the_fit():
    shell = {"observable": "rdf", "value": 4.0, "tolerance": 0.5, "temperature": 2000,
             "options": {"feature": "coordination_number", "r_max": "7 A"}}  # fmt: skip
    with pytest.raises(
        ConfigError, match=r"128 beads \(1.337 nm\) is narrower than twice the 0.7 nm"
    ) as caught:
        check_simulations(fit("sw-si", shell, density(2.5, 2000), engine={"beads": 128}))
    least = int(caught.value.remedy.partition("at least ")[2].split(",")[0])
    check_simulations(fit("sw-si", shell, density(2.5, 2000), engine={"beads": least}))
    wide = {"observable": "adf", "value": "100 deg", "tolerance": "5 deg", "temperature": 2000,
            "options": {"feature": "mean_angle", "cutoff": "7 A"}}  # fmt: skip
    with pytest.raises(ConfigError, match=r"0\.7 nm that the target looks at"):
        check_simulations(fit("sw-si", wide, density(2.5, 2000), engine={"beads": 128}))
    near = {**shell, "options": {"feature": "first_peak_position", "r_max": "4 A"}, "value": "2.45 A"}
    check_simulations(fit("sw-si", near, density(2.5, 2000), engine={"beads": 128}))


def test_names_of_water_and_neutral_ones_are_the_same_physics():
    def of(crystal, observable):
        common = {"tolerance": "1 %", "structure": crystal}
        return fit(
            "sw-si",
            {"observable": "lattice_energy", "value": "-4 eV", "name": "a", **common},
            {"observable": observable, "value": "2.3 g/cm^3", "name": "b", **common},
        )

    one, other = of("ice-ic", "ice_density"), of("diamond", "crystal_density")
    assert one.protocol == other.protocol
    keys = [
        [s.key for t in p.levels[0].targets for s in get_observable(t.observable).simulations(t, Sampling())]
        for p in (one, other)
    ]
    assert keys[0] == keys[1] and keys[0][0][1] == "ice-ic"  # the seeds of water's runs derive from these
    for problem in (one, other):
        check_simulations(problem)
    assert Simulation("bulk", "hexagonal-diamond").key == Simulation("bulk", "ice-ih").key


#: What people, editors and templates leave in a value.
ODD = [
    "nan",
    "-1",
    "0",
    "1e400",
    "null",
    "[]",
    "{}",
    "true",
    "''",
    "1 A",
    "*a",
    "99999999999999999999",
    "{a: b}",
]


def test_any_value_anywhere_is_a_problem_or_a_message(tmp_path: Path) -> None:
    path, rng = tmp_path / "fit.yaml", random.Random(3)
    good = (EXAMPLES / "water-quick.yaml").read_text()
    places = list(re.finditer(r"(?<=: )[^,}\n#{]+", good))
    for _ in range(40):
        place = rng.choice(places)
        path.write_text(good[: place.start()] + rng.choice(ODD) + good[place.end() :])
        try:
            numbers = [p.minimum for p in read_fit(path).space.parameters]
        except CgbridgeError as fault:
            assert str(path) in str(fault), fault
        else:
            assert all(math.isfinite(number) for number in numbers)


def test_a_tolerance_with_a_unit_says_which_one_the_value_lacks():
    item = {"observable": "lattice_energy", "value": -4.63, "tolerance": "0.05 eV", "structure": "diamond"}
    with pytest.raises(ConfigError, match=r"targets\.0\.value: the value -4\.63 has no unit") as caught:
        resolve_target(item, Path(), "targets.0")
    assert caught.value.remedy == "write value: -4.63 eV"
    assert resolve_target({**item, "value": "-4.63 eV", "tolerance": "5 %"}, Path(), "targets.0").unit == "eV"


@pytest.mark.parametrize("name", sorted({*OBSERVABLES, *ALIASES} - {"configurations"}))
def test_a_structure_that_is_not_measured_is_refused(name):
    """Every observable either simulates the crystal that a target names, or says that it does not."""
    item = {"observable": name, "value": f"235 {get_observable(name).unit}", "tolerance": 0.1}
    item["structure"], options = "hexagonal-diamond", {"bond_distribution": {"bond": ["P", "P"]}}
    options |= {"angle_distribution": {"angle": ["P"] * 3}, "rdf": {"feature": "first_peak_height"}}
    item["options"] = {"feature": "mean"} | options[name] if "distribution" in name else options.get(name, {})
    if name == "adf":
        item |= {"value": "235 deg", "options": {"feature": "peak_angle"}}
    elif "distribution" in name:
        item["value"] = "235 nm" if name.startswith("bond") else "235 deg"
    try:
        target = resolve_target(item, Path(), "targets.0")
    except ConfigError as error:
        assert "targets.0.structure" in str(error) and "leave structure out" in str(error)
        assert not name.startswith(("lattice", "crystal", "ice", "melting", "enthalpy_of_fusion"))
    else:
        simulated = get_observable(name).simulations(target, Sampling())
        assert any(simulation.structure == "hexagonal-diamond" for simulation in simulated)


def test_an_unknown_crystal_is_told_where_it_stands():
    item = {"observable": "lattice_energy", "value": "-4 eV", "tolerance": "5 %", "structure": "diamnd"}
    with pytest.raises(ConfigError, match=r"targets\.0\.structure: .*did you mean 'diamond'"):
        resolve_target(item, Path(), "targets.0")


def test_a_form_that_is_none_is_told_as_such():
    content = problem("x").config.model_dump(mode="json", by_alias=True)
    content["model"]["form"] = "sw"
    with pytest.raises(ConfigError, match=r"model\.form: unknown functional form 'sw'"):
        build_problem(FitConfig.model_validate(content), Path())
