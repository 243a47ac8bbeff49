"""Molecular dynamics of atoms: forces, temperature, energy; killed runs are the same as others."""

from __future__ import annotations

import json
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import ase.io
import ase.units
import mdtraj
import numpy as np
import openmm
import pytest
import yaml
from fits import command
from waters import configuration, water_box

from cgbridge.apps.atomistic import AtomisticRun, Plan
from cgbridge.atoms import Atoms
from cgbridge.config.atomistic_config import StateSection
from cgbridge.engine.atomistic import AtomisticDynamics, Snapshot
from cgbridge.engine.settings import EngineSettings
from cgbridge.errors import ConfigError, FileFormatError, RunFolderError, SimulationError, UnstableError
from cgbridge.models.atomistic.system import AtomisticSystem, Start
from cgbridge.store.lock import RunLock
from cgbridge.trajectories.hdf5 import Trajectory
from cgbridge.units import BAR_NM3

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/atomistic.md"
SHORT = {"timestep": "0.5 fs", "equilibration": "20 fs", "time": "60 fs", "interval": "5 fs"}
MODELS = ("SPC/E", "TIP4P/2005", "SPC/Fw", "q-TIP4P/F")


def dynamics(name, platform="Reference", timestep=0.0005, molecules=27, **state):
    atoms = water_box(name, molecules)
    section = StateSection.model_validate(state)
    return AtomisticDynamics(atoms, section, EngineSettings(platform, 1, timestep), 3), atoms


@pytest.mark.parametrize("name", MODELS)
def test_forces_are_those_of_the_potential_and_act_on_atoms_with_mass(name):
    """Moving one molecule as a whole, sites with it, changes the energy by minus the force on its atoms.

    A constraint, or the force on a site counted at the site too, would show.
    """
    start = dynamics(name, "CPU", molecules=8)[0].begin(True)
    moving, atoms = dynamics(name, molecules=8)
    moving.restart(start)
    frame = moving.frame(0.0)
    of_first = np.array(atoms.atoms.molecule_of) == 0
    step, energies = 1e-5, []
    for sign in (1, -1):
        shifted = start.positions.copy()
        shifted[of_first] += sign * step * np.array([1.0, 0.0, 0.0])
        moving.restart(Snapshot(0, shifted, start.velocities, start.box))
        energies.append(moving.frame(0.0).energy)
    slope = (energies[0] - energies[1]) / (2 * step)
    # Energies of -1e3 kJ/mol hold twelve digits: the difference over 2e-5 nm is good to 1e-3.
    assert -slope == pytest.approx(frame.forces[of_first, 0].sum(), abs=0.05)
    assert np.abs(frame.forces[np.array(atoms.atoms.masses) == 0]).sum() == 0.0
    # Ewald on a grid pushes the whole box a little.
    assert np.abs(frame.forces.sum(axis=0)).max() < 1.0 < np.abs(frame.forces).max()


def dimers(count: int) -> AtomisticSystem:
    """Bonded pairs of unequal mass in a skewed box, all of whose forces are smooth."""
    random, box = np.random.default_rng(4), np.array([[1.5, 0.0, 0.0], [0.4, 1.4, 0.0], [-0.3, 0.5, 1.3]])
    system = openmm.System()
    system.setDefaultPeriodicBoxVectors(*box)
    bond = openmm.HarmonicBondForce()
    between = openmm.CustomNonbondedForce("300*(1 - r/0.5)^4")
    between.setNonbondedMethod(openmm.CustomNonbondedForce.CutoffPeriodic)
    between.setCutoffDistance(0.5)
    places = []
    for number in range(count):
        for mass in (2.0, 30.0):
            system.addParticle(mass)
            between.addParticle([])
        bond.addBond(2 * number, 2 * number + 1, 0.15, 1e4)
        between.addExclusion(2 * number, 2 * number + 1)
        first = random.random(3) @ box
        places += [first, first + 0.16 * np.array([0.6, 0.0, 0.8])]
    system.addForce(bond)
    system.addForce(between)
    molecules = tuple(number for number in range(count) for _ in range(2))
    bonds = tuple((2 * number, 2 * number + 1) for number in range(count))
    atoms = Atoms(
        ("A", "B") * count,
        ("", "") * count,
        (2.0, 30.0) * count,
        ("AB",) * count,
        molecules,
        molecules,
        bonds,
    )
    return AtomisticSystem(system, atoms, Start(None, np.array(places), box), {})


