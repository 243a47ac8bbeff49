"""Terms by OpenMM's forces against LAMMPS's styles, in a skewed box of two elements."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from cgbridge.engine.single_point import evaluate_structure
from cgbridge.errors import SimulationError
from cgbridge.export.lammps_process import run_lammps
from cgbridge.models.database import load_model
from cgbridge.models.files.lammps_format import format_lammps
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.structures.structure_files import Structure
from cgbridge.units import ANGSTROM, EV

pytestmark = pytest.mark.lammps

BEADS = [{"name": "Si", "mass": "28.085 amu"}, {"name": "C", "mass": "12.011 amu"}]
PAIRS = {(1, 1): ("Si", "Si"), (1, 2): ("Si", "C"), (2, 2): ("C", "C")}
#: Vectors as rows in A, beyond what a cube would forgive: 0.48 and 0.45 of an edge of skew.
CELL = np.array([[18.0, 0.0, 0.0], [8.6, 17.0, 0.0], [-7.9, 7.6, 16.5]])
#: LAMMPS's style and its coefficients in metal units, and the same values by our names.
STYLES: dict[str, tuple[str, str, dict[str, float]]] = {
    "lennard-jones": ("lj/cut 7.0", "0.02 2.6", {"epsilon": 0.02, "sigma": 2.6}),
    "mie": ("mie/cut 7.0", "0.02 2.6 9 5", {"epsilon": 0.02, "sigma": 2.6, "n": 9.0, "m": 5.0}),
    "buckingham": ("buck 7.0", "1500 0.3 40", {"A": 1500.0, "rho": 0.3, "C": 40.0}),
    "morse": ("morse 7.0", "0.3 1.5 2.7", {"D": 0.3, "alpha": 1.5, "r0": 2.7}),
}


def pair_term(form: str) -> dict[str, Any]:
    """Truncated as LAMMPS truncates."""
    values = STYLES[form][2] | {"cutoff": 7.0}
    return {
        "form": form,
        "parameters": [{"name": "smoothing", "unit": "1", "value": 1}],
        "entries": [{"types": list(types), "values": values} for types in PAIRS.values()],
    }


def model_of(*terms: dict[str, Any], **further: Any) -> CoarseGrainedModel:
    return CoarseGrainedModel.from_dict({"name": "m", "beads": BEADS, "terms": list(terms), **further})


def structure(spacing: int = 7) -> Structure:
    """Beads near a lattice of the skewed cell, 2.2 A and more apart."""
    grid = np.array([(i, j, k) for i in range(spacing) for j in range(spacing) for k in range(spacing)])
    jitter = np.random.default_rng(7).uniform(-0.06, 0.06, size=grid.shape)
    places = (grid + 0.5 + jitter) / spacing @ CELL * ANGSTROM
    names = tuple(("Si", "C")[(i + j + k) % 2] for i, j, k in grid)
    return Structure(names, places, CELL * ANGSTROM)


def lammps(where: Structure, commands: list[str], files: dict[str, str], bonds: str = "") -> dict[str, Any]:
    types = {"Si": 1, "C": 2}
    (lx, _, _), (xy, ly, _), (xz, yz, lz) = CELL
    counts = bonds.partition("\n\n")[0]
    data = ["", "", f"{len(where.names)} atoms", "2 atom types", counts]
    data += [f"0 {lx} xlo xhi", f"0 {ly} ylo yhi", f"0 {lz} zlo zhi", f"{xy} {xz} {yz} xy xz yz"]
    data += ["", "Masses", "", "1 28.085", "2 12.011", "", "Atoms", ""]
    data += [
        " ".join([str(n), *(["1"] if bonds else []), str(types[name]), *(repr(float(x)) for x in place)])
        for n, (name, place) in enumerate(zip(where.names, where.positions / ANGSTROM, strict=True), 1)
    ]
    data += ["", bonds.partition("\n\n")[2]]
    script = ["units metal", f"atom_style {'molecular' if bonds else 'atomic'}", "atom_modify map array"]
    script += ["box tilt large", "read_data data", *commands, "thermo_style custom pe"]
    return run_lammps("\n".join(script), {"data": "\n".join(data) + "\n", **files})


def compare(model: CoarseGrainedModel, where: Structure, expected: dict[str, Any]) -> None:
    """Both compute in double precision; LAMMPS's numbers travel in full."""
    found = evaluate_structure(model, where, "Reference")
    forces = np.reshape(expected["forces"], (-1, 3)) * EV / ANGSTROM
    assert found["energy_kj_mol"] == pytest.approx(expected["energy"] * EV, rel=1e-9, abs=1e-9)
    assert np.abs(np.array(found["forces_kj_mol_nm"]) - forces).max() < 1e-8 * np.abs(forces).max()


@pytest.mark.parametrize("form", STYLES)
def test_pair_forms(form: str) -> None:
    style, values, _ = STYLES[form]
    commands = [f"pair_style {style}", *(f"pair_coeff {i} {j} {values}" for i, j in PAIRS)]
    compare(model_of(pair_term(form)), structure(), lammps(structure(), commands, {}))


