"""Times of frames: known or numbered, rising, and the same in every format that beads are written to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from program import run as command

from cgbridge.apps.map_trajectory import MapSettings, map_trajectory
from cgbridge.apps.mapped_run import read_mapped
from cgbridge.atoms import Atoms
from cgbridge.errors import CgbridgeWarning, ConfigError, FileFormatError
from cgbridge.frames import Frame
from cgbridge.mapping.readers import read_mapping
from cgbridge.topology import Beads, Topology
from cgbridge.trajectories.hdf5 import TrajectoryWriter
from cgbridge.trajectories.layout import Header
from cgbridge.trajectories.sources import open_source
from cgbridge.units import ANGSTROM

COUNT, EDGE = 27, 1.2
WATER = np.array([[0.0, 0.0, 0.0], [0.0816, 0.0577, 0.0], [-0.0816, 0.0577, 0.0]])
ATOMS = Atoms(
    ("O", "H1", "H2") * COUNT,
    ("O", "H", "H") * COUNT,
    (15.999, 1.008, 1.008) * COUNT,
    ("HOH",) * COUNT,
    tuple(n // 3 for n in range(3 * COUNT)),
    tuple(n // 3 for n in range(3 * COUNT)),
    tuple((3 * n, 3 * n + k) for n in range(COUNT) for k in (1, 2)),
)
STATE = {"ensemble": "npt", "temperature": 300.0, "pressure": 2.0}


def positions() -> np.ndarray:
    centres = (np.array(list(np.ndindex(3, 3, 3))) + 0.5) * EDGE / 3
    return (centres[:, None] + WATER).reshape(-1, 3)


def water(path: Path, times: list[float]) -> Path:
    """Atoms that do not move, at these times."""
    with TrajectoryWriter(path, 3 * COUNT, Header(ATOMS, (), 0.002, STATE)) as writer:
        for time in times:
            writer.append(Frame(positions(), np.eye(3) * EDGE, time))
    return path


def beads(path: Path, times: list[float]) -> Path:
    header = Header(Beads(Topology(("W",) * COUNT), (18.0,) * COUNT), (), 0.002, {"temperature": 300.0})
    with TrajectoryWriter(path, COUNT, header) as writer:
        for time in times:
            writer.append(Frame(positions()[::3], np.eye(3) * EDGE, time))
    return path


def dump(path: Path, steps: list[int], *, units: str = "", clock: float | None = None) -> Path:
    lines = ["ITEM: UNITS", units] if units else []
    for step in steps:
        lines += ["ITEM: TIMESTEP", str(step)]
        lines += ["ITEM: TIME", f"{step * clock:g}"] if clock is not None else []
        lines += ["ITEM: NUMBER OF ATOMS", str(3 * COUNT), "ITEM: BOX BOUNDS pp pp pp"]
        lines += [f"0 {EDGE / ANGSTROM:g}"] * 3 + ["ITEM: ATOMS id element mol x y z"]
        for atom, x in enumerate(positions() / ANGSTROM):
            place = " ".join(f"{value:.6f}" for value in x)
            lines.append(f"{atom + 1} {ATOMS.elements[atom]} {ATOMS.molecule_of[atom] + 1} {place}")
    path.write_text("\n".join(lines) + "\n")
    return path


def mapped(path: Path, out: Path, **options: float) -> tuple[str, ...]:
    source = open_source(path, **options)  # type: ignore[arg-type]
    return map_trajectory(source, read_mapping("water-1bead"), out, MapSettings()).notes


@pytest.mark.parametrize("first", [100.0, 0.0, 0.25, -1.0])
@pytest.mark.parametrize("suffix", [".h5", ".npz", ".dcd", ".xtc", ".trr", ".gro", ".xyz"])
def test_frames_keep_their_times(suffix: str, first: float, tmp_path: Path) -> None:
    times = [first + 0.5 * k for k in range(4)]
    notes = mapped(water(tmp_path / "run.h5", times), tmp_path / f"beads{suffix}")
    top = Atoms(("W",) * COUNT, ("",) * COUNT, (1.0,) * COUNT, ("W",), (0,) * COUNT, tuple(range(COUNT)))
    named = suffix in (".h5", ".npz")
    found = [frame.time for frame in open_source(tmp_path / f"beads{suffix}", top=None if named else top)]
    # Formats hold single precision, GRO five decimals.
    assert found == pytest.approx(times, abs=2e-5)
    assert not any(word in note for note in notes for word in ("interval", "no times", "numbered"))


def test_what_becomes_of_uneven_times_is_told(tmp_path: Path) -> None:
    path = water(tmp_path / "run.h5", [0.0, 1.0, 5.0])
    assert any("the times of frames that are not evenly apart" in n for n in mapped(path, tmp_path / "b.dcd"))
    assert not any("evenly" in note for note in mapped(path, tmp_path / "b.trr"))
    assert any(".pdb files say no times" in note for note in mapped(path, tmp_path / "b.pdb"))


def test_npz_says_as_much_as_hdf5(tmp_path: Path) -> None:
    path = water(tmp_path / "run.h5", [float(k) for k in range(10)])
    for suffix in (".h5", ".npz"):
        mapped(path, tmp_path / f"b{suffix}")
        run = read_mapped(tmp_path / f"b{suffix}")
        assert (run.temperature, run.pressure, len(run.run().topology)) == (300.0, 2.0, COUNT)
    one, other = (open_source(tmp_path / f"b{suffix}") for suffix in (".h5", ".npz"))
    assert one.source == other.source and one.timestep == other.timestep == 0.002


def test_a_dump_counts_steps_and_the_time_step_makes_times_of_them(tmp_path: Path) -> None:
    path = dump(tmp_path / "run.dump", [1000 * k for k in range(12)])
    notes = mapped(path, tmp_path / "numbered.h5")
    assert any("have no times and are numbered" in note and "--timestep" in note for note in notes)
    assert len(read_mapped(tmp_path / "numbered.h5", temperature=300.0).run().series["time"]) == 12
    with pytest.raises(ConfigError, match="numbered, and their times are not known") as fault:
        read_mapped(tmp_path / "numbered.h5", temperature=300.0, discard=5.0)
    assert fault.value.remedy is not None and "--timestep" in fault.value.remedy
    notes = mapped(path, tmp_path / "timed.h5", timestep=0.002)
    assert not any("numbered" in note for note in notes)
    found = open_source(tmp_path / "timed.h5")
    assert found.timestep == 0.002 and [frame.time for frame in found][:3] == pytest.approx([0.0, 2.0, 4.0])
    assert read_mapped(tmp_path / "timed.h5", temperature=300.0, discard=5.0).skip == 3


@pytest.mark.parametrize(("units", "unit"), [("real", 1e-3), ("metal", 1.0)])
def test_a_dump_that_tells_the_time_is_taken_at_its_word(units: str, unit: float, tmp_path: Path) -> None:
    path = dump(tmp_path / "run.dump", [0, 1000], units=units, clock=0.5)
    source = open_source(path)
    assert not source.numbered and [frame.time for frame in source] == pytest.approx([0.0, 500.0 * unit])
    # In units that nobody says it is no time in ps.
    assert open_source(dump(tmp_path / "bare.dump", [0, 1000], clock=0.5)).numbered


def test_the_time_step_is_an_option_and_only_of_dumps(tmp_path: Path) -> None:
    dump(tmp_path / "run.dump", [0, 500])
    arguments = ("--mapping", "water-1bead", "--out", "b.h5", "--timestep", "2 fs")
    done = command(tmp_path, "map", "run.dump", *arguments)
    assert done.returncode == 0, done.stderr
    assert [frame.time for frame in open_source(tmp_path / "b.h5")] == pytest.approx([0.0, 1.0])
    with pytest.raises(ConfigError, match="this file counts no steps"):
        open_source(water(tmp_path / "run.h5", [0.0]), timestep=0.002)


@pytest.mark.parametrize(
    ("times", "bad"),
    [
        ([*range(20), *range(10, 30)], (20, 10, 19)),
        ([*range(20), *range(20)], (20, 0, 19)),
        ([5] * 20, (1, 5, 5)),
        ([*range(20)][::-1], (1, 18, 19)),
    ],
    ids=["overlap", "restart", "equal", "backwards"],
)
@pytest.mark.parametrize("discard", [0.0, 5.0])
def test_times_that_do_not_rise_are_refused(
    times: list[float], bad: tuple[int, float, float], discard: float, tmp_path: Path
) -> None:
    beads(tmp_path / "run.h5", times)
    number, own, before = bad
    with pytest.raises(FileFormatError, match=rf"its time is {own} ps, after {before} ps") as fault:
        read_mapped(tmp_path / "run.h5", discard=discard).run()
    assert fault.value.where == f"run.h5, frame {number}" and "--frames" in str(fault.value.remedy)


def test_mapping_warns_of_times_that_do_not_rise(tmp_path: Path) -> None:
    """Frames that are no series may be mapped all the same."""
    path = water(tmp_path / "run.h5", [0.0, 1.0, 1.0])
    with pytest.warns(CgbridgeWarning, match=r"frame 2: its time is 1 ps, after 1 ps .* were runs joined"):
        mapped(path, tmp_path / "b.h5")
    assert len(open_source(tmp_path / "b.h5")) == 3