def test_the_pressure_is_that_of_whole_molecules():
    """(2 K - dU/ds)/(3 V) by hand: molecules are moved apart as they are, and K is that of their masses."""
    count, step = 60, 1e-4
    moving = AtomisticDynamics(dimers(count), StateSection(), EngineSettings("Reference"), 3)
    moving.restart(moving.begin(True))
    moving.advance(50)
    now = moving.snapshot(50)
    frame = moving.frame(0.0, velocities=True)
    middles = now.positions.reshape(count, 2, 3).mean(axis=1)
    drift = np.einsum("a,maj->mj", [2.0 / 32.0, 30.0 / 32.0], frame.velocities.reshape(count, 2, 3))
    energies = []
    for sign in (1, -1):
        moved = now.positions + sign * step * np.repeat(middles, 2, axis=0)
        moving.restart(replace(now, positions=moved, box=(1 + sign * step) * now.box))
        energies.append(moving.frame(0.0).energy)
    kinetic, slope = 16.0 * float((drift**2).sum()), (energies[0] - energies[1]) / (2 * step)
    volume = np.linalg.det(now.box) * BAR_NM3
    # Both parts count, and that of atoms would be another.
    assert min(2 * kinetic, abs(slope)) / (3 * volume) > 100.0
    # OpenMM's difference spans a thousandth: its square times what the third derivative is of the first.
    assert frame.pressure == pytest.approx((2 * kinetic - slope) / (3 * volume), rel=1e-4)


@pytest.mark.parametrize("name", MODELS)
def test_the_temperature_counts_what_moves(name):
    """With a wrong count of constraints or sites it would be off by a third or a half."""
    box, found = water_box(name, 27), []
    relaxed = dynamics(name, "CPU")[0].begin(True).positions
    box = replace(box, start=replace(box.start, positions=relaxed))
    for seed in range(4):
        moving = AtomisticDynamics(box, StateSection(), EngineSettings("CPU"), seed)
        moving.begin(False)
        found.append(moving.frame(0.0).temperature)
    # 4 draws of 162 and more degrees of freedom: 300 K sqrt(2/648) = 17 K.
    assert np.mean(found) == pytest.approx(300.0, abs=60.0)


def test_without_a_thermostat_energy_and_momentum_stay():
    moving, atoms = dynamics("SPC/Fw", "CPU", 0.0001, ensemble="nve", temperature="300 K")
    start = moving.begin(True)
    masses = np.array(atoms.atoms.masses)[:, None]
    assert np.abs((masses * start.velocities).sum(axis=0)).max() < 1e-9
    moving.restart(start)
    total = []
    for _ in range(40):
        moving.advance(20)
        frame = moving.frame(0.0)
        kinetic = frame.temperature * (atoms.freedom - 3) * 0.0083144626 / 2
        total.append(frame.energy + kinetic)
    # Pairs that cross the cutoff change the energy by 0.3 kJ/mol each; a thermostat would by 10.
    assert np.ptp(total) < 4.0


RUN = """
import sys
from pathlib import Path
sys.path.insert(0, {support!r})
from fits import command
from waters import configuration
from cgbridge.apps.atomistic import AtomisticRun
config = configuration(**{sections!r})
AtomisticRun(config, Path(), lambda p: print(f"{{p.done:.4f}}", flush=True)).run()
"""


def run_in_a_process(folder: Path, sections: dict, after: float | None = None) -> bool:
    """Whether it ended by itself; ``after`` seconds from its first word it is killed."""
    support = str(Path(__file__).parents[1] / "support")
    code = RUN.format(support=support, sections=sections)
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", code], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    if after is not None:
        process.stdout.readline()  # while the start is prepared
        process.stdout.readline()
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == 0


def contents(path: Path) -> list[tuple]:
    return [
        (f.time, f.energy, f.temperature, f.positions.tobytes(), f.forces.tobytes(), f.box.tobytes())
        for f in Trajectory(path)
    ]


@pytest.mark.parametrize(
    ("ensemble", "kills"),
    [
        ("npt", 1),
        pytest.param("nvt", 10, marks=pytest.mark.slow),
        pytest.param("npt", 10, marks=pytest.mark.slow),
    ],
)
def test_a_run_that_was_killed_is_the_same_to_the_last_digit(tmp_path, ensemble, kills):
    sections = {
        "state": {"ensemble": ensemble, "pressure": "1 bar"},
        "dynamics": SHORT | {"time": "0.4 ps", "checkpoint": "20 fs", "equilibration": "100 fs"},
    }
    whole, killed, moments = tmp_path / "whole", tmp_path / "killed", random.Random(4)
    whole.mkdir()
    killed.mkdir()
    assert run_in_a_process(whole, sections)
    seen = 0
    for _ in range(kills):
        run_in_a_process(killed, sections, moments.uniform(0.0, 0.3))
        frames = len(Trajectory(killed / "water.h5"))  # readable at once
        assert frames >= seen - 4
        seen = frames
    assert run_in_a_process(killed, sections)
    assert contents(killed / "water.h5") == contents(whole / "water.h5")
    assert len(Trajectory(whole / "water.h5")) == 80


