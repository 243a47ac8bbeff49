"""Energy, forces and virial of a configuration from the plugin, in eV and Angstrom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import openmm
from boxes import Configuration
from potentials import Potential

from cgbridge.openmm import StillingerWeberForce, TersoffForce, accelerate_steps
from cgbridge.units import EV

# What the engine runs with is what the tests and benchmarks that use this module are about.
accelerate_steps()

# Powers of a length and of an energy in the columns of the potential files.
_COLUMNS = {
    "tersoff": ((0, 0, -1, 0, 0, 0, 0, 0, -1, 0, 1, 1, -1, 0), (0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1)),
    "sw": ((0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0), (1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
}
_CLASSES = {"tersoff": TersoffForce, "sw": StillingerWeberForce}


def make_force(potential: Potential, types: np.ndarray) -> openmm.Force:
    lengths, energies = _COLUMNS[potential.form]
    force = _CLASSES[potential.form](potential.n_types)
    for triplet, row in potential.rows.items():
        values = [
            v * 0.1**length * EV**energy for v, length, energy in zip(row, lengths, energies, strict=True)
        ]
        force.setTripletParameters(*triplet, *values)
    for particle_type in types:
        force.addParticle(int(particle_type))
    return force


def make_system(potential: Potential, configuration: Configuration, mass: float = 18.015) -> openmm.System:
    system = openmm.System()
    for _ in configuration.types:
        system.addParticle(mass)
    system.setDefaultPeriodicBoxVectors(*(configuration.vectors * 0.1))
    system.addForce(make_force(potential, configuration.types))
    return system


def make_context(
    potential: Potential,
    configuration: Configuration,
    platform: str,
    properties: dict[str, str] | None = None,
) -> openmm.Context:
    system = make_system(potential, configuration)
    integrator = openmm.VerletIntegrator(0.002)
    context = openmm.Context(
        system, integrator, openmm.Platform.getPlatformByName(platform), properties or {}
    )
    context.setPositions(configuration.positions * 0.1)
    return context


@dataclass(frozen=True)
class Result:
    energy: float  # eV
    forces: np.ndarray  # (n, 3) / eV/Angstrom
    virial: np.ndarray  # (9,) / eV
    particle_energies: np.ndarray  # (n,) / eV


def evaluate(potential: Potential, configuration: Configuration, platform: str) -> Result:
    """Evaluate on a platform, with its precision behind a colon where it has several."""
    name, _, precision = platform.partition(":")
    context = make_context(potential, configuration, name, {"Precision": precision} if precision else None)
    force = context.getSystem().getForce(0)
    state = context.getState(getEnergy=True, getForces=True)
    return Result(
        energy=state.getPotentialEnergy()._value / EV,
        forces=state.getForces(asNumpy=True)._value / (EV * 10),
        virial=np.array(force.getVirial(context)) / EV,
        particle_energies=np.array(force.getParticleEnergies(context)) / EV,
    )


def evaluate_context(context: openmm.Context) -> tuple[float, np.ndarray]:
    """Energy in kJ/mol and forces in kJ/mol/nm."""
    state = context.getState(energy=True, forces=True)
    return state.getPotentialEnergy()._value, state.getForces(asNumpy=True)._value


def assert_same(context: openmm.Context, reference: openmm.Context, tolerance: float) -> None:
    """Compare a Context with an evaluation of its positions and box on the Reference platform.

    Errors of the energy are relative to the particle energies, whose sum may be near zero, and those
    of forces to a typical force component.
    """
    state = context.getState(positions=True)
    if context.getSystem().usesPeriodicBoundaryConditions():
        reference.setPeriodicBoxVectors(*state.getPeriodicBoxVectors())
    reference.setPositions(state.getPositions())
    energy, forces = evaluate_context(context)
    expected_energy, expected = evaluate_context(reference)
    energies = np.array(reference.getSystem().getForce(0).getParticleEnergies(reference))
    assert abs(energy - expected_energy) < tolerance * np.sum(np.abs(energies))
    assert np.max(np.abs(forces - expected)) < tolerance * np.sqrt(np.mean(expected**2))
