"""Prove an exported file: energy and forces of one configuration in the other engine and in this one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from cgbridge.engine.single_point import evaluate_structure
from cgbridge.errors import SimulationError
from cgbridge.export.lammps_process import run_lammps
from cgbridge.export.writers import BEADS
from cgbridge.frames import FloatArray
from cgbridge.models.files.lammps_text import ENERGY_UNITS
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.network_model import NetworkModel, read_network
from cgbridge.models.terms.many_body import ManyBodyForm
from cgbridge.models.typed_beads import TypedBeads
from cgbridge.structures.lattices import liquid
from cgbridge.structures.structure_files import Structure
from cgbridge.topology import Topology
from cgbridge.units import ANGSTROM, internal

#: Two double-precision codes agree to rounding, which sums to far less than this.
TOLERANCE = 1e-9
_SEED = 20190122

_OPENMM_PROGRAM = """
import json, sys
import openmm
import cgbridge.openmm
system = openmm.XmlSerializer.deserialize(open(sys.argv[1]).read())
box, positions = json.load(sys.stdin)
platform = openmm.Platform.getPlatformByName("Reference")
context = openmm.Context(system, openmm.VerletIntegrator(0.001), platform)
context.setPeriodicBoxVectors(*box)
context.setPositions(positions)
state = context.getState(energy=True, forces=True)
energy = state.getPotentialEnergy()._value
forces = state.getForces(asNumpy=True)._value.ravel().tolist()
json.dump({"energy": energy, "forces": forces}, sys.stdout)
"""


def verify_export(model: TypedBeads, to: str, path: Path, *, units: str = "metal") -> list[str]:
    """Lines that say how far the exported file agrees with the model on a disordered configuration.

    Raises :class:`SimulationError` when energy or forces differ by more than 1e-9 of the largest, and
    :class:`~cgbridge.errors.MissingDependencyError` when the engine is not installed.
    """
    structure = _configuration(model)
    energy, forces = _said_by_itself(model, structure)
    theirs = _ENGINES[to](model, path, structure, units)
    off_energy = abs(theirs["energy"] - energy) / abs(energy)
    off_forces = float(
        np.max(np.abs(np.reshape(theirs["forces"], (-1, 3)) - forces)) / np.max(np.abs(forces))
    )
    lines = [
        f"verified with {to} on {len(structure.names)} disordered beads:",
        f"  energy  {energy:.6f} kJ/mol, differs by {off_energy:.1e}",
        f"  forces  up to {np.max(np.abs(forces)):.3f} kJ/mol/nm, differ by {off_forces:.1e} of that at most",
    ]
    if not max(off_energy, off_forces) < TOLERANCE:
        raise SimulationError(
            "; ".join(line.strip() for line in lines) + f": more than {TOLERANCE:g}",
            where=str(path),
            remedy="was the file changed by hand, or written by another version? export it again",
        )
    return lines


def _configuration(model: TypedBeads) -> Structure:
    """A jittered grid on which the bead types take turns, in a box two and a half cutoffs wide at least."""
    spacing = 0.6 * model.cutoff
    box = liquid(BEADS, 1.0, 1.0, _SEED)
    scale = spacing * BEADS ** (1 / 3) / box.edges[0]
    names = tuple(model.bead_names[number % len(model.beads)] for number in range(BEADS))
    return Structure(names, box.positions * scale, np.diag(box.edges * scale))


def _in_lammps(model: TypedBeads, path: Path, structure: Structure, units: str) -> dict[str, Any]:
    names = model.bead_names
    edges = np.diag(_box(structure)) / ANGSTROM
    data = ["", "", f"{len(structure.names)} atoms", f"{len(names)} atom types"]
    data += [f"0 {float(edge)!r} {axis}lo {axis}hi" for axis, edge in zip("xyz", edges, strict=True)]
    data += ["", "Masses", ""] + [f"{n + 1} 1.0" for n in range(len(names))]
    data += ["", "Atoms", ""]
    for number, (name, position) in enumerate(
        zip(structure.names, structure.positions / ANGSTROM, strict=True)
    ):
        data.append(
            " ".join([str(number + 1), str(names.index(name) + 1), *(repr(float(x)) for x in position)])
        )
    script = "\n".join(
        [
            f"units {units}",
            "atom_style atomic",
            "atom_modify map array",
            "read_data data",
            f"pair_style {_many_body(model).pair_style}",
            f"pair_coeff * * potential {' '.join(names)}",
            "thermo_style custom pe",
        ]
    )
    text = path.read_text(encoding="utf-8")
    result = run_lammps(script, {"data": "\n".join(data) + "\n", "potential": text})
    unit = internal(1.0, ENERGY_UNITS[units])
    return {"energy": result["energy"] * unit, "forces": np.array(result["forces"]) * unit / ANGSTROM}


def _many_body(model: TypedBeads) -> ManyBodyForm:
    assert isinstance(model, CoarseGrainedModel)
    return model.require_many_body("a LAMMPS file")


def _in_openmm(model: TypedBeads, path: Path, structure: Structure, units: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-P", "-c", _OPENMM_PROGRAM, str(path.resolve())],
        input=json.dumps([_box(structure).tolist(), structure.positions.tolist()]),
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise SimulationError(
            f"OpenMM cannot use the file: {done.stderr.strip().splitlines()[-1]}", where=str(path)
        )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _in_file(model: TypedBeads, path: Path, structure: Structure, units: str) -> dict[str, Any]:
    """What the file says once it is read again: the formula is the plugin's then."""
    found = evaluate_structure(read_network(path), structure, "Reference")
    return {"energy": found["energy_kj_mol"], "forces": found["forces_kj_mol_nm"]}


def _said_by_itself(model: TypedBeads, structure: Structure) -> tuple[float, FloatArray]:
    """A trained potential through torch in double precision, all others through the Reference platform."""
    if isinstance(model, CoarseGrainedModel | NetworkModel):
        ours = evaluate_structure(model, structure, "Reference")
        return ours["energy_kj_mol"], np.asarray(ours["forces_kj_mol_nm"])
    # Here, because it loads torch.
    from cgbridge.models.neural.model import NeuralModel
    from cgbridge.models.neural.self_test import said_by_torch

    assert isinstance(model, NeuralModel)
    exact = model.in_double_precision()
    return said_by_torch(exact, structure.positions, _box(structure), Topology(structure.names))


def _box(structure: Structure) -> FloatArray:
    if structure.box is None:
        raise ValueError("the configuration is periodic")
    return structure.box


_ENGINES: dict[str, Callable[[TypedBeads, Path, Structure, str], dict[str, Any]]] = {
    "lammps": _in_lammps,
    "openmm": _in_openmm,
    "nep": _in_file,
}
