"""What a user gets wrong, through the real command: one message with place and remedy, and an exit code."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from fits import command

from cgbridge.models.database import load_model
from cgbridge.models.files.lammps_format import format_lammps

GOOD = """\
schema: 1
name: quick
model:
  form: stillinger-weber
  base: mw
  search:
    epsilon: {min: 5 kcal/mol, max: 7 kcal/mol}
levels:
  - name: lattice
    targets:
      - {observable: lattice_density, structure: ice-ic, value: 0.98 g/cm^3, tolerance: 0.03 g/cm^3}
optimizer: {stages: [{method: hoga, population: 8, generations: 2}]}
engine: {timestep: 10 fs}
run: {folder: run}
"""
DIMER = "2\n\nW 0 0 0\nW 2.7 0 0\n"
LATTICE = 'Lattice="{}" Properties=species:S:1:pos:R:3 pbc="{}"'


def fault(folder: Path, *words: str, code: int) -> str:
    """Run a command that must fail with ``code`` and a message; return the message."""
    before = {path.name for path in folder.iterdir()}
    done = command(folder, *words)
    assert done.returncode == code, done.stdout + done.stderr
    assert (
        done.stderr.startswith("error: ") and "Traceback" not in done.stderr and "Warning" not in done.stderr
    )
    assert "\n  remedy: " in done.stderr, done.stderr
    assert {path.name for path in folder.iterdir()} == before, "nothing is left behind"
    return done.stderr


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("population: 8", "popluation: 8", "fit.yaml:12: optimizer.stages.0.popluation: unknown key"),
        ("population: 8", "popluation: 8", "did you mean 'population'?"),
        ("timestep: 10 fs", "timestep: 10 K", "fit.yaml:13: engine.timestep: '10 K': cannot convert"),
        ("min: 5 kcal/mol", "min: 5 A", "model.search.epsilon.min: '5 A': cannot convert"),
        ("epsilon: {min: 5", "epsilom: {min: 5", "no parameter 'epsilom'; did you mean 'epsilon'?"),
        ("epsilon: {min: 5", "beta: {min: 5", "model 'mw' has no parameter 'beta'"),
        ("- {observable", "- water/density-300\n      - {observable", "did you mean 'water/density-300K'?"),
        ("lattice_density", "latice_density", "did you mean 'lattice_density'?"),
        ("base: mw", "base: mww", "did you mean 'mw'?"),
        ("base: mw", "base: my.sw", "model file 'my.sw' not found"),
        ("schema: 1", "schema: 7", "schema 7 is not known"),
        ("value: 0.98 g/cm^3, ", "", "value: this key is required"),
        ("run: {folder: run}", "run: {folder: run", "not valid YAML"),
    ],
)
def test_faults_of_a_fit_yaml(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    (tmp_path / "fit.yaml").write_text(GOOD.replace(old, new))
    assert message in fault(tmp_path, "check", "fit.yaml", "--no-timing", code=2)


def test_minimum_above_maximum(tmp_path: Path) -> None:
    (tmp_path / "fit.yaml").write_text(GOOD.replace("min: 5 kcal", "min: 8 kcal"))
    done = command(tmp_path, "check", "fit.yaml")
    assert done.returncode == 2
    assert "model.search.epsilon: min (8 kcal/mol) is not below max (7 kcal/mol)" in done.stderr


@pytest.mark.parametrize("verb", [("check",), ("fit",), ("evaluate", "mw")], ids=lambda words: words[0])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"- a\n- b\n", "expected keys and values"),
        (b"\xff\xfe\x00\x01", "this is no text file"),
        (b"schema: 1\nname: [a\n", "input.yaml:3: not valid YAML"),
    ],
    ids=["empty", "list", "binary", "broken"],
)
def test_files_that_are_no_input(tmp_path: Path, verb: tuple[str, ...], content: bytes, message: str) -> None:
    (tmp_path / "input.yaml").write_bytes(content)
    assert message in fault(tmp_path, *verb, "input.yaml", code=2)


@pytest.mark.parametrize("verb", ["energy", "export", "simulate"])
@pytest.mark.parametrize("state", ["empty", "comments", "truncated", "stray"])
def test_lammps_files_that_are_not_whole(tmp_path: Path, verb: str, state: str) -> None:
    whole = format_lammps(load_model("mw"))
    lines = whole.splitlines(keepends=True)
    text, message = {
        "empty": ("", "the file is empty"),
        "comments": ("".join(line for line in lines if line.startswith("#")), "only comments"),
        "truncated": (whole[: whole.rindex(" ")], "'tol' is missing"),
        "stray": (whole.replace("23.15", "23,15"), "unexpected character ','"),
    }[state]
    (tmp_path / "my.sw").write_text(text)
    (tmp_path / "dimer.xyz").write_text(DIMER)
    rest = {"energy": ("dimer.xyz", "--json", "out.json"), "export": ("--to", "lammps", "-o", "out.sw")}
    said = fault(tmp_path, verb, "my.sw", *rest.get(verb, ()), code=3)
    assert message in said and "my.sw" in said


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("", 3, "the file is empty"),
        ("not a structure\nat all\n", 3, "line 1: expected the number of particles"),
        ("5\n\nW 0 0 0\nW 2.7 0 0\n", 3, "2 of 5 particles are there"),
        ("2\n\nW 0 0 0\nW nan 0 0\n", 3, "the position of bead 2 is not a number"),
        (f"2\n{LATTICE.format('9 0 0 9 0 0 0 0 9', 'T T T')}\nW 0 0 0\nW 2.7 0 0\n", 3, "no volume"),
        ("2\n\nW 1 1 1\nW 1 1 1\n", 7, "the closest beads, 1 and 2, are 0 nm apart"),
        ("3\n\nW 9 9 9\nW 1 1 1\nW 1 1 1\n", 7, "the closest beads, 2 and 3"),
    ],
)
def test_structures_without_an_energy(tmp_path: Path, text: str, code: int, message: str) -> None:
    (tmp_path / "box.xyz").write_text(text)
    assert message in fault(tmp_path, "energy", "mw", "box.xyz", "--json", "out.json", code=code)


def test_a_missing_structure(tmp_path: Path) -> None:
    assert "none.xyz: no such structure file" in fault(tmp_path, "energy", "mw", "none.xyz", code=3)


def test_a_structure_without_a_cell_is_not_simulated(tmp_path: Path) -> None:
    (tmp_path / "dimer.xyz").write_text(DIMER)
    said = fault(tmp_path, "simulate", "mw", "--structure", "dimer.xyz", code=7)
    assert "dimer.xyz: the structure has no cell" in said and "CRYST1" in said


@pytest.mark.parametrize("place", ["nowhere/out", "file/out", "folder"])
def test_outputs_that_cannot_be_written(tmp_path: Path, place: str) -> None:
    (tmp_path / "dimer.xyz").write_text(DIMER)
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder").mkdir()
    (tmp_path / "targets.yaml").write_text("schema: 1\ntargets: [mw/dimer-energy]\n")
    for words in (
        ("energy", "mw", "dimer.xyz", "--json", place),
        ("evaluate", "mw", "targets.yaml", "--json", place),
        ("export", "mw", "--to", "lammps", "-o", place),
        ("init", place) if place != "folder" else ("simulate", "mw", "--json", place),
    ):
        assert place.partition("/")[0] in fault(tmp_path, *words, code=6)


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 kB with 4 kB left."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if (
        shutil.which("mount") is None
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(folder)], capture_output=True
        ).returncode
    ):
        pytest.skip("a file system can be mounted by root only")
    try:
        (folder / "filler").write_bytes(b"x" * (252 * 1024))
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_told_and_no_half_file_stays(tmp_path: Path, full_disk: Path) -> None:
    beads = [(x, y, z) for x in range(6) for y in range(6) for z in range(6)]
    text = "\n".join(f"W {3 * x} {3 * y} {3 * z}" for x, y, z in beads)
    (tmp_path / "many.xyz").write_text(f"{len(beads)}\n\n{text}\n")
    out = full_disk / "out.json"
    out.write_text('{"old": true}')
    for words in (
        ("energy", "mw", "many.xyz", "--json", str(out)),
        ("export", "mw", "--to", "openmm", "-o", str(full_disk / "mw.xml")),
    ):
        assert "the disk is full" in fault(tmp_path, *words, code=6)
        assert sorted(path.name for path in full_disk.iterdir()) == ["filler", "out.json"]
    assert json.loads(out.read_text()) == {"old": True}


@pytest.mark.parametrize("suffix", [".dcd", ".xtc", ".xyz"])
def test_a_disk_that_fills_up_during_a_simulation(tmp_path: Path, full_disk: Path, suffix: str) -> None:
    (full_disk / "filler").write_bytes(b"x" * (230 * 1024))
    done = command(
        tmp_path, "simulate", "mw", "--beads", "216", "--equilibration", "0", "--interval", "0.05 ps",
        "-o", str(full_disk / f"out{suffix}"),
    )  # fmt: skip
    assert done.returncode == 6, done.stdout + done.stderr
    assert "the disk is full" in done.stderr and "Traceback" not in done.stderr
    assert "density" in done.stdout, "the averages over what was recorded"


def test_usage_errors_have_the_exit_code_of_bad_input(tmp_path: Path) -> None:
    for words in (("chek", "fit.yaml"), ("energy", "mw"), ("check", "--fast", "fit.yaml")):
        done = command(tmp_path, *words)
        assert done.returncode == 2 and "Traceback" not in done.stderr
