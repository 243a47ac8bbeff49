"""A first look at an atomistic trajectory: which bonds are rigid, and whether forces are in their unit."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from cgbridge.atoms import Atoms
from cgbridge.errors import CgbridgeWarning, FileFormatError
from cgbridge.frames import FloatArray, Frame
from cgbridge.mapping.pair_temperature import pair_temperature
from cgbridge.mapping.whole import IntArray, Whole
from cgbridge.topology import Chains
from cgbridge.units import ANGSTROM, EV, GAS_CONSTANT, KCAL

#: Frames that are looked at, and atoms in them all together; two frames in any case.
FRAMES, _ATOMS = 20, 1_000_000
#: Bonds whose lengths swing by less of themselves are held by constraints: LINCS and SHAKE keep them to 1e-4,
#: dumps that round to 0.001 A to 4e-4; an O-H bond swings by 2.3 % at 300 K, and by 0.4 % at 10 K.
_RIGID = 1e-3
#: K; nothing that is simulated is colder or hotter, and velocities or forces in another unit are.
_TEMPERATURES = (0.1, 10_000.0)
#: K; below this the forces within molecules are in a unit too small, or the molecules do not move.
_STILL = 20.0
#: K; molecules of several atoms are frozen below, and in pieces above, where nobody says how warm they are.
_COLD, _HOT = 40.0, 2000.0
#: By how much the temperature of the forces may differ from that of the velocities: no two units are nearer.
_FACTOR = 3.0
#: Root mean square forces on atoms in kJ/(mol nm): some hundred in a noble gas, thousands in molecules.
_FORCES = (10.0, 1e6)
#: The sum of the forces may be so many times what chance would make it.
_NET = 0.1
#: What else than kJ/(mol nm) a force may be in, and its size in it.
_UNITS = {"eV/A": EV / ANGSTROM, "kcal/mol/A": KCAL / ANGSTROM, "kJ/mol/A": 1.0 / ANGSTROM}


@dataclass(frozen=True)
class FirstLook:
    """``atoms`` with the constraints that were found, and what to tell."""

    atoms: Atoms
    notes: tuple[str, ...] = ()


def first_look(
    atoms: Atoms,
    frames: Iterable[Frame],
    place: Callable[[int], str],
    *,
    temperature: float | None = None,
) -> FirstLook:
    """Look at the first frames of a trajectory; ``place`` says where the frame of a number stands.

    ``temperature`` in K is that which the file says, for where it has no velocities. Bonds whose length does
    not change count as constraints where ``atoms`` names none. Raises
    :class:`~cgbridge.errors.FileFormatError` for forces or velocities in a wrong unit, and warns of forces
    that fit another temperature, and of a sum of the forces that is not zero.
    """
    whole, taken = Whole(atoms), []
    count = max(2, min(FRAMES, _ATOMS // len(atoms)))
    for number, frame in enumerate(islice(frames, count)):
        try:
            taken.append(replace(frame, positions=whole(frame.positions, frame.box)))
        except FileFormatError as error:
            raise FileFormatError(error.what, where=place(number), remedy=error.remedy) from None
    if not taken:
        return FirstLook(atoms)
    where = place(0)
    notes: list[str] = []
    if not atoms.constraints:
        found = _rigid_bonds(atoms, taken)
        atoms = replace(atoms, constraints=found)
        if found:
            notes.append(
                f"{len(found)} of {len(atoms.bonds)} bonds keep their length and are taken for constraints"
            )
    kelvin = _kinetic_temperature(atoms, taken)
    if kelvin and not _TEMPERATURES[0] < kelvin < _TEMPERATURES[1]:
        raise FileFormatError(
            f"the velocities are those of {kelvin:.3g} K",
            where=where,
            remedy="look at the unit of the velocities, and at the masses of the topology; leave out a start "
            "from rest by --frames",
        )
    if taken[0].forces is not None:
        _require_forces(atoms, taken, where)
        fits = _compare_temperatures(_virial_temperature(atoms, taken), kelvin, where)
        between = pair_temperature(atoms, taken) if fits else None
        if between is not None:
            _compare_between(
                between, kelvin or temperature, where, small=len(atoms) == len(set(atoms.molecule_of))
            )
    return FirstLook(atoms, tuple(notes))


def _rigid_bonds(atoms: Atoms, frames: list[Frame]) -> Chains:
    """Bonds that keep their length, judged for all bonds of a kind together.

    A kind are the bonds of two names in molecules of the same atoms. Its measure is the root mean square
    deviation from the mean length: of every bond over the frames; in a single frame, over the bonds alike.
    """
    bonds = np.asarray(atoms.bonds, dtype=np.int64).reshape(-1, 2)
    if not len(bonds):
        return ()
    lengths = np.array([_lengths(frame.positions, bonds) for frame in frames])
    rigid = np.zeros(len(bonds), dtype=bool)
    for members in _kinds(atoms, bonds):
        own = lengths[:, members]
        over = 0 if len(frames) > 1 else 1
        if own.shape[over] > 1:  # else there is nothing to compare with
            swing = float(np.sqrt(own.var(axis=over, ddof=1).mean()))
            rigid[members] = swing < _RIGID * own.mean()
    return tuple(tuple(sorted(pair)) for pair in bonds[rigid].tolist())


def _kinds(atoms: Atoms, bonds: IntArray) -> list[list[int]]:
    """The numbers of the bonds of every kind."""
    names: dict[int, list[str]] = {}
    for molecule, name in zip(atoms.molecule_of, atoms.names, strict=True):
        names.setdefault(molecule, []).append(name)
    numbers: dict[tuple[str, ...], int] = {}
    kind_of = {molecule: numbers.setdefault(tuple(own), len(numbers)) for molecule, own in names.items()}
    found: dict[tuple[int, str, str], list[int]] = {}
    for number, (i, j) in enumerate(bonds.tolist()):
        one, other = sorted((atoms.names[i], atoms.names[j]))
        found.setdefault((kind_of[atoms.molecule_of[i]], one, other), []).append(number)
    return list(found.values())


def _lengths(positions: FloatArray, bonds: IntArray) -> FloatArray:
    found: FloatArray = np.linalg.norm(positions[bonds[:, 1]] - positions[bonds[:, 0]], axis=1)
    return found


def _kinetic_temperature(atoms: Atoms, frames: list[Frame]) -> float | None:
    """Twice the kinetic energy per degree of freedom and k; None without velocities."""
    masses = np.asarray(atoms.masses)
    free = 3 * int(np.count_nonzero(masses)) - len(atoms.constraints) - 3
    moving = [frame.velocities for frame in frames if frame.velocities is not None]
    if free <= 0 or not moving:
        return None
    twice = np.mean([float(masses @ np.square(velocities).sum(axis=1)) for velocities in moving])
    return float(twice) / (free * GAS_CONSTANT)


def _compare_temperatures(forces: float | None, velocities: float | None, where: str) -> bool:
    """That of forces and positions must be one, and near that of the velocities where there are some.

    False where a warning has said that it is not: one fault, one warning.
    """
    if forces is None:
        return True
    if forces > _TEMPERATURES[1]:
        raise FileFormatError(
            f"forces and positions within the molecules fit a temperature of {forces:.3g} K",
            where=where,
            remedy="look at the units of forces and positions; do the forces belong to these frames?",
        )
    low, high = _STILL, _TEMPERATURES[1]
    if velocities:
        low, high = velocities / _FACTOR, velocities * _FACTOR
    if not low < forces < high:
        other = f", the velocities one of {velocities:.3g} K" if velocities else ""
        warnings.warn(
            f"{where}: forces and positions within the molecules fit a temperature of {forces:.3g} K{other}; "
            "are the forces in their unit? Structures at rest are no fault",
            CgbridgeWarning,
            stacklevel=3,
        )
        return False
    return True


def _compare_between(found: tuple[float, float], known: float | None, where: str, *, small: bool) -> None:
    """The temperature of forces and distances between molecules, with its error, beside the ``known`` one.

    Without one it must be that of matter: molecules of several atoms fall to pieces where single atoms
    (``small``) still are a melt. By three standard errors; what is no sample of the ensemble may be anywhere.
    """
    kelvin, error = found
    if kelvin - 3.0 * error > _TEMPERATURES[1]:
        raise FileFormatError(
            f"forces and distances between the molecules fit a temperature of {kelvin:.3g} K",
            where=where,
            remedy="look at the units of forces and positions; do the forces belong to these frames?",
        )
    low, high = (_STILL if small else _COLD), (_TEMPERATURES[1] if small else _HOT)
    if known:
        low, high = known / _FACTOR, known * _FACTOR
    if kelvin + 3.0 * error < low or kelvin - 3.0 * error > high:
        other = f", and the run was at {known:.3g} K" if known else ""
        warnings.warn(
            f"{where}: forces and distances between the molecules fit a temperature of {kelvin:.3g} +- "
            f"{error:.2g} K{other}; are the forces in their unit? Structures at rest, or displaced at "
            "random, are no fault",
            CgbridgeWarning,
            stacklevel=3,
        )


def _require_forces(atoms: Atoms, frames: list[Frame], where: str) -> None:
    forces = np.array([frame.forces for frame in frames if frame.forces is not None])
    massive = np.asarray(atoms.masses) > 0.0
    spread = float(np.sqrt(np.mean(np.square(forces[:, massive]))))
    if spread == 0.0:
        raise FileFormatError(
            "all forces are zero", where=where, remedy="record the forces of the simulation"
        )
    if not _FORCES[0] < spread < _FORCES[1]:
        raise FileFormatError(
            f"the forces on the atoms have a root mean square of {spread:.3g} kJ/mol/nm",
            where=where,
            remedy="look at their unit: "
            + ", ".join(f"1 {u} is {v:.6g} kJ/mol/nm" for u, v in _UNITS.items()),
        )
    net = np.linalg.norm(forces[:, massive].sum(axis=1), axis=1).mean()
    if net > _NET * spread * np.sqrt(3.0 * np.count_nonzero(massive)):
        warnings.warn(
            f"{where}: the forces add up to {net:.3g} kJ/mol/nm; without walls, fields and restraints they "
            "would cancel",
            CgbridgeWarning,
            stacklevel=2,
        )


def _virial_temperature(atoms: Atoms, frames: list[Frame]) -> float | None:
    """From the flexible molecules: sum_i f_i (r_i - R) = -3 (n - 1) k T on average, R their middle.

    It follows from integration by parts for any potential and ensemble of given T. None where all molecules
    have constraints, or are one atom.
    """
    masses = np.asarray(atoms.masses)
    molecule = np.unique(atoms.molecule_of, return_inverse=True)[1]
    rigid = {int(molecule[i]) for pair in atoms.constraints for i in pair}
    used = (masses > 0.0) & ~np.isin(molecule, list(rigid))
    size = np.bincount(molecule[used], minlength=molecule.max() + 1)
    free = 3.0 * float((size[size > 0] - 1).sum())
    if not free:
        return None
    virial = 0.0
    for frame in frames:
        assert frame.forces is not None
        middle = np.stack(
            [np.bincount(molecule[used], frame.positions[used, axis], len(size)) for axis in range(3)], axis=1
        ) / np.maximum(size, 1)[:, None]  # fmt: skip
        virial += float(np.sum(frame.forces[used] * (frame.positions[used] - middle[molecule[used]])))
    return -virial / (len(frames) * free * GAS_CONSTANT)
