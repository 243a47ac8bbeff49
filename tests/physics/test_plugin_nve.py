"""Dynamics with the compiled forces: conservation of energy, seeds, the thermostat of the CPU platforms."""

import sys
from pathlib import Path

import numpy as np
import openmm
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "oracles"))

import devices
import openmm_engine
from boxes import Configuration
from potentials import STILLINGER_WEBER, TERSOFF

from cgbridge.openmm import TersoffForce

BOLTZMANN = 0.00831446261815324  # kJ/mol/K
ML_BOP, MW = TERSOFF[0], STILLINGER_WEBER[0]
fast_platforms = pytest.mark.parametrize("platform", ["CPU", "CPUSerial"])
# Those whose Langevin step is the plugin's own.
thermostats = pytest.mark.parametrize("platform", ["CPU", "CPUSerial", *devices.found()])


def lattice(beads_per_edge: int) -> Configuration:
    """A simple cubic lattice at the density of water, which melts within a picosecond or two."""
    spacing = 0.03333 ** (-1 / 3)
    positions = np.array(list(np.ndindex(*[beads_per_edge] * 3))) * spacing
    vectors = np.eye(3) * beads_per_edge * spacing
    return Configuration("lattice", vectors, positions, np.zeros(len(positions), dtype=int))


def make_context(potential, box, integrator, platform, threads="1"):
    system = openmm_engine.make_system(potential, box)
    properties = {"Threads": threads} if platform == "CPU" else {}
    context = openmm.Context(system, integrator, openmm.Platform.getPlatformByName(platform), properties)
    context.setPositions(box.positions * 0.1)
    return context


def langevin(seed=5, step=0.005):
    integrator = openmm.LangevinMiddleIntegrator(300.0, 5.0, step)
    integrator.setRandomNumberSeed(seed)
    return integrator


@pytest.fixture(scope="module")
def liquid():
    """ML-BOP water after 5 ps at 300 K: positions / Angstrom and velocities / nm/ps."""
    box = lattice(7)
    context = make_context(ML_BOP, box, langevin(), "CPUSerial")
    openmm.LocalEnergyMinimizer.minimize(context, maxIterations=30)
    context.setVelocitiesToTemperature(300.0, 1)
    context.getIntegrator().step(1000)
    state = context.getState(getPositions=True, getVelocities=True)
    positions = state.getPositions(asNumpy=True)._value * 10
    return (
        Configuration("liquid", box.vectors, positions, box.types),
        state.getVelocities(asNumpy=True)._value,
    )


@fast_platforms
def test_energy_is_conserved(liquid, platform):
    box, velocities = liquid
    context = make_context(ML_BOP, box, openmm.VerletIntegrator(0.001), platform)
    context.setVelocities(velocities)
    times, energies = [], []
    for block in range(100):
        context.getIntegrator().step(200)
        state = context.getState(getEnergy=True)
        times.append(block * 0.2)
        energies.append((state.getPotentialEnergy() + state.getKineticEnergy())._value)
    slope = np.polyfit(times, energies, 1)[0]
    # Per bead and ns, in units of kT.  The second derivative of ML-BOP's cutoff function jumps, so that
    # the energy of Verlet's method takes a random walk whose steps grow with the third power of the time
    # step.  At 1 fs and for 343 beads it changes slopes over 20 ps by about 0.015.
    drift = slope * 1000 / len(box.types) / (BOLTZMANN * 300)
    assert abs(drift) < 0.06
    assert np.std(energies) / len(box.types) < 3e-4 * BOLTZMANN * 300


@fast_platforms
def test_halving_the_step_quarters_the_error(liquid, platform):
    box, velocities = liquid
    spread = []
    for step in (0.008, 0.004):
        context = make_context(MW, box, openmm.VerletIntegrator(step), platform)
        context.setVelocities(velocities)
        energies = []
        for _ in range(100):
            context.getIntegrator().step(round(0.016 / step))
            state = context.getState(getEnergy=True)
            energies.append((state.getPotentialEnergy() + state.getKineticEnergy())._value)
        spread.append(np.std(energies))
    # Verlet is of second order, and mW, unlike ML-BOP, is smooth on the scale of these steps.
    assert spread[0] / spread[1] == pytest.approx(4, rel=0.25)


