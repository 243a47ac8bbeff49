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


def test_a_molecule_of_another_topology_is_told_with_its_frame() -> None:
    atoms, frames = thermal()
    frames[2] = replace(frames[2], positions=frames[2].positions[::-1].copy()[np.argsort(np.arange(600) % 7)])
    with pytest.raises(FileFormatError, match=r"run.h5, frame 2: atoms .* are bonded but"):
        look(atoms, frames)
