"""Noise of force maps: the root mean square of the mapped forces of liquids, by kind of map.

python benchmarks/force_maps.py --json benchmarks/results/force-maps.json

Water (SPC/Fw, flexible; SPC/E, rigid), methanol and hexane (OPLS-AA, flexible and with bonds to hydrogen
held) at 298 K and their experimental densities, mapped by every force map. The mean force is the same for all
maps of one system and mapping, so that the smaller number has the smaller noise. Maps are made of the first
half of the frames and judged on the second.
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openmm
from openmm import app

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

import opls

from cgbridge.atoms import Atoms
from cgbridge.config.atomistic_config import PotentialSection
from cgbridge.errors import CgbridgeError
from cgbridge.frames import Frame
from cgbridge.mapping.force_maps import compare_force_maps
from cgbridge.mapping.mapping import BeadRule, Mapping, MoleculeRule
from cgbridge.mapping.mapping_file import load_named_mapping
from cgbridge.mapping.resolve import resolve
from cgbridge.models.atomistic.force_field import ForceField
from cgbridge.models.atomistic.starts import water
from cgbridge.models.atomistic.system import assemble

KELVIN = 298.15
#: Molecules: boxes wider than twice the cutoff.
SIZES = {"methanol": 64, "hexane": 32}


@dataclass(frozen=True)
class Liquid:
    name: str
    system: openmm.System
    atoms: Atoms
    positions: np.ndarray
    box: np.ndarray
    timestep: float
    #: g/cm^3 that it is compressed to; None where it is there.
    density: float | None = None


def liquids(molecules: int) -> list[Liquid]:
    found = []
    for name, timestep in (("SPC/Fw", 0.0005), ("SPC/E", 0.002)):
        made = assemble(ForceField(PotentialSection(forcefield=name), Path()), water(molecules, 0.997, 1))
        start = made.start
        found.append(Liquid(f"water ({name})", made.system, made.atoms, start.positions, start.box, timestep))
    for name, (_, density) in opls.MOLECULES.items():
        for words, constraints, timestep in (
            ("flexible", None, 0.0005),
            ("C-H, O-H held", app.HBonds, 0.002),
        ):
            parts = opls.box_of(name, SIZES[name], constraints=constraints)
            found.append(Liquid(f"{name} ({words})", *parts, timestep, density))
    return found


def trajectory(liquid: Liquid, frames: int) -> list[Frame]:
    """Frames 0.1 ps apart with forces, after 5 ps."""
    integrator = openmm.LangevinMiddleIntegrator(KELVIN, 5.0, liquid.timestep)
    integrator.setRandomNumberSeed(1)
    platform = openmm.Platform.getPlatformByName("CPU")
    context = openmm.Context(liquid.system, integrator, platform, {"Threads": "1"})
    context.setPeriodicBoxVectors(*liquid.box)
    context.setPositions(liquid.positions)
    context.applyConstraints(1e-6)
    openmm.LocalEnergyMinimizer.minimize(context, 50.0, 500)
    context.setVelocitiesToTemperature(KELVIN, 1)
    if liquid.density is not None:
        compress(context, liquid)
    integrator.step(round(5.0 / liquid.timestep))
    found = []
    for number in range(frames):
        integrator.step(round(0.1 / liquid.timestep))
        state = context.getState(positions=True, forces=True)
        box = np.array(state.getPeriodicBoxVectors(asNumpy=True)._value)
        positions, forces = (
            np.asarray(values._value)
            for values in (state.getPositions(asNumpy=True), state.getForces(asNumpy=True))
        )
        found.append(Frame(positions, box, 0.1 * number, forces=forces))
    return found


def compress(context: openmm.Context, liquid: Liquid) -> None:
    """In small steps to the density, molecules as they are."""
    mass = sum(liquid.atoms.masses)
    final = np.cbrt(mass * 1.66053907e-3 / liquid.density)
    members = np.asarray(liquid.atoms.molecule_of)
    edge = float(liquid.box[0, 0])
    while edge > final:
        context.getIntegrator().step(round(0.25 / liquid.timestep))
        smaller = max(final, 0.97 * edge)
        positions = np.asarray(context.getState(positions=True).getPositions(asNumpy=True)._value)
        centres = np.array([positions[members == m].mean(axis=0) for m in range(members.max() + 1)])
        context.setPeriodicBoxVectors(*(np.eye(3) * smaller))
        context.setPositions(positions + (centres * (smaller / edge - 1.0))[members])
        openmm.LocalEnergyMinimizer.minimize(context, 50.0, 200)
        context.setVelocitiesToTemperature(KELVIN, 1)
        edge = smaller


def mappings(liquid: Liquid) -> list[Mapping]:
    kind = liquid.name.partition(" ")[0]
    shipped = {
        "water": ["water-1bead"],
        "methanol": ["methanol-1bead", "methanol-2bead"],
        "hexane": ["hexane-2bead", "hexane-3bead"],
    }
    found = [load_named_mapping(name) for name in shipped[kind]]
    if kind == "water":
        oxygen = BeadRule("W", "W", atoms=("O1",), position="O1")
        found.append(Mapping("oxygen", (MoleculeRule("water", (oxygen,), graph="O1H2"),)))
    if kind == "methanol":
        heavy = tuple(BeadRule(a, a, atoms=(f"{a}1",), position=f"{a}1") for a in ("C", "O"))
        found.append(Mapping("C and O", (MoleculeRule("methanol", heavy, graph="C1H3-O1H"),)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--molecules", type=int, default=128)
    parser.add_argument("--frames", type=int, default=120)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    print(
        f"{'liquid':28} {'mapping':16} {'bead':5} {'basic':>22} {'sum':>8} {'optimal':>8}  kJ/mol/nm",
        flush=True,
    )
    for liquid in liquids(arguments.molecules):
        frames = trajectory(liquid, arguments.frames)
        for mapping in mappings(liquid):
            half = len(frames) // 2
            table = compare_force_maps(
                resolve(mapping, liquid.atoms), liquid.atoms, frames[:half], judged_on=frames[half:]
            )
            beads = next(one.rms for one in table.values() if not isinstance(one, CgbridgeError))
            for bead in beads:
                values = {
                    kind: "refused" if isinstance(one, CgbridgeError) else round(one.rms[bead], 1)
                    for kind, one in table.items()
                }
                rows.append({"liquid": liquid.name, "mapping": mapping.name, "bead": bead, **values})
                shown = " ".join(
                    f"{values[kind]!s:>{w}}" for kind, w in (("basic", 22), ("sum", 8), ("optimal", 8))
                )
                print(f"{liquid.name:28} {mapping.name:16} {bead:5} {shown}", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps({"kelvin": KELVIN, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
