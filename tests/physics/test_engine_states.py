"""States the engine prepares: temperature, density, phases, geometry. One thread of the CPU platform."""

import dataclasses

import numpy as np
import openmm
import pytest

from cgbridge.engine.engine import Engine
from cgbridge.engine.integrators import INTEGRATORS
from cgbridge.engine.liquid_start import melt_temperature
from cgbridge.engine.molecular_dynamics import Dynamics
from cgbridge.engine.settings import EngineSettings
from cgbridge.errors import SimulationError, StepLimitError, UnstableError
from cgbridge.frames import Frame
from cgbridge.models.closed_form import diamond_minimum, dimer_minimum
from cgbridge.models.database import load_model
from cgbridge.observables.bulk import density_series
from cgbridge.observables.phase import ice_fraction
from cgbridge.observables.statistics import mean_error
from cgbridge.observables.surface_tension import SurfaceTension, tension_series
from cgbridge.observables.voids import check_filled
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Sampling, Target
from cgbridge.structures.lattices import liquid
from cgbridge.units import GAS_CONSTANT

ML_BOP = load_model("ml-bop")
SETTINGS = EngineSettings(platform="CPU")
ONE_BEAD = ["ml-bop", "mw", "ml-mw"]


def run(tmp_path, simulation: Simulation, seed: int = 1, settings: EngineSettings = SETTINGS) -> Run:
    return Engine(settings).run(ML_BOP, simulation, seed, tmp_path)


@pytest.mark.parametrize("name", ONE_BEAD)
def test_static_values_are_those_of_the_closed_form(tmp_path, name):
    model = load_model(name)
    engine = Engine(SETTINGS)
    lattice = engine.run(model, Simulation("lattice", "ice-ic"), 1, tmp_path).scalars
    dimer = engine.run(model, Simulation("dimer"), 1, tmp_path).scalars
    exact, pair = diamond_minimum(model), dimer_minimum(model)
    # The energy is quadratic about the minimum, so it is far more accurate than the distance, whose
    # search stops at 1e-9 of the cutoff plus the rounding sqrt(1e-16) of a minimum's position.
    assert lattice["energy_per_bead"] == pytest.approx(exact.energy_per_bead, rel=1e-12)
    assert lattice["bond_length"] == pytest.approx(exact.bond, rel=1e-7)
    assert dimer["energy"] == pytest.approx(pair.energy, rel=1e-12)
    assert dimer["distance"] == pytest.approx(pair.distance, rel=1e-7)


@pytest.mark.parametrize("name", ONE_BEAD)
def test_hexagonal_and_cubic_ice_are_degenerate(tmp_path, name):
    engine, model = Engine(SETTINGS), load_model(name)
    energies = [
        engine.run(model, Simulation("lattice", s), 1, tmp_path).scalars["energy_per_bead"]
        for s in ("ice-ic", "ice-ih")
    ]
    # Both have four neighbours at 109.47 degrees and none beyond within the cutoff.
    assert energies[0] == pytest.approx(energies[1], rel=1e-9)


def test_a_lattice_that_is_compressed_against_its_cutoff_is_still_found(tmp_path):
    # Without its angular term and with a longer range mW collapses, to a bond of 0.39 cutoffs.
    soft = load_model("mw").with_parameters({"lambda": 0.0, "a": 2.0})
    scalars = Engine(SETTINGS).run(soft, Simulation("lattice", "ice-ic"), 1, tmp_path).scalars
    assert 0.36 < scalars["bond_length"] / soft.cutoff < 0.55
    assert scalars["energy_per_bead"] < 0


