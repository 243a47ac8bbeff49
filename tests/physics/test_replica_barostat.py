"""Constant pressure for replicas, against closed forms and OpenMM's own barostat."""

import sys
from pathlib import Path

import numpy as np
import openmm
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "oracles"))

import devices
import openmm_engine
from potentials import TERSOFF

from cgbridge.observables.statistics import mean_error
from cgbridge.openmm import TersoffForce
from cgbridge.openmm.replicas import ReplicaBarostat
from cgbridge.units import BAR_NM3, GAS_CONSTANT

MASS = 18.015
ML_BOP = openmm_engine.make_force(TERSOFF[0], []).getTripletParameters(0, 0, 0)
LAMBDA = (2, 8, 12)  # columns of 1/length
LENGTH = (10, 11)  # columns of lengths
ENERGY = (9, 13)


def changed(columns: tuple[int, ...], factor: float) -> list[float]:
    """ML-BOP with some columns multiplied."""
    return [value * factor if i in columns else value for i, value in enumerate(ML_BOP)]


def estimate(series: np.ndarray) -> tuple[float, float]:
    result = mean_error(series)
    return result.mean, result.stderr


def make_context(parameters, beads, edge, platform, integrator, barostat=None):
    force, system = TersoffForce(1, len(parameters)), openmm.System()
    system.setDefaultPeriodicBoxVectors(*(np.eye(3) * edge))
    for replica, values in enumerate(parameters):
        force.setTripletParameters(0, 0, 0, *values, replica)
        for _ in range(beads):
            system.addParticle(MASS)
            force.addParticle(0, 1.0, replica)
    system.addForce(force)
    if barostat is not None:
        system.addForce(barostat)
    name, _, precision = platform.partition(":")
    return openmm.Context(
        system,
        integrator,
        openmm.Platform.getPlatformByName(name),
        {"Precision": precision} if precision else {},
    )


@pytest.mark.parametrize("axes", ["isotropic", "anisotropic"])
def test_ideal_gas(axes):
    """The density of V is proportional to V^N exp(-PV/kT): mean (N+1) kT/P, variance (N+1) (kT/P)^2."""
    beads, temperatures, pressures = 12, np.array([200.0, 300.0, 400.0]), np.array([10.0, 30.0, 20.0])
    nothing = [value * (0.1 if i in LENGTH else 1.0) for i, value in enumerate(changed(ENERGY, 0.0))]
    context = make_context([nothing] * 3, beads, 2.0, "Reference", openmm.VerletIntegrator(0.001))
    context.setPositions(np.random.default_rng(1).uniform(0, 2, (3 * beads, 3)))
    force = context.getSystem().getForce(0)
    barostat = ReplicaBarostat(force, context, pressures, temperatures, axes=axes, seed=4)
    volumes = []
    for number in range(13000):
        barostat.move()
        if number % 20 == 0:
            # Nothing holds the shape of a gas, and one day an axis would get shorter than twice the cutoff.
            # The next volumes do not depend on the shape.
            cubes = np.cbrt(barostat.volumes) / 2.0
            force.setReplicaScales(context, np.repeat(cubes, 3))
        if number >= 1000:
            volumes.append(barostat.volumes)
    unit = GAS_CONSTANT * temperatures / (pressures * BAR_NM3)
    reduced = np.array(volumes) / unit
    assert not barostat.blocked.any()
    for series in reduced.T:
        mean, error = estimate(series)
        # Four standard errors: one in 16000 tests fails by chance, and the seed is fixed.
        assert abs(mean - (beads + 1)) < 4 * error
        assert error < 0.3
        variance, error = estimate((series - (beads + 1)) ** 2)
        assert abs(variance - (beads + 1)) < 4 * error


def test_similar_models_keep_their_similarity():
    """A model whose lengths are 1.06 times as large has the same energy in a box that much larger."""
    factor = 1.06
    longer = [v * factor if i in LENGTH else v / factor if i in LAMBDA else v for i, v in enumerate(ML_BOP)]
    context = make_context([list(ML_BOP), longer], 64, 1.5, "Reference", openmm.VerletIntegrator(0.001))
    grid = (np.array(list(np.ndindex(4, 4, 4))) + 0.25) * 1.5 / 4
    context.setPositions(np.tile(grid, (2, 1)))
    force = context.getSystem().getForce(0)
    force.setReplicaScales(context, [1.0] * 3 + [factor] * 3)
    energies = force.getReplicaEnergies(context)
    assert energies[1] == pytest.approx(energies[0], rel=1e-12)
    barostat = ReplicaBarostat(force, context, [1e3, 1e3 / factor**3], [300.0, 300.0], seed=2)
    moved = 0
    for _ in range(200):
        before = barostat.volumes
        barostat.move()
        after = barostat.volumes
        moved += np.count_nonzero(after != before)
        alike = np.repeat(np.cbrt(after[0]) / 1.5, 3)
        force.setReplicaScales(context, [*alike, *(alike * factor)])
        energies = force.getReplicaEnergies(context)
        assert energies[1] == pytest.approx(energies[0], rel=1e-12)
    assert moved > 50


