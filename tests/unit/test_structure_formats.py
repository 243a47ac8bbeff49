"""Structure files of every format: names as they stand, frames, boxes, and what is said of broken ones."""

from __future__ import annotations

import gzip
import warnings
from pathlib import Path

import ase
import ase.io
import mdtraj
import numpy as np
import pytest

from cgbridge.atoms import Atoms
from cgbridge.engine.bead_names import bead_names
from cgbridge.engine.single_point import single_point
from cgbridge.errors import CgbridgeError, ConfigError, FileFormatError
from cgbridge.frames import Frame
from cgbridge.models.database import load_model
from cgbridge.models.model import Bead, CoarseGrainedModel, Term
from cgbridge.structures.structure_files import Reading, Structure, read_structure
from cgbridge.trajectories.hdf5 import TrajectoryWriter
from cgbridge.trajectories.layout import Header
from cgbridge.trajectories.trajectory_files import FrameTimes, open_trajectory, write_pdb

#: Elements, and names that are none or begin as one; three, four and more letters.
NAMES = ("W", "mW", "xL", "P", "Q", "Si", "CG1", "X1", "BEAD", "LONGNAME")
BOX = np.array([[2.0, 0, 0], [0.9, 2.1, 0], [-0.7, 0.4, 2.2]])


def positions(count: int) -> np.ndarray:
    return np.random.default_rng(3).uniform(0.0, 2.0, (count, 3))


def two_beads(first: str, second: str) -> CoarseGrainedModel:
    """mW with two names for its bead."""
    mw = load_model("mw")
    values = next(iter(mw.terms[0].entries.values()))
    names = (first, second)
    entries = {(i, j, k): values for i in names for j in names for k in names}
    return CoarseGrainedModel(
        "two", (Bead(first, 18.0), Bead(second, 18.0)), (Term(mw.form, entries, mw.terms[0].parameters),)
    )


@pytest.mark.parametrize("suffix", [".xyz", ".dcd", ".xtc", ".pdb"])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_is_read(tmp_path: Path, suffix: str, name: str) -> None:
    """Three frames of a triclinic box, the last by default. Every name comes back as its bead."""
    other = "Z"
    names = (name, other, name, name)
    frames = [Frame(positions(4) + 0.01 * n, BOX * (1 + 0.01 * n), 0.5 * (n + 1)) for n in range(3)]
    path, last = tmp_path / f"a{suffix}", tmp_path / "a-final.pdb"
    write_pdb(last, names, frames[-1].positions, frames[-1].box)
    reading = Reading()
    if suffix == ".pdb":
        path = last
    else:
        sink = open_trajectory(path, names, FrameTimes(0.01, 50))
        for frame in frames:
            sink.append(frame)
        sink.close()
        reading = Reading(topology=None if suffix == ".xyz" else last)
    structure = read_structure(path, reading)
    # Digits of the formats: DCD holds single precision, XTC and PDB thousandths of nm and of angstrom.
    digits = {".xyz": 1e-7, ".dcd": 1e-6, ".xtc": 6e-4, ".pdb": 2e-4}[suffix]
    assert structure.box == pytest.approx(frames[-1].box, abs=max(digits, 1e-6))
    apart = (structure.positions - frames[-1].positions) @ np.linalg.inv(BOX * 1.02)
    assert np.abs((apart - np.round(apart)) @ BOX).max() < digits
    model = two_beads(name, other)
    if suffix in (".dcd", ".xtc"):  # names come from the PDB file
        cut = read_structure(last)
        assert bead_names(model, structure)[0] == bead_names(model, cut)[0]
    assert bead_names(model, structure)[0] == names
    one = load_model("mw")
    assert np.isfinite(single_point(one, path)["energy_kj_mol"])  # no names needed for one bead type
    assert (
        single_point(one, path)["energy_kj_mol"]
        == single_point(model, path, reading=reading)["energy_kj_mol"]
    )


