"""Structure files on the command line: what is asked by options, and what is said on standard error."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from fits import command
from typer.testing import CliRunner

from cgbridge.cli.app import app
from cgbridge.errors import CgbridgeError

DIMER = "{n}\nframe {n}\n{name} 0 0 0\n{name} {r} 0 0\n"


def test_energy_says_what_it_took(tmp_path: Path) -> None:
    """Two frames of a pair called Q: mW's energies at 2.5 and 2.6855 A, its minimum of -6.189 kcal/mol."""
    (tmp_path / "pair.xyz").write_text(
        DIMER.format(n=2, name="Q", r=2.5) + DIMER.format(n=2, name="Q", r=2.6855)
    )
    last = command(tmp_path, "energy", "mw", "pair.xyz", "--json", "last.json")
    assert last.returncode == 0, last.stderr
    assert "note: the last of 2 frames is taken" in last.stderr
    assert "note: particles named Q are taken as bead 'W'" in last.stderr
    first = command(tmp_path, "energy", "mw", "pair.xyz", "--frame", "0", "--rename", "Q=W")
    assert first.returncode == 0 and first.stderr == "" and "-24.026428" in first.stdout
    energy = json.loads((tmp_path / "last.json").read_text())["energy_kj_mol"]
    assert energy == pytest.approx(-6.189 * 4.184, abs=1e-4)  # digits of the distance


def test_what_simulate_makes_is_a_start_and_a_structure(tmp_path: Path) -> None:
    """A tenth of a picosecond alone: ten frames; each file of it goes on as a start and has an energy."""
    done = command(tmp_path, "simulate", "mw", "--beads", "216", "--time", "0.1ps", "--equilibration", "0",
                   "-o", "a.dcd", "--json", "a.json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    times = [float(line.split(",")[0]) for line in (tmp_path / "a.csv").read_text().splitlines()[1:]]
    assert times == pytest.approx(np.linspace(0.01, 0.1, 10))
    on = command(tmp_path, "simulate", "mw", "--structure", "a.dcd", "--frame", "-2",
                 "--repeat", "2", "1", "1", "--time", "0.02 ps",
                 "--equilibration", "0", "-o", "b.xyz")  # fmt: skip
    assert on.returncode == 0, on.stderr
    assert (tmp_path / "b.xyz").read_text().splitlines()[0] == "432"
    energy = command(tmp_path, "energy", "mw", "b.xyz")
    assert energy.returncode == 0 and "432 beads" in energy.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--frame", "1"), 3, "there is no frame 1: the file holds 1"),
        (("--types", "1=W"), 2, "--types: pair.xyz has no type numbers"),
        (("--types", "W"), 2, "--types: 'W' is no pair"),
        (("--rename", "X=W"), 2, "no particle called 'X'"),
        (("--rename", "W=A", "--rename", "W=B"), 2, "--rename: 'W' is given twice"),
        (("--repeat", "2", "2", "2"), 7, "not periodic in a direction that is to be repeated"),
        (("--topology", "none.pdb"), 3, "none.pdb: no such structure file"),
    ],
)
def test_options_that_do_not_fit_are_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pair.xyz").write_text(DIMER.format(n=2, name="W", r=2.5))
    error = CliRunner().invoke(app, ["energy", "mw", "pair.xyz", *arguments]).exception
    assert isinstance(error, CgbridgeError) and error.exit_code == code
    assert message in str(error)
