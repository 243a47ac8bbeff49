"""Tersoff's bond order b = (1 + (beta zeta)^n)^(-1/2n) where zeta is zero or nearly so.

For a small n every zeta matters: at n = 0.05 and beta zeta = 1e-20 b is 0.38, and a stand-in for zero that
is merely small is none.
"""

import itertools

import all_images
import devices
import numpy as np
import openmm_engine
import pytest
from boxes import Configuration
from openmm_engine import Result
from potentials import Potential

from cgbridge.units import EV

EXPONENTS = (0.05, 0.1, 0.3, 0.77, 1.0, 2.0, 5.0)
BETAS = (1e-12, 1e-6, 1e-3, 1.0, 1e3)
# What single precision leaves of a distance: of the difference, of its square and of the root.
ROUNDING = 2e-7

R, D, LAMBDA1, LAMBDA2, A, B = 3.0, 0.2, 3.0, 1.5, 2000.0, 100.0
BOND = 2.5


def tersoff(n: float, beta: float) -> Potential:
    row = (3, 1, 0.0, 20.0, 4.0, -0.4, n, beta, LAMBDA2, B, R, D, LAMBDA1, A)
    return Potential(f"n {n} beta {beta}", "tersoff", 1, {(0, 0, 0): row}, 2.4)


def chain(distance: float) -> Configuration:
    """A bead with a neighbour at the distance BOND and another at ``distance`` on the other side."""
    places = np.array([[0.0, 0, 0], [BOND, 0, 0], [-distance, 0, 0]])
    return Configuration("line", np.eye(3) * 20, places, np.zeros(3, dtype=int))


class Chains:
    """One Context, whose parameters and positions change."""

    def __init__(self, platform: str):
        devices.require(platform)
        name, _, precision = platform.partition(":")
        self.is_double = platform in ("Reference", "OpenCL:double")
        self._context = openmm_engine.make_context(
            tersoff(1.0, 1.0), chain(BOND), name, {"Precision": precision} if precision else None
        )

    def evaluate(self, potential: Potential, configuration: Configuration) -> Result:
        force = self._context.getSystem().getForce(0)
        template = openmm_engine.make_force(potential, configuration.types)
        force.setTripletParameters(0, 0, 0, *template.getTripletParameters(0, 0, 0))
        force.updateParametersInContext(self._context)
        self._context.setPositions(configuration.positions * 0.1)
        energy, forces = openmm_engine.evaluate_context(self._context)
        return Result(energy / EV, forces / EV / 10, np.zeros(9), np.zeros(3))


@pytest.fixture(scope="module", params=["Reference", "CPU", "CPUSerial", "OpenCL:double", "OpenCL:mixed"])
def chains(request):
    return Chains(request.param)


@pytest.mark.parametrize("n", EXPONENTS)
def test_lone_bond(n, chains):
    """With a third bead far away, or just outside the cutoff and still in the lists, b is one."""
    repulsion, attraction = A * np.exp(-LAMBDA1 * BOND), B * np.exp(-LAMBDA2 * BOND)
    energy, force = repulsion - attraction, LAMBDA1 * repulsion - LAMBDA2 * attraction
    # Relative to the two terms, which nearly cancel.
    tolerance = (1e-12 if chains.is_double else 1e-6) * LAMBDA1 * repulsion
    for beta, other in itertools.product(BETAS, (9.0, R + D + 0.3, R + D + 1e-4)):
        found = chains.evaluate(tersoff(n, beta), chain(other))
        assert found.energy == pytest.approx(energy, abs=tolerance)
        assert found.forces[:, 0] == pytest.approx([-force, force, 0], abs=tolerance)


@pytest.mark.parametrize("n", EXPONENTS)
def test_neighbour_at_the_end_of_its_cutoff(n, chains):
    """The exact formula, for a third bead that is v of the width 2D inside, with v and beta over decades."""
    for beta, v in itertools.product(BETAS, (0.1, 1e-2, 1e-3, 1e-4, 1e-5)):
        potential, end = tersoff(n, beta), R + D - 2 * D * v
        exact = all_images.evaluate(potential, chain(end))
        energy = np.sum(np.abs(exact.particle_energies))
        force = np.max(np.abs(exact.forces))
        if chains.is_double:
            # Where v is 1e-5 it has the digits of the distance but for six.
            energy, force = 3e-11 * energy, 1e-9 * force
        else:
            # Single precision, and what changes when the third bead moves by the rounding of its distance.
            energy, force = 2e-6 * energy, 1e-5 * force
            for other in (end * (1 - ROUNDING), end * (1 + ROUNDING)):
                moved = all_images.evaluate(potential, chain(other))
                energy += abs(moved.energy - exact.energy)
                force += np.max(np.abs(moved.forces - exact.forces))
        found = chains.evaluate(potential, chain(end))
        assert abs(found.energy - exact.energy) < energy, (beta, v)
        assert np.max(np.abs(found.forces - exact.forces)) < force, (beta, v)
