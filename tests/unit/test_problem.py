"""From YAML to fit problem: what the fitted model is called, and all faults at once."""

from __future__ import annotations

import math
import pickle
import random
import re
from pathlib import Path

import pytest

from cgbridge.campaign.problem import build_problem
from cgbridge.campaign.reading import read_evaluation, read_fit
from cgbridge.config.schema import FitConfig
from cgbridge.errors import CgbridgeError, ConfigError, ConfigErrors
from cgbridge.models.database import load_model
from cgbridge.models.lammps_format import format_lammps

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
                {"name": "dimer", "targets": [{"observable": "dimer_energy", "value": -21, "tolerance": 8}]}
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
optimizer: {population: 8, generations: 2}
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
    (28, "optimizer.popluation", "did you mean 'population'?"),
    (4, "model.form", "no value is given here"),
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
    path.write_text(FAULTY.replace("population", "popluation").replace("form: stillinger-weber", "form:"))
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