def liquid(beads: int, edge: float) -> np.ndarray:
    """ML-BOP water after 10 ps at 300 K in a cube."""
    integrator = openmm.LangevinMiddleIntegrator(300.0, 5.0, 0.01)
    integrator.setRandomNumberSeed(3)
    context = make_context([list(ML_BOP)], beads, edge, "CPUSerial", integrator)
    side = round(np.ceil(beads ** (1 / 3)))
    context.setPositions((np.array(list(np.ndindex(side, side, side)))[:beads] + 0.25) * edge / side)
    openmm.LocalEnergyMinimizer.minimize(context, 50, 100)
    context.setVelocitiesToTemperature(300.0, 1)
    integrator.step(1000)
    return context.getState(positions=True).getPositions(asNumpy=True)._value


@pytest.mark.slow
@pytest.mark.parametrize("platform", ["OpenCL:mixed", "CUDA:mixed"])
def test_densities_of_openmm(platform):
    """Two models in one Context have the densities that they have alone, with OpenMM's own barostat."""
    devices.require(platform)
    beads, edge = 216, 216 ** (1 / 3) * 0.311
    models = [list(ML_BOP), changed((1,), 1.06)]
    start = liquid(beads, edge)

    integrator = openmm.LangevinMiddleIntegrator(300.0, 5.0, 0.01)
    integrator.setRandomNumberSeed(6)
    context = make_context(models, beads, edge, platform, integrator)
    context.setPositions(np.tile(start, (2, 1)))
    context.setVelocitiesToTemperature(300.0, 7)
    force = context.getSystem().getForce(0)
    barostat = ReplicaBarostat(force, context, [1.0, 1.0], [300.0, 300.0], interval=10, seed=8)
    barostat.step(2000)
    together = []
    for _ in range(400):
        barostat.step(50)
        together.append(barostat.volumes)

    for replica, values in enumerate(models):
        pressure = openmm.MonteCarloBarostat(1.0, 300.0, 10)
        pressure.setRandomNumberSeed(9)
        integrator = openmm.LangevinMiddleIntegrator(300.0, 5.0, 0.01)
        integrator.setRandomNumberSeed(10)
        alone = make_context([values], beads, edge, "CPUSerial", integrator, pressure)
        alone.setPositions(start)
        alone.setVelocitiesToTemperature(300.0, 11)
        integrator.step(2000)
        volumes = []
        for _ in range(2000):
            integrator.step(50)
            volumes.append(alone.getState().getPeriodicBoxVolume()._value)
        own, other = np.array(together)[:, replica], np.array(volumes)
        (found, error), (expected, expected_error) = estimate(own), estimate(other)
        # Four standard errors of the difference; the errors themselves are below one per cent.
        assert abs(found - expected) < 4 * np.hypot(error, expected_error)
        assert error < 0.01 * found
        # So has the variance kT V kappa, as the mean of squared deviations: 0.2 ns hold some twenty
        # independent volumes, which give it to a quarter. The rule of the moves itself is tested above,
        # where the distribution is known.
        spread, error = estimate((own - found) ** 2)
        reference, reference_error = estimate((other - expected) ** 2)
        assert abs(spread - reference) < 4 * np.hypot(error, reference_error)


def test_blocked_at_twice_the_cutoff():
    """A box that wants to be narrower than the force allows stops there, and says so."""
    context = make_context([changed(ENERGY, 0.0)] * 2, 12, 2.0, "Reference", openmm.VerletIntegrator(0.001))
    context.setPositions(np.random.default_rng(1).uniform(0, 2, (24, 3)))
    force = context.getSystem().getForce(0)
    barostat = ReplicaBarostat(force, context, [1e5, 200.0], [300.0, 300.0], seed=4)
    for _ in range(2000):
        barostat.move()
    assert barostat.blocked[0] > 0
    assert barostat.blocked[1] == 0
    assert np.cbrt(barostat.volumes[0]) == pytest.approx(2 * force.getCutoffDistance(), rel=0.05)


def test_refusals():
    context = make_context([list(ML_BOP)] * 2, 8, 2.0, "Reference", openmm.VerletIntegrator(0.001))
    force = context.getSystem().getForce(0)
    with pytest.raises(ValueError, match="1 pressures and 2 temperatures for 2 replicas"):
        ReplicaBarostat(force, context, [1.0], [300.0, 300.0], seed=1)
    other = make_context([list(ML_BOP)] * 2, 8, 2.0, "CPUSerial", openmm.VerletIntegrator(0.001))
    with pytest.raises(openmm.OpenMMException, match="all replicas have the box of the Context"):
        ReplicaBarostat(other.getSystem().getForce(0), other, [1.0] * 2, [300.0] * 2, seed=1)
