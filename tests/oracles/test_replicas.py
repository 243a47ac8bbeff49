"""Independent boxes in one Context: each has the result that it has alone."""

import copy

import devices
import numpy as np
import openmm
import openmm_engine
import pytest
from boxes import configuration
from covering import covering
from openmm_engine import evaluate_context
from potentials import STILLINGER_WEBER, TERSOFF, Potential

from cgbridge.openmm.integrators import langevin_with_temperatures
from cgbridge.units import GAS_CONSTANT

CASES = [TERSOFF[0], TERSOFF[4], STILLINGER_WEBER[0], STILLINGER_WEBER[4]]


def label(value):
    if isinstance(value, bool):
        return "beside a force of OpenMM" if value else "alone"
    return f"{value.form} {value.name}" if isinstance(value, Potential) else None


potentials = pytest.mark.parametrize("potential", CASES, ids=label)

# Alone or not, a replica has the same arithmetic; only on devices the lists have another order, and on
# the CPU platform threads add forces up in another one.
TOLERANCE = {"Reference": 1e-13, "CPU": 1e-6, "CPUSerial": 0.0, "OpenCL:double": 1e-10}
platforms = pytest.mark.parametrize("platform", TOLERANCE)

# Columns of a triplet that hold an energy.
ENERGIES = {"tersoff": (9, 13), "sw": (0,)}


#: Factors along the axes for three replicas.
SCALES = np.array([[0.97, 1.02, 1.01], [1.05, 1.04, 1.08], [1.0, 0.98, 1.03]])


def scaled(potential, values, replica):
    """The parameters of a replica: its own energies, and in one of them its own range."""
    values = list(values)
    for column in ENERGIES[potential.form]:
        values[column] *= 1 + 0.1 * replica
    if replica == 2:
        values[10 if potential.form == "tersoff" else 2] *= 0.97
    return values


class Boxes:
    """Boxes of the same shape with different contents, alone and together with mixed order of particles."""

    def __init__(self, potential, platform, number=3, edge_seed=1):
        devices.require(platform)
        name, _, precision = platform.partition(":")
        self.platform = openmm.Platform.getPlatformByName(name)
        self.properties = {"Precision": precision} if precision else {}
        self.potential, n = potential, potential.n_types
        boxes = [configuration(potential, "triclinic", edge_seed + replica) for replica in range(number)]
        self.vectors = boxes[0].vectors * 0.1
        template = openmm_engine.make_force(potential, [])
        members = [
            (replica, i)
            for replica, box in enumerate(boxes)
            for i in range(len(box.types) - 3 * (replica % 3))
        ]
        np.random.default_rng(2).shuffle(members)
        self.replica = np.array([replica for replica, _ in members])
        self.positions = np.array([boxes[replica].positions[i] * 0.1 for replica, i in members])
        self.force = type(template)(n, number)
        self.alone = [type(template)(n) for _ in range(number)]
        for replica, i in members:
            particle = (int(boxes[replica].types[i]), 0.5 + 0.1 * (i % 7))
            self.force.addParticle(*particle, replica)
            self.alone[replica].addParticle(*particle)
        for replica, (i, j, k) in ((r, t) for r in range(number) for t in np.ndindex(n, n, n)):
            values = scaled(potential, template.getTripletParameters(i, j, k), replica)
            self.force.setTripletParameters(i, j, k, *values, replica)
            self.alone[replica].setTripletParameters(i, j, k, *values)

    def context(self, force, positions):
        system = openmm.System()
        for _ in positions:
            system.addParticle(18.015)
        system.setDefaultPeriodicBoxVectors(*self.vectors)
        system.addForce(copy.deepcopy(force))
        context = openmm.Context(system, openmm.VerletIntegrator(0.001), self.platform, self.properties)
        context.setPositions(positions)
        return context

    def together(self):
        return self.context(self.force, self.positions)

    def separate(self):
        return [
            self.context(force, self.positions[self.replica == replica])
            for replica, force in enumerate(self.alone)
        ]

    def stretched(self, scales):
        """Each replica alone in a box that is stretched along the axes."""
        contexts = self.separate()
        for replica, (context, scale) in enumerate(zip(contexts, scales, strict=True)):
            context.setPeriodicBoxVectors(*(self.vectors * scale))
            context.setPositions(self.positions[self.replica == replica] * scale)
        return contexts