def trajectory(context, blocks=10):
    result = []
    for _ in range(blocks):
        context.getIntegrator().step(25)
        result.append(context.getState(getPositions=True).getPositions(asNumpy=True)._value.copy())
    return np.array(result)


@fast_platforms
@pytest.mark.parametrize("potential", [ML_BOP, MW], ids=lambda p: p.name)
def test_same_seed_gives_the_same_trajectory(liquid, platform, potential):
    box, velocities = liquid
    runs = []
    for seed in (7, 7, 8):
        context = make_context(potential, box, langevin(seed), platform)
        context.setVelocities(velocities)
        runs.append(trajectory(context))
        del context
    assert np.array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


@pytest.mark.parametrize("potential", [ML_BOP, MW], ids=lambda p: p.name)
def test_two_threads_are_one_thread_up_to_rounding(liquid, potential):
    box, _ = liquid
    forces = []
    for threads in ("1", "2"):
        context = make_context(potential, box, openmm.VerletIntegrator(0.002), "CPU", threads)
        state = context.getState(getForces=True, getEnergy=True)
        forces.append(state.getForces(asNumpy=True)._value)
    # The order of single precision sums.
    assert np.max(np.abs(forces[0] - forces[1])) < 2e-6 * np.max(np.abs(forces[0]))


@pytest.mark.parametrize("potential", [ML_BOP, MW], ids=lambda p: p.name)
def test_deterministic_forces_with_two_threads(liquid, potential):
    box, velocities = liquid
    runs = []
    for _ in range(2):
        system = openmm_engine.make_system(potential, box)
        platform = openmm.Platform.getPlatformByName("CPU")
        properties = {"Threads": "2", "DeterministicForces": "true"}
        context = openmm.Context(system, openmm.VerletIntegrator(0.005), platform, properties)
        context.setPositions(box.positions * 0.1)
        context.setVelocities(velocities)
        runs.append(trajectory(context, blocks=4))
    assert np.array_equal(runs[0], runs[1])


@pytest.mark.parametrize("potential", [ML_BOP, MW], ids=lambda p: p.name)
def test_serial_platform_has_the_forces_of_the_cpu_platform(liquid, potential):
    box, _ = liquid
    found = []
    for platform in ("CPU", "CPUSerial"):
        context = make_context(potential, box, openmm.VerletIntegrator(0.002), platform)
        state = context.getState(getForces=True, getEnergy=True)
        found.append((state.getPotentialEnergy()._value, state.getForces(asNumpy=True)._value))
    # The same sums on the same machine; the CPU platform adds its threads up in single precision.
    assert found[0][0] == found[1][0]
    assert np.allclose(found[0][1], found[1][1], rtol=0, atol=1e-6 * np.max(np.abs(found[0][1])))


def test_serial_platform_is_never_chosen_by_itself(liquid):
    system = openmm_engine.make_system(ML_BOP, liquid[0])
    context = openmm.Context(system, openmm.VerletIntegrator(0.002))
    assert context.getPlatform().getName() != "CPUSerial"


def free_particles(masses, platform, friction=2.0, step=0.02, threads="2", seed=9):
    """Particles that feel nothing. A force that leaves them out brings the plugin's integrator to CPU."""
    system = openmm.System()
    force = TersoffForce(1)
    for mass in masses:
        system.addParticle(mass)
        force.addParticle(-1)
    force.setUsesPeriodicBoundaryConditions(False)
    system.addForce(force)
    integrator = openmm.LangevinMiddleIntegrator(300.0, friction, step)
    integrator.setRandomNumberSeed(seed)
    properties = {"Threads": threads} if platform == "CPU" else {}
    context = openmm.Context(system, integrator, openmm.Platform.getPlatformByName(platform), properties)
    context.setPositions(np.zeros((len(masses), 3)))
    context.setVelocities(np.zeros((len(masses), 3)))
    return context


