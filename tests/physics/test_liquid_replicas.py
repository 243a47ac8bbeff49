"""Liquids that share a Context on a device: each has the state that it has alone."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "oracles"))

import devices

from cgbridge.engine.engine import Engine
from cgbridge.engine.liquid_replicas import _Replicas
from cgbridge.engine.settings import EngineSettings
from cgbridge.errors import StepLimitError, UnstableError
from cgbridge.models.database import load_model
from cgbridge.objectives.candidate import evaluate_candidate
from cgbridge.objectives.level import Level
from cgbridge.observables.bulk import density_series
from cgbridge.observables.diffusion import squared_displacements
from cgbridge.observables.statistics import mean_error
from cgbridge.records.evaluation import Outcome
from cgbridge.records.simulation import Simulation
from cgbridge.records.target import Sampling, Target
from cgbridge.structures.lattices import liquid
from cgbridge.units import GAS_CONSTANT

ML_BOP = load_model("ml-bop")


def water(temperature: float, **changes) -> Simulation:
    values = {"beads": 216, "equilibration": 10.0, "production": 30.0, "interval": 0.5} | changes
    return Simulation("bulk", "liquid", temperature, **values)


def test_who_shares_a_context():
    device, processor = (Engine(EngineSettings(platform=name)) for name in ("OpenCL", "auto"))
    cold, warm, long = water(250.0), water(300.0), water(300.0, production=90.0, replica=1)
    ice = Simulation("bulk", "ice-ih", 250.0, beads=216, production=30.0)
    assert device.groups([cold, ice, warm, long, Simulation("dimer")]) == [[cold, warm]]
    # Boxes of one Context have equal edges at the start; 0.95 and 0.997 are the same start, 1.2 is another.
    dense, near, other = (water(t, density=rho) for t, rho in ((250.0, 0.95), (300.0, 0.997), (350.0, 1.2)))
    assert device.groups([dense, near, other]) == [[dense, near]]
    assert processor.groups([cold, warm]) == []


@pytest.fixture(scope="module")
def states(tmp_path_factory):
    """Three states in one Context: two temperatures, and a high pressure."""
    devices.require("OpenCL")
    simulations = [water(270.0), water(330.0), water(330.0, pressure=5000.0)]
    folders = [tmp_path_factory.mktemp("together") for _ in simulations]
    return Engine(EngineSettings(platform="OpenCL")).run_together(ML_BOP, simulations, 5, folders)


@pytest.mark.slow
def test_like_alone(states, tmp_path):
    """Volume, potential and kinetic energy against boxes of their own, with OpenMM's barostat."""
    engine = Engine(EngineSettings(platform="CPUSerial"))
    for number, together in enumerate(states):
        folder = tmp_path / str(number)
        folder.mkdir()
        long = water(together.simulation.temperature, pressure=together.simulation.pressure, production=200.0)
        alone = engine.run(ML_BOP, long, 6, folder)
        for name in ("volume", "potential_energy", "kinetic_energy"):
            found, expected = mean_error(together.series[name]), mean_error(alone.series[name])
            # Four standard errors of the difference: the seeds are fixed, and one in 16000 would fail.
            error = np.hypot(found.stderr, expected.stderr)
            assert abs(found.mean - expected.mean) < 4 * error, (name, found, expected)
            # The comparison means something only where the errors are small.
            assert found.stderr < 0.02 * abs(found.mean)


@pytest.mark.slow
def test_temperatures_and_frames(states):
    for run in states:
        beads, simulation = run.beads, run.simulation
        temperature = 2 * run.series["kinetic_energy"] / (3 * beads * GAS_CONSTANT)
        # 60 samples of sqrt(2/3N) = 5.6 %, of which at least half are independent at 1/ps and 0.5 ps.
        assert np.mean(temperature) == pytest.approx(simulation.temperature, rel=4 * 0.056 / np.sqrt(30))
        frames = list(run.trajectory)
        assert len(frames) == len(run.series["time"]) == 60
        assert run.md_steps == round((5.0 + simulation.duration) / 0.010)
        for frame, volume, time in zip(frames, run.series["volume"], run.series["time"], strict=True):
            assert np.linalg.det(frame.box) == pytest.approx(volume, rel=1e-6)
            assert frame.time == pytest.approx(time)
            assert frame.positions.shape == (beads, 3)
    # The positions are those of the stretched box: the shortest distance is that of water, in every state.
    for run in states:
        frame = list(run.trajectory)[-1]
        edges = np.diag(frame.box)
        delta = frame.positions[:, None] - frame.positions
        delta -= edges * np.round(delta / edges)
        distances = np.linalg.norm(delta, axis=2)[np.triu_indices(len(frame.positions), 1)]
        assert 0.22 < np.min(distances) < 0.27