def assert_like_alone(boxes, together, separate, tolerance):
    energy, forces = evaluate_context(together)
    sums, sizes = [], []
    for replica, context in enumerate(separate):
        alone, expected = evaluate_context(context)
        size = np.sqrt(np.mean(expected**2))
        assert np.max(np.abs(forces[boxes.replica == replica] - expected)) <= tolerance * size
        sums.append(alone)
        sizes.append(np.sum(np.abs(context.getSystem().getForce(0).getParticleEnergies(context))))
    assert abs(energy - sum(sums)) <= max(tolerance, 1e-14) * sum(sizes)
    own = together.getSystem().getForce(0).getReplicaEnergies(together)
    # Computed on the host in double precision, from positions that may be in single.
    assert np.max(np.abs(np.array(own) - sums)) <= max(tolerance, 2e-5) * max(sizes)


@platforms
@potentials
def test_like_alone(potential, platform):
    boxes = Boxes(potential, platform)
    together, separate = boxes.together(), boxes.separate()
    assert_like_alone(boxes, together, separate, TOLERANCE[platform])
    # And when particles have moved, so that lists are made anew for some replicas.
    moved = boxes.positions + np.random.default_rng(3).uniform(-0.02, 0.02, boxes.positions.shape)
    together.setPositions(moved)
    for replica, context in enumerate(separate):
        context.setPositions(moved[boxes.replica == replica])
    assert_like_alone(boxes, together, separate, TOLERANCE[platform])


@covering(
    "potential, platform",
    CASES,
    ["OpenCL:double", "OpenCL:mixed", "OpenCL:single", "Reference"],
    label=label,
    cheap=lambda potential, platform: platform == "Reference",
)
def test_boxes_of_their_own(potential, platform):
    """A stretched replica: the energy of its stretched box, the forces times the factors (chain rule)."""
    # Mixed precision as single: the factor and its product with a distance are rounded too, which doubles
    # what an unstretched distance loses.
    tolerances = {"Reference": 1e-12, "OpenCL:double": 1e-9, "OpenCL:mixed": 2e-5, "OpenCL:single": 2e-5}
    tolerance = tolerances[platform]
    boxes, reference = Boxes(potential, platform), Boxes(potential, "Reference")
    context = boxes.together()
    force = context.getSystem().getForce(0)
    before = evaluate_context(context)
    # The first is small, the second within what leaves the lists as they are, the last the first again.
    for scales in (SCALES, SCALES * [1.005, 0.995, 1.0], np.ones((3, 3))):
        force.setReplicaScales(context, scales.ravel())
        assert force.getReplicaScales(context) == pytest.approx(scales.ravel(), rel=1e-15)
        energy, forces = evaluate_context(context)
        own = force.getReplicaEnergies(context)
        total = size = 0.0
        for replica, alone in enumerate(reference.stretched(scales)):
            expected, slopes = evaluate_context(alone)
            slopes = slopes * scales[replica]
            assert np.max(np.abs(forces[boxes.replica == replica] - slopes)) <= tolerance * np.sqrt(
                np.mean(slopes**2)
            )
            scale = np.sum(np.abs(alone.getSystem().getForce(0).getParticleEnergies(alone)))
            assert abs(own[replica] - expected) <= tolerance * scale
            total, size = total + expected, size + scale
        assert abs(energy - total) <= tolerance * size
    after = evaluate_context(context)
    assert after[0] == pytest.approx(before[0], rel=1e-6)


def test_virial_is_that_of_the_stretched_boxes():
    boxes = Boxes(TERSOFF[0], "Reference")
    context = boxes.together()
    force = context.getSystem().getForce(0)
    force.setReplicaScales(context, SCALES.ravel())
    expected = np.sum(
        [alone.getSystem().getForce(0).getVirial(alone) for alone in boxes.stretched(SCALES)], axis=0
    )
    assert force.getVirial(context) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("platform", ["OpenCL:double"])
