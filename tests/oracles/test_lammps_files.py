"""Data files and dumps that LAMMPS itself writes: every style, every kind of coordinates, tilted boxes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import lammps_engine
import numpy as np
import pytest

from cgbridge.errors import ConfigError
from cgbridge.structures.structure_files import Reading, read_structure

pytestmark = pytest.mark.skipif(not lammps_engine.available(), reason="LAMMPS is not installed")

STYLES = ("atomic", "charge", "molecular", "full")
#: Columns of the position; scaled ones have six digits of a cell, all are printed with %.10g.
COORDINATES = ("x y z", "xs ys zs", "xu yu zu", "xsu ysu zsu")
BEADS = 11

_PROGRAM = """
import json, sys
import numpy as np
from lammps import lammps
found = {}
for style in json.loads(sys.argv[1]):
    engine = lammps(cmdargs=["-screen", "none", "-log", "none"])
    engine.commands_string(f'''
units real
atom_style {style}
atom_modify map array
boundary p p f
region box prism -3 8 0 12 -2 11 2 -1.5 3 units box
create_box 2 box
create_atoms 1 random 5 87287 NULL
create_atoms 2 random 6 8287 NULL
mass 1 28.0
mass 2 12.0
displace_atoms all random 30 30 0 123 units box
write_data {style}.data
''')
    for number, columns in enumerate(json.loads(sys.argv[2])):
        for kind in ("type", "type element"):
            name = f"{style}-{number}-{len(kind)}.dump"
            engine.commands_string(f'''
dump d all custom 1 {name} id {kind} {columns}
dump_modify d sort off format float %.10g units {"yes" if number % 2 else "no"}
{"dump_modify d element mW xL" if kind != "type" else ""}
run 0
displace_atoms all move 1 2 0 units box
run 1
undump d
displace_atoms all move -1 -2 0 units box
run 0
''')
    lo, hi, xy, yz, xz, *_ = engine.extract_box()
    found[style] = {
        "cell": [[hi[0]-lo[0], 0, 0], [xy, hi[1]-lo[1], 0], [xz, yz, hi[2]-lo[2]]],
        "positions": np.array(engine.gather_atoms("x", 1, 3)).reshape(-1, 3).tolist(),
        "types": list(engine.gather_atoms("type", 0, 1)),
    }
    engine.close()
json.dump(found, open("found.json", "w"))
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    folder = tmp_path_factory.mktemp("lammps")
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, json.dumps(STYLES), json.dumps(COORDINATES)],
        cwd=folder,
        env=lammps_engine.environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, json.loads((folder / "found.json").read_text())


def assert_same(structure, known, shift=(0.0, 0.0, 0.0)) -> None:
    """Equal up to vectors of the cell: a file may wrap, and shift its origin."""
    cell = np.array(known["cell"]) * 0.1
    assert structure.box == pytest.approx(cell, abs=1e-9)
    apart = structure.positions - (np.array(known["positions"]) + shift) * 0.1
    fractions = (apart - apart[0]) @ np.linalg.inv(cell)
    # Ten digits of coordinates below 100 angstrom, or of fractions below 10.
    assert np.abs(fractions - np.round(fractions)).max() < 1e-7


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("heading", [True, False], ids=["style-named", "style-not-named"])
def test_data_files(written, tmp_path: Path, style: str, heading: bool) -> None:
    folder, found = written
    text = (folder / f"{style}.data").read_text()
    if not heading:
        text = text.replace(f"Atoms # {style}", "Atoms")
    path = tmp_path / "data.silicon"
    path.write_text(text)
    structure = read_structure(path, Reading(types={"1": "mW", "2": "xL"}))
    assert structure.names == tuple("mW" if kind == 1 else "xL" for kind in found[style]["types"])
    assert_same(structure, found[style])
    path.write_text(text.replace("1 28\n2 12\n", "1 28 # mW\n2 12 # xL (something)\n"))
    assert read_structure(path).names == structure.names
    assert read_structure(path, Reading(types={"1": "A", "2": "B"})).names[0] == "A"  # what is told wins


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("number", range(len(COORDINATES)), ids=COORDINATES)
def test_dumps(written, style: str, number: int) -> None:
    folder, found = written
    path = folder / f"{style}-{number}-4.dump"
    first = read_structure(path, Reading(frame=0, types={"1": "mW", "2": "xL"}))
    assert first.names == tuple("mW" if kind == 1 else "xL" for kind in found[style]["types"])
    assert first.periodic == (True, True, False)
    assert_same(first, found[style])
    last = read_structure(path, Reading(types={"1": "mW", "2": "xL"}))
    assert "the last of 2 frames" in " ".join(last.notes)
    assert_same(last, found[style], (1.0, 2.0, 0.0))
    assert read_structure(folder / f"{style}-{number}-12.dump", Reading(frame=0)).names == first.names


def test_types_must_be_told(written) -> None:
    folder, _ = written
    path = folder / "atomic.data"
    with pytest.raises(ConfigError, match="has type 2, which is not named"):
        read_structure(path, Reading(types={"1": "Si"}))
    assert read_structure(path).numbered
