"""Time of a step of mW water beside forces of other kinds, by platform, on one thread.

python benchmarks/beside_forces.py --beads 512 --forces none bonds lj

Processor time in ns per bead and step, which does not count what other processes took. ``CPU`` is measured
before and after ``cgbridge.openmm.accelerate_steps()``.
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import openmm

from cgbridge.models.database import load_model
from cgbridge.openmm import accelerate_steps

SPACING = 0.3107  # nm, of a simple cubic lattice at 0.997 g/cm3
RANGE = 0.9  # nm
BLOCK = 1.0  # s


def nonbonded(beads: int, method: int, charge: float) -> openmm.Force:
    force = openmm.NonbondedForce()
    force.setNonbondedMethod(method)
    force.setCutoffDistance(RANGE)
    for i in range(beads):
        force.addParticle(charge * (-1) ** i, 0.25, 0.1)
    return force


def custom(beads: int) -> openmm.Force:
    force = openmm.CustomNonbondedForce("0.4*((0.25/r)^12-(0.25/r)^6)")
    force.setNonbondedMethod(force.CutoffPeriodic)
    force.setCutoffDistance(RANGE)
    for _ in range(beads):
        force.addParticle([])
    return force


def bonds(beads: int) -> openmm.Force:
    force = openmm.HarmonicBondForce()
    for i in range(0, beads - 1, 2):
        force.addBond(i, i + 1, 0.28, 10.0)
    return force


def field(beads: int) -> openmm.Force:
    force = openmm.CustomExternalForce("0.01*x^2")
    for i in range(beads):
        force.addParticle(i, [])
    return force


FORCES: dict[str, Callable[[int], openmm.Force] | None] = {
    "none": None,
    "bonds": bonds,
    "field": field,
    "lj": lambda beads: nonbonded(beads, openmm.NonbondedForce.CutoffPeriodic, 0.0),
    "pme": lambda beads: nonbonded(beads, openmm.NonbondedForce.PME, 0.05),
    "custom": custom,
}


def measure(name: str, platform: str, cells: int) -> float:
    beads = cells**3
    system = load_model("mw").create_system(beads, cells * SPACING)
    if (make := FORCES[name]) is not None:
        system.addForce(make(beads))
    integrator = openmm.LangevinMiddleIntegrator(300.0, 1.0, 0.005)
    properties = {"Threads": "1"} if platform == "CPU" else {}
    context = openmm.Context(system, integrator, openmm.Platform.getPlatformByName(platform), properties)
    context.setPositions(np.array(list(np.ndindex(cells, cells, cells))) * SPACING)
    integrator.step(20)
    steps, taken = 1, 0.0
    while taken < BLOCK:
        steps *= 2
        begin = time.process_time()
        integrator.step(steps)
        context.getState(energy=True)
        taken = time.process_time() - begin
    return taken / steps / beads * 1e9


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--beads", type=int, default=512, help="a cube")
    parser.add_argument("--forces", nargs="+", choices=FORCES, default=list(FORCES))
    arguments = parser.parse_args()
    cells = round(arguments.beads ** (1 / 3))
    serial = {name: measure(name, "CPUSerial", cells) for name in arguments.forces}
    own = {name: measure(name, "CPU", cells) for name in arguments.forces}
    accelerate_steps()
    print("| beside mW | beads | CPUSerial | CPU | CPU, accelerated |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name in arguments.forces:
        values = serial[name], own[name], measure(name, "CPU", cells)
        print(f"| {name} | {cells**3} | " + " | ".join(f"{value:.0f}" for value in values) + " |")


if __name__ == "__main__":
    main()