@thermostats
def test_thermostat_gives_the_maxwell_distribution(platform):
    context = free_particles([18.0] * 5000, platform)
    context.getIntegrator().step(300)
    samples = []
    for _ in range(20):
        context.getIntegrator().step(100)  # 4 relaxation times
        state = context.getState(getVelocities=True)
        samples.append(state.getVelocities(asNumpy=True)._value / np.sqrt(BOLTZMANN * 300 / 18))
    x = np.array(samples).ravel()  # 300 000 numbers
    error = 1 / np.sqrt(x.size)
    # Moments of the normal distribution, within five standard errors.
    assert abs(np.mean(x)) < 5 * error
    assert abs(np.mean(x**2) - 1) < 5 * np.sqrt(2) * error
    assert abs(np.mean(x**3)) < 5 * np.sqrt(15) * error
    assert abs(np.mean(x**4) - 3) < 5 * np.sqrt(96) * error
    assert 4 < np.max(np.abs(x)) < 6.6
    # No relation between axes or between neighbours, and that of the friction in time.
    v = np.array(samples)
    for a, b, expected in (
        (v[:, :, 0], v[:, :, 1], 0),
        (v[:, 1:, 2], v[:, :-1, 2], 0),
        (v[:, 8:], v[:, :-8], 0),
        (v[1:], v[:-1], np.exp(-4)),
    ):
        assert abs(np.mean(a * b) - expected) < 5 / np.sqrt(a.size)


@thermostats
def test_friction_relaxes_and_diffuses_as_it_should(platform):
    context = free_particles([18.0] * 5000, platform, friction=2.0, step=0.02)
    context.setVelocities(np.ones((5000, 3)))
    context.getIntegrator().step(50)  # 1 ps
    state = context.getState(getVelocities=True, getPositions=True)
    thermal = BOLTZMANN * 300 / 18
    mean = np.mean(state.getVelocities(asNumpy=True)._value)
    # exp(-2), within five standard errors of 15 000 numbers.
    assert mean == pytest.approx(np.exp(-2.0), abs=5 * np.sqrt(thermal / 15000))
    position = np.mean(state.getPositions(asNumpy=True)._value)
    # (1-exp(-2))/2; the step of 20 fs changes it by (friction dt)^2/12.
    assert position == pytest.approx((1 - np.exp(-2.0)) / 2, abs=0.012)


@thermostats
def test_masses(platform):
    context = free_particles([1.0] * 2000 + [100.0] * 2000 + [0.0], platform)
    context.getIntegrator().step(500)
    state = context.getState(getVelocities=True, getPositions=True)
    v = state.getVelocities(asNumpy=True)._value
    for part, mass in ((v[:2000], 1.0), (v[2000:4000], 100.0)):
        # Five standard errors of the variance of 6000 numbers.
        assert np.var(part) * mass / (BOLTZMANN * 300) == pytest.approx(1, abs=5 * np.sqrt(2 / 6000))
    assert not np.any(v[4000])
    assert not np.any(state.getPositions(asNumpy=True)._value[4000])


@pytest.mark.parametrize("platform", devices.found())
@pytest.mark.parametrize("precision", devices.PRECISIONS)
def test_step_without_friction_is_that_of_reference(liquid, platform, precision):
    """No random numbers are left, and the step on a device must be OpenMM's own."""
    box, velocities = liquid
    ends = []
    for name, properties in ((platform, {"Precision": precision}), ("Reference", {})):
        system = openmm_engine.make_system(ML_BOP, box)
        system.setParticleMass(5, 0.0)
        integrator = openmm.LangevinMiddleIntegrator(300.0, 0.0, 0.005)
        context = openmm.Context(system, integrator, openmm.Platform.getPlatformByName(name), properties)
        context.setPositions(box.positions * 0.1)
        context.setVelocities(velocities * (np.arange(len(velocities)) != 5)[:, None])
        integrator.step(20)
        state = context.getState(positions=True, velocities=True)
        ends.append((state.getPositions(asNumpy=True)._value, state.getVelocities(asNumpy=True)._value))
        assert context.getStepCount() == 20
        assert state.getTime()._value == pytest.approx(0.1)
    # In twenty steps the rounding of forces, and in single precision that of positions, grows a few times.
    tolerance = {"single": 1e-5, "mixed": 1e-6, "double": 1e-11}[precision]
    assert np.max(np.abs(ends[0][0] - ends[1][0])) < tolerance
    assert np.max(np.abs(ends[0][1] - ends[1][1])) < 100 * tolerance
    # The particle without mass has stayed where single precision puts it.
    assert np.allclose(ends[0][0][5], box.positions[5] * 0.1, atol=1e-7)
    assert not np.any(ends[0][1][5])


