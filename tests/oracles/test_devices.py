"""The kernels for GPUs against the Reference platform, on every platform that has a device here."""

import devices
import numpy as np
import openmm
import openmm_engine
import pytest
from boxes import SHAPES, Configuration, configuration
from covering import covering
from openmm_engine import assert_same, evaluate_context
from potentials import STILLINGER_WEBER, TERSOFF, Potential

POTENTIALS = [TERSOFF[0], STILLINGER_WEBER[0], TERSOFF[4], STILLINGER_WEBER[4]]


def label(value):
    return f"{value.form} {value.name}" if isinstance(value, Potential) else None


potentials = covering("potential", POTENTIALS, label=label)
platforms = pytest.mark.parametrize("platform", devices.found())

# The same arithmetic as Reference; forces are rounded to 2^-32 kJ/mol/nm, as OpenMM does on devices.
DOUBLE = 1e-9
# Arithmetic in single precision, as on the CPU platform; positions keep their digits.
MIXED = 1e-5
# Positions have the digits of single precision in units of the box, and the steepest force of the
# invented potentials changes by more than 1e-5 of a typical one over such a distance.
SINGLE = 2e-5
TOLERANCE = {"single": SINGLE, "mixed": MIXED, "double": DOUBLE}


def both(potential, box, platform, precision="double", periodic=True):
    contexts = [
        openmm_engine.make_context(potential, box, platform, {"Precision": precision}),
        openmm_engine.make_context(potential, box, "Reference"),
    ]
    if not periodic:
        for context in contexts:
            context.getSystem().getForce(0).setUsesPeriodicBoundaryConditions(False)
            context.reinitialize(True)
    return contexts


def liquid(potential, edges, seed=1):
    """A disturbed lattice of so many places along the edges, at the density of the other boxes."""
    random = np.random.default_rng(seed)
    spacing = 1.25 ** (1 / 3) * potential.spacing
    places = np.array(list(np.ndindex(*edges)))
    positions = places * spacing + random.uniform(-0.1, 0.1, places.shape) * spacing
    types = np.arange(len(positions)) % potential.n_types
    random.shuffle(types)
    return Configuration("lattice", np.diag(edges) * spacing, positions, types)


def relaxed(potential, box, steps):
    """A configuration without close contacts, from which molecular dynamics can start.

    Made on the Reference platform: OpenMM's own minimizer on devices breaks down on PoCL.
    """
    context = openmm_engine.make_context(potential, box, "Reference")
    openmm.LocalEnergyMinimizer.minimize(context, 10, steps)
    positions = context.getState(positions=True).getPositions(asNumpy=True)._value * 10
    return Configuration(box.name, box.vectors, positions, box.types)


def in_single_precision(box):
    """A configuration whose numbers single precision can hold."""
    vectors, positions = (np.float64(np.float32(v * 0.1)) * 10 for v in (box.vectors, box.positions))
    return Configuration(box.name, vectors, positions, box.types)


@platforms
@covering("potential, shape", TERSOFF + STILLINGER_WEBER, SHAPES, label=label)
def test_equals_reference(potential, shape, platform):
    assert_same(*both(potential, configuration(potential, shape), platform), DOUBLE)


@platforms
@covering("potential, precision", POTENTIALS, ["single", "mixed"], label=label)
def test_equals_reference_in_single_precision(potential, precision, platform):
    for shape in ("orthogonal", "tight triclinic"):
        box = configuration(potential, shape)
        if precision == "single":
            box = in_single_precision(box)
        assert_same(*both(potential, box, platform, precision), TOLERANCE[precision])


@platforms
@covering("potential, shape", POTENTIALS, ["orthogonal", "triclinic", "tight orthogonal"], label=label)
def test_particles_walk(potential, shape, platform):
    contexts = both(potential, configuration(potential, shape), platform)
    positions = contexts[0].getState(positions=True).getPositions(asNumpy=True)._value.copy()
    random = np.random.default_rng(5)
    for _ in range(25):
        # The lists are kept for some of these steps and made anew for others.
        positions += random.uniform(-0.015, 0.015, positions.shape)
        contexts[0].setPositions(positions)
        assert_same(*contexts, DOUBLE)


# More particles than one block sorts into cells, so that there are tiles of 4 x 4 x 4 cells: whole ones and
# parts, fewer cells than a tile has, and of ML-BOP 5 cells along x, which become 4.
LARGE = [(13, 13, 13), (9, 13, 19), (5, 20, 22), (22, 20, 5)]


@platforms
@covering(
    "potential, edges, periodic",
    [TERSOFF[0], STILLINGER_WEBER[4]],
    LARGE,
    [True, False],
    label=lambda value: label(value) or {True: "box", False: "no box"}.get(value, str(value)),
)
def test_large_system(potential, edges, periodic, platform):
    contexts = both(potential, liquid(potential, edges), platform, periodic=periodic)
    positions = contexts[0].getState(positions=True).getPositions(asNumpy=True)._value.copy()
    random = np.random.default_rng(5)
    for _ in range(4):
        assert_same(*contexts, DOUBLE)
        positions += random.uniform(-0.03, 0.03, positions.shape)
        contexts[0].setPositions(positions)


