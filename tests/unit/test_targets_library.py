"""Targets by name and inline: units, tolerances, search order, and errors that teach."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest

from cgbridge.errors import ConfigError, FileFormatError, UnitError
from cgbridge.observables.catalogue import get_observable
from cgbridge.records.target import Sampling, Target
from cgbridge.targets.library import list_targets, load_target, target_from_mapping
from cgbridge.units import convert

ICE = {"observable": "ice_density", "value": "920 kg/m^3", "tolerance": "0.01 g/cm^3", "temperature": "250 K"}


def test_numbers_are_converted_to_the_unit_of_the_value() -> None:
    target = target_from_mapping({**ICE, "error": "0.0002 g/cm^3", "pressure": "1 atm"}, "ice")
    assert (target.value, target.unit) == (920.0, "kg/m^3")
    # 1 g/cm^3 = 1000 kg/m^3 exactly; only rounding of the factors remains.
    assert target.tolerance == pytest.approx(10.0, rel=1e-12)
    assert target.error == pytest.approx(0.2, rel=1e-12)
    assert target.pressure == pytest.approx(1.01325, rel=1e-12)


def test_percentage_is_one_of_the_value_whatever_its_sign() -> None:
    target = target_from_mapping(
        {"observable": "lattice_energy", "value": "-50 kJ/mol", "tolerance": "3 %", "structure": "ice-ic"},
        "e",
    )
    assert target.tolerance == pytest.approx(1.5)


def test_bare_number_leaves_the_unit_to_the_observable() -> None:
    target = target_from_mapping({"observable": "tetrahedral_order", "value": 0.6, "tolerance": 0.05}, "q")
    assert (target.value, target.tolerance, target.unit) == (0.6, 0.05, "")


@pytest.mark.parametrize(
    ("change", "path", "hint"),
    [
        ({"tolerence": "1 %"}, "tolerence", "did you mean 'tolerance'"),
        ({"tolerance": "3 K"}, "targets.ice.tolerance", "temperature"),
        ({"tolerance": 0}, "targets.ice.tolerance", "positive"),
        ({"tolerance": "-1 %"}, "targets.ice.tolerance", "positive"),
        ({"tolerance": "1e400 %"}, "targets.ice.tolerance", "not a finite number"),
        ({"value": "0 g/cm^3", "tolerance": "3 %"}, "targets.ice.tolerance", "percentage"),
        ({"value": "dense"}, "targets.ice.value", "not a number"),
        ({"value": "1 g/cm3x"}, "targets.ice.value", "unknown unit"),
        ({"temperature": "250 bar"}, "temperature", "cannot convert"),
        ({"weight": 0}, "weight", "greater than 0"),
        ({"reference": "missing.csv"}, "missing.csv", "no such file"),
    ],
)
def test_faults_name_the_path_and_the_remedy(change: dict[str, object], path: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        target_from_mapping({**ICE, **change}, "ice")
    assert path in str(caught.value)
    assert hint in str(caught.value)


def test_required_keys_are_named() -> None:
    with pytest.raises(ConfigError, match="tolerance"):
        target_from_mapping({"observable": "density", "value": "1 g/cm^3"}, "x")


def test_reference_curve_is_read_in_nm(tmp_path: Path) -> None:
    (tmp_path / "g.csv").write_text("# two shells\nr_angstrom,g\n2.0,0.0\n3.0,2.5\n4.0,1.0\n")
    common = {"observable": "rdf", "value": 0, "tolerance": 0.1}
    short = target_from_mapping({**common, "reference": "g.csv"}, "g", tmp_path)
    long = target_from_mapping({**common, "reference": {"csv": "g.csv", "x_unit": "A"}}, "g", tmp_path)
    for target in (short, long):
        assert target.reference is not None
        assert target.reference.x_unit == "nm"
        np.testing.assert_allclose(target.reference.x, [0.2, 0.3, 0.4], rtol=1e-15)
        assert not target.reference.y_err.any()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no rows"),
        ("r_nm,g\n", "no rows"),
        ("0.1,0.2\n0.3,0.4\n", "column names"),
        ("r_nm,g\n0.1\n", "line 2"),
        ("r_nm,g\n0.1,\u22120.2\n", "line 2"),
        ("r_nm,g\n0.1,nan\n", "line 2"),
        ("r_nm,g\n0.1,1_0\n", "line 2"),
    ],
)
def test_malformed_table_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "g.csv").write_text(text)
    with pytest.raises(FileFormatError, match=message):
        target_from_mapping(
            {"observable": "rdf", "value": 0, "tolerance": 1, "reference": "g.csv"}, "g", tmp_path
        )


def test_curve_must_increase_and_have_a_unit(tmp_path: Path) -> None:
    common = {"observable": "rdf", "value": 0, "tolerance": 0.1, "reference": "g.csv"}
    (tmp_path / "g.csv").write_text("r_nm,g\n0.2,1\n0.1,1\n")
    with pytest.raises(ConfigError, match="increase"):
        target_from_mapping(common, "g", tmp_path)
    (tmp_path / "g.csv").write_text("r,g\n0.1,1\n0.2,1\n")
    with pytest.raises(ConfigError, match="unit"):
        target_from_mapping(common, "g", tmp_path)


def test_unknown_target_is_suggested() -> None:
    with pytest.raises(ConfigError, match=re.escape("did you mean 'water/density-300K'?")):
        load_target("water/density-300")


def test_folder_of_the_user_comes_first_and_adds_to_the_library(tmp_path: Path) -> None:
    (tmp_path / "targets").mkdir()
    (tmp_path / "targets" / "water.yaml").write_text(
        "targets:\n"
        "  density-300K: {observable: density, value: 0.5 g/cm^3, tolerance: 1 %}\n"
        "  mine: {observable: density, value: 1 g/cm^3, tolerance: 1 %}\n"
    )
    assert load_target("water/density-300K", tmp_path).value == 0.5
    assert load_target("water/mine", tmp_path).value == 1.0
    assert load_target("water/density-310K", tmp_path) == load_target("water/density-310K")
    assert "water/mine" in list_targets(tmp_path)
    assert "water/mine" not in list_targets()


@pytest.mark.parametrize("number", ["1e400 g/cm^3", "1e400", ".inf", "-.INF", ".nan", "'1e400 g/cm^3'"])
def test_an_entry_that_nobody_asks_for_has_finite_numbers(tmp_path: Path, number: str) -> None:
    (tmp_path / "targets").mkdir()
    (tmp_path / "targets" / "mine.yaml").write_text(
        "targets:\n  a: {observable: density, value: 1 g/cm^3, tolerance: 1 %}\n"
        f"  b:\n    observable: density\n    value: {number}\n    tolerance: 1 %\n"
    )
    with pytest.raises(ConfigError, match=r"mine\.yaml:5: targets\.b\.value: .* is no finite number"):
        load_target("mine/a", tmp_path)


def test_fault_in_a_library_names_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "targets").mkdir()
    path = tmp_path / "targets" / "own.yaml"
    path.write_text(
        "targets:\n  a: {observable: density, value: 1 g/cm^3, tolerance: 1 %, temprature: 3 K}\n"
    )
    with pytest.raises(ConfigError) as caught:
        load_target("own/a", tmp_path)
    assert f"{path}:2" in str(caught.value)
    assert "temperature" in str(caught.value)


def test_two_names_of_a_series_that_round_alike_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "targets"
    folder.mkdir()
    (folder / "t.csv").write_text("T_K,rho\n300,1\n300.2,1\n")
    (folder / "own.yaml").write_text(
        'series:\n  "rho-{T}K": {observable: density, csv: t.csv, column: rho, unit: g/cm^3, '
        "tolerance: 1 %}\n"
    )
    with pytest.raises(ConfigError, match="twice"):
        list_targets(tmp_path)


@pytest.fixture(params=list_targets())
def reference(request: pytest.FixtureRequest) -> Target:
    return load_target(request.param)


def test_every_reference_target_can_be_measured(reference: Target) -> None:
    """Observable, unit, options and state of each named target are accepted by the observable itself."""
    assert get_observable(reference.observable).simulations(reference, Sampling())


def test_every_reference_target_is_sourced_and_its_tolerance_exceeds_its_error(reference: Target) -> None:
    assert reference.source
    assert math.isfinite(reference.value)
    assert 0 <= reference.error < reference.tolerance


def test_unit_error_is_a_config_error() -> None:
    with pytest.raises(UnitError):
        target_from_mapping({**ICE, "tolerance": "1 nm"}, "ice")


def test_temperature_in_the_name_is_that_of_the_state(reference: Target) -> None:
    match = re.search(r"-(\d+)K$", reference.name)
    if match:
        # Names carry the temperature rounded to one kelvin.
        assert abs(reference.temperature - float(match.group(1))) <= 0.5


def test_static_targets_ask_for_a_crystal() -> None:
    target = load_target("water/ice-lattice-energy-0K")
    assert target.structure != "liquid"
    assert convert(target.value, target.unit, "kcal/mol") == pytest.approx(-11.31, abs=0.01)
