"""Water models by name: their published numbers by hand, OpenMM's own files, and atoms that do not fit."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openmm
import pytest
from waters import water_box

from cgbridge.config.atomistic_config import PotentialSection, StateSection
from cgbridge.engine.atomistic import AtomisticDynamics
from cgbridge.engine.settings import EngineSettings
from cgbridge.errors import ConfigError, FileFormatError, SimulationError
from cgbridge.models.atomistic.force_field import WATER_MODELS, ForceField
from cgbridge.models.atomistic.starts import from_pdb, water
from cgbridge.models.atomistic.system import Start, assemble

#: As the papers print them, in A, kcal/mol, e and degrees: charge of H, sigma, epsilon, share of an H in M.
PAIRS = {
    # A 3.7122 and B 3.428 A (kJ/mol)^(1/6) and (1/12) in -(A/r)^6 + (B/r)^12
    "SPC/E": (0.4238, 3.428**2 / 3.7122, (3.7122 / 3.428) ** 12 / 4 / 4.184, 0.0),
    "TIP4P/2005": (
        0.5564,
        3.1589,
        93.2 * 0.0019872041,
        0.1546 / (2 * 0.9572 * math.cos(math.radians(52.26))),
    ),
    "SPC/Fw": (0.41, 3.165492, 0.1554253, 0.0),
    "q-TIP4P/F": (0.5564, 3.1589, 0.1852, (1 - 0.73612) / 2),
}
#: e^2/(4 pi epsilon_0) in kcal/mol A.
COULOMB = 332.06371


def inside(name: str, distance: float, angle: float) -> tuple[float, float]:
    """Energies in kcal/mol of one bond (A) and of the angle (radians) of a flexible model."""
    if name == "SPC/Fw":
        return 1059.162 / 2 * (distance - 1.012) ** 2, 75.90 / 2 * (angle - math.radians(113.24)) ** 2
    x = 2.287 * (distance - 0.9419)
    return 116.09 * (x**2 - x**3 + 7 / 12 * x**4), 87.85 / 2 * (angle - math.radians(107.4)) ** 2


def by_hand(name: str, atoms: np.ndarray) -> float:
    """Energy in kcal/mol of water molecules (n, 3, 3) in A in empty space."""
    charge, sigma, epsilon, share = PAIRS[name]
    total = 0.0
    sites = []
    for oxygen, one, other in atoms:
        site = oxygen + share * (one - oxygen) + share * (other - oxygen)
        sites.append([(site, -2 * charge), (one, charge), (other, charge)])
        if name in ("SPC/Fw", "q-TIP4P/F"):
            a, b = one - oxygen, other - oxygen
            angle = math.acos(a @ b / math.sqrt((a @ a) * (b @ b)))
            total += sum(inside(name, math.dist(h, oxygen), angle)[0] for h in (one, other))
            total += inside(name, 1.0, angle)[1]
    for i in range(len(atoms)):
        for j in range(i):
            x = (sigma / math.dist(atoms[i][0], atoms[j][0])) ** 6
            total += 4 * epsilon * (x**2 - x)
            total += sum(COULOMB * p * q / math.dist(a, b) for a, p in sites[i] for b, q in sites[j])
    return total


def in_empty_space(system: Any) -> Any:
    for force in system.getForces():
        if isinstance(force, openmm.NonbondedForce):
            force.setNonbondedMethod(openmm.NonbondedForce.NoCutoff)
    return system


def energy(system: Any, positions: np.ndarray) -> float:
    platform = openmm.Platform.getPlatformByName("Reference")
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), platform)
    context.setPositions(positions)
    context.computeVirtualSites()
    return context.getState(energy=True).getPotentialEnergy()._value


@pytest.mark.parametrize("name", PAIRS)
def test_energy_of_a_cluster_is_that_of_the_published_numbers(name):
    atoms = water_box(name, 8)
    real = np.array(atoms.atoms.masses) > 0
    positions = atoms.start.positions
    # A unit that is wrong, a factor 1/2, or M at another place is seen at once; constants have eight digits,
    # and the energy is what several hundred kJ/mol leave of each other.
    wanted = by_hand(name, 10 * positions[real].reshape(-1, 3, 3)) * 4.184
    found = energy(in_empty_space(atoms.system), positions)
    assert found == pytest.approx(wanted, rel=1e-5, abs=1e-3)


@pytest.mark.parametrize(("name", "file"), [("SPC/E", "spce.xml"), ("TIP4P/2005", "charmm36/tip4p2005.xml")])
def test_a_box_has_the_energy_that_openmm_gives_with_its_own_file(name, file):
    own = water_box(name, 64)
    moving = AtomisticDynamics(own, StateSection(), EngineSettings("CPU"), 1)
    start = replace(own.start, positions=moving.begin(True).positions)
    if name == "TIP4P/2005":  # CHARMM's names
        start = renamed(start)
    section = PotentialSection(forcefield=file)
    other = assemble(ForceField(section, Path()), start)
    # The start of random orientations is at some 1e5 kJ/mol; OpenMM's files round epsilon to four digits.
    assert energy(other.system, start.positions) == pytest.approx(
        energy(own.system, start.positions), rel=1e-3
    )


def renamed(start: Start) -> Start:
    names = {"O": "OH2", "M": "OM"}
    for residue in start.topology.residues():
        residue.name = "TP45"
        for atom in residue.atoms():
            atom.name = names.get(atom.name, atom.name)
    return start


@pytest.mark.parametrize("name", PAIRS)
def test_atoms_know_their_molecules_bonds_constraints_and_sites(name):
    box = water_box(name, 8)
    atoms, sites = box.atoms, 4 if "TIP4P" in name else 3
    rigid = WATER_MODELS[name.lower()].rigid
    assert len(atoms) == 8 * sites and atoms.molecule_of == tuple(i // sites for i in range(8 * sites))
    assert atoms.bonds[:2] == ((0, 1), (0, 2)) and len(atoms.bonds) == 16
    assert atoms.constraints[:3] == (((0, 1), (0, 2), (1, 2)) if rigid else ())
    assert atoms.elements[:sites] == ("O", "H", "H", "")[:sites]
    assert atoms.masses[:sites] == (15.999, 1.008, 1.008, 0.0)[:sites]
    assert box.freedom == 8 * (6 if rigid else 9)


def test_water_is_made_at_its_density_and_again_the_same():
    one, again, other = (water(64, 0.9, seed) for seed in (1, 1, 2))
    assert np.array_equal(one.positions, again.positions) and not np.array_equal(
        one.positions, other.positions
    )
    assert 64 * 18.015 / np.linalg.det(one.box) * 1.66053907e-3 == pytest.approx(0.9, rel=1e-4)
    arms = one.positions.reshape(-1, 3, 3)[:, 1:] - one.positions.reshape(-1, 3, 3)[:, :1]
    # Directions all over the sphere: 128 unit vectors have a mean of 1/sqrt(128) = 0.09 by chance.
    assert np.linalg.norm((arms / 0.0957).mean(axis=(0, 1))) < 0.3


def test_a_pdb_file_of_openmm_runs_with_several_of_its_force_fields(tmp_path):
    from openmm.app import PDBFile

    path = Path(openmm.app.__file__).parent / "data" / "tip3p.pdb"
    start = from_pdb(path)
    section = PotentialSection(forcefield=("amber14-all.xml", "amber14/tip3p.xml"))
    box = assemble(ForceField(section, tmp_path), start)
    assert len(box.atoms) == PDBFile(str(path)).topology.getNumAtoms() == len(box.atoms.constraints)
    assert box.atoms.residue_names[0] == "HOH"


PDB = """CRYST1   20.000   20.000   20.000  90.00  90.00  90.00 P 1           1
HETATM    1  O   HOH A   1       5.000   5.000   5.000  1.00  0.00           O
HETATM    2  H1  HOH A   1       5.957   5.000   5.000  1.00  0.00           H
END
"""


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (None, FileFormatError, "no such file"),
        ("no PDB at all\n", FileFormatError, "cannot read it as PDB"),
        (PDB.partition("\n")[2], SimulationError, "CRYST1"),
        (PDB, SimulationError, "does not fit the atoms"),
    ],
    ids=["missing", "text", "no box", "no hydrogen"],
)
def test_a_structure_that_does_not_do_is_refused(tmp_path, content, error, words):
    path = tmp_path / "start.pdb"
    if content is not None:
        path.write_text(content)
    with pytest.raises(error, match=words):
        assemble(ForceField(PotentialSection(forcefield="SPC/E"), tmp_path), from_pdb(path))


def test_force_fields_that_are_none_are_refused(tmp_path):
    (tmp_path / "text.xml").write_text("no XML")
    for name, error, words in (
        ("TIP4P/2006", ConfigError, "did you mean 'tip4p/2005'"),
        ("text.xml", FileFormatError, "as a force field"),
    ):
        with pytest.raises(error, match=words):
            ForceField(PotentialSection(forcefield=name), tmp_path)
    with pytest.raises(SimulationError, match="narrower than twice the cutoff"):
        water_box("SPC/E", 8, model={"forcefield": "SPC/E", "cutoff": "0.9 nm"})


def test_a_named_water_among_files_says_whether_it_is_rigid(tmp_path):
    ion = '<Type name="ion" class="ion" element="Na" mass="22.99"/>'
    (tmp_path / "ions.xml").write_text(f"<ForceField><AtomTypes>{ion}</AtomTypes></ForceField>")
    for name, rigid in (("SPC/Fw", False), ("SPC/E", True)):
        for files in (("ions.xml", name), (name, "ions.xml")):
            assert ForceField(PotentialSection(forcefield=files), tmp_path).rigid_water is rigid
    assert ForceField(PotentialSection(forcefield="ions.xml"), tmp_path).rigid_water
    with pytest.raises(ConfigError, match="SPC/E and SPC/Fw are rigid and flexible"):
        ForceField(PotentialSection(forcefield=("SPC/E", "SPC/Fw")), tmp_path)


def test_a_narrow_box_may_breathe_at_constant_pressure():
    """27 molecules at 0.9 g/cm^3 are compressed by a tenth: the cutoff that nobody chose leaves room."""
    state, settings = StateSection(ensemble="npt", pressure=3000.0), EngineSettings("CPU", timestep=0.002)
    for model, told in (({}, None), ({"cutoff": 0.48}, "shorter model.cutoff")):
        box = water_box(
            system={"molecules": 27, "density": "0.9 g/cm^3"}, model={"forcefield": "SPC/E"} | model
        )
        moving = AtomisticDynamics(box, state, settings, 1)
        moving.restart(moving.begin(True))
        if told is None:
            moving.advance(1000)
            assert moving.density(moving.snapshot(1000).box) > 1.02 * 0.9
        else:
            with pytest.raises(SimulationError, match="decreased") as error:
                moving.advance(1000)
            assert told in str(error.value)
