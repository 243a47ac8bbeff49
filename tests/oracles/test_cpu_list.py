"""The CPU platform's own neighbour list against the Reference platform, which searches anew every time."""

import gc
import os
import time

import numpy as np
import openmm
import openmm_engine
import pytest
from boxes import SHAPES, Configuration, configuration
from openmm_engine import evaluate_context as evaluate
from potentials import STILLINGER_WEBER, TERSOFF

from cgbridge.units import EV

# The second has an n of 23, so that particles that run into each other reach the limits of its bond order.
POTENTIALS = [TERSOFF[0], TERSOFF[1], STILLINGER_WEBER[0], TERSOFF[4], STILLINGER_WEBER[4]]
potentials = pytest.mark.parametrize("potential", POTENTIALS, ids=lambda p: f"{p.form} {p.name}")

# Single against double precision, as against LAMMPS; the energy relative to the particle energies.
TOLERANCE = 1e-5


def assert_same(context, reference, tolerance=TOLERANCE):
    openmm_engine.assert_same(context, reference, tolerance)


def both(potential, box, periodic=True):
    contexts = [openmm_engine.make_context(potential, box, name) for name in ("CPU", "Reference")]
    if not periodic:
        for context in contexts:
            context.getSystem().getForce(0).setUsesPeriodicBoundaryConditions(False)
            context.reinitialize(True)
    return contexts


@potentials
@pytest.mark.parametrize("shape", SHAPES)
def test_particles_walk(potential, shape):
    context, reference = both(potential, configuration(potential, shape))
    positions = context.getState(getPositions=True).getPositions(asNumpy=True)._value.copy()
    random = np.random.default_rng(5)
    for _ in range(40):
        # Steps up to a third of the skin, so that the list is kept for some of them and rebuilt for others.
        positions += random.uniform(-0.01, 0.01, positions.shape)
        context.setPositions(positions)
        assert_same(context, reference)


@potentials
@pytest.mark.parametrize("shape", SHAPES)
def test_images_chosen_at_random(potential, shape):
    box = configuration(potential, shape)
    context, reference = both(potential, box)
    expected = evaluate(reference)[1]
    random = np.random.default_rng(6)
    for span in (1, 3, 1000):
        shifts = random.integers(-span, span + 1, box.positions.shape) @ box.vectors
        context.setPositions((box.positions + shifts) * 0.1)
        forces = evaluate(context)[1]
        # Far positions have lost digits of their own: 1e-16 of 1e4 nm against forces that change on 0.01 nm.
        assert np.max(np.abs(forces - expected)) < TOLERANCE * np.sqrt(np.mean(expected**2))


@potentials
@pytest.mark.parametrize("shape", ["orthogonal", "triclinic"])
def test_box_changes_with_the_particles(potential, shape):
    box = configuration(potential, shape)
    context, reference = both(potential, box)
    random = np.random.default_rng(7)
    for size in (1e-4, 1e-3, 1e-2, 0.1):
        for _ in range(5):
            scale = 1 + random.uniform(-0.3, 1, 3) * size
            vectors, positions = box.vectors * scale, box.positions * scale
            context.setPeriodicBoxVectors(*(vectors * 0.1))
            context.setPositions(positions * 0.1)
            assert_same(context, reference)


@potentials
def test_box_changes_alone(potential):
    box = configuration(potential, "triclinic")
    context, reference = both(potential, box)
    for factor in (1.001, 1.01, 0.99, 1.0):
        context.setPeriodicBoxVectors(*(box.vectors * 0.1 * factor))
        assert_same(context, reference)


@pytest.mark.parametrize(
    "barostat",
    [
        lambda: openmm.MonteCarloBarostat(2000.0, 300.0, 2),
        lambda: openmm.MonteCarloAnisotropicBarostat(openmm.Vec3(1, 2000, 5000), 300.0, True, True, True, 2),
        lambda: openmm.MonteCarloFlexibleBarostat(2000.0, 300.0, 2, True),
    ],
    ids=["isotropic", "anisotropic", "flexible"],
)
@potentials
def test_barostat(potential, barostat):
    box = configuration(
        potential, "triclinic" if barostat().__class__.__name__.endswith("eBarostat") else "orthogonal"
    )
    system = openmm_engine.make_system(potential, box)
    move = barostat()
    move.setRandomNumberSeed(4)
    system.addForce(move)
    integrator = openmm.LangevinMiddleIntegrator(300.0, 10.0, 0.001)
    integrator.setRandomNumberSeed(3)
    context = openmm.Context(system, integrator, openmm.Platform.getPlatformByName("CPU"))
    context.setPositions(box.positions * 0.1)
    openmm.LocalEnergyMinimizer.minimize(context, maxIterations=50)
    context.setVelocitiesToTemperature(300.0, 2)
    reference = openmm_engine.make_context(potential, box, "Reference")
    volumes = set()
    for _ in range(30):
        integrator.step(7)
        # Near a minimum the forces that are compared are small differences of large ones.
        assert_same(context, reference, tolerance=5e-5)
        volumes.add(context.getState().getPeriodicBoxVolume()._value)
    assert len(volumes) > 5


