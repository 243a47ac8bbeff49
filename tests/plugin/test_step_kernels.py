"""Importing the plugin leaves OpenMM's kernels in place; its own for steps come when they are asked for.

Every case is a process of its own, because kernels are registered for a whole process.
"""

import json
import subprocess
import sys

import devices
import pytest

# Positions after some steps of a system that does not know the plugin, and of free particles, whose
# velocities are nothing but the random numbers of the integrator. Both as exact numbers.
PROGRAM = """
import json, sys
import numpy as np
import openmm
steps, platform = sys.argv[1:]
if steps != "without":
    import cgbridge.openmm
if steps == "accelerated":
    cgbridge.openmm.accelerate_steps()
    cgbridge.openmm.accelerate_steps()
def run(system, positions):
    integrator = openmm.LangevinMiddleIntegrator(300.0, 1.0, 0.002)
    integrator.setRandomNumberSeed(7)
    properties = {"Threads": "1", "DeterministicForces": "true"} if platform == "CPU" else {}
    context = openmm.Context(system, integrator, openmm.Platform.getPlatformByName(platform), properties)
    context.setPositions(positions)
    context.setVelocities(np.zeros((len(positions), 3)))
    integrator.step(50)
    state = context.getState(positions=True, velocities=True)
    return [[x.hex() for x in np.ravel(v._value).tolist()]
            for v in (state.getPositions(asNumpy=True), state.getVelocities(asNumpy=True))]
grid = np.array(list(np.ndindex(3, 3, 3))) * 0.4
argon = openmm.System()
argon.setDefaultPeriodicBoxVectors([1.2, 0, 0], [0, 1.2, 0], [0, 0, 1.2])
force = openmm.NonbondedForce()
force.setNonbondedMethod(force.CutoffPeriodic)
force.setCutoffDistance(0.55)
for _ in grid:
    argon.addParticle(40.0)
    force.addParticle(0.0, 0.34, 1.0)
argon.addForce(force)
free = openmm.System()
for _ in grid:
    free.addParticle(40.0)
if steps != "without":
    own = cgbridge.openmm.TersoffForce(1)
    own.setUsesPeriodicBoundaryConditions(False)
    for _ in grid:
        own.addParticle(-1)
    free.addForce(own)
print(json.dumps({"argon": run(argon, grid), "free": run(free, grid)}))
"""


def run(steps: str, platform: str, folder) -> dict[str, list[list[str]]]:
    command = [sys.executable, "-c", PROGRAM, steps, platform]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300, cwd=folder)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("platform", ["CPU", *devices.found()])
def test_kernels_of_openmm_stay_until_asked(platform, tmp_path):
    without = run("without", platform, tmp_path)
    # To the last bit, also for a system with a force of the plugin.
    assert run("imported", platform, tmp_path) == without
    accelerated = run("accelerated", platform, tmp_path)
    assert accelerated["argon"] == without["argon"]
    # Other random numbers on the processor, another order of rounding on a device: the step is the plugin's.
    assert accelerated["free"] != without["free"]