def test_integrators_sample_the_same_liquid(tmp_path):
    """Temperature, density and energy do not depend on the thermostat; motion does (and is not compared)."""
    state = Simulation("bulk", temperature=300.0, beads=216, equilibration=20, production=100, interval=0.5)
    found = []
    for name in INTEGRATORS:
        engine = EngineSettings(platform="CPU", timestep=0.005, integrator=name)
        (tmp_path / name).mkdir()
        box = Engine(engine).run(load_model("mw"), state, 5, tmp_path / name)
        kinetic = 2 * box.series["kinetic_energy"] / (3 * box.beads * GAS_CONSTANT)
        series = (kinetic, density_series(box), box.series["potential_energy"])
        found.append([mean_error(values, "x") for values in series])
    for one, other in zip(*found, strict=True):
        assert abs(one.mean - other.mean) < 5 * np.hypot(one.stderr, other.stderr)
    for kinetic, *_ in found:
        # Half a kelvin is what a step of 5 fs does.
        assert abs(kinetic.mean - 300.0) < 5 * kinetic.stderr + 0.5


def test_liquid_has_the_temperature_and_density_of_the_model(tmp_path):
    bulk = run(tmp_path, Simulation("bulk", temperature=300.0, beads=343, equilibration=20, production=150))
    temperature = mean_error(2 * bulk.series["kinetic_energy"] / (3 * bulk.beads * GAS_CONSTANT), "T")
    volume = mean_error(bulk.series["volume"], "V")
    density = bulk.beads * bulk.bead_mass * 1.66053907e-3 / volume.mean
    # Langevin at 10 fs holds the temperature to a per mille; four standard errors: one test in 1e4 fails.
    assert abs(temperature.mean - 300.0) < 4 * temperature.stderr + 0.5
    # 0.9952 in public LAMMPS logs of 10 ns.
    assert abs(density - 0.9952) < 4 * density * volume.stderr / volume.mean + 0.001
    assert ice_fraction(list(bulk.trajectory)[-1]) < 0.2


def test_crystal_stays_a_crystal_below_its_melting_point(tmp_path):
    crystal = run(
        tmp_path,
        Simulation("bulk", structure="ice-ih", temperature=220.0, beads=400, equilibration=5, production=20),
    )
    assert ice_fraction(list(crystal.trajectory)[-1]) > 0.9


def test_coexistence_starts_half_and_half_with_unstrained_sides(tmp_path):
    both = run(
        tmp_path,
        Simulation(
            "coexistence", structure="ice-ih", temperature=275.0, beads=720, equilibration=2, production=2
        ),
    )
    frame = next(iter(both.trajectory))
    assert both.beads == 720
    # Interface beads are neither; half ice less two interfaces of a layer or two.
    assert 0.25 < ice_fraction(frame) < 0.6
    edges = np.diag(frame.box)
    assert edges[2] > 1.7 * max(edges[:2])
    crystal = run(
        tmp_path,
        Simulation("bulk", structure="ice-ih", temperature=275.0, beads=720, equilibration=5, production=15),
    )
    # One bead of the crystal takes the same lateral area; 10 ps of averaging leave half a percent.
    bulk = np.diag(np.mean([f.box for f in crystal.trajectory], axis=0))
    spacing = bulk / np.round(bulk / np.array([0.4456, 0.7718, 0.7277]))
    ours = edges[[0, 1]] / np.round(edges[[0, 1]] / np.array([0.4456, 0.7277]))
    assert ours == pytest.approx(spacing[[0, 2]], rel=6e-3)


def tension_of(frame: Frame) -> float:
    """dU/dA of one configuration in kJ/mol/nm^2, from energies of the film stretched at constant volume.

    x and y are stretched by 1 + e, z by (1 + e)^-2, so that the area of the two surfaces grows by 2 A e.
    """
    strain, energies = 1e-5, []
    context = openmm.Context(
        ML_BOP.create_system(len(frame.positions), frame.box),
        openmm.VerletIntegrator(0.001),
        openmm.Platform.getPlatformByName("Reference"),
    )
    for e in (strain, -strain):
        scale = np.array([1 + e, 1 + e, (1 + e) ** -2])
        context.setPeriodicBoxVectors(*np.diag(np.diag(frame.box) * scale))
        context.setPositions(frame.positions * scale)
        energies.append(context.getState(energy=True).getPotentialEnergy()._value)
    area = frame.box[0, 0] * frame.box[1, 1]
    # The area of one surface grows by 2 A e, and there are two.
    return (energies[0] - energies[1]) / (2 * strain) / (4 * area)


