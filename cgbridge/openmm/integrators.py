"""Integrators for Contexts that hold several boxes."""

from __future__ import annotations

from collections.abc import Sequence

import openmm

from cgbridge.units import GAS_CONSTANT


def langevin_with_temperatures(
    temperatures: Sequence[float], friction: float, step: float
) -> openmm.CustomIntegrator:
    """Langevin dynamics with a temperature for each particle, as OpenMM's LangevinMiddleIntegrator does it.

    It gives every replica of a force its own temperature; the particles of one box should of course share
    theirs.  For particles without constraints.

    Args:
        temperatures: one for each particle of the System / K.
        friction: 1/ps.
        step: ps.
    """
    integrator = openmm.CustomIntegrator(step)
    integrator.addGlobalVariable("friction", friction)
    integrator.addPerDofVariable("kT", 0)
    integrator.addUpdateContextState()
    integrator.addComputePerDof("v", "v + dt*f/m")
    integrator.addComputePerDof("x", "x + 0.5*dt*v")
    integrator.addComputePerDof("v", "v*kept + gaussian*sqrt((1 - kept*kept)*kT/m); kept = exp(-friction*dt)")
    integrator.addComputePerDof("x", "x + 0.5*dt*v")
    integrator.setPerDofVariableByName(
        "kT", [openmm.Vec3(1, 1, 1) * (GAS_CONSTANT * temperature) for temperature in temperatures]
    )
    return integrator
