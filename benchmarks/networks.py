"""A network of descriptors beside other programs on the same cores: whole steps of NVT dynamics, in turn.

python benchmarks/networks.py --json benchmarks/results/networks.json    # pip install calorine==4.1 beside

One-bead water at 33.4 beads/nm^3 with n_max 8 6, basis_size 8 8, l_max 4, 30 neurons, cutoffs 6 and 4.5 A, in
steps of 5 fs; random weights, for the price does not depend on them, and a repulsion that holds the beads
apart. Beside it the same network by calorine's NEP_CPU, whose price is that of the forces alone, with no
step, and through torch; and as many molecules of rigid SPC/E (PME, 0.9 nm, 2 fs). Wall time, the median of
rounds in which all take their turn; run it where nothing else runs.
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

DENSITY = 33.4  # 1/nm3
STEPS = {"cgbridge": 5e-3, "calorine": 5e-3, "torch": 5e-3, "SPC/E": 2e-3}  # ps
#: Beads beyond which a program takes too long to be worth while.
LARGEST = {"torch": 512}


def liquid(beads: int) -> tuple[np.ndarray, float]:
    """Beads off the points of a cubic lattice, and the edge of their box."""
    edge = (beads / DENSITY) ** (1 / 3)
    side = round(beads ** (1 / 3))
    grid = np.array(list(np.ndindex(side, side, side)), dtype=float) * edge / side
    return grid + 0.02 * np.random.default_rng(2).normal(size=grid.shape), edge


def network() -> Any:
    """Random coefficients; the outputs are so small that the repulsion alone moves the beads."""
    from cgbridge.models.descriptor_network import DescriptorNetwork, Layer, TypeNetwork

    rng = np.random.default_rng(1)
    layer = Layer(0.1 * rng.normal(size=(30, 37)), rng.normal(size=30))
    return DescriptorNetwork(
        0.6,
        0.45,
        0.2 * rng.normal(size=(1, 1, 9, 9)),
        0.2 * rng.normal(size=(1, 1, 7, 9)),
        4,
        (TypeNetwork((layer,), 1e-6 * rng.normal(size=30), 0.0),),
        repulsion=np.array([[2.5 * 0.27**12]]),
    )


def context_of(system: Any, positions: np.ndarray, step: float, threads: int, serial: bool) -> Any:
    import openmm

    integrator = openmm.LangevinMiddleIntegrator(300.0, 1.0, step)
    name = "CPUSerial" if serial and threads == 1 else "CPU"
    properties = {} if name == "CPUSerial" else {"Threads": str(threads)}
    context = openmm.Context(system, integrator, openmm.Platform.getPlatformByName(name), properties)
    context.setPositions(positions)
    return context


def stepper(context: Any) -> Callable[[int], None]:
    integrator = context.getIntegrator()
    context.setVelocitiesToTemperature(300.0, 1)
    integrator.step(100 if context.getSystem().getNumParticles() < 20000 else 10)
    return stepping(context)


def stepping(context: Any) -> Callable[[int], None]:
    """The call holds the Context, which owns what is stepped."""
    return lambda count: context.getIntegrator().step(count)


def ours(beads: int, threads: int) -> Callable[[int], None]:
    import openmm

    import cgbridge.openmm

    cgbridge.openmm.accelerate_steps()
    positions, edge = liquid(beads)
    system = openmm.System()
    for _ in range(beads):
        system.addParticle(18.015)
    system.setDefaultPeriodicBoxVectors(*(edge * np.eye(3)))
    system.addForce(network().force([0] * beads))
    return stepper(context_of(system, positions, STEPS["cgbridge"], threads, True))


def calorine(beads: int, threads: int) -> Callable[[int], None]:
    """Forces only, of positions that change a little from call to call."""
    from dataclasses import replace

    import _nepy

    from cgbridge.models.files.nep import write_nep

    positions, edge = liquid(beads)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "nep.txt"
        write_nep(path, ("O",), replace(network(), repulsion=None))
        program = _nepy.NEPY(
            str(path), beads, (10.0 * edge * np.eye(3)).ravel().tolist(), ["O"] * beads,
            (10.0 * positions).T.ravel().tolist(), [15.999] * beads,
        )  # fmt: skip

    def run(count: int) -> None:
        for _ in range(count):
            program.get_potential_forces_and_virials()

    return run


def torch(beads: int, threads: int) -> Callable[[int], None]:
    import torch as library

    from cgbridge.models.beads import Bead
    from cgbridge.models.neural.architecture import build, network_settings
    from cgbridge.models.neural.bundle import bytes_of_model
    from cgbridge.models.neural.model import NeuralModel
    from cgbridge.models.neural.priors import Repulsion
    from cgbridge.models.neural.python_force import NeuralForce, python_force
    from cgbridge.topology import Topology

    library.set_num_threads(threads)
    sizes = {"radial_functions": 9, "radial_basis": 9, "angular_functions": 7, "angular_basis": 9}
    settings = network_settings("descriptor-network", {**sizes, "angular_cutoff": "4.5 A", "neurons": 30})
    potential = build("descriptor-network", settings, ["W"], priors=[Repulsion([[0.27]], 2.5, 0.6)], seed=1)
    with library.no_grad():
        list(potential.network.parameters())[-2].zero_()
    model = NeuralModel.of_potentials(
        "price", "descriptor-network", settings, [Bead("W", 18.015)], [potential]
    )
    positions, edge = liquid(beads)
    system = model.create_system(beads, edge)
    system.removeForce(0)
    computation = NeuralForce(bytes_of_model(model), Topology(("W",) * beads), threads=threads)
    system.addForce(python_force(computation, "torch"))
    context = context_of(system, positions, STEPS["torch"], threads, False)
    context.getIntegrator().step(5)
    return stepping(context)


def spce(beads: int, threads: int) -> Callable[[int], None]:
    from cgbridge.config.atomistic_config import PotentialSection
    from cgbridge.models.atomistic.force_field import ForceField
    from cgbridge.models.atomistic.starts import water

    start = water(beads, 0.997, 1)
    system, _ = ForceField(PotentialSection(forcefield="SPC/E"), Path()).system(start)
    context = context_of(system, start.positions, STEPS["SPC/E"], threads, False)
    context.applyConstraints(1e-6)
    return stepper(context)


PROGRAMS = {"cgbridge": ours, "calorine": calorine, "torch": torch, "SPC/E": spce}


def measure(name: str, beads: int, threads: int, block: float) -> None:
    """Answer every line of the input with the seconds of a step, over steps of about ``block`` seconds."""
    steps = PROGRAMS[name](beads, threads)
    begin = time.perf_counter()
    steps(1)
    steps(1)
    count = max(1, round(block / max(0.5 * (time.perf_counter() - begin), 1e-6)))
    print("ready", flush=True)
    for _ in sys.stdin:
        begin = time.perf_counter()
        steps(count)
        print((time.perf_counter() - begin) / count, flush=True)


def in_turn(beads: int, threads: int, rounds: int, block: float) -> list[dict[str, Any]]:
    """All programs, each in a process of its own that waits while the others have their turn."""
    names = [name for name in PROGRAMS if beads <= LARGEST.get(name, beads)]
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
    command = [sys.executable, "-P", __file__, "--block", str(block)]
    processes = {
        name: subprocess.Popen(
            [*command, "--worker", name, str(beads), str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for name in names
    }
    found: dict[str, list[float]] = {name: [] for name in names}
    for process in processes.values():
        assert process.stdout is not None
        # What a library prints comes before.
        if not any(line.strip() == "ready" for line in process.stdout):
            raise SystemExit(f"a program does not run: {process.args}")
    for _ in range(rounds):
        for name, process in processes.items():
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write("\n")
            process.stdin.flush()
            found[name].append(float(process.stdout.readline()))
    for process in processes.values():
        process.communicate()
    rows = []
    for name, seconds in found.items():
        step = statistics.median(seconds)
        spread = statistics.median(abs(s - step) for s in seconds) / step
        rows.append(
            {
                "program": name,
                "beads": beads,
                "threads": threads,
                "ns_per_bead_and_step": 1e9 * step / beads,
                "ns_per_day": 86400.0 * STEPS[name] * 1e-3 / step,
                "relative_deviation": spread,
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[216, 4096, 32768])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--block", type=float, default=1.0, help="Seconds of a turn.")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.worker:
        measure(words.worker[0], int(words.worker[1]), int(words.worker[2]), words.block)
        return
    rows = []
    for beads in words.sizes:
        for threads in words.threads:
            for row in in_turn(beads, threads, words.rounds, words.block):
                print(json.dumps(row), flush=True)
                rows.append(row)
    if words.json is not None:
        words.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
