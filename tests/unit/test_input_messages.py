"""What a user is told of a fit YAML or a model file that is not sound: the words, the place, no more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cgbridge.config.loader import validate
from cgbridge.config.model_section import ModelSection
from cgbridge.errors import CgbridgeError, CgbridgeWarning, ConfigError
from cgbridge.fits.search.box_check import check_ranges, check_simulations
from cgbridge.fits.search.reading import read_fit
from cgbridge.models.database import load_model
from cgbridge.models.files.lammps_format import write_lammps
from cgbridge.models.files.model_file import model_from_dict
from cgbridge.models.files.model_writer import model_to_dict
from cgbridge.models.terms.catalogue import FORMS, get_form
from cgbridge.targets.target_file import TargetEntry

DIMER = {"observable": "dimer_energy", "value": "-26 kJ/mol", "tolerance": "0.5 kJ/mol"}


def fit(**changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = {
        "schema": 1,
        "name": "small",
        "model": {"base": "mw", "search": {"epsilon": "+-20 %"}},
        "levels": [{"name": "pair", "targets": [dict(DIMER)]}],
        "engine": {"method": "closed-form"},
    }
    return content | changes


def told(folder: Path, content: dict[str, Any], *, check: bool = False) -> str:
    path = folder / "fit.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    with pytest.raises(CgbridgeError) as caught:
        problem = read_fit(path)
        if check:
            check_simulations(problem)
    return str(caught.value)


# ---- words of the validation ----


@pytest.mark.parametrize(
    ("search", "words"),
    [
        ({"min": 3, "max": 10, "around": "+-5 %"}, "model.search.epsilon: give min and max, or around"),
        ({"around": "-15 %"}, "model.search.epsilon: '-15 %' is no range: write '+-20 %', 'default', or min"),
        ({"min": 3, "maxx": 10}, "model.search.epsilon.maxx: unknown key 'maxx'; did you mean 'max'?"),
        (["3 kJ/mol", "10 kJ/mol"], "model.search.epsilon: keys and values are wanted here"),
    ],
)
def test_a_range_that_is_none(tmp_path: Path, search: Any, words: str) -> None:
    message = told(tmp_path, fit(model={"base": "mw", "search": {"epsilon": search}}))
    assert words in message
    assert not any(leak in message for leak in ("function-after", "SearchSection", "valid string", "Input"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"composition": "GaN"}, "composition: a list is wanted here: [...] (found 'GaN')"),
        ({"options": "none"}, "options: keys and values are wanted here"),
        ({"structure": ["a"]}, "structure: text is wanted here"),
    ],
)
def test_a_target_of_other_kinds(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=r"fit\.yaml: ") as caught:
        validate(TargetEntry, DIMER | change, "fit.yaml")
    assert words in str(caught.value)


def test_no_text_of_pydantic_reaches_a_user() -> None:
    """Every key of the model section with a value of every wrong kind."""
    for key in ModelSection.model_fields:
        for value in (3, "word", [1], {"a": {"b": [1]}}, True):
            content = {"base": "mw", "search": {"epsilon": "default"}} | {key: value}
            try:
                validate(ModelSection, content, "fit.yaml")
            except ConfigError as error:
                for leak in ("Input", "input should", "valid tuple", "valid dictionary", "instance of"):
                    assert leak not in str(error), (key, value)


def test_a_remedy_that_several_faults_share_is_told_once(tmp_path: Path) -> None:
    search = dict.fromkeys(("epsilonn", "sigmaa", "gammma"), "default")
    message = told(tmp_path, fit(model={"base": "mw", "search": search}))
    assert all(f"has no parameter '{name}'" in message for name in search)
    assert message.count("its parameters: ") == 1


# ---- places ----


@pytest.mark.parametrize(("base", "words"), [("GaAs.tersoff", "not found"), ("mww", "did you mean 'mw'")])
def test_a_wrong_base_is_placed(tmp_path: Path, base: str, words: str) -> None:
    message = told(tmp_path, fit(model={"base": base, "search": {"epsilon": "default"}}))
    assert (
        message.startswith(f"{tmp_path / 'fit.yaml'}:") and ": model.base: " in message and words in message
    )


# ---- models ----


@pytest.mark.parametrize("form", [name for name in FORMS if get_form(name).label != name])
def test_the_short_name_of_a_form_leads_to_its_name(form: str) -> None:
    short = get_form(form).label
    with pytest.raises(ConfigError, match=f"'{short}'.*{form}"):
        get_form(short)


def pair_model(values: dict[str, Any], form: str = "lennard-jones", **entry: Any) -> dict[str, Any]:
    entries = [{"types": ["A"] * get_form(form).bodies, "values": values, **entry}]
    return {"name": "pair", "beads": [{"name": "A"}], "terms": [{"form": form, "entries": entries}]}


@pytest.mark.parametrize(
    ("form", "name"), [(form, shared.name) for form in FORMS for shared in get_form(form).shared]
)
def test_a_value_of_the_whole_term_is_sent_there(form: str, name: str) -> None:
    with pytest.raises(ConfigError, match=f"'{name}' is one value for the whole term.*") as caught:
        model_from_dict(pair_model({name: 0.8}, form), "model.yaml")
    assert f"values.{name}" in str(caught.value) and f"name: {name}" in str(caught.value.remedy)


@pytest.mark.parametrize(
    ("distance", "energy", "words"),
    [
        ([0.3, 0.4, 0.5, 0.6, 0.7], [2.0, 1.0, 0.5, 0.0], "5 distances and 4 energies"),
        ([0.3, 0.4, 0.5], [2.0, 1.0, 0.0], "four or more points .*, and this has 3"),
    ],
)
def test_a_table_that_is_none(distance: list[float], energy: list[float], words: str) -> None:
    table = {"distance": distance, "energy": energy}
    with pytest.raises(ConfigError, match=words):
        model_from_dict(pair_model({}, "table", table=table), "model.yaml")


def test_a_table_in_a_file_of_its_own_is_not_read() -> None:
    with pytest.raises(ConfigError, match="table: keys and values are wanted here"):
        model_from_dict(pair_model({}, "table", table="pot.csv"), "model.yaml")


def test_the_unit_of_the_file_is_remembered_and_changes_nothing() -> None:
    content = pair_model({"epsilon": "1.0 kJ/mol", "sigma": "3.4 A", "cutoff": "9 A"})
    model = model_from_dict(content, "model.yaml")
    assert model.parameter("epsilon").written == "kJ/mol" and model.parameter("sigma").written == ""
    assert model.parameter("epsilon").unit == get_form("lennard-jones").parameter("epsilon").unit
    again = model_from_dict(model_to_dict(model), "again.yaml")
    assert again.terms == model.terms and again.parameters == model.parameters


# ---- what would have no effect ----

LIQUID = {"observable": "density", "value": "1 g/cm^3", "tolerance": 0.01, "temperature": "300 K"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda c: c["levels"][0].update(sampling={"production": "6 ps", "interval": "20 ps"}),
            "levels.0.sampling.interval: a production of 6 ps gives 0.3 samples",
        ),
        (
            lambda c: c["levels"][0].update(sampling={"production": "6 ps", "maximum": "5 ps"}),
            "levels.0.sampling.maximum: maximum (5 ps) is below production (6 ps)",
        ),
        (
            lambda c: c.update(engine={"maximum": "5 ps", "production": "6 ps"}),
            "engine.maximum: maximum (5 ps) is below production (6 ps)",
        ),
        (
            lambda c: c.update(
                validation={"targets": [dict(LIQUID)], "sampling": {"production": 1, "interval": 1}}
            ),
            "validation.sampling.interval: a production of 1 ps gives 1 samples",
        ),
        (
            lambda c: c["levels"][0].update(gates=[LIQUID | {"weight": 2.0, "name": "gate"}]),
            "levels.0.gates.0.weight: a gate counts in no error",
        ),
        (
            lambda c: c.update(optimizer={"stages": [{"method": "hoga", "population": 8, "tournament": 9}]}),
            "tournament (9) must be at most population (8)",
        ),
    ],
    ids=["interval", "maximum", "engine", "validation", "weight of a gate", "tournament"],
)
def test_lengths_and_numbers_that_contradict_each_other(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], words: str
) -> None:
    content = fit(levels=[{"name": "liquid", "targets": [dict(LIQUID)]}], engine={})
    change(content)
    assert words in told(tmp_path, content)


def test_a_target_with_times_of_its_own_is_sampled_often_enough(tmp_path: Path) -> None:
    own = LIQUID | {"options": {"production": "2 ps", "interval": "1 ps"}}
    content = fit(levels=[{"name": "liquid", "targets": [own]}], engine={})
    message = told(tmp_path, content, check=True)
    assert "levels.0 (liquid), target density: a production of 2 ps gives 2 samples" in message


def test_a_dimer_has_two_beads(tmp_path: Path) -> None:
    content = fit(levels=[{"name": "pair", "targets": [DIMER | {"composition": ["W", "W", "W"]}]}])
    assert "a dimer has two beads, and here are 3: W, W, W" in told(tmp_path, content, check=True)


def test_a_range_whose_end_is_no_model_is_told(tmp_path: Path) -> None:
    path = tmp_path / "fit.yaml"
    write_lammps(load_model("tersoff-si"), tmp_path / "Si.tersoff")  # which has no bounds
    model = {"base": "Si.tersoff", "units": "metal", "masses": {"Si": 28.085}}
    search: dict[str, Any] = {"D": {"min": 0.1, "max": 4.0}}
    path.write_text(yaml.safe_dump(fit(model=model | {"search": search})))
    with pytest.warns(
        CgbridgeWarning, match=r"model\.search\.D: with its max, .* there is no model \(.*D"
    ) as found:
        check_ranges(read_fit(path))
    assert len(found) == 1
    # Where another parameter of the search may repair it, the range is as good as any.
    search["R"] = {"min": 2.85, "max": 5.0}
    path.write_text(yaml.safe_dump(fit(model=model | {"search": search})))
    check_ranges(read_fit(path))


def test_folds_that_cannot_be_made_are_told(tmp_path: Path) -> None:
    path = tmp_path / "fit.yaml"
    lattice = {"observable": "lattice_density", "structure": "ice-ic", "value": "1 g/cm^3", "tolerance": 0.1}
    levels = [{"name": "rest", "targets": [dict(DIMER), lattice]}]
    path.write_text(yaml.safe_dump(fit(levels=levels, cross_validation={"folds": 3})))
    with pytest.warns(CgbridgeWarning, match=r"cross_validation\.folds: 3 are asked for.* there will be 2"):
        check_simulations(read_fit(path))
    path.write_text(yaml.safe_dump(fit(levels=levels, cross_validation={})))
    check_simulations(read_fit(path))
