"""Options of the commands that take a model: units, masses, beads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from fits import command
from typer.testing import CliRunner

from cgbridge.cli.app import app
from cgbridge.config.loader import load_fit
from cgbridge.errors import CgbridgeError, CgbridgeWarning, ConfigError
from cgbridge.fits.search.problem import build_problem
from cgbridge.models.database import load_model
from cgbridge.models.files.lammps_format import format_lammps

DIMER = "2\n\nW 0 0 0\nW 2.7 0 0\n"


def run(*words: object) -> Result:
    """Run a command in this process; its error is raised, as :func:`cgbridge.cli.main` would print it."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(done.exception, CgbridgeError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture
def water(tmp_path: Path) -> Path:
    """mW as users of LAMMPS have it: in kcal/mol, without a tag, called mW."""
    text = format_lammps(load_model("mw"), units="real").replace("W W W", "mW mW mW")
    path = tmp_path / "mine.sw"
    path.write_text("\n".join(line for line in text.splitlines() if not line.startswith("#")) + "\n")
    (tmp_path / "dimer.xyz").write_text(DIMER)
    return path


def test_energy_in_units_that_the_file_does_not_say(water: Path, tmp_path: Path) -> None:
    """No mass is known for mW, and none is needed."""
    with pytest.raises(ConfigError, match="no UNITS tag"):
        run("energy", water, tmp_path / "dimer.xyz")
    out = tmp_path / "out.json"
    run("energy", water, tmp_path / "dimer.xyz", "--units", "real", "--json", out)
    found = json.loads(out.read_text())["energy_kj_mol"]
    run("energy", "mw", tmp_path / "dimer.xyz", "--json", out)
    # One conversion between calorie and joule.
    assert found == pytest.approx(json.loads(out.read_text())["energy_kj_mol"], rel=1e-14)


def test_simulate_needs_a_mass_and_says_how(water: Path, tmp_path: Path) -> None:
    words = ("simulate", water, "--units", "real", "--beads", 216, "--time", "0.1 ps", "--interval", "0.1 ps",
             "--equilibration", "0 ps", "-o", tmp_path / "a.xyz")  # fmt: skip
    with pytest.raises(ConfigError, match="--mass mW="):
        run(*words)
    with pytest.raises(ConfigError, match="there is no bead 'W'"):
        run(*words, "--mass", "W=18.015")
    with pytest.raises(ConfigError, match="is not a bead and its mass"):
        run(*words, "--mass", "18.015")
    with pytest.raises(ConfigError, match="cannot convert"):
        run(*words, "--mass", "mW=18 nm")
    run(*words, "--mass", "mW=18.015 g/mol")
    assert " mW " in (tmp_path / "a.xyz").read_text() or "mW" in (tmp_path / "a.xyz").read_text().split()


