"""Many small boxes in one Context: time per bead and step against the number of replicas.

python benchmarks/replicas.py --platforms CPUSerial CPU --threads 2 --json replicas.json

Every Context holds R boxes of ML-BOP water of 512 beads, each with parameters of its own, as a fit has
them (300 K, 0.997 g/cm3, 10 fs steps, Langevin middle integrator with 1/ps).  "total" is the number of
bead-steps of all boxes in a second, and "ratio" that to one box in its own Context on the same platform.
The Contexts are timed in turn, a block of steps each, and the table gives medians and the fastest block.

With --pressure every box but a lone one has a barostat of its own (ReplicaBarostat, a move every 25 steps),
which needs a device or the platform Reference.
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import openmm

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "oracles"))

import openmm_engine
from boxes import Configuration
from kernels import BLOCK, LIQUIDS, liquid
from peers import FRICTION, MASS, STEP, TEMPERATURE

from cgbridge.openmm import TersoffForce
from cgbridge.openmm.replicas import ReplicaBarostat


@dataclass(frozen=True)
class Row:
    platform: str
    threads: int
    replicas: int
    beads: int
    ns_per_bead_step: float
    best: float
    ratio: float


def make_system(box: Configuration, replicas: int) -> openmm.System:
    """Boxes of the same shape, whose attraction differs by up to a per cent."""
    values = openmm_engine.make_force(LIQUIDS["ML-BOP"], []).getTripletParameters(0, 0, 0)
    force, system = TersoffForce(1, replicas), openmm.System()
    system.setDefaultPeriodicBoxVectors(*(box.vectors * 0.1))
    for replica in range(replicas):
        own = list(values)
        own[9] *= 1 + 0.01 * replica / replicas
        force.setTripletParameters(0, 0, 0, *own, replica)
        for _ in box.positions:
            system.addParticle(MASS)
            force.addParticle(0, 1.0, replica)
    system.addForce(force)
    return system


def make_context(box: Configuration, replicas: int, platform: str, threads: int) -> openmm.Context:
    integrator = openmm.LangevinMiddleIntegrator(TEMPERATURE, FRICTION, STEP)
    integrator.setRandomNumberSeed(1)
    properties = {"Threads": str(threads)} if platform == "CPU" else {}
    if platform not in ("CPU", "CPUSerial", "Reference"):
        properties = {"Precision": "mixed"}
    context = openmm.Context(
        make_system(box, replicas), integrator, openmm.Platform.getPlatformByName(platform), properties
    )
    context.setPositions(np.tile(box.positions * 0.1, (replicas, 1)))
    context.setVelocitiesToTemperature(TEMPERATURE, 2)
    return context


def stepper(context: openmm.Context, pressure: float | None) -> Callable[[int], None]:
    """What takes steps: the integrator, or a barostat for all boxes / bar."""
    force = context.getSystem().getForce(0)
    replicas = force.getNumReplicas()
    if pressure is None or replicas == 1:
        return context.getIntegrator().step
    return ReplicaBarostat(force, context, [pressure] * replicas, [TEMPERATURE] * replicas, seed=3).step


def run(context: openmm.Context, step: Callable[[int], None], steps: int) -> float:
    """Nanoseconds for each bead and step."""
    begin = time.perf_counter()
    step(steps)
    # Steps may still be under way until something is asked for.
    context.getState(energy=True)
    return (time.perf_counter() - begin) / steps / context.getSystem().getNumParticles() * 1e9


def measure(
    box: Configuration,
    replicas: list[int],
    platform: str,
    threads: int,
    repeats: int,
    pressure: float | None,
) -> list[Row]:
    contexts = [make_context(box, number, platform, threads) for number in replicas]
    steppers = [stepper(context, pressure) for context in contexts]
    steps = []
    for context, step in zip(contexts, steppers, strict=True):
        run(context, step, 50)
        beads = context.getSystem().getNumParticles()
        # Whole intervals of the barostat.
        steps.append(max(1, round(BLOCK / (run(context, step, 50) * beads * 1e-9) / 25)) * 25)
    timed = list(zip(contexts, steppers, steps, strict=True))
    taken = [[run(context, step, n) for context, step, n in timed] for _ in range(repeats)]
    medians, fastest = np.median(taken, axis=0), np.min(taken, axis=0)
    used = threads if platform == "CPU" else 1
    return [
        Row(
            platform, used, number, len(box.positions), float(median), float(best), float(medians[0] / median)
        )
        for number, median, best in zip(replicas, medians, fastest, strict=True)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--replicas", nargs="+", type=int, default=[1, 4, 16, 64])
    parser.add_argument("--beads", type=int, default=512)
    parser.add_argument("--platforms", nargs="+", default=["CPUSerial", "CPU"])
    parser.add_argument("--threads", type=int, default=2, help="of the platform CPU")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--pressure", type=float, help="bar; constant volume without it")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    box = liquid(LIQUIDS["ML-BOP"], arguments.beads)
    rows = []
    print("| platform | threads | boxes | ns per bead and step | fastest | total / 1e6/s | ratio |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for platform in arguments.platforms:
        for row in measure(
            box,
            arguments.replicas,
            platform,
            arguments.threads,
            arguments.repeats,
            arguments.pressure,
        ):
            rows.append(row)
            print(
                f"| {row.platform} | {row.threads} | {row.replicas} | {row.ns_per_bead_step:.0f} "
                f"| {row.best:.0f} | {1e3 / row.ns_per_bead_step:.2f} | {row.ratio:.2f} |",
                flush=True,
            )
    if arguments.json is not None:
        arguments.json.write_text(
            json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