def test_scales_stay_when_parameters_change(platform):
    boxes = Boxes(TERSOFF[0], platform)
    context = boxes.together()
    force = context.getSystem().getForce(0)
    force.setReplicaScales(context, SCALES.ravel())
    before = evaluate_context(context)
    force.updateParametersInContext(context)
    after = evaluate_context(context)
    assert after[0] == pytest.approx(before[0], rel=1e-12)
    assert after[1] == pytest.approx(before[1], rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("platform", ["OpenCL:mixed"])
@potentials
def test_a_broken_replica_is_the_only_one(potential, platform):
    boxes = Boxes(potential, platform)
    context = boxes.together()
    force = context.getSystem().getForce(0)
    before = force.getReplicaEnergies(context)
    positions = boxes.positions.copy()
    positions[np.flatnonzero(boxes.replica == 1)[3]] = np.nan
    context.setPositions(positions)
    after = force.getReplicaEnergies(context)
    assert np.isnan(after[1])
    assert (after[0], after[2]) == (before[0], before[2])
    assert np.isnan(evaluate_context(context)[0])


def test_refused_scales():
    boxes = Boxes(TERSOFF[0], "Reference")
    context = boxes.together()
    force = context.getSystem().getForce(0)
    for scales, message in (
        (np.ones(8), "8 numbers for 3 replicas"),
        (np.array([1.0] * 8 + [0.0]), "factors of replica 2 must be positive"),
        (
            np.array([1.0] * 4 + [0.3] + [1.0] * 4),
            "periodic box of replica 1 .* smaller than twice the cutoff",
        ),
    ):
        with pytest.raises(openmm.OpenMMException, match=message):
            force.setReplicaScales(context, scales)
    assert force.getReplicaScales(context) == tuple(np.ones(9))
    alone = boxes.separate()[0]
    with pytest.raises(openmm.OpenMMException, match="one replica has the box of the Context"):
        alone.getSystem().getForce(0).setReplicaScales(alone, np.ones(3))
    together = Boxes(TERSOFF[0], "CPUSerial").together()
    with pytest.raises(openmm.OpenMMException, match="CPUSerial all replicas have the box"):
        together.getSystem().getForce(0).setReplicaScales(together, np.ones(9))


@pytest.mark.parametrize("platform", ["OpenCL:double"])
def test_many_like_alone(platform):
    """More particles than one block sorts into cells."""
    boxes, reference = (Boxes(TERSOFF[0], name, number=80) for name in (platform, "Reference"))
    assert len(boxes.replica) > 2048
    assert_like_alone(boxes, boxes.together(), reference.separate(), 1e-9)


@covering("potential, beside", CASES, [False, True], label=label)
def test_many_on_several_threads(potential, beside):
    """Threads add forces to particles that lie mixed in memory, at the same time."""
    boxes = Boxes(potential, "CPU", number=80)
    boxes.properties = {"Threads": "3"}
    together, separate = boxes.together(), Boxes(potential, "CPUSerial", number=80).separate()
    if beside:
        # One without bonds: what matters is that OpenMM's threads are then used.
        together.getSystem().addForce(openmm.HarmonicBondForce())
        together.reinitialize(True)
    expected = np.empty_like(boxes.positions)
    for replica, context in enumerate(separate):
        expected[boxes.replica == replica] = evaluate_context(context)[1]
    for _ in range(20):
        # Each replica is computed by one thread as it would be alone.
        assert np.array_equal(evaluate_context(together)[1], expected)


@platforms
@potentials
def test_changed_in_a_context(potential, platform):
    boxes = Boxes(potential, platform)
    context = boxes.together()
    force = context.getSystem().getForce(0)
    n = potential.n_types
    # The parameters of two replicas change places, and a particle goes to another box.
    first, second = ({t: force.getTripletParameters(*t, r) for t in np.ndindex(n, n, n)} for r in (0, 1))
    for t in np.ndindex(n, n, n):
        force.setTripletParameters(*t, *second[t], 0)
        force.setTripletParameters(*t, *first[t], 1)
    force.setParticleReplica(5, (force.getParticleReplica(5) + 1) % 3)
    before = evaluate_context(context)[0]
    force.updateParametersInContext(context)
    found = evaluate_context(context)
    anew = evaluate_context(boxes.context(force, boxes.positions))
    assert found[0] != before
    assert found[0] == pytest.approx(anew[0], rel=1e-5)
    size = np.sqrt(np.mean(anew[1] ** 2))
    assert np.max(np.abs(found[1] - anew[1])) <= TOLERANCE[platform] * size


@potentials
def test_host_values(potential):
    boxes = Boxes(potential, "Reference")
    together, separate = boxes.together(), boxes.separate()
    force = together.getSystem().getForce(0)
    energies = np.array(force.getParticleEnergies(together))
    virial = np.zeros(9)
    for replica, context in enumerate(separate):
        alone = context.getSystem().getForce(0)
        assert energies[boxes.replica == replica] == pytest.approx(
            alone.getParticleEnergies(context), rel=1e-12
        )
        virial += alone.getVirial(context)
    assert force.getVirial(together) == pytest.approx(virial, rel=1e-10)


@potentials
def test_xml_and_extraction(potential):
    force = Boxes(potential, "Reference").force
    for other in (copy.deepcopy(force), openmm.XmlSerializer.clone(force)):
        assert type(other) is type(force)
        assert other.getNumReplicas() == 3
        for i in range(force.getNumParticles()):
            assert other.getParticleReplica(i) == force.getParticleReplica(i)
            assert other.getParticleParameters(i) == force.getParticleParameters(i)
        for replica in range(3):
            assert other.getTripletParameters(0, 0, 0, replica) == force.getTripletParameters(
                0, 0, 0, replica
            )
    one = force.extractReplica(2)
    assert type(one) is type(force)
    assert (one.getNumReplicas(), one.getNumParticles()) == (1, force.getNumParticles())
    assert one.getTripletParameters(0, 0, 0) == force.getTripletParameters(0, 0, 0, 2)
    for i in range(force.getNumParticles()):
        left_out = force.getParticleReplica(i) != 2
        assert one.getParticleParameters(i)[0] == (-1 if left_out else force.getParticleParameters(i)[0])


def test_one_replica_keeps_its_xml():
    force = openmm_engine.make_force(TERSOFF[0], [0, 0])
    xml = openmm.XmlSerializer.serialize(force)
    assert 'version="1"' in xml
    assert "eplica" not in xml


def test_refusals():
    template = openmm_engine.make_force(TERSOFF[0], [])
    values = template.getTripletParameters(0, 0, 0)
    with pytest.raises(openmm.OpenMMException, match="number of replicas must be at least 1"):
        type(template)(1, 0)
    force = type(template)(1, 2)
    force.setTripletParameters(0, 0, 0, *values, 0)
    for action in (
        lambda: force.addParticle(0, 1.0, 2),
        lambda: force.setTripletParameters(0, 0, 0, *values, 2),
        lambda: force.extractReplica(-1),
    ):
        with pytest.raises(openmm.OpenMMException, match=r"replica -?\d is outside the range 0 to 1"):
            action()
    system = openmm.System()
    for replica in (0, 1):
        system.addParticle(1.0)
        force.addParticle(0, 1.0, replica)
    system.addForce(force)
    with pytest.raises(openmm.OpenMMException, match=r"Replica 1: .*no parameters"):
        openmm.Context(system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatformByName("Reference"))


@pytest.mark.parametrize("platform", ["CPU", "OpenCL:mixed"])
def test_temperatures_of_their_own(platform):
    boxes = Boxes(STILLINGER_WEBER[0], platform, number=2)
    start = Boxes(STILLINGER_WEBER[0], "Reference", number=2).together()
    openmm.LocalEnergyMinimizer.minimize(start, 10, 50)
    wanted = np.array([200.0, 400.0])
    integrator = langevin_with_temperatures(wanted[boxes.replica], 20, 0.005)
    integrator.setRandomNumberSeed(5)
    context = openmm.Context(copy.deepcopy(start.getSystem()), integrator, boxes.platform, boxes.properties)
    context.setPositions(start.getState(positions=True).getPositions())
    integrator.step(100)
    found = []
    for _ in range(100):
        integrator.step(10)
        velocities = context.getState(velocities=True).getVelocities(asNumpy=True)._value
        squares = np.sum(velocities**2, axis=1)
        found.append([18.015 * np.mean(squares[boxes.replica == r]) / (3 * GAS_CONSTANT) for r in (0, 1)])
    # 1e4 independent values in each box make 1.4 per cent.
    assert np.mean(found, axis=0) == pytest.approx(wanted, rel=0.05)
