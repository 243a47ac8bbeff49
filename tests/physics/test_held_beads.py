"""Mean forces with the beads held: closed forms, and the noise that is left."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import numpy as np
import openmm
import pytest
from openmm import app, unit

sys.path.insert(0, str(Path(__file__).parents[1] / "oracles"))

import devices
from scipy.integrate import quad
from scipy.sparse import csr_array, eye_array, kron

from cgbridge.engine.held_beads import HeldBeads, Sampling
from cgbridge.errors import SimulationError, UnstableError
from cgbridge.units import GAS_CONSTANT

KELVIN, SPRING, QUARTIC, DIMERS = 300.0, 2000.0, 4000.0, 48
COEFFICIENTS = csr_array(kron(eye_array(DIMERS), np.array([[0.5, 0.5]])))
SUM = csr_array(kron(eye_array(DIMERS), np.array([[1.0, 1.0]])))


def dimers() -> openmm.System:
    """Pairs of atoms on soft springs of no length, in a quartic well along every axis, all by themselves."""
    system = openmm.System()
    well = openmm.CustomExternalForce(f"{QUARTIC}*(x^4+y^4+z^4)")
    spring = openmm.CustomBondForce(f"0.5*{SPRING}*r^2")
    for atom in range(2 * DIMERS):
        system.addParticle(10.0)
        well.addParticle(atom, [])
    for dimer in range(DIMERS):
        spring.addBond(2 * dimer, 2 * dimer + 1, [])
    system.addForce(well)
    system.addForce(spring)
    return system


def exact(place: float) -> float:
    """Mean force along one axis on a dimer whose middle is at ``place``.

    The half distance u from the middle has the weight exp(-(k (2u)^2 / 2 + V(x + u) + V(x - u)) / RT).
    """

    def energy(u: float) -> float:
        return 0.5 * SPRING * (2 * u) ** 2 + QUARTIC * ((place + u) ** 4 + (place - u) ** 4)

    def weight(u: float) -> float:
        return float(np.exp(-(energy(u) - energy(0.0)) / (GAS_CONSTANT * KELVIN)))

    def force(u: float) -> float:
        return -4 * QUARTIC * ((place + u) ** 3 + (place - u) ** 3)

    norm = quad(weight, -0.3, 0.3)[0]
    return quad(lambda u: force(u) * weight(u), -0.3, 0.3)[0] / norm


def test_the_mean_force_is_that_of_the_closed_form() -> None:
    random = np.random.default_rng(4)
    middle = random.uniform(-0.2, 0.2, size=(DIMERS, 3))
    atoms = np.repeat(middle, 2, axis=0)
    held = HeldBeads(dimers(), COEFFICIENTS, SUM, temperature=KELVIN, timestep=0.002, platform="Reference")
    label = held.sample(atoms, None, Sampling(samples=400, interval=0.05, equilibration=2.0))
    expected = np.vectorize(exact)(label.positions)
    deviation = (label.forces - expected) / label.stderr
    # 144 components: their chi squared per component has the spread sqrt(2/144) = 0.12; three of these.
    assert np.mean(deviation**2) == pytest.approx(1.0, abs=0.36)
    # And no bias: the error of the mean slope of found against exact forces.
    slope = float(np.sum(label.forces * expected) / np.sum(expected**2))
    assert abs(slope - 1.0) < 4 * label.stderr / np.sqrt(np.sum(expected**2))
    # The force at the middle, without the motion of the atoms about it, would be another: the test sees it.
    rigid = -8 * QUARTIC * label.positions**3
    assert np.sqrt(np.mean((rigid - expected) ** 2)) > 8 * label.stderr
    assert label.displacement < 1e-3


def test_noise_falls_as_one_over_the_samples() -> None:
    atoms = np.repeat(np.random.default_rng(4).uniform(-0.2, 0.2, size=(DIMERS, 3)), 2, axis=0)
    held = HeldBeads(dimers(), COEFFICIENTS, SUM, temperature=KELVIN, timestep=0.002, platform="Reference")
    found = {count: held.sample(atoms, None, Sampling(count, 0.5, 2.0), number=count) for count in (10, 160)}
    for count, label in found.items():
        error = np.sqrt(np.mean((label.forces - np.vectorize(exact)(label.positions)) ** 2))
        # 144 components tell a root mean square to 6 %: three of these, and what few samples leave open.
        assert error == pytest.approx(label.stderr, rel=0.25), count
    assert found[10].stderr / found[160].stderr == pytest.approx(4.0, rel=0.4)


def water(edge: float = 1.3, flexible: bool = False) -> tuple[openmm.System, np.ndarray, np.ndarray]:
    """SPC/E water on a grid, each molecule turned as it likes."""
    model = app.Modeller(app.Topology(), [] * unit.nanometer)
    field = app.ForceField("spce.xml")
    model.addSolvent(field, boxSize=openmm.Vec3(edge, edge, edge) * unit.nanometer, model="spce")
    system = field.createSystem(
        model.topology,
        nonbondedMethod=app.PME,
        nonbondedCutoff=0.6 * unit.nanometer,
        rigidWater=not flexible,
        constraints=None,
    )
    positions = np.array(model.positions.value_in_unit(unit.nanometer))
    return system, positions, np.eye(3) * edge


def test_relaxed_labels_are_the_gradient_of_their_energy() -> None:
    system, atoms, box = water()
    count = len(atoms) // 3
    mass = np.array([[15.99943, 1.007947, 1.007947]])
    centres = csr_array(kron(eye_array(count), mass / mass.sum()))
    sums = csr_array(kron(eye_array(count), np.ones((1, 3))))
    held = HeldBeads(system, centres, sums, timestep=0.002)
    held.relax(atoms, box)  # takes overlaps out of the start
    held.sample(held.atoms, box, Sampling(1, 2.0, 2.0))
    # All beads by a step along a random direction, then the orientations relaxed again; a shallow minimum
    # that the step leads out of is left before.
    step = np.repeat(4e-4 * np.random.default_rng(2).normal(size=(count, 3)), 3, axis=0)
    held.relax(held.atoms, box)
    held.relax(held.atoms + step, box)
    exactly = HeldBeads(system, centres, sums, platform="Reference")
    first = exactly.relax(held.atoms, box)
    other = exactly.relax(exactly.atoms - step, box)
    work = 0.5 * np.sum((first.forces + other.forces) * (other.positions - first.positions))
    # The trapezoid leaves a third of the change of the force's own change, small for a step of 0.4 pm.
    assert other.energy - first.energy == pytest.approx(-work, rel=0.02)
    assert first.stderr == 0.0


def test_the_noise_of_instantaneous_forces_of_water() -> None:
    # Held oxygens' molecules turn: mapped forces scatter by much more than their mean can be known to.
    system, atoms, box = water()
    count = len(atoms) // 3
    centres = csr_array(kron(eye_array(count), np.array([[15.99943, 1.007947, 1.007947]]) / 18.015324))
    sums = csr_array(kron(eye_array(count), np.ones((1, 3))))
    held = HeldBeads(system, centres, sums, timestep=0.002)
    held.relax(atoms, box)
    atoms = held.atoms
    label = held.sample(atoms, box, Sampling(samples=40, interval=0.05, equilibration=1.0))
    assert label.stderr < 0.5 * np.sqrt(label.variance)
    # The springs carry the mean force, F / k, and are moved by it: what is left is thermal motion, and the
    # noise of the few samples that the springs learn from.
    carried = np.sqrt(np.mean(np.sum((label.forces / held.stiffness[:, None]) ** 2, axis=1)))
    assert label.displacement < 0.7 * carried
    moved = np.sum((label.positions - centres @ atoms) * label.forces) / np.sum(label.forces**2)
    # It no longer goes with the force, as it would with the slope 1: this water has hardly been equilibrated.
    assert abs(moved * held.stiffness.mean()) < 0.5
    # Momentum is conserved by pairs, and by PME to its accuracy of 5e-4 of a force.
    assert np.abs(label.forces.sum(axis=0)).max() < 0.02 * np.abs(label.forces).sum()


def test_another_number_of_atoms_is_refused() -> None:
    with pytest.raises(SimulationError, match="the system has 96 atoms, and the mapping is for 2"):
        HeldBeads(dimers(), csr_array([[0.5, 0.5]]), csr_array([[1.0, 1.0]]))


def test_a_barostat_of_the_system_is_left_out() -> None:
    system = dimers()
    system.setDefaultPeriodicBoxVectors((2, 0, 0), (0, 2, 0), (0, 0, 2))
    for force in list(itertools.chain(system.getForces())):
        if isinstance(force, openmm.CustomBondForce):
            force.setUsesPeriodicBoundaryConditions(True)
    system.addForce(openmm.MonteCarloBarostat(1.0, 300.0, 1))
    held = HeldBeads(system, COEFFICIENTS, SUM, timestep=0.002, platform="Reference")
    box = np.eye(3) * 2.0
    label = held.sample(np.zeros((2 * DIMERS, 3)), box, Sampling(3, 0.05, 0.1))
    assert np.isfinite(label.forces).all()


def test_atoms_that_lie_on_each_other_are_told() -> None:
    system, atoms, box = water()
    atoms[3:6] = atoms[:3]
    count = len(atoms) // 3
    maps = [csr_array(kron(eye_array(count), np.array([row]))) for row in ([1.0, 0, 0], [1.0, 1.0, 1.0])]
    with pytest.raises(UnstableError):
        HeldBeads(system, *maps, timestep=0.002, platform="Reference").sample(
            atoms, box, Sampling(2, 0.1, 0.1)
        )


@pytest.mark.parametrize("platform", devices.found())
def test_springs_pull_at_the_nearest_image(platform: str) -> None:
    # Kernels on GPUs move molecules into the box as they like: with springs that know one image only, beads
    # outside of it were pulled through it, and their labels were those of another configuration.
    system, atoms, box = water()
    for force in system.getForces():
        if isinstance(force, openmm.NonbondedForce):
            force.setNonbondedMethod(openmm.NonbondedForce.CutoffPeriodic)  # is compiled in a moment
    count = len(atoms) // 3
    centres = csr_array(kron(eye_array(count), np.array([[15.99943, 1.007947, 1.007947]]) / 18.015324))
    sums = csr_array(kron(eye_array(count), np.ones((1, 3))))
    relaxed = HeldBeads(system, centres, sums, timestep=0.001)
    relaxed.relax(atoms, box)
    atoms = relaxed.atoms.reshape(-1, 3, 3)
    images = np.random.default_rng(1).integers(-2, 3, (count, 1, 3)) * np.diag(box)
    held = HeldBeads(system, centres, sums, timestep=0.001, platform=platform)
    label = held.sample((atoms + images).reshape(-1, 3), box, Sampling(4, 0.01, 0.05))
    assert label.displacement < 0.005


def test_beads_that_are_not_held_are_told() -> None:
    # A bead that is wanted at the middle of a box, and whose atoms are pulled away by 1e5 kJ/mol/nm: the
    # spring of 4e6 gives way by 0.05 nm, although it is moved once by what it carries.
    system = openmm.System()
    system.addParticle(10.0)
    pull = openmm.CustomExternalForce("-1e5*(x+step(x-0.002)*1000*x^2)")
    pull.addParticle(0, [])
    system.addForce(pull)
    one = csr_array([[1.0]])
    held = HeldBeads(system, one, one, timestep=0.0005, platform="Reference")
    with pytest.raises(UnstableError, match="nm from the places where they were held"):
        held.relax(np.zeros((1, 3)), None)


def test_the_noise_of_two_samples_is_not_known() -> None:
    held = HeldBeads(dimers(), COEFFICIENTS, SUM, timestep=0.002, platform="Reference")
    label = held.sample(np.zeros((2 * DIMERS, 3)), None, Sampling(2, 0.05, 0.1))
    assert np.isnan(label.stderr) and np.isnan(label.variance)
