"""The command map: whole chains from files of other programs to files that others read."""

from __future__ import annotations

from pathlib import Path

import mdtraj
import numpy as np
import pytest
from molecules import GRAPHS, apart, atoms_of, broken, grown, random_box
from program import run

from cgbridge.frames import Frame
from cgbridge.topology import Beads
from cgbridge.trajectories.hdf5 import TrajectoryWriter
from cgbridge.trajectories.layout import Header
from cgbridge.trajectories.sources import open_source

MAPPINGS = Path(__file__).parents[2] / "mappings"
WATER = Path(__file__).parents[1] / "unit/frames"
TRR = (str(WATER / "water.trr"), "--top", str(WATER / "water.gro"))
ATOMS = atoms_of(GRAPHS["hexane"], 6)


@pytest.fixture
def atomistic(tmp_path: Path) -> tuple[Path, list[Frame]]:
    """Hexane in boxes that change, broken; forces by chance."""
    random = np.random.default_rng(3)
    path, frames = tmp_path / "run.h5", []
    with TrajectoryWriter(
        path, len(ATOMS), Header(ATOMS, ("forces", "energy"), 0.0005, {"seed": 7})
    ) as writer:
        for number in range(5):
            box = random_box(random)
            whole = grown(ATOMS, box, random)
            forces = 900.0 * random.standard_normal(whole.shape)
            forces -= forces.mean(axis=0)
            frames.append(Frame(whole, box, 0.2 * number, forces, energy=-10.0 * number))
            writer.append(Frame(broken(whole, box), box, 0.2 * number, forces, energy=-10.0 * number))
    return path, frames