@pytest.mark.parametrize("suffix", [".dcd", ".xtc", ".xyz"])
def test_every_frame_with_its_time(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    sink = open_trajectory(path, ["W"] * 3, FrameTimes(0.01, 50))
    for n in range(4):
        sink.append(Frame(np.full((3, 3), 0.1 * n), np.eye(3) * 2.0, 0.5 * (n + 1)))
    sink.close()
    for frame in range(-4, 4):
        at = read_structure(path, Reading(frame=frame)).positions[0, 0]
        assert at == pytest.approx(0.1 * (frame % 4), abs=1e-6)  # single precision
    assert read_structure(path).positions[0, 0] == pytest.approx(0.3, abs=1e-6)
    assert read_structure(path).notes == ("the last of 4 frames is taken; --frame N takes another",)
    assert read_structure(path, Reading(frame=3)).notes == ()
    for frame in (4, -5):
        with pytest.raises(FileFormatError, match="holds 4, from 0"):
            read_structure(path, Reading(frame=frame))
    if suffix == ".xtc":
        with mdtraj.formats.XTCTrajectoryFile(str(path)) as file:
            assert file.read()[1] == pytest.approx([0.5, 1.0, 1.5, 2.0])


@pytest.mark.parametrize("boxed", [True, False])
def test_dcd_agrees_with_mdtraj(tmp_path: Path, boxed: bool) -> None:
    """A file that mdtraj wrote, angles in degrees or no cells; a torn last frame is not counted."""
    places = np.random.default_rng(0).uniform(0, 20, (3, 5, 3)).astype("f4")
    with mdtraj.formats.DCDTrajectoryFile(str(tmp_path / "a.dcd"), "w") as file:
        lengths, angles = np.array([[20.0, 21.0, 22.0]] * 3), np.array([[80.0, 95.0, 110.0]] * 3)
        file.write(places, *((lengths, angles) if boxed else ()))
    (tmp_path / "b.dcd").write_bytes((tmp_path / "a.dcd").read_bytes()[:-10])
    for name, count in (("a.dcd", 3), ("b.dcd", 2)):
        structure = read_structure(tmp_path / name)
        assert structure.positions == pytest.approx(places[count - 1] * 0.1, abs=1e-6)
        assert (structure.box is not None) == boxed
    if structure.box is not None:
        assert ase.cell.Cell(structure.box * 10).cellpar() == pytest.approx([20, 21, 22, 80, 95, 110])


@pytest.mark.parametrize("suffix", [".trr", ".xtc", ".nc"])
def test_trajectories_of_mdtraj(tmp_path: Path, suffix: str) -> None:
    """Files that mdtraj wrote: GROMACS's in nm, AMBER's in angstrom."""
    topology = mdtraj.Topology()
    chain = topology.add_chain()
    for _ in range(12):
        topology.add_atom("W", mdtraj.element.virtual, topology.add_residue("W", chain))
    places = np.random.default_rng(0).uniform(0, 2, (3, 12, 3)).astype("f4")
    trajectory = mdtraj.Trajectory(places, topology)
    trajectory.unitcell_vectors = np.tile(BOX, (3, 1, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # mdtraj recommends another library for NetCDF
        trajectory.save(str(tmp_path / f"a{suffix}"))
    for frame in range(3):
        structure = read_structure(tmp_path / f"a{suffix}", Reading(frame=frame))
        assert structure.positions == pytest.approx(places[frame], abs=6e-4)  # XTC's thousandths
        assert structure.box == pytest.approx(BOX, abs=1e-6)


@pytest.mark.parametrize("decimals", range(1, 10))
@pytest.mark.parametrize("velocities", [False, True])
def test_gro_with_any_number_of_decimals(tmp_path: Path, decimals: int, velocities: bool) -> None:
    """GROMACS: the distance between the points tells the number of decimals."""
    known = np.array([[0.1234567891, 1.5, -0.25], [1.0, 0.3333333333, 10.0]])
    lines = ["water", "2"]
    for number, row in enumerate(known):
        line = f"{number + 1:5d}{'SOL':<5s}{'mW':>5s}{number + 1:5d}"
        line += "".join(f"{value:{decimals + 5}.{decimals}f}" for value in row)
        lines.append(line + "".join(f"{0.5:{decimals + 5}.{decimals + 1}f}" for _ in range(3 * velocities)))
    lines.append("12.0 12.1 12.2 0 0 1.5 0 2.5 3.5")
    path = tmp_path / "a.gro"
    path.write_text("\n".join(lines) + "\n")
    structure = read_structure(path)
    assert structure.names == ("mW", "mW")
    assert structure.positions == pytest.approx(known, abs=0.51 * 10.0**-decimals)
    assert structure.box == pytest.approx(np.array([[12.0, 0, 0], [1.5, 12.1, 0], [2.5, 3.5, 12.2]]))
    assert structure.positions.shape == (2, 3)


def test_gro_agrees_with_mdtraj(tmp_path: Path) -> None:
    """A file that mdtraj wrote, of three frames."""
    topology = mdtraj.Topology()
    chain = topology.add_chain()
    for _ in range(4):
        topology.add_atom("W", mdtraj.element.virtual, topology.add_residue("W", chain))
    places = np.random.default_rng(0).uniform(0, 2, (3, 4, 3)).astype("f4")
    trajectory = mdtraj.Trajectory(places, topology)
    trajectory.unitcell_vectors = np.tile(BOX, (3, 1, 1))
    trajectory.save_gro(str(tmp_path / "a.gro"), precision=6)
    for frame in range(3):
        structure = read_structure(tmp_path / "a.gro", Reading(frame=frame))
        assert structure.positions == pytest.approx(places[frame], abs=1e-6)
        assert structure.box == pytest.approx(BOX, abs=1e-4)  # five decimals


XYZ = "2\n{}\nmW 1 1 1\nmW 3.5 1 1\n"
PDB = "{}HETATM    1 mW   mW  A   1       1.000   1.000   1.000  1.00  0.00\n" \
      "HETATM    2 mW   mW  A   2       3.500   1.000   1.000  1.00  0.00\nEND\n"  # fmt: skip
GRO = "t\n    2\n" \
      "    1mW      mW    1   0.100   0.100   0.100\n" \
      "    2mW      mW    2   0.350   0.100   0.100\n{}\n"  # fmt: skip
NO_BOX = {
    "plain.xyz": XYZ.format("a comment"),
    "empty-comment.xyz": XYZ.format(""),
    "zero.xyz": XYZ.format('Lattice="0 0 0 0 0 0 0 0 0" Properties=species:S:1:pos:R:3 pbc="T T T"'),
    "open.xyz": XYZ.format('Lattice="5 0 0 0 5 0 0 0 5" Properties=species:S:1:pos:R:3 pbc="F F F"'),
    "none.pdb": PDB.format(""),
    "unit.pdb": PDB.format("CRYST1    1.000    1.000    1.000  90.00  90.00  90.00 P 1           1\n"),
    "zero.pdb": PDB.format("CRYST1    0.000    0.000    0.000  90.00  90.00  90.00 P 1           1\n"),
    "zero.gro": GRO.format("   0.00000   0.00000   0.00000"),
    "zero9.gro": GRO.format("0 0 0 0 0 0 0 0 0"),
}


@pytest.mark.parametrize("name", NO_BOX)
def test_what_means_no_box(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(NO_BOX[name])
    structure = read_structure(tmp_path / name)
    assert structure.box is None and structure.names == ("mW", "mW")
    result = single_point(load_model("mw"), tmp_path / name)
    assert result["energy_kj_mol"] == pytest.approx(-24.026428, abs=1e-6)  # mW's pair at 2.5 A
    assert result["pressure_bar"] is None


def test_columns_of_extended_xyz(tmp_path: Path) -> None:
    comment = "Properties=id:I:1:velo:R:3:name:S:1:pos:R:3 Lattice='5 0 0 0 5 0 0 0 5' Time=3 PBC=\"T F T\""
    (tmp_path / "a.xyz").write_text(f"1\n{comment}\n7 9 9 9 xL 1 2 3\n")
    structure = read_structure(tmp_path / "a.xyz")
    assert structure.names == ("xL",) and structure.positions[0] == pytest.approx([0.1, 0.2, 0.3])
    assert structure.periodic == (True, False, True)


@pytest.mark.parametrize(
    ("comment", "row", "names"),
    [
        # What ASE alone refuses: names that are no elements, titles with signs, six numbers of a stress.
        ("Properties=species:S:1:pos:R:3", "mW 1 2 3", ("mW",)),
        ("Properties=pos:R:3:species:S:1", "1 2 3 Si", ("Si",)),
        ("=== water = 1 ===", "mW 1 2 3", ("mW",)),
        ('it is "quoted, and [not closed', "mW 1 2 3 0.5", ("mW",)),
        ('properties=species:S:1:pos:R:3 stress="1 2 3 4 5 6" virial="1 2"', "W 1 2 3", ("W",)),
        # What the file says of particles stays apart from what ASE knows by the same names.
        ("Properties=type:I:1:pos:R:3:forces:R:3:charge:R:1", "2 1 2 3 9 9 9 0.5", ("2",)),
        ("Properties=species:S:1:pos:R:3:move_mask:L:1:Z:I:1", "W 1 2 3 T 999", ("W",)),
        ("Properties=Z:I:1:pos:R:3 energy=-3.5 pbc=[T,F,T]", "14 1 2 3", ("Si",)),
    ],
)
def test_comments_of_xyz_files(tmp_path: Path, comment: str, row: str, names: tuple[str, ...]) -> None:
    (tmp_path / "a.xyz").write_text(f"1\n{comment}\n{row}\n")
    structure = read_structure(tmp_path / "a.xyz")
    assert structure.names == names and structure.positions[0] == pytest.approx([0.1, 0.2, 0.3])


def test_extended_xyz_as_ase_writes_it(tmp_path: Path) -> None:
    """Frames with energy, virial and forces, as those who train potentials write them."""
    atoms = ase.Atoms("SiC", positions=[[0, 0, 0], [1, 1, 1]], cell=BOX * 10, pbc=(True, True, False))
    atoms.info["REF_energy"] = -1.5
    atoms.info["virial"] = np.arange(9.0).reshape(3, 3)
    atoms.new_array("REF_forces", np.ones((2, 3)))
    ase.io.write(tmp_path / "a.extxyz", [atoms, atoms[[1, 0]]])
    structure = read_structure(tmp_path / "a.extxyz")
    assert structure.names == ("C", "Si") and structure.periodic == (True, True, False)
    assert structure.box == pytest.approx(BOX) and structure.positions[0] == pytest.approx([0.1] * 3)


def test_models_of_a_pdb_file_share_the_cell(tmp_path: Path) -> None:
    cell = "CRYST1   20.000   21.000   22.000  90.00  90.00 120.00 P 1           1\n"
    atom = "ATOM      1  W   W   A   1       {}.000   1.000   1.000  1.00  0.00\n"
    text = cell + "".join(f"MODEL {n}\n{atom.format(n)}ENDMDL\n" for n in (1, 2, 3)) + "END\n"
    (tmp_path / "a.pdb").write_text(text)
    for frame, n in ((0, 1), (1, 2), (-1, 3)):
        structure = read_structure(tmp_path / "a.pdb", Reading(frame=frame))
        assert structure.positions[0, 0] == pytest.approx(0.1 * n)
        assert structure.box is not None and np.linalg.norm(structure.box, axis=1) == pytest.approx(
            [2.0, 2.1, 2.2]
        )


@pytest.mark.parametrize("name", ["POSCAR", "a.cif", "a.traj", "a.xsf", "a.vasp"])
def test_formats_of_ase(tmp_path: Path, name: str) -> None:
    """Any cell: those that ASE gives as it stands in the file are rotated by us, not by the file."""
    turn, _ = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))
    atoms = ase.Atoms("SiCSi", positions=positions(3) * 10 @ turn, cell=BOX * 10 @ turn, pbc=True)
    path = tmp_path / name
    ase.io.write(path, atoms[[0, 2, 1]], format={"POSCAR": "vasp", "a.vasp": "vasp"}.get(name))
    structure = read_structure(path)
    assert structure.names == ("Si", "Si", "C") and structure.box is not None
    ours = np.linalg.norm(structure.positions[0] - structure.positions[1])
    assert ours == pytest.approx(np.linalg.norm(positions(3)[0] - positions(3)[2]), abs=1e-6)
    assert abs(np.linalg.det(structure.box)) == pytest.approx(np.linalg.det(BOX), rel=1e-6)


def test_gzipped_files_and_other_encodings(tmp_path: Path) -> None:
    text = NO_BOX["plain.xyz"]
    with gzip.open(tmp_path / "a.xyz.gz", "wt") as file:
        file.write(text)
    (tmp_path / "b.xyz").write_bytes(
        b"\xef\xbb\xbf" + text.replace("a comment", "Bj\xf6rk").encode("latin-1")
    )
    for name in ("a.xyz.gz", "b.xyz"):
        assert read_structure(tmp_path / name).names == ("mW", "mW")


def test_names_are_taken_renamed_or_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xyz").write_text("3\n\nW 0 0 0\nQ 1 0 0\nxL 0 3 0\n")
    structure = read_structure(tmp_path / "a.xyz", Reading(rename={"Q": "W"}))
    assert structure.names == ("W", "W", "xL")
    with pytest.raises(ConfigError, match="no particle called 'XL'"):
        read_structure(tmp_path / "a.xyz", Reading(rename={"XL": "W"}))
    with pytest.raises(ConfigError, match="no bead called 'Q'") as caught:
        bead_names(two_beads("W", "xL"), read_structure(tmp_path / "a.xyz"))
    assert "--rename Q=BEAD" in str(caught.value)
    taken, notes = bead_names(load_model("mw"), structure)
    assert set(taken) == {"W"} and "particles named xL are taken as bead 'W'" in notes[0]
    assert bead_names(load_model("mw"), Structure(("W",), np.zeros((1, 3)), None))[1] == ()


def test_numbers_and_nameless_particles_tell_the_remedy() -> None:
    places = np.zeros((2, 3))
    with pytest.raises(ConfigError, match='--types "1=Si,2=C"'):
        bead_names(two_beads("Si", "C"), Structure(("1", "2"), places, None, numbered=True))
    with pytest.raises(ConfigError, match="--topology"):
        bead_names(two_beads("Si", "C"), Structure(("", ""), places, None))
    with pytest.raises(ConfigError, match="no bead called 'LONG'"):  # both begin so
        bead_names(two_beads("LONGA", "LONGB"), Structure(("LONG",) * 2, places, None, letters=4))


DATA = "t\n\n{n} atoms\n1 atom types\n0 20 xlo xhi\n0 20 ylo yhi\n0 {z} zlo zhi\n\n" \
       "Atoms{style}\n\n1 1 1 1 1{tail}\n"  # fmt: skip
DUMP = "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n{n}\n" \
       "ITEM: BOX BOUNDS pp pp pp\n0 9\n0 9\n0 {z}\nITEM: ATOMS {c}\n1 1 1 1 1\n"  # fmt: skip
BROKEN = {
    "count.xyz": ("many\n\nW 0 0 0\n", "line 1: expected the number of particles, found 'many'"),
    "negative.xyz": ("-3\n\nW 0 0 0\n", "expected the number of particles"),
    "huge.xyz": ("999999999999\n\nW 0 0 0\n", "1 of 999999999999 particles are there"),
    "short.xyz": ("2\n\nW 0 0 0\n", "1 of 2 particles are there"),
    "row.xyz": ("2\n\nW 0 0 0\nW 0 0\n", "line 4: expected three coordinates, found 'W 0 0'"),
    "word.xyz": ("1\n\nW 0 zero 0\n", "line 3: expected three coordinates"),
    "none.xyz": ("0\n\n", "no particles"),
    "nan.xyz": ("2\n\nW 0 0 0\nW 0 nan 0\n", "the position of bead 2 is not a number"),
    "inf.xyz": ("1\n\nW 0 0 inf\n", "the position of bead 1 is not a number"),
    "far.xyz": ("1\n\nW 0 0 1e300\n", "right unit of length"),
    "lattice.xyz": ('1\nLattice="1 2 3"\nW 0 0 0\n', "line 2: Lattice needs nine numbers"),
    "text-lattice.xyz": ('1\nLattice="a b c d e f g h i"\nW 0 0 0\n', "Lattice needs nine numbers"),
    "pbc.xyz": ('1\nLattice="9 0 0 0 9 0 0 0 9" pbc="T"\nW 0 0 0\n', "line 2: pbc needs three"),
    "columns.xyz": ("1\nProperties=pos:R:3\n0 0 0\n", "names no species"),
    "flat.xyz": ('1\nLattice="9 0 0 9 0 0 0 0 9"\nW 0 0 0\n', "the cell has no volume"),
    "nan-cell.xyz": ('1\nLattice="nan 0 0 0 9 0 0 0 9"\nW 0 0 0\n', "the cell is not finite"),
    "wide.xyz": ('1\nLattice="1e200 0 0 0 9 0 0 0 9"\nW 0 0 0\n', "the cell is not finite"),
    "count.gro": ("t\nx\n", "line 2: expected the number of particles"),
    "short.gro": (GRO.format("").replace("    2\n", "    3\n", 1), "the file ends within the frame"),
    "box.gro": (GRO.format("1 2"), "a box has three or nine numbers"),
    "empty-atoms.pdb": ("HEADER\nEND\n", "the file holds no frame"),
    "cell.pdb": (PDB.format("CRYST1 a b c\n"), "CRYST1 needs three lengths"),
    "flat.pdb": (
        PDB.format("CRYST1   20.000   20.000   20.000  90.00  90.00 180.00\n"),
        "volume|finite|cell",
    ),
    "word.pdb": (PDB.format("").replace("   3.500", "   three"), "line 2: expected three coordinates"),
    "atoms.data": (DATA.format(n=2, z=20, style=" # atomic", tail=""), "counts 2 atoms, but 1 are there"),
    "style.data": (
        DATA.format(n=1, z=20, style=" # hybrid", tail=""),
        "the atom style 'hybrid' is not known",
    ),
    "columns.data": (DATA.format(n=1, z=20, style="", tail=" 1 1 1 1 1 1"), "cannot be told from 11 columns"),
    "flat.data": (DATA.format(n=1, z=0, style="", tail=""), "must rise, found 0 0"),
    "lj.data": (DATA.format(n=1, z=9, style="", tail="").replace("t\n", "x units = lj\n", 1), "units 'lj'"),
    "count.dump": (DUMP.format(n=3, z=9, c="id type x y z"), "1 of 3 atoms are there"),
    "columns.dump": (DUMP.format(n=1, z=9, c="id type vx vy vz"), "x y z are needed"),
    "box.dump": (DUMP.format(n=1, z="", c="id type x y z"), "three lines of 2 numbers|inhomogeneous"),
    "head.dump": ("ITEM: TIMESTEP\n", "no 'ITEM: NUMBER OF ATOMS'"),
    "a.dcd": ("no trajectory", "this is no DCD file"),
    "a.xtc": ("no trajectory", "no reader understands"),
    "a.cif": ("no crystal", "no reader understands"),
    "unknown.zzz": ("nothing\n", "no reader understands"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_named(tmp_path: Path, name: str) -> None:
    text, message = BROKEN[name]
    (tmp_path / name).write_text(text)
    with pytest.raises(FileFormatError, match=message) as caught:
        read_structure(tmp_path / name)
    assert name in str(caught.value)


@pytest.mark.parametrize("name", [*NO_BOX, "a.data", "a.dump", "a.dcd", "a.xtc"])
def test_mutated_files_never_raise_anything_else(tmp_path: Path, name: str) -> None:
    """Bytes replaced, left out and doubled: a structure with finite numbers, or one message."""
    random = np.random.default_rng(len(name))
    path = tmp_path / name
    if path.suffix in (".dcd", ".xtc"):
        sink = open_trajectory(path, ["W"] * 3, FrameTimes(0.01, 1))
        for _ in range(2):
            sink.append(Frame(positions(3), BOX, 0.0))
        sink.close()
    else:
        other = {
            "a.data": DATA.format(n=1, z=20, style="", tail=""),
            "a.dump": DUMP.format(n=1, z=9, c="id type x y z"),
        }
        path.write_text((NO_BOX | other)[name])
    whole = path.read_bytes()
    for _ in range(60):
        content = bytearray(whole)
        for _ in range(random.integers(1, 4)):
            place, kind = int(random.integers(len(content))), random.integers(3)
            if kind == 0:
                content[place] = random.choice(list(b"0129.-+eEnaW \n\x00\xff"))
            elif kind == 1:
                del content[place : place + int(random.integers(1, 9))]
            else:
                content[place:place] = content[place : place + 20]
            content = content or bytearray(b" ")
        path.write_bytes(content)
        try:
            structure = read_structure(path)
        except CgbridgeError:
            continue
        assert np.isfinite(structure.positions).all() and len(structure.names) == len(structure.positions) > 0


def test_a_trajectory_of_atoms_is_a_structure_of_elements(tmp_path):
    """Cgbridge's own; sites without an element keep their names, and an isolated frame has no cell."""
    atoms = Atoms(
        ("OW", "HW1", "HW2", "MW"),
        ("O", "H", "H", ""),
        (15.999, 1.008, 1.008, 0.0),
        ("HOH",),
        (0,) * 4,
        (0,) * 4,
    )
    positions = np.arange(12.0).reshape(4, 3) / 10.0
    for box in (2.0 * np.eye(3), np.zeros((3, 3))):
        path = tmp_path / "atoms.h5"
        with TrajectoryWriter(path, 4, Header(atoms)) as writer:
            writer.append(Frame(positions + 1.0, box, 0.5))
            writer.append(Frame(positions, box, 1.0))
        found = read_structure(path, Reading(frame=1))
        assert found.names == ("O", "H", "H", "MW")
        assert np.allclose(found.positions, positions, atol=1e-6)
        assert (found.box is None) if not box.any() else np.array_equal(found.box, box)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(FileFormatError, match="damaged or cut off"):
        read_structure(path)