def velocities_after(context, steps):
    context.getIntegrator().step(steps)
    return context.getState(getVelocities=True).getVelocities(asNumpy=True)._value.copy()


def test_random_numbers_do_not_depend_on_the_number_of_threads():
    # More than 8192 particles, which is what one thread takes at a time.
    runs = [velocities_after(free_particles([18.0] * 20_000, "CPU", threads=t), 3) for t in ("1", "2", "3")]
    assert np.array_equal(runs[0], runs[1])
    assert np.array_equal(runs[0], runs[2])
    # The pieces have random numbers of their own.
    x = runs[0].ravel() / np.sqrt(np.mean(runs[0] ** 2))
    for shift in (24_576, 2 * 24_576, 3, 1):
        assert abs(np.mean(x[shift:] * x[:-shift])) < 5 / np.sqrt(x.size - shift)


def test_seed_of_zero_is_another_one_each_time():
    runs = [velocities_after(free_particles([18.0] * 10, "CPU", seed=0), 1) for _ in range(2)]
    assert not np.array_equal(runs[0], runs[1])


def test_contexts_have_random_numbers_of_their_own():
    """A second Context does not disturb the first, while CPUSerial shares one generator as Reference does."""
    alone = velocities_after(free_particles([18.0] * 10, "CPU"), 20)
    first, second = (free_particles([18.0] * 10, "CPU", seed=seed) for seed in (9, 10))
    for _ in range(19):
        first.getIntegrator().step(1)
        second.getIntegrator().step(1)
    assert np.array_equal(velocities_after(first, 1), alone)


def test_checkpoint_on_the_serial_platform(liquid):
    box, velocities = liquid
    context = make_context(ML_BOP, box, langevin(), "CPUSerial")
    context.setVelocities(velocities)
    context.getIntegrator().step(40)
    checkpoint = context.createCheckpoint()
    expected = trajectory(context, blocks=2)
    context.loadCheckpoint(checkpoint)
    # The neighbours may be in another order after the jump back, so sums round differently.
    assert np.allclose(trajectory(context, blocks=2), expected, atol=1e-4)


@thermostats
def test_constraints_and_virtual_sites(platform):
    system = openmm.System()
    force = TersoffForce(1)
    for mass in (10.0, 10.0, 0.0):
        system.addParticle(mass)
        force.addParticle(-1)
    force.setUsesPeriodicBoundaryConditions(False)
    system.addForce(force)
    system.addConstraint(0, 1, 0.3)
    system.setVirtualSite(2, openmm.TwoParticleAverageSite(0, 1, 0.5, 0.5))
    context = openmm.Context(system, langevin(), openmm.Platform.getPlatformByName(platform))
    context.setPositions([[0, 0, 0], [0.3, 0, 0], [0.15, 0, 0]])
    context.setVelocitiesToTemperature(300.0, 1)
    context.getIntegrator().step(100)
    a, b, site = context.getState(getPositions=True).getPositions(asNumpy=True)._value
    assert np.linalg.norm(a - b) == pytest.approx(0.3, rel=1e-5)
    assert np.allclose(site, (a + b) / 2, atol=1e-12)


@fast_platforms
def test_changes_during_a_run(liquid, platform):
    """Temperature, friction and step may change between steps."""
    box, velocities = liquid
    context = make_context(ML_BOP, box, langevin(), platform)
    context.setVelocities(velocities)
    integrator = context.getIntegrator()
    integrator.setTemperature(150.0)
    integrator.setFriction(50.0)
    integrator.setStepSize(0.002)
    integrator.step(500)
    kinetic = context.getState(getEnergy=True).getKineticEnergy()._value
    temperature = 2 * kinetic / (3 * len(box.types) * BOLTZMANN)
    # Five standard errors of the kinetic temperature of 343 beads.
    assert temperature == pytest.approx(150, rel=5 * np.sqrt(2 / (3 * 343)))
    assert context.getState().getTime()._value == pytest.approx(1.0)
