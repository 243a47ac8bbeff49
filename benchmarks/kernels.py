"""Time of a whole molecular dynamics step of one-bead water, beside other programs.

python benchmarks/kernels.py --sizes 512 4096 --threads 1 2 --json kernels.json

All programs run the same liquid (300 K, 0.997 g/cm3, 10 fs steps, a Langevin thermostat with 1/ps) on the
same cores, in turn: each repeat times one block of steps of every program, so that a noisy neighbour on
the machine hits all of them.  The table gives the median over the repeats, the range of the middle half,
the fastest block, and the median of the processor time of all threads together, which does not count what
other processes took.  On a machine that is busy with other things the fastest block and, for one thread,
the processor time say more than the median.  The ratios are those to the first row.

cgbridge     the plugin with OpenMM's Langevin middle integrator; one thread: platform CPUSerial and CPU
lammps       pair style tersoff/omp or sw/omp with fix nve and fix langevin, with the fastest of five skins
openmm-custom   Stillinger-Weber by CustomNonbondedForce and CustomManyParticleForce on the CPU platform
ase          ASE's Tersoff calculator with ASE's Langevin dynamics (one thread; up to 512 beads)
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openmm

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "oracles"))

import openmm_engine
from boxes import Configuration
from peers import MASS, TEMPERATURE, AsePeer, CustomPeer, LammpsPeer, OpenMMPeer, SerialPeer, make_context
from potentials import STILLINGER_WEBER, TERSOFF, Potential

DENSITY = 0.03333  # beads/Angstrom^3
LIQUIDS = {p.name: p for p in TERSOFF + STILLINGER_WEBER if p.name in ("ML-BOP", "mW")}
# A block of the slow programs takes at least one step.
BLOCK = 0.3  # s
MAX_SLOW = {"ase": 512, "openmm-custom": 4096}


@dataclass(frozen=True)
class Timing:
    code: str
    form: str
    model: str
    platform: str
    beads: int
    threads: int
    skin: float | None
    ns_per_bead_step: float
    low: float
    high: float
    best: float
    processor: float


def liquid(potential: Potential, beads: int) -> Configuration:
    """A liquid: a simple cubic lattice, which is no ice, melts within picoseconds."""
    cells = round(beads ** (1 / 3))
    while cells**3 < beads:
        cells += 1
    edge = (beads / DENSITY) ** (1 / 3)
    lattice = np.array(list(np.ndindex(cells, cells, cells)))[:beads] * (edge / cells)
    types = np.zeros(beads, dtype=int)
    start = Configuration("liquid", np.eye(3) * edge, lattice, types)
    context = make_context(openmm_engine.make_system(potential, start, MASS), start, "CPUSerial", 1, 0.005)
    openmm.LocalEnergyMinimizer.minimize(context, maxIterations=50)
    context.setVelocitiesToTemperature(TEMPERATURE, 1)
    context.getIntegrator().step(4000)
    positions = context.getState(getPositions=True).getPositions(asNumpy=True)._value * 10
    return Configuration("liquid", start.vectors, positions % edge, types)


def choose_peers(potential: Potential, beads: int, threads: int) -> list[Callable[..., Any]]:
    peers: list[Callable[..., Any]] = [SerialPeer, OpenMMPeer] if threads == 1 else [OpenMMPeer]
    peers.append(LammpsPeer.with_best_skin)
    if potential.form == "sw" and beads <= MAX_SLOW["openmm-custom"]:
        peers.append(CustomPeer)
    if potential.form == "tersoff" and threads == 1 and beads <= MAX_SLOW["ase"]:
        peers.append(AsePeer)
    return peers


def measure(potential: Potential, box: Configuration, threads: int, repeats: int) -> list[Timing]:
    beads = len(box.positions)
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[:threads])
    running = [peer(potential, box, threads) for peer in choose_peers(potential, beads, threads)]
    for peer in running:
        # Single precision, and the digits of OpenMM's and ASE's units.
        if not np.isclose(peer.energy, running[0].energy, rtol=2e-5):
            raise RuntimeError(f"{peer.code}: energy {peer.energy} eV, cgbridge: {running[0].energy} eV")
    taken: list[list[list[float]]] = [[] for _ in running]
    blocks = []
    for peer in running:
        pilot = 1 if peer.code in MAX_SLOW else max(1, 50000 // beads)
        # The first block warms the machine up.
        peer.run(pilot)
        blocks.append(max(1, int(pilot * BLOCK / peer.run(pilot)[0])))
    for repeat in range(repeats):
        for peer, steps, times in zip(running, blocks, taken, strict=True):
            # Programs that take seconds for a step are measured three times only.
            if peer.code in MAX_SLOW and repeat >= 3:
                continue
            times.append([seconds / steps / beads * 1e9 for seconds in peer.run(steps)])
    for peer in running:
        peer.close()
    os.sched_setaffinity(0, cores)
    return [
        Timing(
            peer.code,
            potential.form,
            potential.name,
            peer.platform,
            beads,
            threads,
            peer.skin,
            *np.percentile([wall for wall, _ in times], [50, 25, 75, 0]),
            float(np.median([cpu for _, cpu in times])),
        )
        for peer, times in zip(running, taken, strict=True)
    ]


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if "model name" in line), platform.machine())


def row(t: Timing, first: Timing) -> str:
    def value(name: str) -> str:
        number, ratio = getattr(t, name), getattr(t, name) / getattr(first, name)
        return f"{number:.0f}" if t is first else f"{number:.0f} ({ratio:.1f})"

    name = t.platform if t.skin is None else f"{t.platform}, skin {t.skin} A"
    cells = [t.model, t.beads, t.threads, t.code, name, value("ns_per_bead_step")]
    cells += [f"{t.low:.0f} to {t.high:.0f}", value("best"), value("processor")]
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", nargs="+", choices=LIQUIDS, default=list(LIQUIDS))
    parser.add_argument("--sizes", nargs="+", type=int, default=[512, 4096], help="numbers of beads")
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--json", type=Path, help="file to write the results to")
    arguments = parser.parse_args()
    results = []
    print(f"{processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print("Times in ns per bead and step, and in brackets the ratio to the first of each group.\n")
    print("| model | beads | threads | code | platform | median | middle half | fastest | processor time |")
    print("| --- | ---: | ---: | --- | --- | ---: | --- | ---: | ---: |")
    for model in arguments.models:
        for beads in arguments.sizes:
            box = liquid(LIQUIDS[model], beads)
            for threads in arguments.threads:
                timings = measure(LIQUIDS[model], box, threads, arguments.repeats)
                results += timings
                for t in timings:
                    print(row(t, timings[0]), flush=True)
                if arguments.json:
                    arguments.json.write_text(json.dumps([asdict(r) for r in results], indent=1) + "\n")
    print(f"\nload {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
