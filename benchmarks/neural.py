"""Price of neural models on one thread: searches for neighbours, and steps of dynamics in OpenMM.

python benchmarks/neural.py --sizes 216 512 1728 --json benchmarks/results/neural.json

One-bead water at 33.4 beads/nm^3, cutoff 0.6 nm, random weights: the price does not depend on their values.
Processor time, which does not count what other processes took. Searches are for 0.7 nm, cutoff and skin: by
the tree of cgbridge, by mlipops (all pairs, in torch) and by torchmd-net (all pairs, compiled by warp).
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openmm
import torch

from cgbridge.models.beads import Bead
from cgbridge.models.neural.architecture import build, network_settings
from cgbridge.models.neural.bundle import bytes_of_model
from cgbridge.models.neural.model import NeuralModel
from cgbridge.models.neural.neighbours import find_pairs
from cgbridge.models.neural.priors import Repulsion
from cgbridge.models.neural.python_force import NeuralForce, python_force
from cgbridge.topology import Topology

DENSITY = 33.4  # 1/nm3
REACH = 0.7  # nm
THROUGH_TORCH = "descriptor-network, through torch"
MODELS: dict[str, dict[str, Any]] = {
    "descriptor-network": {},
    THROUGH_TORCH: {},
    "graph-network": {"layers": 1},
    "tensornet": {"layers": 0},
    "tensornet, 1 layer": {"layers": 1},
}


def liquid(beads: int, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Beads off the points of a cubic lattice, and the edge of their box."""
    edge = (beads / DENSITY) ** (1 / 3)
    side = round(beads ** (1 / 3))
    grid = np.array(list(np.ndindex(side, side, side)), dtype=float) * edge / side
    return grid + 0.03 * rng.normal(size=grid.shape), edge


def timed(call: Callable[[], Any], block: float = 1.0) -> float:
    """ms of processor time, the best of three blocks."""
    call()
    best = float("inf")
    for _ in range(3):
        count, begin = 0, time.process_time()
        while time.process_time() - begin < block:
            call()
            count += 1
        best = min(best, 1000.0 * (time.process_time() - begin) / count)
    return best


def searches(beads: int) -> dict[str, float]:
    """ms for one search."""
    from mlipops.neighborlist import NeighborList
    from torchmdnet.models.utils import OptimizedDistance

    positions, edge = liquid(beads, np.random.default_rng(1))
    places, box = torch.tensor(positions), edge * torch.eye(3, dtype=torch.double)
    single, box32 = places.float(), box.float()
    other = NeighborList(REACH, include_symmetric=True)
    compiled = OptimizedDistance(0.0, REACH, max_num_pairs=-128, return_vecs=True)
    # A copy every time: equal positions are answered from the last search.
    return {
        "cgbridge": timed(lambda: find_pairs(places, box, REACH)),
        "mlipops": timed(lambda: other(single.clone(), box32)),
        "torchmd-net": timed(lambda: compiled(single, None, box32)),
    }


def step(name: str, beads: int) -> dict[str, float]:
    """ms for a step of 5 fs at 300 K in OpenMM, and ns/day of the processor."""
    architecture = name.partition(",")[0]
    settings = network_settings(architecture, MODELS[name])
    core = Repulsion([[0.27]], 2.5, settings.cutoff)
    potential = build(architecture, settings, ["W"], priors=[core], seed=1)
    positions, edge = liquid(beads, np.random.default_rng(2))
    with torch.no_grad():
        # The core alone moves the beads, as a liquid; the network is computed all the same.
        list(potential.network.parameters())[-2].zero_()
    model = NeuralModel.of_potentials("price", architecture, settings, [Bead("W", 18.015)], [potential])
    system = model.create_system(beads, edge)
    if name == THROUGH_TORCH:
        computation = NeuralForce(bytes_of_model(model), Topology(("W",) * beads))
        system.removeForce(0)
        system.addForce(python_force(computation, name))
    integrator = openmm.LangevinMiddleIntegrator(300.0, 1.0, 0.005)
    platform = openmm.Platform.getPlatformByName("CPU")
    context = openmm.Context(system, integrator, platform, {"Threads": "1"})
    context.setPositions(positions)
    context.setVelocitiesToTemperature(300.0, 1)
    integrator.step(20)
    each = timed(lambda: integrator.step(10), 2.0) / 10.0
    return {"ms_per_step": each, "ns_per_day": 86400.0 * 5e-3 / each}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[216, 512])
    parser.add_argument("--json", type=Path)
    words = parser.parse_args()
    torch.set_num_threads(1)
    rows: list[dict[str, Any]] = []
    for beads in words.sizes:
        rows.append({"beads": beads, "what": "search", **searches(beads)})
        print(rows[-1], flush=True)
        for name in MODELS:
            rows.append({"beads": beads, "what": name, **step(name, beads)})
            print(rows[-1], flush=True)
    if words.json is not None:
        words.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