@pytest.mark.parametrize(
    ("rule", "theirs"), [("lorentz-berthelot", "arithmetic"), ("geometric", "geometric")]
)
@pytest.mark.parametrize("form", ["lennard-jones", "mie"])
def test_mixing_rules(form: str, rule: str, theirs: str) -> None:
    """LAMMPS mixes cutoffs and exponents as it does sigma."""
    exponents = [{"n": 9.0, "m": 5.0}, {"n": 12.0, "m": 6.0}] if form == "mie" else [{}, {}]
    values = [
        {"epsilon": 0.02, "sigma": 2.1, **exponents[0], "cutoff": 7.0},
        {"epsilon": 0.05, "sigma": 2.6, **exponents[1], "cutoff": 6.0},
    ]
    commands = [f"pair_style {STYLES[form][0]}"]
    commands += [f"pair_coeff {n} {n} " + " ".join(map(str, v.values())) for n, v in enumerate(values, 1)]
    term = pair_term(form) | {
        "mixing": rule,
        "entries": [{"types": [bead] * 2, "values": v} for bead, v in zip(("Si", "C"), values, strict=True)],
    }
    found = lammps(structure(), [*commands, f"pair_modify mix {theirs}"], {})
    compare(model_of(term), structure(), found)


def test_silicon_carbide_with_a_dispersion_beyond_its_bonds() -> None:
    """Two terms are LAMMPS's hybrid/overlay."""
    sic = load_model("tersoff-sic")
    style, values, _ = STYLES["lennard-jones"]
    name = style.split()[0]
    commands = [
        f"pair_style hybrid/overlay tersoff {style}",
        "pair_coeff * * tersoff potential Si C",
        *(f"pair_coeff {i} {j} {name} {values}" for i, j in PAIRS),
    ]
    content = sic.to_dict()
    tersoff = {key: content[key] for key in ("form", "parameters", "entries")}
    model = model_of(tersoff, pair_term("lennard-jones"))
    compare(model, structure(), lammps(structure(), commands, {"potential": format_lammps(sic)}))


def test_bonded_forms() -> None:
    """LAMMPS's K is half of k; its torsions have another sign of d for a phase of 180 degrees."""
    chain = {"name": "chain", "beads": ["Si", "C", "Si", "C"], "bonds": [[0, 1], [1, 2], [2, 3]]}
    model = model_of(
        {"form": "harmonic-bond", "entries": [{"types": ["Si", "C"], "values": {"k": 6.0, "r0": 2.4}}]},
        {
            "form": "harmonic-angle",
            "entries": [
                {"types": ["Si", "C", "Si"], "values": {"k": 3.0, "theta0": 110.0}},
                {"types": ["C", "Si", "C"], "values": {"k": 3.0, "theta0": 110.0}},
            ],
        },
        {
            "form": "periodic-torsion",
            "entries": [{"types": ["Si", "C", "Si", "C"], "values": {"k": 0.2, "n": 3, "phi0": 180.0}}],
        },
        molecules=[chain],
    )
    # Across a corner of the cell.
    places = np.array([[0.0, 0, 0], [2.3, 0.4, 0.1], [3.4, 2.4, -0.3], [5.6, 2.6, 0.9]]) - [1.5, 1.0, 0.2]
    where = Structure(("Si", "C", "Si", "C"), places * ANGSTROM, CELL * ANGSTROM)
    counts = "3 bonds\n2 angles\n1 dihedrals\n1 bond types\n1 angle types\n1 dihedral types"
    lists = (
        "Bonds\n\n1 1 1 2\n2 1 2 3\n3 1 3 4\n\nAngles\n\n1 1 1 2 3\n2 1 2 3 4\n\nDihedrals\n\n1 1 1 2 3 4\n"
    )
    commands = [
        "pair_style zero 7.0",
        "pair_coeff * *",
        "bond_style harmonic",
        "bond_coeff 1 3.0 2.4",
        "angle_style harmonic",
        "angle_coeff 1 1.5 110.0",
        "dihedral_style harmonic",
        "dihedral_coeff 1 0.2 -1 3",
    ]
    compare(model, where, lammps(where, commands, {}, f"{counts}\n\n{lists}"))
    assert math.isfinite(evaluate_structure(model, where, "CPU")["energy_kj_mol"])


def test_charges_in_a_skewed_box_are_refused_in_double_precision() -> None:
    charges = {"form": "coulomb", "parameters": [{"name": "cutoff", "unit": "A", "value": 7.0}]}
    charges["entries"] = [{"types": ["Si"], "values": {"q": 1}}, {"types": ["C"], "values": {"q": -1}}]
    where = Structure(("Si", "C"), np.array([[0.1, 0.1, 0.1], [0.4, 0.1, 0.1]]), CELL * ANGSTROM)
    with pytest.raises(SimulationError, match="skewed box"):
        evaluate_structure(model_of(charges), where, "Reference")
