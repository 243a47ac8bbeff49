"""`cgbridge simulate` as a user runs it: files, averages, starts, Ctrl-C."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import mdtraj
import numpy as np
import pytest
from fits import command

from cgbridge.engine.single_point import evaluate_structure
from cgbridge.models.database import load_model
from cgbridge.structures.structure_files import Structure, read_structure
from cgbridge.trajectories.hdf5 import Trajectory

SHORT = ("--beads", "216", "--time", "3 ps", "--equilibration", "2 ps", "--interval", "0.5 ps")


def rows(path: Path) -> list[dict[str, float]]:
    with open(path, encoding="utf-8") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


def test_a_liquid_leaves_trajectory_state_structure_and_averages(tmp_path: Path) -> None:
    done = command(tmp_path, "simulate", "mw", *SHORT, "--json", "mw.json")
    assert done.returncode == 0, done.stderr
    assert "density" in done.stdout and "+-" in done.stdout and "g/cm^3" in done.stdout
    frames = mdtraj.load(tmp_path / "mw-300K.dcd", top=tmp_path / "mw-300K-final.pdb")
    state = rows(tmp_path / "mw-300K.csv")
    assert frames.n_frames == len(state) == 6 and frames.n_atoms == 216
    # The box of the trajectory is that of the table: DCD holds single precision.
    volumes = np.prod(frames.unitcell_lengths.astype(float), axis=1)
    assert volumes == pytest.approx([row["volume_nm3"] for row in state], rel=1e-5)
    assert state[-1]["time_ps"] == pytest.approx(3.0)
    summary = json.loads((tmp_path / "mw.json").read_text())
    density = summary["averages"]["density"]
    assert density["value"] == pytest.approx(np.mean([row["density_g_cm3"] for row in state]), rel=1e-6)
    assert summary["beads"] == 216 and density["stderr"] > 0
    # A liquid near its density, not a gas or a wreck; the run is far too short for more.
    assert 0.9 < density["value"] < 1.1
    # The last structure is the last frame, wrapped, to the digits of a PDB file.
    last = read_structure(tmp_path / "mw-300K-final.pdb")
    assert last.box is not None
    apart = last.positions - frames.xyz[-1]
    edges = np.diag(last.box)
    assert np.abs(apart - edges * np.round(apart / edges)).max() < 2e-4


def test_a_model_teaches_another(tmp_path: Path) -> None:
    """Frames with forces: those of the model at these positions, and data for a fit as they are."""
    short = (*SHORT, "--time", "8 ps", "--interval", "0.2 ps", "--seed", "2")
    done = command(tmp_path, "simulate", "mw", *short, "-o", "teacher.h5")
    assert done.returncode == 0, done.stderr
    frames = Trajectory(tmp_path / "teacher.h5")
    state = rows(tmp_path / "teacher.csv")
    assert len(frames) == len(state) == 40
    source = frames.header.source
    assert (source["ensemble"], source["temperature"], source["pressure"]) == ("npt", 300.0, 1.0)
    model = load_model("mw")
    for number in (0, 39):
        (frame,) = frames.frames(number, number + 1)
        structure = Structure(("W",) * 216, frame.positions, frame.box)
        found = evaluate_structure(model, structure, "Reference")
        # Positions and forces are kept in single precision.
        size = np.abs(found["forces_kj_mol_nm"]).max()
        assert np.abs(np.array(found["forces_kj_mol_nm"]) - frame.forces).max() < 1e-3 * size
        assert frame.energy == pytest.approx(found["energy_kj_mol"], rel=1e-5)
        assert frame.pressure == pytest.approx(state[number]["pressure_bar"])
        assert frame.temperature == pytest.approx(state[number]["temperature_K"])
    # The file is a structure as well, by the types of its beads.
    done = command(tmp_path, "energy", "mw", "teacher.h5", "--frame", "0", "--json", "energy.json")
    assert done.returncode == 0, done.stderr
    (frame,) = frames.frames(0, 1)
    energy = json.loads((tmp_path / "energy.json").read_text())["energy_kj_mol"]
    assert frame.energy == pytest.approx(energy, rel=1e-5)
    on = ("--structure", "teacher.h5", "--time", "1 ps", "--equilibration", "0 ps", "-o", "on.dcd")
    done = command(tmp_path, "simulate", "mw", *on)
    assert done.returncode == 0 and "the last of 40 frames is taken" in done.stderr, done.stderr
    done = command(tmp_path, "energy", "mw", "teacher.h5", "--frame", "40")
    assert done.returncode == 3 and "there is no frame 40" in done.stderr, done.stderr
    # A pair spline learns the larger part of mW, and nothing of its angles.
    (tmp_path / "student.yaml").write_text(
        "schema: 1\nmethod: force-matching\nname: student\ndata: {files: [teacher.h5], gap: 0 ps}\n"
        "model: {architecture: pair-spline, cutoff: 5 A}\nrun: {folder: student}\n"
    )
    done = command(tmp_path, "fit", "student.yaml")
    assert done.returncode == 0, done.stderr
    errors = json.loads((tmp_path / "student/result.json").read_text())["errors"]["validation"]
    assert 0.1 < errors["force"] / errors["spread"] < 0.9


def test_equal_seeds_repeat_and_nothing_is_replaced_unasked(tmp_path: Path) -> None:
    arguments = ("simulate", "mw", *SHORT, "-o", "a.xyz", "--seed", "4")
    assert command(tmp_path, *arguments).returncode == 0
    first = (tmp_path / "a.csv").read_bytes()
    refused = command(tmp_path, *arguments)
    assert (
        refused.returncode == 2 and "this file exists" in refused.stderr and "--overwrite" in refused.stderr
    )
    assert command(tmp_path, *arguments, "--overwrite").returncode == 0
    assert (tmp_path / "a.csv").read_bytes() == first


def test_a_crystal_at_constant_volume_and_on_from_its_last_structure(tmp_path: Path) -> None:
    short = ("--time", "1 ps", "--equilibration", "0 ps", "--interval", "0.5 ps", "--temperature", "200 K")
    ice = command(tmp_path, "simulate", "ml-bop", "--structure", "ice-ih", "--beads", "300", *short,
                  "--ensemble", "nvt", "-o", "ice.xtc")  # fmt: skip
    assert ice.returncode == 0, ice.stderr
    assert len({row["volume_nm3"] for row in rows(tmp_path / "ice.csv")}) == 1
    on = command(tmp_path, "simulate", "ml-bop", "--structure", "ice-final.pdb", *short, "-o", "on.dcd")
    assert on.returncode == 0, on.stderr
    # What is read is not written over, not even where files may be replaced.
    over = command(tmp_path, "simulate", "ml-bop", "--structure", "ice-final.pdb", *short, "-o", "ice.xtc",
                   "--overwrite")  # fmt: skip
    assert over.returncode == 2 and "would write over it" in over.stderr
    first, second = rows(tmp_path / "ice.csv")[0], rows(tmp_path / "on.csv")[0]
    # Half a picosecond of barostat moves the volume by its fluctuations at most: sqrt(k T kappa / V) is
    # 0.5 per cent for 9 nm^3 of ice (kappa 0.1/GPa), four of them 2 per cent.
    assert second["volume_nm3"] == pytest.approx(first["volume_nm3"], rel=0.02)
    trajectory = mdtraj.load(tmp_path / "ice.xtc", top=tmp_path / "ice-final.pdb")
    assert trajectory.time == pytest.approx([0.5, 1.0])


def test_two_kinds_of_beads_come_from_a_file(tmp_path: Path) -> None:
    """Both kinds are silicon under two names, so that the energy is that of silicon."""
    (tmp_path / "two.tersoff").write_text(
        "".join(
            f"{i} {j} {k} 3 1 1.3258 4.8381 2.0417 0 22.956 0.33675 1.3258 95.373 3 0.2 3.2394 3264.7\n"
            for i in ("Si", "Ge")
            for j in ("Si", "Ge")
            for k in ("Si", "Ge")
        )
    )
    refused = command(tmp_path, "simulate", "two.tersoff")
    assert refused.returncode == 2 and "has the beads Si, Ge" in refused.stderr
    cell = np.array([[0, 0, 0], [0, 2, 2], [2, 0, 2], [2, 2, 0], [1, 1, 1], [1, 3, 3], [3, 1, 3], [3, 3, 1]])
    grid = [(i, j, k) for i in range(2) for j in range(2) for k in range(2)]
    lines = ["64", 'Lattice="10.9 0 0 0 10.9 0 0 0 10.9" Properties=species:S:1:pos:R:3 pbc="T T T"']
    for shift in grid:
        for number, place in enumerate((cell / 4.0 + np.array(shift)) * 5.45):
            lines.append(" ".join([("Si", "Ge")[number % 2], *(f"{x:.4f}" for x in place)]))
    (tmp_path / "crystal.xyz").write_text("\n".join(lines) + "\n")
    done = command(
        tmp_path, "simulate", "two.tersoff", "--structure", "crystal.xyz", "--timestep", "2 fs",
        "--time", "0.2 ps", "--interval", "0.1 ps", "--equilibration", "0", "-o", "two.xyz",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "two.xyz").read_text().count("Ge ") == 2 * 32


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_keeps_what_was_done(tmp_path: Path, number: int) -> None:
    """And what batch systems send before they kill."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "cgbridge",
            "simulate",
            "mw",
            "--beads",
            "216",
            "--time",
            "1 us",
            "-o",
            "a.dcd",
        ],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60.0
    while not (tmp_path / "a.csv").exists() or (tmp_path / "a.csv").read_bytes().count(b"\n") < 4:
        assert time.monotonic() < deadline and process.poll() is None, "the simulation does not get going"
        time.sleep(0.05)
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "what was done is kept" in errors and "Traceback" not in errors
    assert "density" in output
    frames = mdtraj.load(tmp_path / "a.dcd", top=tmp_path / "a-final.pdb")
    assert frames.n_frames == len(rows(tmp_path / "a.csv")) >= 3


