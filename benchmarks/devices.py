"""Steps a second of large liquids on a GPU, and what fraction of its memory speed and arithmetic that is.

python benchmarks/devices.py --platform CUDA --precision mixed --json devices.json
python benchmarks/devices.py --platform OpenCL --sizes 512 4096

ML-BOP and mW water (300 K, 0.997 g/cm3, 10 fs steps, Langevin middle integrator with 1/ps); the large
boxes are copies of one of 4096 beads that has melted on the processor.  The last two columns divide what a
step needs at least, by the count in docs/devices.md, by what the device can do; give its speeds with
--bandwidth and --flops (the defaults are those of an H200).
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import openmm

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "oracles"))

import openmm_engine
from boxes import Configuration
from kernels import LIQUIDS, liquid
from peers import FRICTION, MASS, STEP, TEMPERATURE

SEED_BEADS = 4096
# Bytes of device memory and operations for each bead and step of ML-BOP.
BYTES, OPERATIONS = 514, 2000


@dataclass(frozen=True)
class Row:
    model: str
    platform: str
    device: str
    precision: str
    beads: int
    steps_per_s: float
    bead_steps_per_s: float


def tile(box: Configuration, beads: int) -> Configuration:
    """Copies of a box side by side, doubled along one axis after the other."""
    vectors, positions = box.vectors.copy(), box.positions
    axis = 0
    while len(positions) < beads:
        positions = np.vstack([positions, positions + vectors[axis]])
        vectors[axis] *= 2
        axis = (axis + 1) % 3
    return Configuration("liquid", vectors, positions, np.zeros(len(positions), dtype=int))


def measure(model: str, box: Configuration, platform: str, precision: str, seconds: float) -> Row:
    integrator = openmm.LangevinMiddleIntegrator(TEMPERATURE, FRICTION, STEP)
    system = openmm_engine.make_system(LIQUIDS[model], box, MASS)
    context = openmm.Context(
        system, integrator, openmm.Platform.getPlatformByName(platform), {"Precision": precision}
    )
    context.setPositions(box.positions * 0.1)
    context.setVelocitiesToTemperature(TEMPERATURE, 2)

    def run(steps: int) -> float:
        begin = time.perf_counter()
        integrator.step(steps)
        # Steps are under way until something is asked for.
        context.getState(energy=True)
        return time.perf_counter() - begin

    run(20)
    steps = max(5, int(seconds / (run(20) / 20)))
    speed = steps / float(np.median([run(steps) for _ in range(3)]))
    name = context.getPlatform().getPropertyValue(context, "DeviceName")
    return Row(model, platform, name, precision, len(box.positions), speed, speed * len(box.positions))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--platform", default="CUDA")
    parser.add_argument("--precision", default="mixed", choices=["single", "mixed", "double"])
    parser.add_argument("--models", nargs="+", default=list(LIQUIDS), choices=list(LIQUIDS))
    parser.add_argument("--sizes", nargs="+", type=int, default=[512, 4096, 32768, 262144, 1048576])
    parser.add_argument("--seconds", type=float, default=2.0, help="length of one block of steps")
    parser.add_argument("--bandwidth", type=float, default=4.8e12, help="bytes/s of the device's memory")
    parser.add_argument("--flops", type=float, default=6.7e13, help="operations/s in single precision")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows = []
    print("| model | beads | steps/s | 1e6 bead-steps/s | of memory speed | of arithmetic |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for model in arguments.models:
        seed = {n: liquid(LIQUIDS[model], n) for n in {min(size, SEED_BEADS) for size in arguments.sizes}}
        for size in arguments.sizes:
            box = tile(seed[min(size, SEED_BEADS)], size)
            row = measure(model, box, arguments.platform, arguments.precision, arguments.seconds)
            rows.append(row)
            memory = row.bead_steps_per_s * BYTES / arguments.bandwidth
            arithmetic = row.bead_steps_per_s * OPERATIONS / arguments.flops
            print(
                f"| {model} | {row.beads} | {row.steps_per_s:.0f} | {row.bead_steps_per_s / 1e6:.2f} "
                f"| {memory:.1%} | {arithmetic:.1%} |",
                flush=True,
            )
    if arguments.json is not None:
        arguments.json.write_text(
            json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
