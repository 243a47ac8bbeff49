"""Random triclinic boxes from 1 to 12 cells a side against the sum over all images, on every platform.

The boxes of the other oracles hold so few beads that the cells of the host's list do not matter in them.
Here beads lie anywhere in space, up to a thousand boxes away, and half of the boxes come in another form
than the reduced one, in which the sum takes them as they are.
"""

from __future__ import annotations

from functools import cache

import all_images
import devices
import numpy as np
import openmm
import openmm_engine
import pytest
from boxes import Configuration
from openmm_engine import Result
from potentials import STILLINGER_WEBER, TERSOFF, Potential
from sparse_boxes import MAX_CELLS, SparseBox, random_box

from cgbridge.engine.single_point import evaluate_structure
from cgbridge.models.database import load_model
from cgbridge.structures.structure_files import Structure
from cgbridge.units import BAR_NM3, EV

POTENTIALS = (STILLINGER_WEBER[0], STILLINGER_WEBER[3], TERSOFF[0], TERSOFF[2])
potentials = pytest.mark.parametrize("potential", POTENTIALS, ids=lambda p: f"{p.form} {p.name}")
#: Boxes for each potential.
BOXES = 50
#: Beads in the last of them, the smallest number for which the host's grid has twelve cells a side.
MANY = 1331
#: Devices sort more than 2048 beads into cells by kernels that smaller boxes do not use.
BLOCKS = 2197

# In double precision the positions decide: a thousand boxes of thirteen cutoffs away, at 6e4 Angstrom, a
# double is good to 7e-12, and forces change by their own size within a tenth of an Angstrom or less.
EXACT = 5e-9
# Single precision, as against LAMMPS; the largest error of hundreds of beads by the root mean square force,
# to which lone beads add nothing. Near the end of Tersoff's cutoff, at a fraction v of its width, a force
# goes as v^(2n-1), which is v^0.5 there; a distance good to 1e-7 leaves 1e-6/v of v, and so some 1e-6/v^0.5
# of the force, with v of 0.001 among thousands of neighbours.
SINGLE = {"sw": 2e-5, "tersoff": 1e-4}


def boxes(potential: Potential) -> tuple[tuple[SparseBox, Result], ...]:
    return _boxes(POTENTIALS.index(potential))


@cache
def _boxes(index: int) -> tuple[tuple[SparseBox, Result], ...]:
    potential = POTENTIALS[index]
    made = [random_box(potential, BOXES * index + i) for i in range(BOXES - 1)]
    made.append(random_box(potential, BOXES * (index + 1) - 1, MANY))
    return tuple((box, all_images.evaluate(potential, box.whole)) for box in made)


class Contexts:
    """A Context for each number of beads, whose box and positions change."""

    def __init__(self, potential: Potential, platform: str):
        self._potential, self._platform = potential, platform
        self._contexts: dict[int, openmm.Context] = {}

    def errors(self, box: SparseBox, expected: Result) -> tuple[float, float]:
        """Relative errors of energy or forces, and of what the host computes from the Context."""
        given = box.configuration
        context = self._contexts.get(len(given.types))
        if context is None:
            name, _, precision = self._platform.partition(":")
            properties = {"Precision": precision} if precision else None
            context = openmm_engine.make_context(self._potential, given, name, properties)
            self._contexts[len(given.types)] = context
        context.setPeriodicBoxVectors(*(given.vectors * 0.1))
        context.setPositions(given.positions * 0.1)
        energy, forces = openmm_engine.evaluate_context(context)
        force = context.getSystem().getForce(0)
        virial = np.array(force.getVirial(context)) / EV
        particles = np.array(force.getParticleEnergies(context)) / EV
        whole = np.sum(np.abs(expected.particle_energies))
        typical = np.sqrt(np.mean(expected.forces**2))
        return (
            max(
                abs(energy / EV - expected.energy) / whole,
                _largest(forces / EV / 10, expected.forces, typical),
            ),
            max(
                _largest(virial, expected.virial, np.max(np.abs(expected.virial))),
                _largest(particles, expected.particle_energies, np.max(np.abs(expected.particle_energies))),
            ),
        )


def _largest(values: np.ndarray, expected: np.ndarray, size: float) -> float:
    return float(np.max(np.abs(values - expected)) / size)


def test_boxes_are_what_they_should_be():
    """From 1 to 12 cells a side, tilted both ways, most beads with neighbours, half of them not reduced."""
    made = [entry for potential in POTENTIALS for entry in boxes(potential)]
    assert len(made) == 200
    cells = np.array([box.cells for box, _ in made])
    # No reduced box is narrower along the last vector than its edge, which is two cutoffs at least.
    for axis, fewest in ((0, 1), (1, 1), (2, 2)):
        assert set(range(fewest, MAX_CELLS + 1)) <= set(cells[:, axis].tolist())
    for row, column in ((1, 0), (2, 0), (2, 1)):
        tilts = [box.configuration.vectors[row, column] for box, _ in made]
        assert min(tilts) < 0 < max(tilts)
    numbers = [len(box.configuration.types) for box, _ in made]
    assert numbers.count(MANY) == len(POTENTIALS)
    assert all(np.mean(result.particle_energies != 0) > 0.5 for _, result in made)
    other = [box for box, _ in made if not np.array_equal(box.lattice, box.configuration.vectors)]
    assert len(other) > 50
    for box in other:
        # The same lattice has the same volume, and vectors that are whole sums of the others.
        sums = box.configuration.vectors @ np.linalg.inv(box.lattice)
        assert np.allclose(sums, np.round(sums), atol=1e-9)
        assert np.isclose(abs(np.linalg.det(sums)), 1)


