"""Labels of held beads: their noise, the floor that they tell, and that a second call goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import openmm
import pytest

from cgbridge.apps.mean_forces import LabelSettings, label_frames
from cgbridge.config.atomistic_config import PotentialSection
from cgbridge.engine.held_beads import Sampling
from cgbridge.errors import ConfigError, FileFormatError, RunFolderError
from cgbridge.frames import Frame
from cgbridge.mapping.mapping_file import load_named_mapping
from cgbridge.mapping.noise_floor import noise_floor
from cgbridge.models.atomistic.force_field import ForceField
from cgbridge.models.atomistic.starts import water
from cgbridge.models.atomistic.system import AtomisticSystem, assemble
from cgbridge.trajectories.hdf5 import Trajectory, TrajectoryWriter
from cgbridge.trajectories.layout import Header
from cgbridge.trajectories.sources import FrameSource, open_source

KELVIN, STEP = 300.0, 0.002


@pytest.fixture(scope="module")
def system() -> AtomisticSystem:
    """Rigid water in a small box."""
    section = PotentialSection(forcefield="SPC/E", cutoff=0.45)
    made = assemble(ForceField(section, Path()), water(32, 0.997, 1))
    for force in made.system.getForces():
        if isinstance(force, openmm.NonbondedForce):
            force.setEwaldErrorTolerance(5e-4)  # noise is what is looked at, and it is fast
    return made


@pytest.fixture(scope="module")
def frames(system: AtomisticSystem, tmp_path_factory: pytest.TempPathFactory) -> FrameSource:
    """Four frames of it, 1 ps apart, with forces."""
    integrator = openmm.LangevinMiddleIntegrator(KELVIN, 5.0, STEP)
    integrator.setRandomNumberSeed(1)
    platform = openmm.Platform.getPlatformByName("CPU")
    context = openmm.Context(system.system, integrator, platform, {"Threads": "1"})
    context.setPositions(system.start.positions)
    openmm.LocalEnergyMinimizer.minimize(context, 100.0, 200)
    context.setVelocitiesToTemperature(KELVIN, 1)
    path = tmp_path_factory.mktemp("frames") / "atoms.h5"
    with TrajectoryWriter(path, len(system.atoms), Header(system.atoms, ("forces",))) as writer:
        for number in range(4):
            integrator.step(round(1.0 / STEP))
            state = context.getState(positions=True, forces=True, enforcePeriodicBox=True)
            positions, forces = (
                np.asarray(values._value)
                for values in (state.getPositions(asNumpy=True), state.getForces(asNumpy=True))
            )
            writer.append(Frame(positions, system.start.box, 1.0 * number, forces=forces))
    return open_source(path)


def settings(samples: int, **more: object) -> LabelSettings:
    made = LabelSettings(KELVIN, STEP, Sampling(samples, 0.1, 0.3))
    return replace(made, **more)  # type: ignore[arg-type]


def test_labels_tell_the_noise_of_single_frames(
    system: AtomisticSystem, frames: FrameSource, tmp_path: Path
) -> None:
    mapping = load_named_mapping("water-1bead")
    floor = label_frames(system, mapping, frames, tmp_path / "labels.h5", settings(25))
    labels = open_source(tmp_path / "labels.h5")
    # The forces of the frames themselves, summed over every molecule, beside the means at the same beads.
    differences = []
    for frame, label in zip(frames, labels, strict=True):
        assert frame.forces is not None and label.forces is not None
        single = frame.forces.reshape(32, 3, 3).sum(axis=1)
        differences.append(single - label.forces)
        centres = label.positions
        # A bead lies where the frame has it, whole across the faces of the box, to F / k and its motion.
        masses = np.array([15.9994, 1.008, 1.008])[None, :, None]
        atoms = frame.positions.reshape(32, 3, 3)
        found = (atoms * masses).sum(axis=1) / masses.sum()
        edge = system.start.box[0, 0]
        apart = (found - centres + edge / 2) % edge - edge / 2
        assert np.abs(apart).max() < 0.005
    measured = float(np.sqrt(np.mean(np.square(differences)) - floor.label**2))
    # 4 frames of 96 components are known to 4 %, and neighbours are correlated.
    assert floor.instantaneous == pytest.approx(measured, rel=0.15)
    assert floor.label < 0.5 * floor.instantaneous
    assert 0.0 < floor.explained < 1.0 and floor == noise_floor(Trajectory(tmp_path / "labels.h5"))


def test_a_second_call_goes_on(system: AtomisticSystem, frames: FrameSource, tmp_path: Path) -> None:
    mapping, out = load_named_mapping("water-1bead"), tmp_path / "labels.h5"
    told: list[int] = []
    label_frames(
        system, mapping, frames, out, settings(4, frames=slice(0, 2)), show=lambda d, t: told.append(d)
    )
    first = [frame.forces for frame in Trajectory(out)]
    label_frames(system, mapping, frames, out, settings(4), show=lambda d, t: told.append(d))
    assert told == [1, 2, 3, 4] and len(Trajectory(out)) == 4
    again = [frame.forces for frame in Trajectory(out)]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=False))
    with pytest.raises(RunFolderError, match="other settings"):
        label_frames(system, mapping, frames, out, settings(5))


def test_a_second_call_with_other_frames_or_weights_is_refused(
    system: AtomisticSystem, frames: FrameSource, tmp_path: Path
) -> None:
    mapping, out = load_named_mapping("water-1bead"), tmp_path / "labels.h5"
    plan = replace(settings(4), sampling=Sampling(4, STEP, 10 * STEP))
    label_frames(system, mapping, frames, out, replace(plan, frames=slice(0, 1)))
    # Another frame of the same trajectory, and another trajectory with a frame of the same time.
    with pytest.raises(RunFolderError, match="label 1 in this file is that of another frame"):
        label_frames(system, mapping, frames, out, replace(plan, frames=slice(1, 2)))
    other = tmp_path / "other.h5"
    with TrajectoryWriter(other, len(system.atoms), Header(system.atoms, ("forces",))) as writer:
        for number, frame in enumerate(reversed(list(frames))):
            writer.append(replace(frame, time=1.0 * number))
    with pytest.raises(RunFolderError, match="another frame"):
        label_frames(system, mapping, open_source(other), out, plan)
    # Beads of the same name and mass on the oxygens lie 0.007 nm away, and are of another mapping.
    (rule,) = mapping.molecules
    (bead,) = rule.beads
    moved = replace(rule, beads=(replace(bead, position=str(bead.atoms[0])),))
    with pytest.raises(RunFolderError, match="other settings"):
        label_frames(system, replace(mapping, molecules=(moved,)), frames, out, plan)
    assert len(Trajectory(out)) == 1


def test_frames_without_a_box_are_told(system: AtomisticSystem, frames: FrameSource, tmp_path: Path) -> None:
    path = tmp_path / "nobox.h5"
    with TrajectoryWriter(path, len(system.atoms), Header(system.atoms)) as writer:
        for frame in frames:
            writer.append(replace(frame, box=frame.box if frame.time < 2.0 else np.zeros((3, 3))))
    mapping, out = load_named_mapping("water-1bead"), tmp_path / "labels.h5"
    with pytest.raises(FileFormatError, match=r"nobox\.h5, frame 2: this frame has no box"):
        label_frames(system, mapping, open_source(path), out, settings(4))
    assert not out.exists()


def test_no_such_force_map_no_such_frames_and_too_few_samples(
    system: AtomisticSystem, frames: FrameSource, tmp_path: Path
) -> None:
    mapping = load_named_mapping("water-1bead")
    with pytest.raises(ConfigError, match="'best' is no force map"):
        label_frames(system, mapping, frames, tmp_path / "a.h5", settings(4, forces="best"))
    with pytest.raises(ConfigError, match="none of the 4 frames"):
        label_frames(system, mapping, frames, tmp_path / "a.h5", settings(4, frames=slice(9, None)))
    # The mean and the motion of the beads use two samples up: these would have no noise at all.
    with pytest.raises(ConfigError, match="noise of a mean over 2 samples is not known"):
        label_frames(system, mapping, frames, tmp_path / "a.h5", settings(2))
    assert not (tmp_path / "a.h5").exists()
    with pytest.raises(ConfigError, match="no means over samples"):
        noise_floor(frames)