def test_a_longer_run_is_the_shorter_one_and_more(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    longer = SHORT | {"time": "130 fs", "checkpoint": "25 fs"}
    for time_, known in (("60 fs", 0), ("130 fs", 12), ("130 fs", 26)):
        config = configuration(dynamics=longer | {"time": time_})
        assert AtomisticRun(config, Path(), lambda p: None).run() == known
    AtomisticRun(
        configuration(dynamics=longer, output={"trajectory": "at-once.h5"}), Path(), lambda p: None
    ).run()
    assert contents(tmp_path / "water.h5") == contents(tmp_path / "at-once.h5")


def test_files_say_what_made_them_and_other_settings_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    AtomisticRun(configuration(dynamics=SHORT), Path(), lambda p: None).run()
    header = Trajectory(tmp_path / "water.h5").header
    assert header.timestep == 0.0005 and header.fields == (
        "forces",
        "energy",
        "temperature",
        "pressure",
    )
    assert header.source["settings"]["potential"]["forcefield"] == ["SPC/Fw"]
    assert header.versions["openmm"].startswith("8.")
    speed = header.source["speed"]
    assert 0.0 < speed.pop("ns_per_day") < 1e4 and speed.pop("device")
    assert speed == {
        "potential": "SPC/Fw", "timestep": 0.0005, "atoms": 81, "platform": "CPU", "threads": 1
    }  # fmt: skip
    with (
        RunLock(tmp_path, name=".water.h5.lock"),
        pytest.raises(RunFolderError, match="another run is alive"),
    ):
        AtomisticRun(configuration(dynamics=SHORT), Path(), lambda p: None).run()
    other = configuration(dynamics=SHORT | {"time": "90 fs"}, state={"temperature": "310 K"})
    before = (tmp_path / "water.h5").read_bytes()
    with pytest.raises(RunFolderError, match=r"other settings \(state\.temperature"):
        AtomisticRun(other, Path(), lambda p: None).run()
    assert (tmp_path / "water.h5").read_bytes() == before
    assert AtomisticRun(other, Path(), lambda p: None).run(overwrite=True) == 0
    (tmp_path / "water.checkpoint.npz").write_text("not a checkpoint")
    other = other.model_copy(update={"dynamics": other.dynamics.model_copy(update={"time": 0.12})})
    with pytest.raises(FileFormatError, match="no checkpoint"):
        AtomisticRun(other, Path(), lambda p: None).run()


def test_labelled_frames_are_those_that_ase_reads(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = configuration("q-TIP4P/F", dynamics=SHORT, output={"xyz": "water.xyz"})
    AtomisticRun(config, Path(), lambda p: None).run()
    images = ase.io.read("water.xyz", index=":")
    trajectory = Trajectory(tmp_path / "water.h5")
    real = np.array(trajectory.header.particles.masses) > 0
    unit = ase.units.kJ / ase.units.mol
    assert len(images) == len(trajectory) == 12
    for image, frame in zip(images, trajectory, strict=True):
        assert image.get_chemical_formula() == "H54O27"
        # Eight digits are written; ASE's constants are those of another year.
        assert image.get_potential_energy() == pytest.approx(frame.energy * unit, rel=1e-6)
        assert np.allclose(image.get_forces(), frame.forces[real] * unit / 10, rtol=1e-6, atol=1e-7)
        assert np.allclose(image.positions, 10 * frame.positions[real], atol=1e-7)
        assert np.allclose(image.cell, 10 * frame.box, rtol=1e-8) and image.pbc.all()


def test_no_file_is_replaced_that_is_read_or_foreign(tmp_path, monkeypatch):
    """The topology is called as the trajectory is, and so may be the structure that a user starts from."""
    monkeypatch.chdir(tmp_path)
    short = SHORT | {"equilibration": "0 fs", "time": "10 fs"}
    AtomisticRun(configuration(dynamics=short), Path(), lambda p: None).run()
    shutil.copy("water.pdb", "own.pdb")
    structure = {"structure": "own.pdb"}
    before = Path("own.pdb").read_bytes()
    reading = configuration(dynamics=short, system=structure, output={"trajectory": "own.h5"})
    for run in (False, True):
        with pytest.raises(ConfigError, match="this file is read, and the run would write over it"):
            AtomisticRun(reading, Path(), lambda p: None).run(overwrite=run)
    # What another program left under these names is replaced only where that is asked for.
    Path("other.pdb").write_text("mine")
    Path("mine.xyz").write_text("1\n\nAr 0 0 0\n")
    for output, replaced in (
        ({"trajectory": "other.h5"}, "other.pdb"),
        ({"trajectory": "water.h5", "xyz": "mine.xyz"}, "mine.xyz"),
        ({"trajectory": "new.h5", "xyz": "mine.xyz"}, "mine.xyz"),
    ):
        content = Path(replaced).read_bytes()
        config = configuration(dynamics=short, output=output)
        with pytest.raises(ConfigError, match="this file exists, and is not of the trajectory") as fault:
            AtomisticRun(config, Path(), lambda p: None).run()
        assert fault.value.where == replaced and "--overwrite" in fault.value.remedy
        assert Path(replaced).read_bytes() == content
    # Its own xyz a run writes again, as often as it is called.
    config = configuration(dynamics=short, output={"trajectory": "water.h5", "xyz": "ours.xyz"})
    for _ in range(2):
        assert AtomisticRun(config, Path(), lambda p: None).run() == 2
    assert Path("own.pdb").read_bytes() == before


def test_a_trajectory_without_its_checkpoint_is_not_begun_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    short = SHORT | {"equilibration": "0 fs", "time": "10 fs"}
    AtomisticRun(configuration(dynamics=short), Path(), lambda p: None).run()
    Path("water.checkpoint.npz").unlink()
    assert AtomisticRun(configuration(dynamics=short), Path(), lambda p: None).run() == 2
    with pytest.raises(RunFolderError, match="has 2 of 4 frames, and its checkpoint is missing"):
        longer = short | {"time": "20 fs"}
        AtomisticRun(configuration(dynamics=longer), Path(), lambda p: None).run()
    assert len(Trajectory(tmp_path / "water.h5")) == 2


def test_what_breaks_down_and_what_openmm_refuses_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wild = SHORT | {"timestep": "8 fs", "interval": "80 fs", "time": "8 ps", "checkpoint": "80 fs"}
    with pytest.raises(UnstableError, match="broke down"):
        AtomisticRun(configuration(dynamics=wild), Path(), lambda p: None).run()
    with pytest.raises(SimulationError, match="no platform"):
        AtomisticRun(configuration(dynamics=SHORT, engine={"platform": "GPU"}), Path(), lambda p: None)


@pytest.mark.parametrize("done", [0, 40, 60, 100, 101, 133])
def test_where_a_run_halts_does_not_depend_on_where_it_began(done):
    """From a checkpoint on the rest is the same; frames and the end of the equilibration are met."""
    plan = Plan(equilibration=100, stride=7, frames=20, checkpoint=40)
    stops = list(plan.stops(0))
    checkpoints = [stop for stop, checkpoint in stops if checkpoint]
    assert checkpoints == [40, 80, 100, *range(135, 241, 35)]
    assert [stop for stop, _ in stops if stop > 100] == [100 + 7 * k for k in range(1, 21)]
    if done in checkpoints or done == 0:
        assert list(plan.stops(done)) == [stop for stop in stops if stop[0] > done]
    assert plan.recorded(100) == 0 and plan.recorded(107) == 1 and plan.recorded(240) == 20


def test_the_example_runs_as_its_page_says(tmp_path):
    """With less of everything; options of the command stand in for keys, others are refused."""
    text = (ROOT / "examples/atomistic-water.yaml").read_text(encoding="utf-8")
    content = yaml.safe_load(text) | {"system": {"molecules": 27}}
    content["dynamics"] |= {"equilibration": "10 fs", "interval": "5 fs"}
    (tmp_path / "atomistic-water.yaml").write_text(json.dumps(content))
    checked = command(tmp_path, "check", "atomistic-water.yaml")
    assert checked.returncode == 0 and "81 atoms in 27 molecules" in checked.stdout
    words = ("simulate", "atomistic-water.yaml", "--time", "100 fs", "--json", "summary.json")
    done = command(tmp_path, *words)
    assert done.returncode == 0, done.stderr
    assert "the cutoff is" in done.stderr
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["molecules"] == 27 and summary["frames"] == 20
    assert summary["averages"]["density"]["value"] == pytest.approx(0.997, rel=1e-3)
    assert len(ase.io.read(tmp_path / "atomistic-water.xyz", index=":")) == 20
    assert mdtraj.load_topology(tmp_path / "atomistic-water.pdb").n_bonds == 54
    (block,) = re.findall(
        r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    read = subprocess.run([sys.executable, "-P", "-c", block], cwd=tmp_path, capture_output=True, text=True)
    assert read.returncode == 0 and read.stdout.startswith("20 0.0005 ('O', 'H', 'H')"), read.stderr
    wrong = command(tmp_path, "simulate", "atomistic-water.yaml", "--temperature", "310 K")
    assert (
        wrong.returncode == 2 and "--temperature" in wrong.stderr and "atomistic-water.yaml" in wrong.stderr
    )
    other = command(tmp_path, "simulate", "atomistic-water.yaml", "--seed", "2")
    assert other.returncode == 5 and "other settings (seed" in other.stderr