@pytest.mark.parametrize("platform", ["Reference", "CPU", "CPUSerial", "OpenCL"])
def test_two_beads_across_a_skewed_face(platform):
    """Two neighbours on both sides of a tilted face of cells; 25 lone beads are there to make cells."""
    devices.require(platform)
    lone = [(8.8, 12), (12, 20), (13.6, 4), (16.8, 12), (20, 20), (21.6, 4), (24.8, 12), (28, 20)]
    positions = [(14.7, 0.7, 8.2), (14.6, -0.6, 10.5)]
    positions += [(x, y, z) for x, y in lone for z in (4, 12, 20)] + [(5.6, 4, 20)]
    box = np.array([[24, 0, 0], [9.6, 24, 0], [0, 0, 24]]) * 0.1
    structure = Structure(("mW",) * len(positions), np.array(positions) * 0.1, box)
    found = evaluate_structure(load_model("mw"), structure, platform)
    # The pair energy at 2.6438 Angstrom by hand, to the digits given.
    assert found["energy_kj_mol"] == pytest.approx(-25.8104, abs=1e-4)
    # tr W = r f of the only pair, and f along it.
    force = np.array(found["forces_kj_mol_nm"])
    delta = np.diff(structure.positions[:2], axis=0)[0]
    assert force[2:] == pytest.approx(np.zeros((25, 3)), abs=1e-9)
    assert force[0] == pytest.approx(-force[1], rel=1e-6)
    trace = np.trace(found["virial_kj_mol"])
    assert trace == pytest.approx(force[1] @ delta, rel=1e-5)
    assert found["pressure_bar"] == pytest.approx(trace / 3 / np.linalg.det(box) / BAR_NM3, rel=1e-12)
    assert trace != 0


@pytest.mark.parametrize("platform", ["Reference", "CPU", "CPUSerial"])
@potentials
def test_processor(potential, platform):
    contexts = Contexts(potential, platform)
    tolerance = EXACT if platform == "Reference" else SINGLE[potential.form]
    for box, expected in boxes(potential):
        computed, host = contexts.errors(box, expected)
        assert computed < tolerance, box.configuration.name
        assert host < EXACT, box.configuration.name


@pytest.mark.parametrize("platform", devices.found())
@potentials
def test_device(potential, platform):
    """In mixed precision, in which a fit runs; boxes of one number of beads, whose kernels are built once."""
    contexts = Contexts(potential, f"{platform}:mixed")
    chosen = [(box, expected) for box, expected in boxes(potential) if len(box.configuration.types) == 125]
    assert len(chosen) > 10
    for box, expected in chosen:
        computed, host = contexts.errors(box, expected)
        assert computed < SINGLE[potential.form], box.configuration.name
        assert host < EXACT, box.configuration.name


@pytest.mark.parametrize("platform", devices.found())
def test_device_with_many_beads(platform):
    potential = POTENTIALS[0]
    contexts = Contexts(potential, f"{platform}:mixed")
    box = random_box(potential, 1001, BLOCKS)
    assert contexts.errors(box, all_images.evaluate(potential, box.whole))[0] < SINGLE["sw"]


def test_replicas_in_boxes_of_their_own():
    """The host looks for neighbours in the stretched boxes, whose cells are others for every replica."""
    potential = POTENTIALS[2]
    box = next(box for box, _ in boxes(potential) if min(box.cells) > 3).configuration
    scales = np.array([[1.0, 1.0, 1.0], [0.8, 1.3, 1.1], [1.2, 0.9, 1.5]])
    template = openmm_engine.make_force(potential, [])
    force = type(template)(1, len(scales))
    for replica in range(len(scales)):
        force.setTripletParameters(0, 0, 0, *template.getTripletParameters(0, 0, 0), replica)
        for _ in box.types:
            force.addParticle(0, 1.0, replica)
    system = openmm.System()
    for _ in range(force.getNumParticles()):
        system.addParticle(1.0)
    system.setDefaultPeriodicBoxVectors(*(box.vectors * 0.1))
    system.addForce(force)
    platform = openmm.Platform.getPlatformByName("Reference")
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), platform)
    context.setPositions(np.tile(box.positions * 0.1, (len(scales), 1)))
    force.setReplicaScales(context, scales.ravel())
    energies = np.array(force.getReplicaEnergies(context)) / EV
    forces = openmm_engine.evaluate_context(context)[1].reshape(len(scales), -1, 3) / EV / 10
    for scale, energy, own in zip(scales, energies, forces, strict=True):
        stretched = Configuration("", box.vectors * scale, box.positions * scale, box.types)
        expected = all_images.evaluate(potential, stretched)
        assert abs(energy - expected.energy) < EXACT * np.sum(np.abs(expected.particle_energies))
        slopes = expected.forces * scale
        assert _largest(own, slopes, np.sqrt(np.mean(slopes**2))) < EXACT