@platforms
@potentials
def test_box_changes(potential, platform):
    box = configuration(potential, "triclinic")
    contexts = both(potential, box, platform)
    random = np.random.default_rng(7)
    for size in (1e-4, 1e-3, 1e-2, 0.1, 0.5):
        for alone in (False, True):
            vectors = box.vectors * (1 + random.uniform(0, 1, 3) * size)
            vectors[2, 1] += 0.05 * size
            fractions = box.positions @ np.linalg.inv(box.vectors)
            contexts[0].setPeriodicBoxVectors(*(vectors * 0.1))
            if not alone:
                contexts[0].setPositions(fractions @ vectors * 0.1)
            assert_same(*contexts, DOUBLE)


@platforms
@covering(
    "precision, flexible",
    ["mixed", "double"],
    [False, True],
    label={False: "isotropic", True: "flexible"}.get,
)
def test_barostat(precision, flexible, platform):
    potential = TERSOFF[0]
    box = relaxed(potential, configuration(potential, "triclinic" if flexible else "orthogonal"), 50)
    system = openmm_engine.make_system(potential, box)
    kind = openmm.MonteCarloFlexibleBarostat if flexible else openmm.MonteCarloBarostat
    barostat = kind(2000.0, 300.0, 2)
    barostat.setRandomNumberSeed(4)
    system.addForce(barostat)
    integrator = openmm.LangevinMiddleIntegrator(300, 1, 0.005)
    integrator.setRandomNumberSeed(3)
    context = openmm.Context(
        system, integrator, openmm.Platform.getPlatformByName(platform), {"Precision": precision}
    )
    context.setPositions(box.positions * 0.1)
    context.setVelocitiesToTemperature(300, 1)
    reference = openmm_engine.make_context(potential, box, "Reference")
    volumes = set()
    # A relaxed liquid has forces of 200 kJ/mol/nm, a sixth of those of the disturbed configurations of the
    # other tests, while the parts that cancel in them, and their rounding, are as large (CPU: 8e-6).
    tolerance = 2e-5 if precision == "mixed" else TOLERANCE[precision]
    for _ in range(6):
        integrator.step(20)
        assert_same(context, reference, tolerance)
        volumes.add(context.getState().getPeriodicBoxVolume()._value)
    assert len(volumes) > 1