@pytest.mark.parametrize("suffix", [".h5", ".npz"])
def test_positions_forces_and_all_else(
    suffix: str, atomistic: tuple[Path, list[Frame]], tmp_path: Path
) -> None:
    path, frames = atomistic
    out = f"beads{suffix}"
    done = run(
        tmp_path,
        "map",
        str(path),
        "--mapping",
        "hexane-3bead",
        "--out",
        out,
        "--beads",
        "b.pdb",
        "--beads",
        "b.json",
    )
    assert done.returncode == 0, done.stderr
    assert "5 frames of 18 beads; forces: sum" in done.stdout
    source = open_source(tmp_path / out)
    assert source.bead_types == ("EN", "MI", "EN") * 6 and source.topology is not None and len(source) == 5
    groups = [range(7), range(7, 13), range(13, 20)]  # C1 H3 C2 H2, C3 H2 C4 H2, C5 H2 C6 H3
    masses = np.array(ATOMS.masses)
    for found, frame in zip(source, frames, strict=True):
        for bead in range(18):
            members = [20 * (bead // 3) + k for k in groups[bead % 3]]
            weights = masses[members] / masses[members].sum()
            expected = weights @ frame.positions[members]
            # Single precision of some nm, in the file that is read and in that which is written.
            assert apart(found.positions[bead][None], expected[None], frame.box) < 2e-6
            np.testing.assert_allclose(found.forces[bead], frame.forces[members].sum(axis=0), atol=2e-3)
        assert found.time == frame.time and found.energy == frame.energy
        assert np.linalg.det(found.box) == pytest.approx(np.linalg.det(frame.box))
        np.testing.assert_allclose(found.forces.sum(axis=0), 0.0, atol=5e-3)
    named = Beads.from_json((tmp_path / "b.json").read_text())
    assert named.topology == source.topology and named.masses == source.masses
    assert sum(named.masses) == pytest.approx(masses.sum())
    assert (tmp_path / "b.pdb").read_text().count("CONECT") >= 12
    assert source.timestep == 0.0005 and source.source is not None
    assert source.source["of"] == {"seed": 7} and source.source["mapping"]["name"] == "hexane-3bead"
    (file,) = source.source["mapping"]["files"]
    assert file == ["hexane-3bead.yaml", (MAPPINGS / "hexane-3bead.yaml").read_text()]
    if suffix == ".npz":
        with np.load(tmp_path / out) as arrays:
            assert set(arrays.files) == {
                "positions",
                "box",
                "time",
                "forces",
                "energy",
                "bead_types",
                "topology",
                "source",
                "versions",
                "timestep",
            }
            assert arrays["positions"].shape == arrays["forces"].shape == (5, 18, 3)
            assert arrays["box"].shape == (5, 3, 3)


@pytest.mark.parametrize("suffix", [".xtc", ".trr", ".dcd", ".nc", ".pdb", ".gro", ".xyz", ".mdcrd"])
@pytest.mark.filterwarnings("ignore:.*netCDF4.*:UserWarning")
def test_what_others_read(suffix: str, atomistic: tuple[Path, list[Frame]], tmp_path: Path) -> None:
    path, _ = atomistic
    for out in ("beads.npz", f"beads{suffix}"):
        done = run(
            tmp_path, "map", str(path), "--mapping", "hexane-2bead", "--out", out, "--beads", f"{out}.b.pdb"
        )
        assert done.returncode == 0, done.stderr
    assert f"{suffix} files hold no forces: the beads have none" in done.stderr
    own = list(open_source(tmp_path / "beads.npz"))
    topology = {} if suffix in (".pdb", ".gro") else {"top": str(tmp_path / "beads.npz.b.pdb")}
    loaded = mdtraj.load(str(tmp_path / f"beads{suffix}"), **topology)
    assert loaded.n_frames == 5 and loaded.n_atoms == 12
    rounding = {".xtc": 6e-4, ".gro": 6e-4}.get(suffix, 6e-5)
    np.testing.assert_allclose(loaded.xyz, [frame.positions for frame in own], atol=rounding)


def test_trr_of_gromacs_and_the_force_maps(tmp_path: Path) -> None:
    """Flexible water: the maps of a centre of mass are one and the same but for their noise."""
    forces = {}
    for kind in ("basic", "sum", "optimal"):
        done = run(
            tmp_path, "map", *TRR, "--mapping", "water-1bead", "--out", f"{kind}.npz", "--forces", kind
        )
        assert done.returncode == 0, done.stderr
        assert f"3 frames of 6 beads; forces: {kind}" in done.stdout
        assert "note: of 5 frames the 3 with forces are taken" in done.stderr
        forces[kind] = np.array([frame.forces for frame in open_source(tmp_path / f"{kind}.npz")])
    np.testing.assert_allclose(forces["basic"], forces["sum"], rtol=1e-6)
    assert np.square(forces["optimal"]).mean() <= np.square(forces["sum"]).mean() * (1 + 1e-6)
    done = run(tmp_path, "map", *TRR, "--mapping", "water-1bead", "--out", "none.npz", "--forces", "none")
    with np.load(tmp_path / "none.npz") as arrays:
        assert "forces" not in arrays.files


def test_an_oxygen_map_of_rigid_water_by_the_oxygen_force_alone_is_refused(tmp_path: Path) -> None:
    random, atoms = np.random.default_rng(5), atoms_of(GRAPHS["water"], 20)
    rest = np.array([[0, 0, 0], [0.1, 0, 0], [-0.0333, 0.0943, 0]])
    with TrajectoryWriter(tmp_path / "rigid.h5", 60, Header(atoms, ("forces",))) as writer:
        for number in range(3):
            turns = np.linalg.qr(random.standard_normal((20, 3, 3)))[0]
            places = np.arange(20)[:, None, None] * np.array([0.4, 0, 0]) + rest @ turns
            forces = 700.0 * random.standard_normal((60, 3))
            writer.append(
                Frame(
                    places.reshape(60, 3), np.diag([8.0, 3, 3]), float(number), forces - forces.mean(axis=0)
                )
            )
    mapping = "molecules: {{water: {{graph: O1H2, beads: {{O: {{atoms: [O1], position: O1{}}}}}}}}}"
    (tmp_path / "oxygen.yaml").write_text(mapping.format(""))
    (tmp_path / "own.yaml").write_text(
        "molecules: {water: {residue: MOL, "
        "beads: {O: {atoms: [O1, HO10, HO11], position: O1, forces: [1, 0, 0]}}}}"
    )
    for name, kind in (("oxygen.yaml", ("--forces", "basic")), ("own.yaml", ())):
        done = run(tmp_path, "map", "rigid.h5", "--mapping", name, *kind, "--out", "beads.h5")
        assert done.returncode == 2, done.stderr
        assert "held by a constraint" in done.stderr and "remedy" in done.stderr
        assert not (tmp_path / "beads.h5").exists()
    done = run(tmp_path, "map", "rigid.h5", "--mapping", "oxygen.yaml", "--out", "beads.h5")
    assert done.returncode == 0, done.stderr
    assert "40 of 40 bonds keep their length and are taken for constraints" in done.stderr


def test_chosen_frames(atomistic: tuple[Path, list[Frame]], tmp_path: Path) -> None:
    path, _ = atomistic
    done = run(tmp_path, "map", str(path), "--mapping", "hexane-2bead", "--out", "b.h5", "--frames", "1::2")
    assert done.returncode == 0 and "2 frames of 12 beads" in done.stdout
    assert [frame.time for frame in open_source(tmp_path / "b.h5")] == [0.2, pytest.approx(0.6)]


def test_a_turned_box_is_turned_back(tmp_path: Path) -> None:
    """Distances and forces along them are those of the file."""
    random = np.random.default_rng(8)
    turn = np.linalg.qr(random.standard_normal((3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    box = random_box(random)
    whole = grown(ATOMS, box, random)
    forces = 900.0 * random.standard_normal(whole.shape)
    forces -= forces.mean(axis=0)
    for name, frame in (
        ("plain", Frame(broken(whole, box), box, 0.0, forces)),
        ("turned", Frame(broken(whole, box) @ turn, box @ turn, 0.0, forces @ turn)),
    ):
        with TrajectoryWriter(tmp_path / f"{name}.h5", len(ATOMS), Header(ATOMS, ("forces",))) as writer:
            writer.append(frame)
        done = run(tmp_path, "map", f"{name}.h5", "--mapping", "hexane-2bead", "--out", f"{name}.npz")
        assert done.returncode == 0, done.stderr
        assert ("turned with the box" in done.stderr) == (name == "turned")
    (plain,), (turned,) = (list(open_source(tmp_path / f"{name}.npz")) for name in ("plain", "turned"))
    np.testing.assert_allclose(turned.box, plain.box, atol=1e-6)
    assert apart(turned.positions, plain.positions, plain.box) < 2e-6
    np.testing.assert_allclose(turned.forces, plain.forces, atol=2e-3)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "a trajectory, a mapping and a file to write are needed"),
        (("none.h5", "--mapping", "water-1bead", "--out", "b.h5"), "no such trajectory"),
        ((*TRR, "--mapping", "water-2bead", "--out", "b.h5"), "unknown mapping 'water-2bead'; did you mean"),
        (
            (*TRR, "--mapping", "water-1bead", "--out", "b.h6"),
            "'.h6' is no trajectory format; did you mean '.h5'",
        ),
        ((*TRR, "--mapping", "hexane-2bead", "--out", "b.h5"), "is for hexane"),
        ((TRR[0], "--mapping", "water-1bead", "--out", "b.h5"), "does not say which atoms it has"),
        ((*TRR, "--mapping", "water-1bead", "--out", "b.h5", "--forces", "best"), "'best' is no force map"),
        (
            (*TRR, "--mapping", "water-1bead", "--out", "b.xtc", "--forces", "sum"),
            ".xtc files hold no forces",
        ),
        (
            (*TRR, "--mapping", "water-1bead", "--out", "b.h5", "--frames", "5:"),
            "none of the 3 frames is chosen",
        ),
        ((*TRR, "--mapping", "water-1bead", "--out", "b.h5", "--frames", "5"), "'5' chooses no frames"),
        ((*TRR, "--mapping", "water-1bead", "--out", "b.h5", "--beads", "b.gro"), "'.gro' names no beads"),
        ((*TRR, "--mapping", "water-1bead", "--out", "old.h5"), "this file exists"),
        ((*TRR, "--mapping", "water-1bead", "--out", "no/b.h5"), "no such folder"),
    ],
    ids=lambda value: "" if isinstance(value, tuple) else value[:20],
)
def test_bad_input_leaves_nothing_behind(words: tuple[str, ...], message: str, tmp_path: Path) -> None:
    (tmp_path / "old.h5").write_text("old")
    done = run(tmp_path, "map", *words)
    assert done.returncode not in (0, 1) and message in done.stderr, done.stderr
    assert "remedy" in done.stderr and "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old.h5"]
    assert (tmp_path / "old.h5").read_text() == "old"


@pytest.mark.parametrize("suffix", [".h5", ".npz", ".xtc"])
def test_a_frame_that_is_bad_leaves_nothing_behind(
    suffix: str, atomistic: tuple[Path, list[Frame]], tmp_path: Path
) -> None:
    _, frames = atomistic
    positions = [broken(frame.positions, frame.box) for frame in frames]
    positions[3] = positions[3] * np.nan
    np.savez(
        tmp_path / "bad.npz", positions=positions, box=[frame.box for frame in frames], atoms=ATOMS.to_json()
    )
    (tmp_path / f"b{suffix}").write_text("old")
    before = sorted(path.name for path in tmp_path.iterdir())
    done = run(
        tmp_path,
        "map",
        "bad.npz",
        "--frames",
        "::3",
        "--mapping",
        "hexane-2bead",
        "--out",
        f"b{suffix}",
        "--overwrite",
    )
    assert (
        done.returncode == 3 and "bad.npz, frame 3: the positions of particle 1 are no numbers" in done.stderr
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert (tmp_path / f"b{suffix}").read_text() == "old"


def test_the_mappings_are_listed(tmp_path: Path) -> None:
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings/mine.yaml").write_text(
        "about: my own\nmolecules: {m: {graph: O1H2, beads: {W: {select: all}}}}"
    )
    done = run(tmp_path, "map", "--list")
    assert done.returncode == 0
    assert all(word in done.stdout for word in ("water-1bead", "alanine-dipeptide-6bead", "mine", "my own"))