def test_film_has_a_positive_surface_tension_and_vacuum_on_both_sides(tmp_path):
    target = Target("gamma", "surface_tension", 72.0, 20.0, "mN/m", options={"beads": 700})
    sampling = Sampling(equilibration=20, production=60, interval=0.1)
    simulation = SurfaceTension().simulations(target, sampling)[0]
    film = run(tmp_path, simulation)
    estimate = SurfaceTension().measure(target, [film])
    # 600 ps give 45(2) mN/m, and runs of 60 ps scatter by 10: the wrong sign or twice the tension is four
    # times that away. What the tension of a configuration is, is tested to its digits below.
    assert abs(estimate.value - 45.0) < 4 * 10.0
    assert 4.0 < estimate.stderr < 25.0  # the scatter of such runs, within a factor of two and a half
    for frame in list(film.trajectory)[::200]:
        assert tension_of(frame) == pytest.approx(
            tension_series(film)[round(frame.time / 0.1) - 1], rel=1e-4, abs=0.05
        )
    frame = next(iter(film.trajectory))
    heights = frame.positions[:, 2] / frame.box[2, 2]
    occupied = np.histogram(heights - np.floor(heights), bins=30, range=(0, 1))[0] > 0
    assert 0.2 < occupied.mean() < 0.6


def test_film_that_is_too_thin_is_refused(tmp_path):
    with pytest.raises(SimulationError, match="thinner than four cutoffs"):
        run(tmp_path, Simulation("slab", temperature=300.0, beads=64, equilibration=1, production=1))


@pytest.mark.parametrize(
    "simulation",
    [
        Simulation("bulk", temperature=300.0, beads=216, equilibration=2, production=3),
        Simulation("bulk", structure="ice-ih", temperature=250.0, beads=200, equilibration=2, production=3),
        Simulation(
            "coexistence", structure="ice-ih", temperature=275.0, beads=200, equilibration=1, production=1
        ),
        Simulation("slab", temperature=300.0, beads=400, equilibration=1, production=1),
    ],
    ids=["liquid", "ice", "coexistence", "film"],
)
def test_same_seed_same_numbers_other_seed_others(tmp_path, simulation):
    folders = [tmp_path / name for name in ("first", "again", "other")]
    for folder in folders:
        folder.mkdir()
    first, again, other = (
        run(folder, simulation, seed) for folder, seed in zip(folders, (7, 7, 8), strict=True)
    )
    for name in first.series:
        assert np.array_equal(first.series[name], again.series[name])
    assert not np.array_equal(first.series["potential_energy"], other.series["potential_energy"])


def test_watchdog_counts_all_stages(tmp_path):
    limited = dataclasses.replace(SETTINGS, step_limit=600)
    with pytest.raises(StepLimitError, match="watchdog"):
        run(
            tmp_path,
            Simulation("bulk", temperature=300.0, beads=216, equilibration=5, production=5),
            settings=limited,
        )


def test_too_long_a_time_step_is_unstable_and_graded(tmp_path):
    coarse = dataclasses.replace(SETTINGS, timestep=0.2)
    with pytest.raises(UnstableError) as caught:
        run(
            tmp_path,
            Simulation("bulk", temperature=300.0, beads=216, equilibration=100, production=100),
            settings=coarse,
        )
    assert 0.0 <= caught.value.progress < 1.0


def test_box_below_two_cutoffs_names_the_remedy(tmp_path):
    with pytest.raises(SimulationError) as caught:
        run(tmp_path, Simulation("bulk", temperature=300.0, beads=10, equilibration=1, production=1))
    assert "more beads" in caught.value.remedy


SILICON = load_model("sw-si")
MELT = Simulation("bulk", temperature=2000.0, beads=64, equilibration=4.0, production=8.0, interval=0.1)


def silicon(folder, seed, **changes):
    folder.mkdir()
    engine = Engine(dataclasses.replace(SETTINGS, timestep=0.002))
    return engine.run(SILICON, dataclasses.replace(MELT, **changes), seed, folder)


