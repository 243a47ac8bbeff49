"""Targets from trajectories of beads: what is built is what was put in, and a fit can name it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from program import run as command

from cgbridge.apps.mapped_run import MappedRun
from cgbridge.apps.target_building import Build, build_targets, first_shell, write_targets
from cgbridge.errors import ConfigError, FileFormatError
from cgbridge.frames import Frame
from cgbridge.observables.catalogue import get_observable
from cgbridge.records.target import Curve
from cgbridge.targets.library import list_targets, load_target
from cgbridge.testing.made_up_runs import gas_frames, lattice_frame
from cgbridge.topology import Beads, Topology
from cgbridge.trajectories.hdf5 import TrajectoryWriter
from cgbridge.trajectories.layout import Header
from cgbridge.units import AMU_PER_NM3, BAR_NM3, GAS_CONSTANT

BEADS, MASS, KELVIN = 216, 18.0, 300.0
VOLUME, KAPPA = 6.5, 5e-5  # nm^3, 1/bar
WATER = Beads(Topology(("W",) * BEADS), (MASS,) * BEADS)


@dataclass(frozen=True)
class _Liquid:
    """A gas in a box whose volume fluctuates as a liquid of compressibility ``KAPPA`` does."""

    count: int = 400
    constant: bool = False

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Frame]:
        random = np.random.default_rng(2)
        spread = 0.0 if self.constant else np.sqrt(KAPPA * VOLUME * GAS_CONSTANT * KELVIN / BAR_NM3)
        for number in range(self.count):
            edge = np.cbrt(VOLUME + spread * random.standard_normal())
            yield Frame(random.random((BEADS, 3)) * edge, np.eye(3) * edge, float(number))


def mapped(
    frames: _Liquid | list[Frame] = _Liquid(), beads: Beads = WATER, bar: float | None = 1.0
) -> MappedRun:
    return MappedRun(frames, beads, KELVIN, bar, "run.h5")


def test_a_pressure_is_not_guessed_where_there_was_a_barostat() -> None:
    """At constant volume 1 bar is taken, and told."""
    with pytest.raises(ConfigError, match="the file does not say at which pressure") as fault:
        build_targets(replace(mapped(_Liquid(20)), pressure=None), ["density"])
    assert fault.value.remedy is not None and "--pressure" in fault.value.remedy
    still = build_targets(replace(mapped(_Liquid(20, constant=True)), pressure=None), ["rdf"])
    assert still.targets and any("says no pressure: its targets are for 1 bar" in n for n in still.notes)


def by_key(build: Build) -> dict[str, dict]:
    return {target.key: dict(target.entry) for target in build.targets}


def test_density_and_compressibility_with_errors() -> None:
    found = by_key(build_targets(mapped(), ["density", "compressibility"]))
    density, error = float(found["density"]["value"].split()[0]), found["density"]["error"]
    exact = BEADS * MASS * AMU_PER_NM3 / VOLUME
    # Four standard errors of the mean of 400 independent volumes.
    assert abs(density - exact) < 4 * error < 0.02 * exact
    kappa = float(found["compressibility"]["value"].split()[0])
    assert abs(kappa - KAPPA * 1e4) < 4 * found["compressibility"]["error"] < KAPPA * 1e4


def test_a_constant_volume_has_no_density_to_tell() -> None:
    """But at a pressure that is known: there a model must have it, too. No compressibility in any case."""
    build = build_targets(mapped(_Liquid(20, constant=True), bar=None))
    assert set(by_key(build)) == {"rdf"}
    assert any("no density: the volume is constant; give --pressure" in note for note in build.notes)
    known = by_key(build_targets(mapped(_Liquid(20, constant=True), bar=350.0)))
    assert set(known) == {"rdf", "density"} and known["density"]["pressure"] == 350.0
    exact = BEADS * MASS * AMU_PER_NM3 / VOLUME
    assert known["density"]["value"] == f"{exact:.6g} g/cm^3" and "error" not in known["density"]


def test_a_constant_volume_has_the_pressure_of_its_frames() -> None:
    """Unless another is given; a frame that tells none leaves no mean."""
    random = np.random.default_rng(6)
    frames = [
        replace(frame, pressure=350.0 + 400.0 * random.normal()) for frame in _Liquid(200, constant=True)
    ]
    build = build_targets(mapped(frames, bar=None))
    mean = float(np.mean([frame.pressure for frame in frames]))
    assert {entry["pressure"] for entry in by_key(build).values()} == {round(mean)}
    assert set(by_key(build)) == {"rdf", "density"}
    (note,) = [note for note in build.notes if "mean pressure of the atoms" in note]
    error = float(note.split()[-2])  # as cautious as those of all series
    assert f"{mean:.4g} bar" in note and 0.9 < error / (400.0 / np.sqrt(200)) < 2.0
    assert by_key(build_targets(mapped(frames, bar=1000.0)))["density"]["pressure"] == 1000.0
    under_tension = [replace(frame, pressure=frame.pressure - 3000.0) for frame in frames]
    torn = build_targets(mapped(under_tension, bar=None))
    assert set(by_key(torn)) == {"rdf"} and "pressure" not in by_key(torn)["rdf"]
    assert any("a tension that no liquid is held at: its targets are for 1 bar" in n for n in torn.notes)
    untold = [*frames[:-1], replace(frames[-1], pressure=None)]
    assert set(by_key(build_targets(mapped(untold, bar=None)))) == {"rdf"}


def test_what_is_built_is_read_and_measured_again_by_a_fit(tmp_path: Path) -> None:
    # A jittered crystal, whose second peak is the higher one: the same trajectory deviates from its own
    # curves by the digits of the table only.
    crystal = lattice_frame("diamond", 0.28, (4, 4, 4))
    random = np.random.default_rng(1)
    count = len(crystal.positions)
    frames = [
        Frame(crystal.positions + 0.015 * random.normal(size=(count, 3)), crystal.box, float(t))
        for t in range(20)
    ]
    run = mapped(frames, Beads(Topology(("W",) * count), (MASS,) * count), None)
    build = build_targets(run)
    (tmp_path / "targets").mkdir()
    path = write_targets(tmp_path / "targets", "ice", {KELVIN: build}, "Made up.")
    names = [name for name in list_targets(tmp_path) if name.startswith("ice/")]
    assert names == ["ice/rdf-300K", "ice/adf-300K"]
    for name in names:
        target = load_target(name, tmp_path)
        assert target.value == 0.0 and target.temperature == KELVIN and "20 frames" in target.source
        unchecked = replace(target, options={**target.options, "check_phase": False})
        found = get_observable(target.observable).measure(unchecked, [run.run()])
        # Six digits of the table.
        assert found.value < 1e-5 * np.abs(target.reference.y).max() < target.tolerance
    # Tetrahedral: all angles within the first shell near 109.47 degrees.
    angles = load_target("ice/adf-300K", tmp_path).reference
    assert float(np.sum(angles.x * angles.y) / np.sum(angles.y)) == pytest.approx(109.3, abs=0.5)
    with pytest.raises(ConfigError, match="this file exists"):
        write_targets(tmp_path / "targets", "ice", {KELVIN: build}, "Made up.")
    assert write_targets(tmp_path / "targets", "ice", {KELVIN: build}, "Again.", replace=True) == path


def test_skewed_boxes_in_any_direction_give_the_same(tmp_path: Path) -> None:
    frames = gas_frames(BEADS, 1.9, 10)
    tilted = np.array([[1.9, 0.0, 0.0], [0.6, 1.9, 0.0], [-0.5, 0.7, 1.9]])
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
    turn[:, 0] *= np.sign(np.linalg.det(turn))
    plain = [Frame(f.positions / 1.9 @ tilted, tilted, f.time) for f in frames]
    turned = [Frame(f.positions @ turn, f.box @ turn, f.time) for f in plain]
    one, other = (build_targets(mapped(f), ["rdf"]).targets[0].curve for f in (plain, turned))
    assert one is not None and other is not None
    # freud works in single precision, and a pair near an edge of a bin may fall on the other side.
    np.testing.assert_allclose(one.y, other.y, atol=0.02)


def test_molecules_give_bonds_angles_and_pairs() -> None:
    count = 100
    topology = Topology(
        ("A", "B", "A") * count,
        tuple(n for n in range(count) for _ in range(3)),
        bonds=tuple((3 * n + i, 3 * n + i + 1) for n in range(count) for i in (0, 1)),
        angles=tuple((3 * n, 3 * n + 1, 3 * n + 2) for n in range(count)),
    )
    random = np.random.default_rng(4)
    frames = []
    for time in range(10):
        middle = random.random((count, 1, 3)) * 3.0
        arms = np.array([[[0.3, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.3, 0.0]]])
        frames.append(Frame((middle + arms).reshape(-1, 3) % 3.0, np.eye(3) * 3.0, float(time)))
    build = build_targets(mapped(frames, Beads(topology, (10.0, 20.0, 10.0) * count), None))
    assert [target.key for target in build.targets] == [
        "rdf-A-A",
        "rdf-A-B",
        "rdf-B-B",
        "bond-A-B",
        "angle-A-B-A",
    ]
    bond = next(target for target in build.targets if target.key == "bond-A-B")
    assert bond.curve is not None
    assert bond.curve.x[np.argmax(bond.curve.y)] == pytest.approx(0.3, abs=0.002)  # a bin


def test_first_shell() -> None:
    x = np.arange(0.0, 0.9, 0.005)
    g = 1 + 1.5 * np.exp(-(((x - 0.28) / 0.03) ** 2)) - 0.2 * np.exp(-(((x - 0.345) / 0.02) ** 2))
    assert first_shell(Curve(x, g, g, "nm", "1")) == pytest.approx(0.345, abs=0.01)


@pytest.mark.parametrize(
    ("frames", "error", "words"),
    [
        (
            [Frame(np.zeros((BEADS, 3)), np.zeros((3, 3)), 0.0)] * 10,
            FileFormatError,
            "frame 0: the frame has no box",
        ),
        ([Frame(np.full((BEADS, 3), np.nan), np.eye(3), 0.0)] * 10, FileFormatError, "not a finite number"),
        (gas_frames(BEADS, 1.9, 4), ConfigError, "4 frames, and errors need 8"),
    ],
)
def test_bad_trajectories(frames: list[Frame], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        build_targets(mapped(frames))


def test_an_observable_that_is_not_built() -> None:
    with pytest.raises(ConfigError, match="did you mean 'density'"):
        build_targets(mapped(), ["densty"])
    with pytest.raises(ConfigError, match=r"simulate at constant pressure.*\n.*name density"):
        build_targets(mapped(), ["pressure"])


def test_the_command_builds_from_files_and_a_fit_finds_it(tmp_path: Path) -> None:
    source = {"temperature": KELVIN, "pressure": 1.0, "ensemble": "npt"}
    with TrajectoryWriter(tmp_path / "run.h5", BEADS, Header(WATER, source=source)) as writer:
        for frame in _Liquid(60):
            writer.append(frame)
    done = command(tmp_path, "targets", "build", "run.h5", "--name", "mine", "--discard", "10 ps")
    assert done.returncode == 0, done.stderr
    # A value without its error says nothing; curves have one at every point of their file.
    assert "the file says" not in done.stderr + done.stdout
    other = command(tmp_path, "targets", "build", "run.h5", "--name", "other", "--temperature", "310 K")
    assert "its targets are for 310 K, and the file says 300 K" in other.stderr + other.stdout
    printed = dict(re.findall(r"^mine/(\S+) .*?(\S+|in its file) +\S+$", done.stdout, re.MULTILINE))
    assert float(printed["density-300K"]) > 0.0 and printed["rdf-300K"] == "in its file"
    assert "50 frames" in load_target("mine/density-300K", tmp_path).source
    listed = command(tmp_path, "targets", "mine/")
    assert "mine/rdf-300K" in listed.stdout and "mine/compressibility-300K" in listed.stdout
    again = command(tmp_path, "targets", "build", "run.h5", "--name", "mine")
    assert again.returncode == 2 and "--overwrite" in again.stderr
    deep = command(tmp_path, "targets", "build", "run.h5", "--name", "mine", "--folder", "a/b")
    assert deep.returncode == 0 and (tmp_path / "a/b/mine.yaml").exists(), deep.stderr
    (tmp_path / "file").write_text("")
    no_folder = command(tmp_path, "targets", "build", "run.h5", "--name", "mine", "--folder", "file/b")
    assert no_folder.returncode == 6 and "Traceback" not in no_folder.stderr, no_folder.stderr
    two = command(tmp_path, "targets", "build", "run.h5", "run.h5", "--name", "other")
    assert two.returncode == 2 and "one temperature" in two.stderr