def test_beads_move_as_fast_as_in_a_box_of_their_own(tmp_path):
    """Boxes at 0.85 and 0.9 of their first width: velocities are those of the mass m, not of m/s^2.

    From one step to the next a bead moves by v dt, so that <|dx|^2> = 3 kT dt^2/m whatever the forces (their
    share is (dt/tau)^2/12, tau = 30 fs: one percent). With the mass m/s^2 it would be 0.72 and 0.81 of that.
    """
    devices.require("OpenCL")
    temperatures, widths = np.array([300.0, 360.0]), np.array([0.85, 0.9])
    starts = [liquid(216, ML_BOP.bead_mass, 0.61, seed) for seed in (1, 2)]
    settings = EngineSettings(platform="OpenCL")
    replicas = _Replicas(ML_BOP, starts, settings, temperatures, 5, 400, np.ones(2))
    replicas._force.setReplicaScales(replicas._context, np.repeat(widths, 3))
    replicas.equilibrate(2.0)
    replicas.settle()
    series, trajectories = replicas.sample(1.0, 0.01, [tmp_path / "cold.h5", tmp_path / "warm.h5"])
    for temperature, width, values, trajectory in zip(
        temperatures, widths, series, trajectories, strict=True
    ):
        assert np.cbrt(np.mean(values["volume"])) == pytest.approx(width * starts[0].edges[0], rel=0.03)
        # The boxes are cooling down still.
        kelvin = 2 * np.mean(values["kinetic_energy"]) / (3 * 216 * GAS_CONSTANT)
        assert kelvin == pytest.approx(temperature, rel=0.25)
        expected = 3 * GAS_CONSTANT * kelvin / ML_BOP.bead_mass * 0.01**2
        found = np.mean([moved[0] for moved in squared_displacements(trajectory, 1)])
        # The share of the forces, and two percent of noise.
        assert found == pytest.approx(expected, rel=0.03)
        # Masses on the device are those that the kinetic energies were computed with.
    _, kinetic = replicas._look()
    total = replicas._context.getState(energy=True).getKineticEnergy()._value
    assert np.sum(kinetic * replicas._factors) == pytest.approx(total, rel=1e-4)  # single precision


def test_repeats_with_its_seed(tmp_path):
    devices.require("OpenCL")
    engine = Engine(EngineSettings(platform="OpenCL"))
    results = []
    for number, seed in enumerate((3, 3, 4)):
        folders = [tmp_path / f"{number}-{state}" for state in (0, 1)]
        for folder in folders:
            folder.mkdir()
        short = [water(t, beads=125, equilibration=0.5, production=0.5) for t in (270.0, 330.0)]
        results.append(engine.run_together(ML_BOP, short, seed, folders))
    first, again, other = ([run.series["volume"] for run in runs] for runs in results)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_break_downs(tmp_path):
    devices.require("OpenCL")
    short = [water(t, beads=125, equilibration=1.0, production=1.0) for t in (270.0, 330.0)]
    folders = [tmp_path / "cold", tmp_path / "warm"]
    for folder in folders:
        folder.mkdir()
    with pytest.raises(StepLimitError, match="stopped the simulation after"):
        Engine(EngineSettings(platform="OpenCL", step_limit=600)).run_together(ML_BOP, short, 1, folders)
    # A million times the energy: bonds that no step of 10 fs can follow.
    stiff = ML_BOP.rescaled(energy=1e6)
    with pytest.raises(UnstableError) as caught:
        Engine(EngineSettings(platform="OpenCL")).run_together(stiff, short, 1, folders)
    assert 0.0 <= caught.value.progress < 1.0


def test_a_level_simulates_its_liquids_together(tmp_path, monkeypatch):
    """The densities of a level come from one group, and a candidate that breaks down is graded as ever."""
    devices.require("OpenCL")
    targets = tuple(
        Target(f"density-{t}", "density", 1.0, 0.05, "g/cm^3", temperature=t) for t in (280.0, 300.0, 320.0)
    )
    level = Level("liquid", targets, Sampling(beads=125, equilibration=1.0, production=3.0, interval=0.5))
    engine = Engine(EngineSettings(platform="OpenCL"))
    groups, made = [], []
    run_together = engine.run_together

    def watched(model, group, *rest):
        groups.append(group)
        made.extend(run_together(model, group, *rest))
        return made

    monkeypatch.setattr(engine, "run_together", watched)
    result = evaluate_candidate(ML_BOP, [level], engine, seed=2, scratch=tmp_path / "good")
    assert [[s.temperature for s in group] for group in groups] == [[280.0, 300.0, 320.0]]
    assert result.outcome is Outcome.OK
    # The values are the means of these very runs, in their order: rounding only. That the runs are right is
    # tested above.
    expected = [np.mean(density_series(run)) for run in made]
    assert [r.value for r in result.results] == pytest.approx(expected, rel=1e-12)
    assert result.md_ns == pytest.approx(3 * 0.009, rel=1e-9)
    broken = evaluate_candidate(
        ML_BOP.rescaled(energy=1e6), [level], engine, seed=2, scratch=tmp_path / "bad"
    )
    assert broken.outcome is Outcome.UNSTABLE
    assert "density-280" in broken.reason


def test_replicas_are_gone_on_with_together(tmp_path):
    devices.require("OpenCL")
    states = [
        Simulation(
            "bulk", "liquid", kelvin, beads=216, equilibration=0.5, production=1.0, interval=0.5, density=1.0
        )
        for kelvin in (280.0, 300.0)
    ]
    engine = Engine(EngineSettings(platform="OpenCL"))
    folders = [tmp_path / str(number) for number in range(2)]
    for folder in folders:
        folder.mkdir()
    first = engine.run_together(ML_BOP, states, 5, folders)
    longer = engine.extend(ML_BOP, states[1].lengthened(2.0), 5)
    assert [run.simulation.production for run in longer] == [2.0, 2.0]
    for before, after in zip(first, longer, strict=True):
        assert len(after.series["time"]) == len(list(after.trajectory)) == 4
        np.testing.assert_array_equal(after.series["volume"][:2], before.series["volume"])
        np.testing.assert_allclose(np.diff(after.series["time"]), 0.5)
        assert after.md_steps == before.md_steps + 100
