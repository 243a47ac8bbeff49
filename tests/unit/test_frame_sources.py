"""Trajectories of every format: read as those who wrote them mean it, and faults name their place."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace
from pathlib import Path

import ase
import ase.io
import h5py
import mdtraj
import numpy as np
import pytest
from ase.build import molecule
from ase.calculators.singlepoint import SinglePointCalculator
from molecules import GRAPHS, atoms_of, broken, random_box

from cgbridge.atoms import Atoms
from cgbridge.errors import CgbridgeError, ConfigError, FileFormatError
from cgbridge.frames import Frame
from cgbridge.topology import Beads, Topology
from cgbridge.trajectories.atom_files import read_atoms
from cgbridge.trajectories.hdf5 import TrajectoryWriter
from cgbridge.trajectories.layout import Header
from cgbridge.trajectories.sources import open_source
from cgbridge.units import ANGSTROM, EV, KCAL

FILES = Path(__file__).parent / "frames"
ATOMS = atoms_of(GRAPHS["methanol"], 4)
#: ASE's methanol in the order of our labels: C1 H H H O1 H.
METHANOL = molecule("CH3OH").positions[[0, 2, 4, 5, 1, 3]] * ANGSTROM
#: Single precision of some nm, and of a thousand kJ/mol/nm.
SINGLE, SINGLE_FORCE = 1e-6, 1e-3


@pytest.fixture
def frames() -> list[Frame]:
    random = np.random.default_rng(5)
    found = []
    for number in range(3):
        box = random_box(random)
        corners = np.array([[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0], [0, 0, 0.5]]) + random.uniform(0, 1, 3)
        turns = [np.linalg.qr(random.standard_normal((3, 3)))[0] for _ in corners]
        whole = [corner @ box + METHANOL @ turn for corner, turn in zip(corners, turns, strict=True)]
        positions = broken(np.concatenate(whole), box)
        forces, velocities = 1000.0 * random.standard_normal((2, *positions.shape))
        found.append(Frame(positions, box, 0.5 * number, forces, velocities / 1000.0, energy=-1.5 * number))
    return found


# --- foreign programs -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["water", "water-double"])
def test_trr_of_gromacs_against_its_own_dump(name: str) -> None:
    """Written by GROMACS 2022 (spce.itp of oplsaa.ff with -DFLEXIBLE, 6 waters); the text is `gmx dump`."""
    source = open_source(FILES / f"{name}.trr", top=FILES / "water.gro")
    assert len(source) == 3
    assert "of 5 frames the 3 with forces are taken" in source.notes
    blocks = re.split(r"\S+ frame \d+:\n", (FILES / f"{name}.txt").read_text())[1:]
    blocks = [block for block in blocks if " f (" in block]
    for frame, block in zip(source, blocks, strict=True):
        assert frame.time == pytest.approx(float(re.search(r"time=(\S+)", block)[1]), rel=1e-6)
        for values, mark in (
            (frame.box, "box["),
            (frame.positions, " x["),
            (frame.velocities, " v["),
            (frame.forces, " f["),
        ):
            rows = [line.partition("{")[2].strip(" }") for line in block.splitlines() if mark in line]
            written = np.array([[float(x) for x in row.split(",")] for row in rows])
            # Six digits are printed.
            np.testing.assert_allclose(values, written, rtol=1e-5, atol=1e-12)
    assert source.atoms is not None and source.atoms.residue_names == ("SOL",) * 6
    assert len(source.atoms.bonds) == 12 and source.atoms.molecule_of == tuple(
        k for k in range(6) for _ in "OHH"
    )


# mdtraj needs further packages for its own HDF5.
@pytest.mark.filterwarnings("ignore:.*netCDF4.*:UserWarning")
@pytest.mark.parametrize("suffix", [".xtc", ".dcd", ".nc", ".trr", ".pdb", ".gro", ".mdcrd", ".xyz"])
def test_what_mdtraj_writes(suffix: str, frames: list[Frame], tmp_path: Path) -> None:
    written = _mdtraj(frames)
    path = tmp_path / f"run{suffix}"
    if suffix == ".mdcrd":
        written.unitcell_angles = np.full((3, 3), 90.0)  # the format has no other
    written.save(str(path))
    source = open_source(path, top=ATOMS)
    assert len(source) == 3
    # What the formats round to: XTC and GRO to 0.001 nm, the texts in angstrom to 0.001 A.
    digits = {".xtc": 5.1e-4, ".gro": 5.1e-4, ".pdb": 5.1e-5, ".mdcrd": 5.1e-5, ".xyz": 5.1e-5}
    for frame, expected in zip(source, written, strict=True):
        np.testing.assert_allclose(frame.positions, expected.xyz[0], atol=digits.get(suffix, 2e-6))
        assert frame.forces is None
        # mdtraj writes one box into a PDB file, whose angles have two decimals.
        box = (written if suffix == ".pdb" else expected).unitcell_vectors[0]
        box = 0.0 * box if suffix == ".xyz" else box
        np.testing.assert_allclose(frame.box, box, atol={".pdb": 1e-3, ".mdcrd": 1e-4}.get(suffix, 1e-5))
        if suffix in (".xtc", ".nc", ".trr"):
            assert frame.time == pytest.approx(expected.time[0])
    assert [frame.time for frame in source] == [frame.time for frame in source]  # as often as one likes


def _mdtraj(frames: list[Frame]) -> mdtraj.Trajectory:
    topology = mdtraj.Topology()
    chain = topology.add_chain()
    residues = [topology.add_residue(name, chain) for name in ATOMS.residue_names]
    for name, symbol, residue in zip(ATOMS.names, ATOMS.elements, ATOMS.residue_of, strict=True):
        topology.add_atom(name, mdtraj.element.get_by_symbol(symbol), residues[residue])
    found = mdtraj.Trajectory(np.array([frame.positions for frame in frames]), topology)
    found.time = np.array([frame.time for frame in frames])
    found.unitcell_vectors = np.array([frame.box for frame in frames])
    return found


def test_extended_xyz_of_ase(frames: list[Frame], tmp_path: Path) -> None:
    path = tmp_path / "labelled.extxyz"
    for frame in frames:
        atoms = ase.Atoms(ATOMS.elements, frame.positions / ANGSTROM, cell=frame.box / ANGSTROM, pbc=True)
        atoms.calc = SinglePointCalculator(
            atoms, energy=frame.energy / EV, forces=frame.forces * ANGSTROM / EV, stress=np.zeros(6)
        )
        ase.io.write(path, atoms, append=True)
    source = open_source(path)
    for found, frame in zip(source, frames, strict=True):
        np.testing.assert_allclose(found.positions, frame.positions, atol=1e-9)  # eight digits of angstrom
        np.testing.assert_allclose(found.forces, frame.forces, atol=1e-8 * EV / ANGSTROM)
        np.testing.assert_allclose(found.box, frame.box, rtol=1e-12)
        assert found.energy == pytest.approx(frame.energy, rel=1e-12, abs=1e-12)
    assert source.atoms is not None
    assert source.atoms.bonds == ATOMS.bonds and source.atoms.residue_names == ("CH4O",) * 4


# --- our own files ----------------------------------------------------------------------------


def test_our_own_hdf5_of_atoms_and_of_beads(frames: list[Frame], tmp_path: Path) -> None:
    fields = ("forces", "velocities", "energy")
    beads = Beads(Topology(("A", "B") * 12), (1.0,) * 24)
    for particles in (ATOMS, beads):
        path = tmp_path / "run.h5"
        with TrajectoryWriter(path, 24, Header(particles, fields, 0.001, {"seed": 3})) as writer:
            for frame in frames:
                writer.append(frame)
        source = open_source(path)
        assert len(source) == 3 and source.source == {"seed": 3}
        for found, frame in zip(source, frames, strict=True):
            np.testing.assert_allclose(found.positions, frame.positions, atol=SINGLE)
            np.testing.assert_allclose(found.forces, frame.forces, atol=SINGLE_FORCE)
            assert found.energy == frame.energy
        if particles is ATOMS:
            assert source.atoms == ATOMS and source.bead_types is None
        else:
            assert source.atoms is None and source.bead_types == beads.topology.types
            assert source.topology == beads.topology and source.masses == beads.masses


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz(save, frames: list[Frame], tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "run.npz"
    arrays = {
        "positions": [frame.positions for frame in frames],
        "box": [frame.box for frame in frames],
        "forces": np.array([frame.forces for frame in frames], dtype="f4"),
    }
    save(path, **arrays, elements=ATOMS.elements)
    source = open_source(path)
    assert len(source) == 3 and source.atoms is not None and source.atoms.bonds == ATOMS.bonds
    for number, (found, frame) in enumerate(zip(source, frames, strict=True)):
        np.testing.assert_array_equal(found.positions, frame.positions)
        np.testing.assert_array_equal(found.box, frame.box)
        np.testing.assert_allclose(found.forces, frame.forces, rtol=1e-6)
        assert found.time == number
    for wrong, message in (
        ({"coords": arrays["positions"]}, "no array 'positions' among coords"),
        (
            arrays | {"forces": arrays["forces"][:2]},
            r"'forces' has the shape \(2, 24, 3\), where \(3, 24, 3\)",
        ),
        (arrays | {"box": np.zeros((3, 3))}, r"'box' has the shape \(3, 3\), where \(3, 3, 3\)"),
    ):
        save(path, **wrong)
        with pytest.raises(FileFormatError, match=message):
            open_source(path)


# --- faults -----------------------------------------------------------------------------------


def _write(path: Path, frames: list[Frame], units: str = "real") -> None:
    """A dump by hand: LAMMPS itself would write none of these."""
    lines = []
    for number, frame in enumerate(frames):
        box, x = frame.box / ANGSTROM, frame.positions / ANGSTROM
        low = [min(0, box[1, 0], box[2, 0], box[1, 0] + box[2, 0]), min(0, box[2, 1]), 0]
        high = [
            box[0, 0] + max(0, box[1, 0], box[2, 0], box[1, 0] + box[2, 0]),
            box[1, 1] + max(0, box[2, 1]),
            box[2, 2],
        ]
        lines += ["ITEM: UNITS", units] if units else []
        lines += ["ITEM: TIMESTEP", str(number), "ITEM: NUMBER OF ATOMS", str(len(x))]
        lines += ["ITEM: BOX BOUNDS xy xz yz pp pp pp"]
        tilts = (box[1, 0], box[2, 0], box[2, 1])
        lines += [f"{a:.10f} {b:.10f} {c:.10f}" for a, b, c in zip(low, high, tilts, strict=True)]
        forces = frame.forces
        lines += ["ITEM: ATOMS id element x y z" + (" fx fy fz" if forces is not None else "")]
        for k in range(len(x)):
            row = [*x[k], *(forces[k] * ANGSTROM / KCAL if forces is not None else ())]
            lines.append(f"{k + 1} {ATOMS.elements[k]} " + " ".join(f"{value:.10g}" for value in row))
    path.write_text("\n".join(lines) + "\n")


def test_units_of_forces_must_be_known(frames: list[Frame], tmp_path: Path) -> None:
    path = tmp_path / "run.dump"
    _write(path, frames, units="")
    with pytest.raises(ConfigError, match="does not tell their units"):
        list(open_source(path, top=ATOMS))
    for found, frame in zip(open_source(path, top=ATOMS, units="real"), frames, strict=True):
        np.testing.assert_allclose(found.forces, frame.forces, rtol=1e-8)
    with pytest.raises(ConfigError, match="units 'lj' are not known"):
        open_source(path, units="lj")


NAN = float("nan")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.__class__(f.positions * NAN, f.box, f.time, f.forces), "positions of particle 1 are no"),
        (lambda f: f.__class__(f.positions, f.box, f.time, f.forces * NAN), "forces of particle 1 are"),
        (lambda f: f.__class__(f.positions * 1e9, f.box, f.time, f.forces), "a particle is .* nm away"),
        (lambda f: f.__class__(f.positions, f.box, f.time), "this frame has no forces, and the first has"),
        (lambda f: f.__class__(f.positions[:-1], f.box, f.time, f.forces[:-1]), "the frame has 23 particles"),
    ],
)  # fmt: skip
def test_a_bad_frame_is_named(change, message: str, frames: list[Frame], tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "run.dump"
    _write(path, [*frames[:2], change(frames[2])])
    with pytest.raises(FileFormatError, match=message) as fault:
        list(open_source(path, top=ATOMS))
    assert fault.value.where == f"{path}, frame 2" and fault.value.remedy


@pytest.mark.parametrize(
    ("box", "message"),
    [
        (np.zeros((3, 3)), "this frame has no box, and the first has one"),
        (np.diag([1.0, 1.0, -1.0]), "the box changes its sign"),
        (np.ones((3, 3)), "the box has no volume"),
        (np.full((3, 3), NAN), "the box has no volume"),
    ],
)
def test_a_bad_box_is_named(box: np.ndarray, message: str, frames: list[Frame], tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    boxes = [frames[0].box, box, frames[2].box]
    np.savez(path, positions=[frame.positions for frame in frames], box=boxes)
    with pytest.raises(FileFormatError, match=message) as fault:
        list(open_source(path, top=ATOMS))
    assert fault.value.where == f"{path}, frame 1"


def test_a_torn_file_is_told_with_the_frame(frames: list[Frame], tmp_path: Path) -> None:
    whole = {
        "run.trr": (FILES / "water.trr").read_bytes(),
        "run.dump": b"",
        "run.xyz": b"",
        "run.npz": b"",
        "run.dcd": b"",
        "run.xtc": b"",
    }
    _write(tmp_path / "run.dump", frames)
    np.savez(tmp_path / "run.npz", positions=[frame.positions for frame in frames])
    _mdtraj(frames).save(str(tmp_path / "run.dcd"))
    _mdtraj(frames).save(str(tmp_path / "run.xtc"))
    atoms = [
        ase.Atoms(ATOMS.elements, f.positions / ANGSTROM, cell=f.box / ANGSTROM, pbc=True) for f in frames
    ]
    ase.io.write(tmp_path / "run.xyz", atoms, format="extxyz")
    for name, content in whole.items():
        path = tmp_path / name
        content = content or path.read_bytes()
        for length in (len(content) - 40, len(content) // 2 + 1, 20):
            path.write_bytes(content[:length])
            with pytest.raises(CgbridgeError) as fault:
                list(open_source(path, top=None if "trr" in name else ATOMS))
            assert str(path) in str(fault.value) and fault.value.remedy, name


def test_gzipped_text(frames: list[Frame], tmp_path: Path) -> None:
    path = tmp_path / "run.dump"
    _write(path, frames)
    packed = tmp_path / "run.dump.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    for one, other in zip(open_source(path), open_source(packed), strict=True):
        np.testing.assert_array_equal(one.forces, other.forces)


@pytest.mark.parametrize("kind", ["cut", "schema"])
def test_our_own_hdf5_that_cannot_be_read_is_not_given_to_others(
    kind: str, frames: list[Frame], tmp_path: Path
) -> None:
    path = tmp_path / "run.h5"
    with TrajectoryWriter(path, 24, Header(ATOMS, ("forces",))) as writer:
        writer.append(frames[0])
    if kind == "cut":
        path.write_bytes(path.read_bytes()[:-500])
    else:
        with h5py.File(path, "r+") as file:
            file.attrs["schema"] = 99
    words = "damaged or cut off" if kind == "cut" else "schema 99 of trajectories is not known"
    for read in (open_source, read_atoms):
        with pytest.raises(FileFormatError, match=words) as fault:
            read(path)
        assert fault.value.where == str(path)


OTHER = replace(ATOMS, elements=("O", *ATOMS.elements[1:]))


@pytest.mark.parametrize("name", ["run.h5", "run.npz", "elements.npz", "run.xyz", "run.dump", "run.pdb"])
def test_a_topology_does_not_rename_the_atoms_of_a_trajectory(
    name: str, frames: list[Frame], tmp_path: Path
) -> None:
    path = tmp_path / name
    if name == "run.h5":
        with TrajectoryWriter(path, 24, Header(ATOMS)) as writer:
            writer.append(frames[0])
    elif name.endswith(".npz"):
        named = {"atoms": ATOMS.to_json()} if name == "run.npz" else {"elements": ATOMS.elements}
        np.savez(path, positions=[frame.positions for frame in frames], **named)  # type: ignore[arg-type]
    elif name == "run.dump":
        _write(path, frames)
    else:
        ase.io.write(path, ase.Atoms(ATOMS.elements, frames[0].positions / ANGSTROM, cell=np.eye(3) * 30))
    assert open_source(path, top=ATOMS).atoms == ATOMS
    with pytest.raises(FileFormatError, match="atom 1 is C in this trajectory, and O in the topology"):
        open_source(path, top=OTHER)


@pytest.mark.parametrize("name", ["CA", "Ca", "C", "c1", "X", "1", "Cx"])
def test_names_that_are_no_other_element_do_not_contradict_a_topology(name: str, tmp_path: Path) -> None:
    """Names of atoms, types and beads stand where an XYZ has elements."""
    path = tmp_path / "run.xyz"
    path.write_text(f"1\n\n{name} 0 0 0\n")
    one = Atoms(("CA",), ("C",), (12.011,), ("ALA",), (0,), (0,))
    assert open_source(path, top=one).atoms == one


# --- atoms that files name --------------------------------------------------------------------


def test_atoms_of_a_pdb_file_with_sites_and_ions(tmp_path: Path) -> None:
    path = tmp_path / "w.pdb"
    path.write_text(
        "CRYST1   20.000   20.000   20.000  90.00  90.00  90.00 P 1           1\n"
        "HETATM    1  O   HOH A   1       1.000   1.000   0.020  1.00  0.00           O\n"
        "HETATM    2  H1  HOH A   1       1.957   1.000   0.020  1.00  0.00           H\n"
        "HETATM    3  H2  HOH A   1       0.760   1.927  19.980  1.00  0.00           H\n"
        "HETATM    4  M   HOH A   1       1.080   1.100   0.020  1.00  0.00            \n"
        "HETATM    5 NA   NA  A   2       5.000   5.000   5.000  1.00  0.00          NA\n"
        "HETATM    6  CA  ALA A   3       9.000   9.000   9.000  1.00  0.00            \n"
        "END\n"
    )
    atoms, notes = read_atoms(path)
    assert atoms.elements == ("O", "H", "H", "", "Na", "C")
    assert atoms.masses[3] == 0.0 and atoms.bonds == ((0, 1), (0, 2))
    assert atoms.molecule_of == (0, 0, 0, 0, 1, 2) and atoms.residue_names == ("HOH", "NA", "ALA")
    assert any("sites without mass: M (1)" in note for note in notes)


@pytest.mark.parametrize(
    ("name", "residue", "mass", "element"),
    [
        ("CA", "ALA", NAN, "C"),
        ("CA", "CA", NAN, "Ca"),
        ("CL", "CL", NAN, "Cl"),
        ("HW1", "SOL", NAN, "H"),
        ("1HB", "ALA", NAN, "H"),
        ("MW", "SOL", NAN, ""),
        ("MG", "MG", NAN, "Mg"),
        ("2", "", 15.9994, "O"),
        ("2", "", 14.01, "N"),
        ("2", "", 14.027, "C"),
        ("2", "", 15.035, "C"),
        ("2", "", 2.014, "H"),
        ("2", "", 0.0, ""),
        ("2", "", 72.0, ""),
    ],
)
def test_elements(name: str, residue: str, mass: float, element: str) -> None:
    from cgbridge.trajectories.named_atoms import element_of

    assert element_of(name, residue, mass) == element


def test_atoms_survive_json(tmp_path: Path) -> None:
    path = tmp_path / "atoms.json"
    path.write_text(ATOMS.to_json())
    assert read_atoms(path) == (ATOMS, ())


def test_no_topology_is_told(tmp_path: Path) -> None:
    (tmp_path / "top.pdb").write_text("REMARK nothing\n")
    for path, message in (
        (tmp_path / "none.pdb", "no such topology"),
        (tmp_path / "top.pdb", "no atoms can be read"),
    ):
        with pytest.raises(FileFormatError, match=message):
            read_atoms(path)
    assert isinstance(ATOMS, Atoms)
