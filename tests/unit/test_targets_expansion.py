"""Many targets at a time: patterns of names, and lists of temperatures."""

from __future__ import annotations

from pathlib import Path

import pytest

from cgbridge.config.schema import EvaluateConfig
from cgbridge.errors import ConfigError
from cgbridge.fits.search.problem import resolve_targets
from cgbridge.targets.expansion import expand_target

MINE = """
targets:
  density-250K: {observable: density, value: 5.0 g/cm^3, tolerance: 1 %, temperature: 250 K}
  density-300K: {observable: density, value: 4.9 g/cm^3, tolerance: 1 %, temperature: 300 K}
  peak: {observable: rdf, value: 2.5 A, tolerance: 0.1 A, options: {feature: first_peak_position}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "targets").mkdir()
    (tmp_path / "targets" / "mine.yaml").write_text(MINE)
    return tmp_path


def values(items, folder):
    found = resolve_targets(EvaluateConfig(targets=items), folder)
    return {t.name: (t.value, t.temperature, t.tolerance) for t in found}


def test_a_pattern_stands_for_every_name_that_matches(folder):
    both = {"mine/density-250K": (5.0, 250.0, 0.05), "mine/density-300K": (4.9, 300.0, 0.049)}
    assert values(["mine/density-*"], folder) == both
    closer = values([{"from": "mine/density-*", "tolerance": "2 %"}], folder)
    assert closer == {name: (v, t, pytest.approx(0.02 * v)) for name, (v, t, _) in both.items()}


def test_a_list_of_temperatures_stands_for_one_target_each(folder):
    item = {
        "observable": "density",
        "temperature": ["250 K", 275, "298.5 K"],
        "value": ["1 g/cm^3", "2 g/cm^3", "3000 kg/m^3"],
        "tolerance": "1 %",
    }
    assert values([item], folder) == {
        "density-250K": (1.0, 250.0, 0.01),
        "density-275K": (2.0, 275.0, 0.02),
        "density-298.5K": (3000.0, 298.5, 30.0),
    }
    named = {**item, "name": "rho", "tolerance": ["0.1 g/cm^3", "0.2 g/cm^3", "30 kg/m^3"]}
    assert values([named], folder) == {
        "rho-250K": (1.0, 250.0, 0.1),
        "rho-275K": (2.0, 275.0, 0.2),
        "rho-298.5K": (3000.0, 298.5, 30.0),
    }


def test_a_list_of_temperatures_may_pick_from_a_series(folder):
    item = {"from": "mine/density-{T}K", "temperature": ["250 K", "300 K"], "tolerance": "2 %"}
    assert list(values([item], folder)) == ["mine/density-250K", "mine/density-300K"]


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("mine/dnsity-*", "no reference target matches 'mine/dnsity-\\*'"),
        ({"from": "mine/density-*", "name": "x"}, "one name for 2 targets"),
        ({"observable": "density", "temperature": ["1 K", "2 K"], "value": "1 g/cm^3"}, "but one value"),
        ({"from": "mine/density-250K", "temperature": ["250 K", "300 K"]}, "2 temperatures, but one value"),
        (
            {"observable": "density", "temperature": ["1 K", "2 K"], "value": ["1 g/cm^3"]},
            "1 values for 2 temperatures",
        ),
        ({"observable": "density", "temperature": [], "value": []}, "empty"),
        ({"observable": "density", "temperature": ["1 A"], "value": ["1 g/cm^3"]}, "temperature.0"),
        ({"observable": "density", "value": ["1 g/cm^3"]}, "needs a list of temperatures"),
    ],
)
def test_what_does_not_go_together_is_refused(item, words, folder):
    with pytest.raises(ConfigError, match=words):
        expand_target(item, folder, "targets.0")


def test_errors_name_the_entry_as_the_user_counts(folder):
    with pytest.raises(ConfigError, match=r"targets\.1"):
        resolve_targets(EvaluateConfig(targets=("mine/density-*", "mine/peek")), folder)


def test_targets_remember_the_entry_that_they_stand_for(folder):
    items = [{"from": "mine/density-*", "tolerance": "2 %"}, "mine/peak"]
    found = resolve_targets(EvaluateConfig(targets=items), folder)
    assert [target.entry for target in found] == [0, 0, 1]
