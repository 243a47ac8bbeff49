"""What is found out about an atomistic trajectory before it is mapped: rigid bonds, and units of forces."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace

import numpy as np
import pytest
from molecules import GRAPHS, atoms_of

from cgbridge.atoms import Atoms
from cgbridge.errors import CgbridgeWarning, FileFormatError
from cgbridge.frames import Frame
from cgbridge.mapping.first_look import first_look
from cgbridge.mapping.pair_temperature import pair_temperature
from cgbridge.units import ANGSTROM, EV, GAS_CONSTANT, KCAL

KELVIN, STIFF = 300.0, 4e5  # kJ/mol/nm^2, as O-H bonds are
COUNT = 200


def thermal(rigid: bool = False, seed: int = 1, frames: int = 5) -> tuple[Atoms, list[Frame]]:
    """Molecules of three atoms on springs to all partners, drawn from their Boltzmann distribution."""
    random = np.random.default_rng(seed)
    atoms = atoms_of(GRAPHS["water"], COUNT)
    rest = np.array([[0, 0, 0], [0.1, 0, 0], [-0.0333, 0.0943, 0]])
    centres = np.arange(COUNT)[:, None] * np.array([0.5, 0, 0])
    found = []
    for _ in range(frames):
        # Every atom moves about its place by an independent spring: <f x> = -3 k T each, 3 - 1 of 3 within.
        spread = 0.0 if rigid else np.sqrt(GAS_CONSTANT * KELVIN / STIFF)
        moved = spread * random.standard_normal((COUNT, 3, 3))
        turns = np.linalg.qr(random.standard_normal((COUNT, 3, 3)))[0] if rigid else np.eye(3)
        positions = centres[:, None, :] + rest @ turns + moved
        forces = -STIFF * moved if not rigid else 700.0 * random.standard_normal((COUNT, 3, 3))
        forces -= forces.mean(axis=(0, 1))
        velocities = np.sqrt(GAS_CONSTANT * KELVIN / np.array(atoms.masses))[
            :, None
        ] * random.standard_normal((3 * COUNT, 3))
        found.append(
            Frame(positions.reshape(-1, 3), np.zeros((3, 3)), 0.0, forces.reshape(-1, 3), velocities)
        )
    return atoms, found


def look(atoms: Atoms, frames: list[Frame]) -> tuple[Atoms, tuple[str, ...]]:
    found = first_look(atoms, frames, lambda number: f"run.h5, frame {number}")
    return found.atoms, found.notes


def test_right_units_say_nothing() -> None:
    atoms, frames = thermal()
    assert look(atoms, frames) == (atoms, ())


@pytest.mark.parametrize("moving", [True, False])
@pytest.mark.parametrize("factor", [EV / ANGSTROM, KCAL / ANGSTROM, 1.0 / ANGSTROM])
@pytest.mark.parametrize("power", [-1, 1])
def test_forces_in_another_unit(factor: float, power: int, moving: bool) -> None:
    """Ten times is told where velocities say how warm it is, a factor of more than 40 always."""
    if not moving and factor < 40.0:
        return
    atoms, frames = thermal()
    wrong = [
        replace(f, forces=f.forces * factor**power, velocities=f.velocities if moving else None)
        for f in frames
    ]
    told = r"fit a temperature of|root mean square of"
    # A factor of a thousand is refused, smaller ones only where no matter is so hot.
    if (factor > 1000.0 and power > 0) or (factor > 100.0 and power < 0):
        with pytest.raises(FileFormatError, match=told):
            look(atoms, wrong)
        return
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", CgbridgeWarning)
        try:
            look(atoms, wrong)
            assert any("fit a temperature of" in str(one.message) for one in warned)
        except FileFormatError as fault:
            assert re.search(told, str(fault))


@pytest.mark.parametrize("factor", [0.01, 10.0])
def test_velocities_in_another_unit(factor: float) -> None:
    """Angstrom per femtosecond, and angstrom per picosecond, taken for nm/ps."""
    atoms, frames = thermal()
    wrong = [replace(frame, velocities=factor * frame.velocities) for frame in frames]
    with pytest.raises(FileFormatError, match="the velocities are those of"):
        look(atoms, wrong)


def test_no_forces_at_all_and_forces_that_do_not_cancel() -> None:
    atoms, frames = thermal()
    with pytest.raises(FileFormatError, match="all forces are zero"):
        look(atoms, [replace(frame, forces=0.0 * frame.forces) for frame in frames])
    with pytest.warns(CgbridgeWarning, match="the forces add up to"):
        look(atoms, [replace(frame, forces=frame.forces + 300.0) for frame in frames])


@pytest.mark.parametrize("frames", [1, 5])
def test_rigid_bonds_are_found(frames: int) -> None:
    atoms, rigid = thermal(rigid=True, frames=frames)
    found, notes = look(atoms, rigid)
    assert found.constraints == atoms.bonds
    assert notes == ("400 of 400 bonds keep their length and are taken for constraints",)
    # What a file says is not asked again.
    silent = [replace(frame, forces=None) for frame in rigid]
    assert look(replace(atoms, constraints=atoms.bonds[:2]), silent)[0].constraints == atoms.bonds[:2]


@pytest.mark.parametrize("edge", [5.0, 15.0])
def test_rigid_bonds_are_found_where_a_dump_rounds(edge: float) -> None:
    """Six digits, as LAMMPS writes them: beyond 100 A bonds of 1 A change by a thousandth of themselves."""
    random = np.random.default_rng(3)
    atoms, frames = thermal(rigid=True, frames=20)
    rounded = []
    for frame in frames:
        whole = frame.positions.reshape(COUNT, 3, 3)
        moved = whole - whole[:, :1] + random.uniform(0.0, edge, (COUNT, 1, 3))
        digits = [float(f"{10.0 * x:g}") / 10.0 for x in moved.ravel()]
        rounded.append(
            replace(frame, positions=np.array(digits).reshape(-1, 3), forces=None, velocities=None)
        )
    # All of them or none: molecules that are equal must be mapped alike.
    assert look(atoms, rounded)[0].constraints == atoms.bonds


@pytest.mark.parametrize("frames", [1, 5])
def test_stiff_bonds_of_a_cold_crystal_are_not_rigid(frames: int) -> None:
    """At 10 K an O-H bond swings by 0.4 %."""
    atoms, warm = thermal(frames=frames)
    rest = np.array([[0, 0, 0], [0.1, 0, 0], [-0.0333, 0.0943, 0]]) + np.arange(COUNT)[:, None, None] * [
        0.5,
        0,
        0,
    ]
    cold = [
        Frame(
            rest.reshape(-1, 3) + np.sqrt(10.0 / KELVIN) * (f.positions - rest.reshape(-1, 3)), f.box, f.time
        )
        for f in warm
    ]
    assert look(atoms, cold)[0].constraints == ()


def rigid_pairs(seed: int = 2, frames: int = 5) -> tuple[Atoms, list[Frame]]:
    """Rigid molecules in pairs far from each other, on springs drawn from their Boltzmann distribution."""
    random = np.random.default_rng(seed)
    atoms = atoms_of(GRAPHS["water"], COUNT)
    shape = np.array([[0, 0, 0], [0.1, 0, 0], [-0.0333, 0.0943, 0]])
    masses = np.array(atoms.masses[:3])
    shape = shape - masses @ shape / masses.sum()
    r, stiff, rest = np.linspace(0.15, 0.6, 2000), 2000.0, 0.35
    share = np.cumsum(r**2 * np.exp(-0.5 * stiff * (r - rest) ** 2 / (GAS_CONSTANT * KELVIN)))
    found = []
    for _ in range(frames):
        distance = np.interp(random.random(COUNT // 2), share / share[-1], r)
        along = random.standard_normal((COUNT // 2, 3))
        along /= np.linalg.norm(along, axis=1)[:, None]
        first = np.arange(COUNT // 2)[:, None] * np.array([5.0, 0.0, 0.0])
        centres = np.stack([first, first + distance[:, None] * along], axis=1).reshape(-1, 1, 3)
        pull = stiff * (distance - rest)[:, None] * along
        forces = np.zeros((COUNT, 3, 3))
        forces[0::2, 0], forces[1::2, 0] = pull, -pull
        inner = 700.0 * random.standard_normal((COUNT, 3))
        forces[:, 1] += inner  # between atoms of a molecule
        forces[:, 0] -= inner
        turns = np.linalg.qr(random.standard_normal((COUNT, 3, 3)))[0]
        positions = (centres + shape @ turns).reshape(-1, 3)
        found.append(Frame(positions, np.zeros((3, 3)), 0.0, forces.reshape(-1, 3)))
    return atoms, found


def test_the_temperature_of_rigid_molecules_is_that_of_their_pairs() -> None:
    atoms, found = rigid_pairs(frames=20)
    kelvin, error = pair_temperature(atoms, found) or (0.0, 0.0)
    # 2000 pairs, and what bins of 0.01 nm cut off.
    assert kelvin == pytest.approx(KELVIN, abs=3.0 * error + 0.03 * KELVIN) and error < 0.1 * KELVIN
    # Too few of them tell nothing.
    assert pair_temperature(atoms, found[:1]) is None


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("factor", [EV / ANGSTROM, KCAL / ANGSTROM, 1.0 / ANGSTROM, KCAL])
@pytest.mark.parametrize("power", [-1, 1])
def test_forces_of_rigid_molecules_in_another_unit(factor: float, power: int, known: bool) -> None:
    """Of rigid molecules the forces within say nothing; a factor of four needs a temperature beside it."""
    atoms, frames = rigid_pairs(frames=20)
    kelvin = KELVIN if known else None
    first_look(atoms, frames, str, temperature=kelvin)
    wrong = [replace(frame, forces=frame.forces * factor**power) for frame in frames]
    if factor == KCAL and not known:
        first_look(atoms, wrong, str)
        return
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", CgbridgeWarning)
        try:
            first_look(atoms, wrong, str, temperature=kelvin)
            assert any("between the molecules fit a temperature of" in str(one.message) for one in warned)
        except FileFormatError as fault:
            assert re.search("between the molecules fit a temperature|root mean square of", str(fault))


def test_a_molecule_of_another_topology_is_told_with_its_frame() -> None:
    atoms, frames = thermal()
    frames[2] = replace(frames[2], positions=frames[2].positions[::-1].copy()[np.argsort(np.arange(600) % 7)])
    with pytest.raises(FileFormatError, match=r"run.h5, frame 2: atoms .* are bonded but"):
        look(atoms, frames)
