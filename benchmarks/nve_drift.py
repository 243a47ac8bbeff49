"""Drift of the energy of one-bead water without a thermostat, against the time step.

python benchmarks/nve_drift.py --beads 512 --steps 2 5 10 20 --time 200 --json drift.json

A liquid at 300 K runs on with OpenMM's Verlet integrator.  The run is cut into 20 parts; the drift is the
mean change of the total energy from one part to the next, in kT per bead and ns, and its error comes from
the scatter of these changes, because the energy takes a random walk.  The fluctuation is that of the energy
within a part, in kT per bead.  A run that heats up by more than half is stopped, and its drift is that of
the time it lasted.  The platform LAMMPS is that program (pair style tersoff or sw, double precision, fix
nve), from the same positions and velocities.
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import openmm

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "oracles"))

import lammps_engine
import openmm_engine
from boxes import Configuration
from kernels import LIQUIDS, liquid
from peers import MASS, TEMPERATURE, make_context

from cgbridge.units import EV

BOLTZMANN = 0.00831446261815324  # kJ/mol/K
SAMPLES = 1000
PARTS = 20


@dataclass(frozen=True)
class Drift:
    model: str
    platform: str
    beads: int
    step_fs: float
    time_ps: float
    kt_per_bead_per_ns: float
    stderr: float
    fluctuation: float
    temperature: float


def start_state(model: str, beads: int) -> openmm.State:
    """A liquid after 20 ps with small steps, so that nothing of the lattice is left."""
    box = liquid(LIQUIDS[model], beads)
    system = openmm_engine.make_system(LIQUIDS[model], box, MASS)
    context = make_context(system, box, "CPUSerial", 1, 0.002)
    context.setVelocitiesToTemperature(TEMPERATURE, 3)
    context.getIntegrator().step(10_000)
    return context.getState(getPositions=True, getVelocities=True)


def openmm_energies(
    model: str, start: openmm.State, platform: str, step_fs: float, stride: int
) -> Iterator[tuple[float, float]]:
    """Total and kinetic energy in kJ/mol after every ``stride`` steps."""
    box = box_of(start)
    system = openmm_engine.make_system(LIQUIDS[model], box, MASS)
    integrator = openmm.VerletIntegrator(step_fs / 1000)
    properties = {"Threads": "1"} if platform == "CPU" else {}
    context = openmm.Context(system, integrator, openmm.Platform.getPlatformByName(platform), properties)
    context.setPositions(box.positions * 0.1)
    context.setVelocities(start.getVelocities(asNumpy=True))
    while True:
        integrator.step(stride)
        state = context.getState(getEnergy=True)
        kinetic = state.getKineticEnergy()._value
        yield kinetic + state.getPotentialEnergy()._value, kinetic


_LAMMPS_PROGRAM = """
import sys
from lammps import lammps
lmp = lammps(cmdargs=["-screen", "none", "-log", "none"])
lmp.commands_string(open("in.lammps").read())
for line in sys.stdin:
    lmp.command(f"run {int(line)} pre no post no")
    print(lmp.get_thermo("etotal"), lmp.get_thermo("ke"), flush=True)
"""

_LAMMPS_INPUT = """
units metal
atom_style atomic
read_data data.lammps
pair_style {form}
pair_coeff * * potential X0
fix move all nve
timestep {step}
thermo_modify norm no
run 0
"""


def lammps_energies(
    model: str, start: openmm.State, step_fs: float, stride: int
) -> Iterator[tuple[float, float]]:
    """The same from LAMMPS, which runs in a process of its own."""
    potential = LIQUIDS[model]
    velocities = start.getVelocities(asNumpy=True)._value * 10
    rows = [f"{i + 1} {x!r} {y!r} {z!r}" for i, (x, y, z) in enumerate(velocities.tolist())]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = lammps_engine.data_file(box_of(start), 1, MASS)
        (folder / "data.lammps").write_text(data + "\nVelocities\n\n" + "\n".join(rows) + "\n")
        (folder / "potential").write_text(lammps_engine.potential_file(potential))
        (folder / "in.lammps").write_text(_LAMMPS_INPUT.format(form=potential.form, step=step_fs / 1000))
        with subprocess.Popen(
            [sys.executable, "-c", _LAMMPS_PROGRAM],
            cwd=folder,
            env=lammps_engine.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdin is not None and process.stdout is not None
            while True:
                print(stride, file=process.stdin, flush=True)
                total, kinetic = process.stdout.readline().split()
                yield float(total) * EV, float(kinetic) * EV


def box_of(start: openmm.State) -> Configuration:
    positions = start.getPositions(asNumpy=True)._value * 10
    vectors = np.array(start.getPeriodicBoxVectors(asNumpy=True)._value) * 10
    return Configuration("liquid", vectors, positions, np.zeros(len(positions), dtype=int))


def measure(model: str, start: openmm.State, platform: str, step_fs: float, time_ps: float) -> Drift:
    stride = max(1, round(time_ps * 1000 / step_fs / SAMPLES))
    beads, kt = len(start.getPositions()), BOLTZMANN * TEMPERATURE
    source = (
        lammps_energies(model, start, step_fs, stride)
        if platform == "LAMMPS"
        else openmm_energies(model, start, platform, step_fs, stride)
    )
    times, energies, temperatures = [], [], []
    for sample in range(SAMPLES):
        total, kinetic = next(source)
        times.append((sample + 1) * stride * step_fs * 1e-6)
        energies.append(total / beads / kt)
        temperatures.append(2 * kinetic / (3 * beads * BOLTZMANN))
        if not temperatures[-1] < 1.5 * TEMPERATURE and sample >= 20:
            break
    source.close()
    parts = np.array_split(np.array(energies), PARTS)
    changes = np.diff([np.mean(part) for part in parts]) / (times[-1] / PARTS)
    return Drift(
        model,
        platform,
        beads,
        step_fs,
        times[-1] * 1000,
        float(np.mean(changes)),
        float(np.std(changes, ddof=1) / np.sqrt(len(changes))),
        float(np.mean([np.std(part) for part in parts])),
        float(np.mean(temperatures)),
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", choices=LIQUIDS, default="ML-BOP")
    parser.add_argument("--beads", type=int, default=512)
    parser.add_argument("--steps", nargs="+", type=float, default=[2, 5, 10, 20], help="time steps / fs")
    parser.add_argument("--time", type=float, default=200.0, help="length of each run / ps")
    parser.add_argument("--platforms", nargs="+", default=["CPUSerial"])
    parser.add_argument("--json", type=Path, help="file to write the results to")
    arguments = parser.parse_args()
    start = start_state(arguments.model, arguments.beads)
    print("Drift in kT per bead and ns, fluctuation in kT per bead.\n")
    print("| model | platform | beads | step / fs | time / ps | drift | fluctuation |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    results = []
    for step in arguments.steps:
        for platform in arguments.platforms:
            d = measure(arguments.model, start, platform, step, arguments.time)
            results.append(d)
            print(
                f"| {d.model} | {d.platform} | {d.beads} | {d.step_fs:g} | {d.time_ps:.0f} "
                f"| {d.kt_per_bead_per_ns:.2g} ± {d.stderr:.1g} | {d.fluctuation:.1g} |",
                flush=True,
            )
            if arguments.json:
                arguments.json.write_text(json.dumps([asdict(r) for r in results], indent=1) + "\n")


if __name__ == "__main__":
    main()
