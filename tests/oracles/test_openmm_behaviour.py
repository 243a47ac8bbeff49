"""The forces behave like OpenMM's own in Python."""

import copy

import numpy as np
import openmm
import openmm_engine
import pytest
from boxes import configuration
from openmm import unit
from potentials import STILLINGER_WEBER, TERSOFF

from cgbridge.openmm import StillingerWeberForce, TersoffForce, plugin_load_failures

CASES = [(TERSOFF[2], TersoffForce), (STILLINGER_WEBER[3], StillingerWeberForce)]
forms = pytest.mark.parametrize(("potential", "force_class"), CASES, ids=["tersoff", "sw"])


def _values(force):
    n = force.getNumTypes()
    triplets = [force.getTripletParameters(i, j, k) for i in range(n) for j in range(n) for k in range(n)]
    return triplets, [force.getParticleParameters(i) for i in range(force.getNumParticles())]


def test_platform_libraries_load():
    assert plugin_load_failures() == ()


@forms
def test_system_returns_the_real_class(potential, force_class):
    system = openmm_engine.make_system(potential, configuration(potential, "orthogonal"))
    assert type(system.getForce(0)) is force_class
    assert [type(force) for force in system.getForces()] == [force_class]
    # The System owns the force, so the object must not.
    assert not system.getForce(0).thisown


@forms
def test_system_takes_ownership(potential, force_class):
    force = openmm_engine.make_force(potential, np.zeros(3, dtype=int))
    system = openmm.System()
    system.addForce(force)
    assert not force.thisown
    with pytest.raises(Exception, match="own"):
        openmm.System().addForce(force)


@forms
@pytest.mark.parametrize(
    "duplicate",
    [
        copy.deepcopy,
        copy.copy,
        lambda system: openmm.XmlSerializer.deserialize(openmm.XmlSerializer.serialize(system)),
    ],
    ids=["deepcopy", "copy", "xml"],
)
def test_copies_of_a_system(potential, force_class, duplicate):
    system = openmm_engine.make_system(potential, configuration(potential, "orthogonal"))
    force = system.getForce(0)
    force.setParticleParameters(1, -1, 0.25)
    force.setForceGroup(3)
    force.setName("bonds")
    force.setUsesPeriodicBoundaryConditions(False)
    copied = duplicate(system)
    other = copied.getForce(0)
    assert type(other) is force_class
    assert _values(other) == _values(force)
    assert (other.getForceGroup(), other.getName()) == (3, "bonds")
    assert not other.usesPeriodicBoundaryConditions()


@forms
def test_copies_of_a_force(potential, force_class):
    force = openmm_engine.make_force(potential, np.zeros(3, dtype=int))
    for other in (copy.deepcopy(force), openmm.XmlSerializer.clone(force)):
        assert type(other) is force_class
        assert other.thisown
        assert _values(other) == _values(force)


@forms
def test_unknown_xml_version_is_refused(potential, force_class):
    xml = openmm.XmlSerializer.serialize(openmm_engine.make_force(potential, np.zeros(1, dtype=int)))
    with pytest.raises(openmm.OpenMMException, match="version 7"):
        openmm.XmlSerializer.deserialize(xml.replace(' version="1">', ' version="7">'))


def test_units_are_converted():
    force = TersoffForce(1)
    angstrom, kcal = unit.angstrom, unit.kilocalorie_per_mole
    force.setTripletParameters(
        0, 0, 0, 1, 1, 0 / angstrom, 7e4, 16, -0.5, 0.8, 1e-6, 2 / angstrom, 100 * kcal,
        3 * angstrom, 0.2 * unit.angstrom, 3 / angstrom, 500 * kcal,
    )  # fmt: skip
    values = force.getTripletParameters(0, 0, 0)
    assert values == pytest.approx([1, 1, 0, 7e4, 16, -0.5, 0.8, 1e-6, 20, 418.4, 0.3, 0.02, 30, 2092.0])


def test_force_inside_a_custom_cv_force():
    potential = TERSOFF[0]
    system = openmm_engine.make_system(potential, configuration(potential, "orthogonal"))
    cv = openmm.CustomCVForce("2*bonds")
    cv.addCollectiveVariable("bonds", copy.deepcopy(system.getForce(0)))
    assert type(cv.getCollectiveVariable(0)) is TersoffForce


@forms
@pytest.mark.parametrize("platform", ["Reference", "CPU"])
def test_parameters_are_updated_in_a_context(potential, force_class, platform):
    box = configuration(potential, "orthogonal")
    context = openmm_engine.make_context(potential, box, platform)
    force = context.getSystem().getForce(0)
    energies = np.array(force.getParticleEnergies(context))
    random = np.random.default_rng(3)
    weights = random.uniform(0, 2, len(energies))
    for i, w in enumerate(weights):
        force.setParticleParameters(i, int(box.types[i]), w)
    force.updateParametersInContext(context)
    found = context.getState(getEnergy=True).getPotentialEnergy()._value
    # Single precision on the CPU platform, where 1e-5 is asked of the energy.
    assert found == pytest.approx(weights @ energies, rel=1e-5 if platform == "CPU" else 1e-12)