@pytest.mark.parametrize("platform", ["Reference", "CPU"])
def test_box_that_shrinks_too_far(platform):
    box = configuration(TERSOFF[0], "tight orthogonal")
    context = openmm_engine.make_context(TERSOFF[0], box, platform)
    evaluate(context)
    context.setPeriodicBoxVectors(*(box.vectors * 0.1 * 0.99))
    with pytest.raises(openmm.OpenMMException, match="smaller than twice the cutoff"):
        evaluate(context)


@potentials
def test_particles_left_out_and_weights(potential):
    box = configuration(potential, "triclinic")
    contexts = both(potential, box)
    random = np.random.default_rng(8)
    for context in contexts:
        force = context.getSystem().getForce(0)
        for i in range(0, len(box.types), 5):
            force.setParticleParameters(i, -1, 1.0)
        for i in range(1, len(box.types), 5):
            force.setParticleParameters(i, int(box.types[i]), 0.0)
        force.updateParametersInContext(context)
    context, reference = contexts
    assert_same(context, reference)
    # A particle that is left out may be anywhere.
    positions = box.positions.copy()
    positions[0] = positions[1] + random.normal(0, 1e-3, 3)
    context.setPositions(positions * 0.1)
    assert_same(context, reference)


@potentials
def test_nobody_interacts(potential):
    box = configuration(potential, "orthogonal")
    for context in both(potential, box):
        force = context.getSystem().getForce(0)
        for i in range(len(box.types)):
            force.setParticleParameters(i, -1, 1.0)
        force.updateParametersInContext(context)
        energy, forces = evaluate(context)
        assert energy == 0
        assert not np.any(forces)


@potentials
def test_dimers_far_apart_without_a_box(potential):
    # Pairs at all distances up to the cutoff and a little beyond, spread over up to a tenth of a millimetre.
    random = np.random.default_rng(9)
    distances = np.linspace(0.7, 1.02, 33) * potential.cutoff
    for spread in (1e2, 1e4, 1e6):
        directions = random.normal(size=(33, 3))
        directions /= np.linalg.norm(directions, axis=1)[:, None]
        # Kept on a lattice of doubles, so that the distance of a pair has no rounding error.
        centres = np.round(random.uniform(-spread, spread, (33, 3)))
        positions = np.concatenate(
            [centres, centres + np.round(directions * distances[:, None] * 2**20) / 2**20]
        )
        types = np.arange(len(positions)) % potential.n_types
        box = Configuration("none", np.eye(3) * 1e3, positions, types)
        context, reference = both(potential, box, periodic=False)
        # Positions in nm are tenths of those, which costs a relative 1e-16 of the spread.
        energy, forces = evaluate(context)
        expected_energy, expected = evaluate(reference)
        assert energy == pytest.approx(expected_energy, rel=TOLERANCE)
        assert np.max(np.abs(forces - expected)) < TOLERANCE * np.max(np.abs(expected))


@potentials
def test_cluster_with_an_evaporated_particle(potential):
    box = configuration(potential, "orthogonal")
    for distance in (0.0, 1e3, 1e6, 1e9):
        positions = box.positions.copy()
        positions[0, 2] -= distance
        far = Configuration("none", box.vectors, positions, box.types)
        assert_same(*both(potential, far, periodic=False))