@platforms
@pytest.mark.parametrize("count", [60, pytest.param(280, marks=pytest.mark.slow)])
@pytest.mark.parametrize("potential", [TERSOFF[0], STILLINGER_WEBER[0]], ids=lambda p: p.name)
def test_crowd(potential, count, platform):
    """Far more neighbours than there is room for: the first evaluation does without, later ones have it."""
    random = np.random.default_rng(10)
    places = np.stack(np.meshgrid(*[np.arange(7)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    # Not so close that a force has no room in fixed point numbers, which end at 2e9 kJ/mol/nm.
    positions = random.permutation(places)[:count] * 0.09 * potential.cutoff
    # A few at liquid distances, whose centres are not crowded.
    others = configuration(potential, "orthogonal")
    positions = np.vstack([positions, others.positions[others.positions[:, 0] > 0.8 * potential.cutoff]])
    crowd = Configuration("crowd", others.vectors, positions, np.zeros(len(positions), dtype=int))
    contexts = both(potential, crowd, platform)
    expected = evaluate_context(contexts[1])
    size = np.sqrt(np.mean(expected[1] ** 2))
    for _ in range(4 if count < 100 else 2):
        energy, forces = evaluate_context(contexts[0])
        assert energy == pytest.approx(expected[0], rel=DOUBLE)
        assert np.max(np.abs(forces - expected[1])) < DOUBLE * size


@platforms
@potentials
def test_left_out_weighted_and_changed(potential, platform):
    box = configuration(potential, "triclinic")
    contexts = both(potential, box, platform)
    assert_same(*contexts, DOUBLE)
    random = np.random.default_rng(8)
    weights = random.uniform(0, 2, len(box.types))
    n = potential.n_types
    # R and D of a Tersoff triplet, a of a Stillinger-Weber triplet.
    columns = (10, 11) if potential.form == "tersoff" else (2,)
    for context in contexts:
        force = context.getSystem().getForce(0)
        for i, weight in enumerate(weights):
            force.setParticleParameters(
                i, -1 if i % 5 == 0 else int(box.types[i]), 0.0 if i % 7 == 0 else weight
            )
        for i, j, k in np.ndindex(n, n, n):
            values = list(force.getTripletParameters(i, j, k))
            for column in columns:
                values[column] *= 0.95
            force.setTripletParameters(i, j, k, *values)
        force.updateParametersInContext(context)
    assert_same(*contexts, DOUBLE)
    # A particle that is left out may be anywhere.
    positions = box.positions.copy()
    positions[0] = positions[1] + 1e-3
    contexts[0].setPositions(positions * 0.1)
    assert_same(*contexts, DOUBLE)


@platforms
def test_nobody_interacts(platform):
    box = configuration(TERSOFF[0], "orthogonal")
    context = openmm_engine.make_context(TERSOFF[0], box, platform)
    force = context.getSystem().getForce(0)
    for i in range(len(box.types)):
        force.setParticleParameters(i, -1, 1.0)
    force.updateParametersInContext(context)
    energy, forces = evaluate_context(context)
    assert energy == 0
    assert not np.any(forces)


@platforms
@potentials
def test_cluster_with_an_evaporated_particle(potential, platform):
    box = configuration(potential, "orthogonal")
    for distance in (0.0, 1e3, 1e6):
        positions = box.positions.copy()
        positions[0, 2] -= distance
        far = Configuration("none", box.vectors, positions, box.types)
        assert_same(*both(potential, far, platform, periodic=False), DOUBLE)


@platforms
@pytest.mark.parametrize("precision", devices.PRECISIONS)
def test_images(precision, platform):
    potential = TERSOFF[0]
    box = in_single_precision(configuration(potential, "triclinic"))
    context, reference = both(potential, box, platform, precision)
    expected = evaluate_context(reference)[1]
    random = np.random.default_rng(6)
    for span in (1, 100):
        shifts = random.integers(-span, span + 1, box.positions.shape) @ box.vectors
        context.setPositions((box.positions + shifts) * 0.1)
        forces = evaluate_context(context)[1]
        # In single precision a position of a hundred boxes has two digits less than one in the box.
        tolerance = TOLERANCE[precision] * (span if precision == "single" else 1)
        assert np.max(np.abs(forces - expected)) < tolerance * np.sqrt(np.mean(expected**2))


@platforms
@covering("value, periodic", [np.nan, 1e300], [True, False])
def test_positions_that_are_not_numbers(value, periodic, platform):
    potential = TERSOFF[0]
    box = configuration(potential, "orthogonal")
    context = both(potential, box, platform, "single", periodic)[0]
    good = evaluate_context(context)
    positions = box.positions * 0.1
    positions[3, 1] = value
    # OpenMM refuses some of these itself.
    try:
        context.setPositions(positions)
        energy = context.getState(energy=True).getPotentialEnergy()._value
    except openmm.OpenMMException as error:
        assert "NaN" in str(error) or "nan" in str(error)
    else:
        assert np.isnan(energy)
    # Nothing of it stays.
    context.setPositions(box.positions * 0.1)
    assert evaluate_context(context)[0] == pytest.approx(good[0], rel=1e-6)


@platforms
def test_several_contexts_take_turns(platform):
    pairs = [
        both(p, configuration(p, "orthogonal", seed), platform) for p in POTENTIALS[:2] for seed in (1, 2)
    ]
    random = np.random.default_rng(4)
    for _ in range(4):
        for context, reference in pairs:
            positions = context.getState(positions=True).getPositions(asNumpy=True)._value
            context.setPositions(positions + random.uniform(-0.01, 0.01, positions.shape))
            assert_same(context, reference, DOUBLE)


@platforms
@pytest.mark.parametrize("precision", ["single", "double"])
def test_same_positions_give_the_same_bits(precision, platform):
    box = liquid(TERSOFF[4], (9, 9, 9))
    contexts = [both(TERSOFF[4], box, platform, precision)[0] for _ in range(2)]
    first, second = (evaluate_context(context) for context in contexts)
    assert np.array_equal(first[1], second[1])
    assert first[0] == second[0]


@platforms
def test_reordered_particles(platform):
    """OpenMM reorders its particles when a force with a cutoff of its own is there."""
    potential = TERSOFF[4]
    box = relaxed(potential, liquid(potential, (6, 6, 6)), 20)
    system = openmm_engine.make_system(potential, box)
    other = openmm.CustomNonbondedForce("0*r")
    other.setNonbondedMethod(openmm.CustomNonbondedForce.CutoffPeriodic)
    other.setCutoffDistance(0.5)
    for _ in box.types:
        other.addParticle()
    system.addForce(other)
    force = system.getForce(0)
    for i in range(0, len(box.types), 3):
        force.setParticleParameters(i, int(box.types[i]), 0.5)
    integrator = openmm.LangevinMiddleIntegrator(300, 10, 0.0005)
    context = openmm.Context(
        system, integrator, openmm.Platform.getPlatformByName(platform), {"Precision": "double"}
    )
    context.setPositions(box.positions * 0.1)
    reference = openmm_engine.make_context(potential, box, "Reference")
    copy = reference.getSystem().getForce(0)
    for i in range(len(box.types)):
        copy.setParticleParameters(i, *force.getParticleParameters(i))
    copy.updateParametersInContext(reference)
    # It does so every 250 steps.
    for _ in range(3):
        integrator.step(130)
        assert_same(context, reference, DOUBLE)