def test_evaluate_wants_one_bead_and_its_mass(water: Path, tmp_path: Path) -> None:
    targets = tmp_path / "targets.yaml"
    targets.write_text(
        "schema: 1\ntargets:\n"
        "  - {observable: lattice_density, structure: ice-ic, value: 0.98 g/cm^3, tolerance: 0.03 g/cm^3}\n"
    )
    with pytest.raises(ConfigError, match="--mass mW="):
        run("evaluate", water, targets, "--units", "real")
    (tmp_path / "two.sw").write_text(
        format_lammps(load_model("sw-si"))
        + "\n".join(
            format_lammps(load_model("sw-si")).splitlines()[-1].replace("Si Si Si", triplet)
            for triplet in ("C C C", "C Si Si", "Si C C", "C C Si", "C Si C", "Si C Si", "Si Si C")
        )
    )
    with pytest.raises(ConfigError, match=r"(?s)target lattice_density: .*on the sites: Si .*--bead"):
        run("evaluate", tmp_path / "two.sw", targets)
    done = command(tmp_path, "evaluate", "mine.sw", "targets.yaml", "--units", "real",
                   "--mass", "mW=18.015", "--json", "out.json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "out.json").read_text())["targets"][0]
    # The relaxed lattice of mW; its published density at 274 K is 0.98 g/cm^3.
    assert found["value"] == pytest.approx(1.0, abs=0.03)


def test_models_shows_beads_of_unknown_mass_and_notes(water: Path, tmp_path: Path) -> None:
    assert "mW of unknown mass" in run("models", water, "--units", "real").stdout
    water.write_text(water.read_text().replace("mW", "W"))
    done = run("models", water, "--units", "real")
    assert "W 18.015 amu" in done.stdout
    assert "note: the bead W is taken for a water molecule" in done.stderr


def test_bead_chooses_from_a_file_of_many(tmp_path: Path) -> None:
    row = format_lammps(load_model("sw-si")).splitlines()[-1].partition("Si Si Si")[2]
    lines = [f"{i} {j} {k}{row}" for i in ("Si", "C") for j in ("Si", "C") for k in ("Si", "C")]
    (tmp_path / "sic.sw").write_text("\n".join(["# UNITS: metal", *lines, ""]))
    (tmp_path / "si2.xyz").write_text(DIMER.replace("W", "Si"))
    assert "beads   Si" in run("models", tmp_path / "sic.sw", "--bead", "Si").stdout
    # The names of the structure choose by themselves; those of a single bead do not matter.
    first = run("energy", tmp_path / "sic.sw", tmp_path / "si2.xyz").stdout
    assert first == run("energy", "sw-si", tmp_path / "si2.xyz").stdout


def test_export_in_real_units_is_read_back(tmp_path: Path) -> None:
    out = tmp_path / "mw.sw"
    run("export", "mw", "--to", "lammps", "--units", "real", "-o", out)
    assert "UNITS: real" in out.read_text()
    assert load_model(out).parameters == load_model("mw").parameters
    run("export", "mw", "--to", "lammps", "-o", out, "--overwrite")
    assert "UNITS: metal" in out.read_text()


@pytest.mark.lammps
def test_export_in_real_units_is_the_same_in_lammps(tmp_path: Path) -> None:
    pytest.importorskip("lammps")
    done = run("export", "mw", "--to", "lammps", "--units", "real", "-o", tmp_path / "mw.sw", "--verify")
    assert "verified with lammps" in done.stdout


def test_units_of_the_base_of_a_fit(water: Path, tmp_path: Path) -> None:
    text = """\
schema: 1
name: units
model:
  form: stillinger-weber
  bead: {name: mW, mass: 18.015 g/mol}
  base: mine.sw
  units: real
  search:
    epsilon: {min: 5 kcal/mol, max: 7 kcal/mol}
levels:
  - name: lattice
    targets:
      - {observable: lattice_density, structure: ice-ic, value: 0.98 g/cm^3, tolerance: 0.03 g/cm^3}
"""
    path = tmp_path / "fit.yaml"
    path.write_text(text)
    base = build_problem(load_fit(path), tmp_path).base
    assert base.parameters == load_model("mw").parameters
    assert base.bead_mass == pytest.approx(18.015, rel=1e-12)
    path.write_text(text.replace("base: mine.sw", "base: mw"))
    with pytest.raises(ConfigError, match=r"^model\.units: .*has its own units"):
        build_problem(load_fit(path), tmp_path)
    path.write_text(text.replace("  units: real\n", ""))
    with pytest.raises(ConfigError, match="no UNITS tag"):
        build_problem(load_fit(path), tmp_path)
    path.write_text(text.replace(", mass: 18.015 g/mol", ""))
    with pytest.raises(ConfigError, match=r"model\.bead\.mass: no mass is known for the bead 'mW'"):
        build_problem(load_fit(path), tmp_path)


def test_the_bead_of_a_fit_chooses_from_a_base_of_many(tmp_path: Path) -> None:
    """The other bead has impossible values, which are not read."""
    row = format_lammps(load_model("sw-si")).splitlines()[-1].partition("Si Si Si")[2]
    bad = " ".join(["-1"] * 11)
    (tmp_path / "many.sw").write_text(f"# UNITS: metal\nSi Si Si {row}\nGe Ge Ge {bad}\n")
    text = """\
schema: 1
name: choice
model:
  form: stillinger-weber
  bead: {name: Si}
  base: many.sw
  search:
    epsilon: {min: 2 eV, max: 3 eV}
levels:
  - name: lattice
    targets:
      - {observable: lattice_density, structure: ice-ic, value: 2.3 g/cm^3, tolerance: 0.1 g/cm^3}
"""
    path = tmp_path / "fit.yaml"
    path.write_text(text)
    base = build_problem(load_fit(path), tmp_path).base
    assert base.parameters == load_model("sw-si").parameters
    assert base.bead_mass == pytest.approx(28.085, abs=1e-3)
    path.write_text(text.replace("Si}", "Sn}"))
    with pytest.raises(ConfigError, match="no bead 'Sn'"):
        build_problem(load_fit(path), tmp_path)


def test_untagged_file_in_metal_units_is_said_to_be(tmp_path: Path) -> None:
    text = format_lammps(load_model("sw-si")).replace("UNITS: ", "")
    (tmp_path / "si.sw").write_text(text)
    with pytest.warns(CgbridgeWarning, match="--model-units real"):
        run("models", tmp_path / "si.sw")
    assert run("models", tmp_path / "si.sw", "--units", "metal").exit_code == 0


def test_values_are_shown_in_the_units_of_the_file_too(tmp_path: Path) -> None:
    path = tmp_path / "ar.yaml"
    path.write_text(
        "name: ar\nbeads: [{name: Ar, mass: 39.948 amu}]\nterms:\n"
        "  - form: lennard-jones\n    entries:\n"
        "      - {types: [Ar, Ar], values: {epsilon: 1.0 kJ/mol, sigma: 3.4 A, cutoff: 1 nm}}\n"
    )
    told = " ".join(run("models", path).stdout.split())
    assert "as written" in told and " 1 kJ/mol " in told and " 1 nm " in told
    assert "as written" not in run("models", "mw").stdout


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("dimer_energy", "Energy"),
        ("lattice_constant", "First edge of the orthorhombic cell"),
        ("lattice_energy", "Potential energy per bead of the relaxed lattice at 0 K."),
        ("density", "rho"),
    ],
)
def test_every_observable_says_what_it_is(name: str, words: str) -> None:
    told = run("observables", name).stdout
    assert "scalar scalar" not in told and words.lower() in told.lower()
