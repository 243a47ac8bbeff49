"""The OpenMM force of every database model against its closed forms (the compiled plugin is needed)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from single_bead import SINGLE_BEAD

from cgbridge.models.closed_form import diamond_energy, diamond_minimum, dimer_energy, dimer_minimum
from cgbridge.models.database import load_model
from cgbridge.models.model import CoarseGrainedModel

openmm = pytest.importorskip("openmm")
pytest.importorskip("cgbridge.openmm", exc_type=ImportError)

FACES = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
CELL = np.vstack([FACES, FACES + 0.25])  # diamond, fractions of the lattice constant
REPEATS = 3


@pytest.fixture(params=SINGLE_BEAD)
def model(request: pytest.FixtureRequest) -> CoarseGrainedModel:
    return load_model(request.param)


def _context(system: Any, positions: np.ndarray) -> Any:
    platform = openmm.Platform.getPlatformByName("Reference")  # double precision
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), platform)
    context.setPositions(positions)
    return context


def _energy(context: Any) -> float:
    energy = context.getState(getEnergy=True).getPotentialEnergy()
    return float(energy.value_in_unit(openmm.unit.kilojoule_per_mole))


def test_diamond_lattice_and_an_update_of_the_values(model: CoarseGrainedModel) -> None:
    lattice = diamond_minimum(model)
    shifts = np.array(list(np.ndindex(REPEATS, REPEATS, REPEATS)))
    positions = (shifts[:, None] + CELL[None]).reshape(-1, 3) * lattice.lattice_constant
    system = model.create_system(len(positions), REPEATS * lattice.lattice_constant)
    context = _context(system, positions)
    # Double precision, some thousand terms: 1e-12 leaves two digits of room.
    assert _energy(context) / len(positions) == pytest.approx(lattice.energy_per_bead, rel=1e-12)
    changed = model.with_parameters({"A": 1.1 * model.parameters["A"]})
    force = system.getForce(0)
    changed.update_force(force)
    force.updateParametersInContext(context)
    expected = float(diamond_energy(changed, lattice.bond))
    assert _energy(context) / len(positions) == pytest.approx(expected, rel=1e-12)


def test_dimer_without_a_box(model: CoarseGrainedModel) -> None:
    distance = 1.05 * dimer_minimum(model).distance
    system = model.create_system(2)
    assert not system.usesPeriodicBoundaryConditions()
    context = _context(system, np.array([[0, 0, 0], [0, 0, distance]]))
    assert _energy(context) == pytest.approx(float(dimer_energy(model, distance)), rel=1e-12)


def test_masses_and_box_reach_the_system() -> None:
    model = load_model("mw")
    system = model.create_system(3, (2.0, 3.0, 4.0))
    masses = [system.getParticleMass(i).value_in_unit(openmm.unit.dalton) for i in range(3)]
    assert masses == [18.015] * 3
    box = [v.value_in_unit(openmm.unit.nanometer) for v in system.getDefaultPeriodicBoxVectors()]
    assert [box[i][i] for i in range(3)] == [2.0, 3.0, 4.0]
    assert system.usesPeriodicBoundaryConditions()