@potentials
@pytest.mark.parametrize("platform", ["Reference", "CPU"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
@pytest.mark.parametrize("periodic", [True, False])
def test_positions_that_are_not_numbers(potential, platform, value, periodic):
    box = configuration(potential, "orthogonal")
    context = both(potential, box, periodic)[platform == "Reference"]
    good = evaluate(context)
    positions = box.positions * 0.1
    positions[3, 1] = value
    # OpenMM refuses some of these itself, and asks for energies in different ways.
    try:
        context.setPositions(positions)
        energy = context.getState(getEnergy=True).getPotentialEnergy()._value
    except openmm.OpenMMException as error:
        assert "NaN" in str(error) or "nan" in str(error)
    else:
        # What is infinitely far from all others on Reference is alone, as what is only far.
        alone = positions.copy()
        alone[3, 1] = 1e6
        if platform == "Reference" and not periodic and not np.isnan(value):
            context.setPositions(alone)
            assert energy == pytest.approx(evaluate(context)[0], rel=TOLERANCE)
        else:
            # Of 1e300, wrapped in double precision, no digit is left: it may be anywhere.
            assert np.isnan(energy) or (platform, value) == ("Reference", 1e300)
    # Nothing of it stays.
    context.setPositions(box.positions * 0.1)
    again = evaluate(context)
    # The order of the neighbours may be another one.
    assert again[0] == pytest.approx(good[0], rel=1e-5)


@pytest.mark.parametrize("platform", ["Reference", "CPU"])
@pytest.mark.parametrize("factor", [0.9, 1.1])
@potentials
def test_changed_cutoff(potential, platform, factor):
    box = configuration(potential, "triclinic")
    # Otherwise which thread does what depends on chance, and with it the rounding.
    properties = {"DeterministicForces": "true"} if platform == "CPU" else {}
    context = openmm_engine.make_context(potential, box, platform, properties)
    before = evaluate(context)
    force = context.getSystem().getForce(0)
    n = potential.n_types
    # R and D of a Tersoff triplet, a of a Stillinger-Weber triplet.
    columns = (10, 11) if potential.form == "tersoff" else (2,)
    for i, j, k in np.ndindex(n, n, n):
        values = list(force.getTripletParameters(i, j, k))
        for column in columns:
            values[column] *= factor
        force.setTripletParameters(i, j, k, *values)
    force.updateParametersInContext(context)
    found = evaluate(context)
    assert abs(found[0] - before[0]) > 1e-3 * EV
    context.reinitialize(True)
    expected = evaluate(context)
    assert found[0] == pytest.approx(expected[0], rel=1e-12)
    assert np.array_equal(found[1], expected[1])


def test_collapsed_particles_need_no_huge_memory():
    # 1500 particles in one cutoff: a table of all pairs of neighbours would have gigabytes.
    box = configuration(TERSOFF[0], "orthogonal")
    random = np.random.default_rng(10)
    positions = random.uniform(0, 0.5 * TERSOFF[0].cutoff, (1500, 3))
    crowd = Configuration("crowd", box.vectors, positions, np.zeros(1500, dtype=int))
    context, _ = both(TERSOFF[0], crowd)
    energy, forces = evaluate(context)
    assert np.isfinite(energy)
    assert np.all(np.isfinite(forces))


@potentials
@pytest.mark.parametrize("threads", ["1", "3"])
def test_beside_forces_of_openmm(potential, threads):
    """Then OpenMM's own threads and its single precision forces are used, not those of the plugin alone."""
    box = configuration(potential, "orthogonal")
    contexts = []
    for platform, properties in (("CPU", {"Threads": threads}), ("Reference", {})):
        system = openmm_engine.make_system(potential, box)
        springs = openmm.HarmonicBondForce()
        springs.addBond(0, 1, 0.3, 1000.0)
        springs.setUsesPeriodicBoundaryConditions(True)
        springs.setForceGroup(1)
        system.addForce(springs)
        context = openmm.Context(
            system,
            openmm.VerletIntegrator(0.002),
            openmm.Platform.getPlatformByName(platform),
            properties,
        )
        context.setPositions(box.positions * 0.1)
        contexts.append(context)
    assert_same(*contexts)
    # The springs do act, and either kind can be had alone.
    for context in contexts:
        forces = [
            context.getState(getForces=True, groups=groups).getForces(asNumpy=True)._value
            for groups in ({0, 1}, {0}, {1})
        ]
        assert np.any(forces[2])
        assert np.allclose(forces[0], forces[1] + forces[2], rtol=1e-5, atol=1e-2)


@pytest.mark.parametrize("threads", ["1", "3"])
def test_forces_alone_keep_what_openmm_promises(threads):
    """Energies do not touch the forces of the step; NaN is told as OpenMM tells it; velocities are free."""
    box = configuration(TERSOFF[0], "orthogonal")
    context = openmm_engine.make_context(TERSOFF[0], box, "CPU", {"Threads": threads})
    context.getIntegrator().step(3)
    energy = context.getState(getEnergy=True).getPotentialEnergy()._value
    forces = evaluate(context)[1]
    assert context.getState(getEnergy=True, groups={5}).getPotentialEnergy()._value == 0
    assert not np.any(context.getState(getForces=True, groups={5}).getForces(asNumpy=True)._value)
    again = evaluate(context)
    assert again[0] == pytest.approx(energy, rel=1e-6)
    assert np.allclose(again[1], forces, rtol=1e-5, atol=1e-2)
    positions = box.positions * 0.1
    positions[3, 2] = np.nan
    context.setPositions(positions)
    with pytest.raises(openmm.OpenMMException, match="Particle coordinate is NaN"):
        context.getState(getEnergy=True)


def test_no_more_threads_than_are_of_use():
    cores = os.sched_getaffinity(0)
    if len(cores) < 2:
        pytest.skip("several threads need several cores")
    # Threads of Contexts that earlier tests have left take a moment to go; those made here stay to the end.
    gc.collect()
    time.sleep(0.2)
    contexts = []

    def threads_of(beads):
        edge = round(beads ** (1 / 3))
        places = np.array(list(np.ndindex(edge, edge, edge))) * 3.1
        box = Configuration("lattice", np.eye(3) * edge * 3.1, places, np.zeros(edge**3, dtype=int))
        before = len(os.listdir("/proc/self/task"))
        context = openmm_engine.make_context(TERSOFF[0], box, "CPU", {"Threads": "2"})
        evaluate(context)
        contexts.append(context)
        # OpenMM's own pool has two.
        return len(os.listdir("/proc/self/task")) - before - 2 + 1

    assert threads_of(4096) == 2
    assert threads_of(343) == 1
    os.sched_setaffinity(0, {min(cores)})
    try:
        assert threads_of(4096) == 1
    finally:
        os.sched_setaffinity(0, cores)


@pytest.mark.parametrize("tilt", [0.0, 0.3], ids=["orthogonal", "triclinic"])
@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside a force of OpenMM"])
@potentials
def test_threads_share_the_list_of_a_large_box(potential, beside, tilt):
    """From some thousand particles on threads make the list together; CPUSerial makes it alone."""
    edge, spacing = 22, 3.1
    random = np.random.default_rng(12)
    vectors = np.array([[1.0, 0, 0], [tilt, 1, 0], [-tilt, 0.5 * tilt, 1]]) * edge * spacing
    fractions = np.array(list(np.ndindex(edge, edge, edge))) / edge
    positions = fractions @ vectors + random.uniform(-0.5, 0.5, (edge**3, 3))
    types = random.integers(0, potential.n_types, len(positions))
    types[::50] = -1
    box = Configuration("large", vectors, positions, types)
    threads = openmm_engine.make_context(potential, box, "CPU", {"Threads": "3"})
    if beside:
        # One without bonds: what matters is that OpenMM's threads are then used.
        threads.getSystem().addForce(openmm.HarmonicBondForce())
        threads.reinitialize(True)
    alone = openmm_engine.make_context(potential, box, "CPUSerial")

    def compare():
        energy, forces = evaluate(threads)
        expected_energy, expected = evaluate(alone)
        # The same single precision numbers, added up in another order.
        assert energy == pytest.approx(expected_energy, rel=1e-6)
        assert np.max(np.abs(forces - expected)) < 2e-6 * np.max(np.abs(expected))
        assert not np.any(forces[::50])

    compare()
    for step in range(6):
        # Small moves keep the list, large ones and other images do not; then the box changes too.
        positions = positions + random.uniform(-0.1, 0.1, positions.shape) * (1 if step % 2 else 5)
        images = random.integers(-1, 2, positions.shape) @ vectors if step == 3 else 0
        scale = 1.0 + 0.002 * step
        for context in (threads, alone):
            context.setPeriodicBoxVectors(*(vectors * 0.1 * scale))
            context.setPositions((positions + images) * 0.1 * scale)
        compare()
    positions[17, 1] = np.nan
    threads.setPositions(positions * 0.1)
    with pytest.raises(openmm.OpenMMException, match="NaN"):
        threads.getState(getEnergy=True, getForces=True)


ISAS = ["baseline", "avx2", "avx512"]


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("potential", TERSOFF + STILLINGER_WEBER, ids=lambda p: f"{p.form} {p.name}")
def test_every_instruction_set(potential, shape, isa, monkeypatch):
    monkeypatch.setenv("CGBRIDGE_CPU_ISA", isa)
    try:
        assert_same(*both(potential, configuration(potential, shape)))
    except openmm.OpenMMException as error:
        if "this machine can run" in str(error):
            pytest.skip(str(error))
        raise


def test_instruction_sets_round_differently(monkeypatch):
    """The variable does choose: instruction sets with and without fused operations round differently."""
    box = configuration(TERSOFF[0], "orthogonal")
    forces = {}
    for isa in ISAS:
        monkeypatch.setenv("CGBRIDGE_CPU_ISA", isa)
        try:
            forces[isa] = evaluate(openmm_engine.make_context(TERSOFF[0], box, "CPU"))[1].tobytes()
        except openmm.OpenMMException:
            continue
    assert len(forces) == 1 or len(set(forces.values())) > 1


def test_unknown_instruction_set(monkeypatch):
    monkeypatch.setenv("CGBRIDGE_CPU_ISA", "sse9")
    with pytest.raises(openmm.OpenMMException, match="'sse9', but this machine can run: baseline"):
        openmm_engine.make_context(TERSOFF[0], configuration(TERSOFF[0], "orthogonal"), "CPU")
