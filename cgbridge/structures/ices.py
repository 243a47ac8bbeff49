"""Ices with disordered hydrogens, by genice2: molecules of three atoms in a periodic cell."""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from cgbridge.errors import ConfigError, did_you_mean
from cgbridge.extras import require
from cgbridge.frames import FloatArray
from cgbridge.structures.cells import openmm_box

#: Ices by their names, and what genice2 calls them.
ICES = {"Ih": "1h", "Ic": "1c", "II": "2", "III": "3", "V": "5", "VI": "6", "VII": "7"}
#: O-H distance in nm and half the H-O-H angle; a potential makes of it what it likes.
_BOND, _HALF = 0.0957, math.radians(52.25)
#: A molecule with its axis along z and its hydrogens in the yz plane, as genice2's matrices turn it.
_SHAPE = _BOND * np.array(
    [[0.0, 0.0, 0.0], [0.0, math.sin(_HALF), math.cos(_HALF)], [0.0, -math.sin(_HALF), math.cos(_HALF)]]
)


@dataclass(frozen=True)
class Ice:
    """``atoms`` (n, 3, 3): oxygen and both hydrogens of every molecule in nm; ``box`` in OpenMM's form."""

    name: str
    atoms: FloatArray
    box: FloatArray


def ice(name: str, width: float, seed: int) -> Ice:
    """A cell of the ice ``name`` at least ``width`` nm wide, its hydrogens disordered, without a dipole.

    Raises :class:`ConfigError` for an unknown name and
    :class:`~cgbridge.errors.MissingDependencyError` without genice2.
    """
    if name not in ICES:
        raise ConfigError(
            f"no ice is called '{name}'{did_you_mean(name, ICES)}", remedy="one of " + ", ".join(ICES)
        )
    require(["genice2"], "making ice with disordered hydrogens")
    cell = _cell(name, np.eye(3, dtype=int), seed)[0]
    heights = 1.0 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    repeats = np.diag([max(1, math.ceil(width / height - 1e-9)) for height in heights])
    cell, oxygens, turns = _cell(name, repeats, seed)
    # Without the whole translations that genice2 leaves in, and in the frame that OpenMM wants.
    rotation, box = openmm_box(cell)
    atoms = (oxygens @ cell)[:, None, :] + np.einsum("ax,mxy->may", _SHAPE, turns)
    return Ice(name, atoms @ rotation, box)


def _cell(name: str, repeats: np.ndarray, seed: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Cell vectors, fractional positions of the oxygens, and how every molecule is turned."""
    with _quiet(seed):
        from genice2.genice import GenIce
        from genice2.plugin import Format, Lattice, Molecule

        raw = GenIce(Lattice(ICES[name]), reshape=repeats).generate_ice(
            Format("raw", stage=(1, 5)), water=Molecule("tip3p"), depol="strict"
        )
    return raw["repcell"], raw["reppositions"], np.asarray(raw["rotmatrices"])


@contextmanager
def _quiet(seed: int) -> Iterator[None]:
    """genice2 draws from the global generators, and speaks through logging on every matter."""
    states, level = (random.getstate(), np.random.get_state()), logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    random.seed(seed)
    np.random.seed(seed)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        logging.disable(level)
