"""The fit YAML: faults are named with file, line and dotted path."""

from __future__ import annotations

from pathlib import Path

import pytest

from cgbridge.config.loader import load_fit
from cgbridge.errors import ConfigError

GOOD = """\
schema: 1
name: quick
model:
  form: tersoff
  bead: {name: W, mass: 18.015 amu}
  base: ml-bop
  search:
    A: {min: 1200 eV, max: 2200 eV}
    beta: {min: 1e-7, max: 1e-5, scale: log}
levels:
  - name: lattice
    targets:
      - {observable: lattice_density, structure: ice-ic, value: 0.92 g/cm^3, tolerance: 0.03 g/cm^3}
optimizer: {method: hoga, population: 16, generations: 8, seed: 7}
engine: {platform: auto, timestep: 10 fs, beads: 343}
run: {folder: runs/quick, workers: auto}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "fit.yaml"
    path.write_text(text)
    return path


def test_good_input(tmp_path: Path) -> None:
    config = load_fit(write(tmp_path, GOOD))
    assert config.engine.timestep == pytest.approx(0.01)
    assert config.model.search["beta"].scale == "log"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("population: 16", "popultion: 16", 14, "unknown key 'popultion'; did you mean 'population'?"),
        ("timestep: 10 fs", "timestep: 10 fm", 15, "unknown unit 'fm'"),
        ("timestep: 10 fs", "timestep: 10 K", 15, "cannot convert 'K'"),
        ("name: quick", "nam: quick", 2, "unknown key 'nam'; did you mean 'name'?"),
        ("population: 16", "population: 2", 14, "greater than or equal to 4"),
        ("population: 16", "population: 8, elites: 8", 14, "elites (8) must be fewer than population (8)"),
        ("seed: 7", "seed: 7, seed: 8", 14, "given twice"),
        ("schema: 1", "schema: 2", 1, "schema 2 is not known"),
        ("method: hoga", "method: hoka", 14, "'hoga'"),
        ("scale: log", "scale: lag", 9, "'linear' or 'log'"),
        ("max: 2200 eV", "maximum: 2200 eV", 8, "unknown key 'maximum'"),
    ],
)
def test_faults_are_located(tmp_path: Path, old: str, new: str, line: int, message: str) -> None:
    with pytest.raises(ConfigError) as fault:
        load_fit(write(tmp_path, GOOD.replace(old, new)))
    assert f"fit.yaml:{line}" in str(fault.value)
    assert message in str(fault.value)


@pytest.mark.parametrize("text", ["", "- a\n", "a: [1\n", "\x00"])
def test_files_that_are_no_yaml_mapping(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"fit\.yaml"):
        load_fit(write(tmp_path, text))


def test_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cgbridge init"):
        load_fit(tmp_path / "none.yaml")
