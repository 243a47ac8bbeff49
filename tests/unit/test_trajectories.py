"""Our trajectory file: what is written is read, by other programs too, and a killed writer costs no frame."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from cgbridge.atoms import Atoms
from cgbridge.errors import FileFormatError
from cgbridge.frames import Frame
from cgbridge.topology import Beads, Topology
from cgbridge.trajectories.hdf5 import Trajectory, TrajectoryWriter
from cgbridge.trajectories.layout import OPTIONAL, Header
from cgbridge.trajectories.superblock import checksum, release

ATOMS = Atoms(
    names=("OW", "HW1", "HW2"),
    elements=("O", "H", "H"),
    masses=(15.999, 1.008, 1.008),
    residue_names=("SOL",),
    residue_of=(0, 0, 0),
    molecule_of=(0, 0, 0),
    bonds=((0, 1), (0, 2)),
    constraints=((0, 1), (0, 2), (1, 2)),
)
BEADS = Beads(Topology(("A", "B", "A"), (0, 0, 1), bonds=((0, 1),)), (10.0, 20.0, 10.0))
HEADER = Header(ATOMS, tuple(OPTIONAL), 0.002, {"model": "SPC/E", "seed": 3}, {"openmm": "8.6.1"})


def frame(index: int, count: int = 3) -> Frame:
    """A frame with everything, of numbers that single precision holds."""
    values = np.arange(3 * count, dtype=float).reshape(count, 3) / 4 + index
    box = np.eye(3) * (3.1 + index)
    numbers = {"energy": -1.1 * index, "temperature": 300.1 + index, "pressure": 2.1 - 300.0 * index}
    numbers |= {"force_error": 0.3, "force_noise": 9.1}
    return Frame(values, box, 0.1 * index, -values, 2 * values, **numbers)


def write(path: Path, count: int, header: Header = HEADER) -> None:
    with TrajectoryWriter(path, 3, header) as writer:
        for index in range(count):
            writer.append(frame(index))


def same(one: Frame, other: Frame) -> bool:
    return all(np.array_equal(value, getattr(other, name)) for name, value in vars(one).items())


def test_what_is_written_is_read(tmp_path):
    write(tmp_path / "a.h5", 5)
    trajectory = Trajectory(tmp_path / "a.h5")
    assert len(trajectory) == 5 and trajectory.particles == 3 and trajectory.header == HEADER
    for _ in range(2):
        assert all(same(found, frame(index)) for index, found in enumerate(trajectory))
    assert [found.time for found in trajectory.frames(1, None, 2)] == [0.1, pytest.approx(0.3)]


def test_beads_have_types_and_masses(tmp_path):
    write(tmp_path / "b.h5", 1, replace(HEADER, particles=BEADS))
    trajectory = Trajectory(tmp_path / "b.h5")
    assert trajectory.header.particles == BEADS
    assert next(iter(trajectory)).types == ("A", "B", "A")


def test_others_find_units_and_what_the_forces_are(tmp_path):
    write(tmp_path / "a.h5", 2)
    with h5py.File(tmp_path / "a.h5", "r") as file:
        units = {"positions": "nm", "forces": "kJ/mol/nm", "box": "nm", "time": "ps", "energy": "kJ/mol"}
        assert {name: file[name].attrs["unit"] for name in units} == units
        assert file.attrs["format"] == "cgbridge-trajectory" and file.attrs["schema"] == 1
        assert file.attrs["forces"] == "potential" and file.attrs["timestep"] == 0.002


def test_a_live_file_is_read_and_a_closed_one_goes_on(tmp_path):
    path = tmp_path / "a.h5"
    with TrajectoryWriter(path, 3, HEADER) as writer:
        assert len(Trajectory(path)) == 0
        writer.append(frame(0))
        assert [same(found, frame(0)) for found in Trajectory(path)] == [True]
    with TrajectoryWriter(path, 3, further=True) as writer:
        assert len(writer) == 1
        writer.append(frame(1))
        assert len(Trajectory(path)) == 2
    assert all(same(found, frame(index)) for index, found in enumerate(Trajectory(path)))


def test_frames_behind_those_kept_are_written_anew(tmp_path):
    write(tmp_path / "a.h5", 6)
    with TrajectoryWriter(tmp_path / "a.h5", 3, further=True, keep=2) as writer:
        assert len(Trajectory(tmp_path / "a.h5")) == 2
        writer.append(frame(7))
        assert [round(found.time, 3) for found in Trajectory(tmp_path / "a.h5")] == [0.0, 0.1, 0.7]


@pytest.mark.parametrize(
    "damage",
    [{"forces": None}, {"energy": None}, {"positions": np.zeros((1, 3))}, {"time": np.nan}],
    ids=lambda d: next(iter(d)),
)
def test_a_frame_that_is_not_as_promised_is_refused(tmp_path, damage):
    with TrajectoryWriter(tmp_path / "a.h5", 3, HEADER) as writer:
        writer.append(frame(0))
        with pytest.raises(ValueError, match=next(iter(damage))):
            writer.append(replace(frame(1), **damage))
    assert len(Trajectory(tmp_path / "a.h5")) == 1


def test_other_files_are_told_from_ours(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1.0
    (tmp_path / "text.h5").write_text("no HDF5")
    for name, words in (
        ("other", "no trajectory of cgbridge"),
        ("text", "damaged"),
        ("none", "no such file"),
    ):
        with pytest.raises(FileFormatError, match=words):
            len(Trajectory(tmp_path / f"{name}.h5"))


@pytest.mark.parametrize("closed", [True, False])
def test_a_file_cut_off_anywhere_is_an_error_with_its_frame_and_never_wrong_numbers(tmp_path, closed):
    whole = tmp_path / "whole.h5"
    with TrajectoryWriter(whole, 300, Header()) as writer:
        for index in range(20):
            writer.append(frame(index, 300))
        if not closed:  # as its writer leaves it when it is killed
            whole = Path(shutil.copy(whole, tmp_path / "left.h5"))
    size, told = whole.stat().st_size, set()
    for length in np.linspace(0, size - 1, 60).astype(int):
        cut = tmp_path / "cut.h5"
        shutil.copy(whole, cut)
        os.truncate(cut, length)
        try:
            for index, found in enumerate(Trajectory(cut)):
                assert np.array_equal(found.positions, frame(index, 300).positions)
        except FileFormatError as error:
            told.add(str(error.where).startswith(str(cut)))
        else:
            pytest.fail(f"{length} of {size} bytes are no whole file")
    assert told == {True}


def test_the_checksum_is_that_of_hdf5(tmp_path):
    # HDF5 wrote both: the superblock of a new file, and the same of a longer one.
    for count in (1, 4000):
        with h5py.File(tmp_path / "x.h5", "w", libver=("v110", "v110")) as file:
            file["x"] = np.zeros(count)
        head = (tmp_path / "x.h5").read_bytes()[:48]
        assert checksum(head[:44]) == int.from_bytes(head[44:], "little")
        release(tmp_path / "x.h5")  # a file without the mark stays as it is
        assert (tmp_path / "x.h5").read_bytes()[:48] == head


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, {folder!r})
from test_trajectories import HEADER, frame, TrajectoryWriter, replace
path = Path({path!r})
with TrajectoryWriter(path, 2000, HEADER, further=path.exists()) as writer:
    print(len(writer), flush=True)
    for index in range(len(writer), 100_000):
        writer.append(frame(index, 2000))
"""


def test_ten_killed_writers_lose_no_whole_frame(tmp_path):
    path, random_times, before = tmp_path / "a.h5", random.Random(5), 0
    code = WRITER.format(folder=str(Path(__file__).parent), path=str(path))
    for _ in range(10):
        process = subprocess.Popen([sys.executable, "-P", "-c", code], stdout=subprocess.PIPE, text=True)
        assert int(process.stdout.readline()) == before
        time.sleep(random_times.uniform(0.0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        # What a reader saw is what the next writer goes on from.
        found = list(Trajectory(path))
        assert len(found) >= before
        before = len(found)
    assert before
    for index, one in enumerate(Trajectory(path)):
        wanted = frame(index, 2000)
        assert np.array_equal(one.positions, wanted.positions) and np.array_equal(one.forces, wanted.forces)
        assert (one.time, one.energy) == (wanted.time, wanted.energy)