def test_a_simulation_that_explodes_says_so(tmp_path: Path) -> None:
    done = command(tmp_path, "simulate", "mw", *SHORT, "--timestep", "50 fs")
    assert done.returncode == 7
    assert "shorter --timestep" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--temperature", "300 ps"), 2, "--temperature: '300 ps': cannot convert"),
        (("--temperature", "-3"), 2, "--temperature: must be positive"),
        (("--ensemble", "nvt"), 2, "--density"),
        (("--beads", "20"), 7, "use more beads: at least"),
        (("--timestep", "10"), 2, "--timestep '10 fs'"),
        (("--interval", "1 ns"), 2, "longer than the recorded time"),
        (("--structure", "iceih"), 2, "did you mean 'ice-ih'?"),
        (("--structure", "ice-ih", "--density", "1"), 2, "only a liquid start"),
        (("--structure", "none.pdb"), 3, "no such structure file"),
        (("-o", "a.gro"), 2, "end the name in one of: .dcd, .xtc, .xyz"),
        (("-o", "nowhere/a.dcd"), 6, "nowhere: no such folder"),
        (("--platform", "CUDDA"), 7, "OpenMM has no platform 'CUDDA'"),
    ],
)
def test_bad_options_are_one_message(
    tmp_path: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    done = command(tmp_path, "simulate", "mw", *arguments)
    assert done.returncode == code, done.stderr
    assert message in done.stderr and "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir()), "nothing is left behind"