def test_the_density_of_a_melt_does_not_depend_on_the_seed_nor_on_the_start(tmp_path):
    """Silicon from its crystal's density, from a target's, and from a wrong one that closes again."""
    found = []
    for seed, start in ((1, 0.0), (2, 0.0), (3, 2.5), (4, 4.0)):
        melt = silicon(tmp_path / str(seed), seed, density=start)
        check_filled(melt)
        found.append(mean_error(density_series(melt)))
    values, errors = np.array([[mean.mean, mean.stderr] for mean in found]).T
    # Four standard errors of a difference; the errors of 8 ps themselves are known to a third.
    assert np.ptp(values) < 4 * 1.3 * np.sqrt(2) * np.max(errors)
    assert np.max(errors) < 0.05
    assert 2.2 < np.mean(values) < 2.6  # 0.95, where it starts as water, and the crystal's half are far


def test_volumes_are_watched_from_where_they_settled(tmp_path):
    """A start at a sixth of the own density is no collapse; a sixth of the settled volume is one."""
    engine = dataclasses.replace(SETTINGS, timestep=0.002)
    dynamics = Dynamics(SILICON, liquid(1000, 28.085, 0.4, 1), engine, temperature=2000.0, seed=1)
    dynamics.heat()
    volume = dynamics.box().volume

    def at(share):
        edge = (share * volume) ** (1 / 3)
        scale = edge / dynamics.box().edges[0]
        positions = dynamics.box().positions * scale
        dynamics.context.setPeriodicBoxVectors(*np.diag([edge] * 3))
        dynamics.context.setPositions(positions)
        dynamics.equilibrate(0.002)

    at(0.15)
    dynamics.settle()
    at(0.05)
    with pytest.raises(UnstableError, match="times its equilibrated value"):
        at(0.15 * 5.1)


@pytest.mark.parametrize(
    ("temperature", "hot"), [(230.0, 600.0), (600.0, 600.0), (1000.0, 1400.0), (2000.0, 3400.0)]
)
def test_a_liquid_comes_from_a_hotter_one(temperature, hot):
    assert melt_temperature(temperature) == hot


@pytest.mark.parametrize(
    ("kind", "structure", "kelvin", "beads"),
    [("bulk", "liquid", 300.0, 216), ("bulk", "ice-ih", 200.0, 216), ("slab", "liquid", 300.0, 500)],
)
def test_a_run_that_is_gone_on_with_is_the_longer_run(tmp_path, kind, structure, kelvin, beads):
    """Sample by sample and frame by frame, as if it had been as long from the beginning."""
    state = Simulation(
        kind, structure, kelvin, beads=beads, equilibration=0.5, production=1.0, interval=0.2, density=1.0
    )
    longer = dataclasses.replace(state, production=2.1)  # not a whole number of intervals
    engine, settings = Engine(EngineSettings()), EngineSettings()
    for name in ("first", "whole"):
        (tmp_path / name).mkdir()
    first = engine.run(ML_BOP, state, 3, tmp_path / "first")
    (extended,) = engine.extend(ML_BOP, longer, 3)
    whole = Engine(settings).run(ML_BOP, longer, 3, tmp_path / "whole")
    assert len(first.series["time"]) == 5 and len(extended.series["time"]) == 10
    assert set(extended.series) == set(whole.series)
    for name, values in whole.series.items():
        np.testing.assert_array_equal(extended.series[name], values)
    assert (extended.simulation, extended.md_steps) == (longer, whole.md_steps)
    for one, other in zip(extended.trajectory, whole.trajectory, strict=True):
        np.testing.assert_array_equal(one.positions, other.positions)
        assert one.time == other.time
    # Another seed, model or interval is another run: the engine has none to go on with.
    assert engine.extend(ML_BOP, longer, 4) == []
    assert engine.extend(load_model("mw"), longer, 3) == []
    assert engine.extend(ML_BOP, dataclasses.replace(longer, interval=0.1), 3) == []
