"""Labelled configurations of beads: positions, boxes, energies and forces from one file or several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from cgbridge.errors import ConfigError, FileFormatError
from cgbridge.frames import Frame
from cgbridge.records.data_file import DataFile
from cgbridge.topology import Beads, Topology
from cgbridge.trajectories.hdf5 import Trajectory


@dataclass(frozen=True)
class Configuration:
    """One configuration with its energy and, where there are any, forces; ``where`` it is from."""

    topology: Topology
    frame: Frame
    where: str

    @property
    def energy(self) -> float:
        """In kJ/mol, of all beads."""
        assert self.frame.energy is not None  # checked when it was read
        return self.frame.energy

    @property
    def composition(self) -> tuple[tuple[str, float], ...]:
        """Which beads in which ratio: configurations of one composition share a zero of energy."""
        types = self.topology.types
        return tuple((name, types.count(name) / len(types)) for name in sorted(set(types)))


def read_configurations(files: Sequence[DataFile]) -> tuple[Configuration, ...]:
    """All configurations of the files, in their order.

    Raises :class:`~cgbridge.errors.ConfigError` for a trajectory of atoms or without energies, and
    :class:`~cgbridge.errors.FileFormatError` for numbers that are none.
    """
    return tuple(one for file in files for one in _read(file.path, file.digest))


@lru_cache(maxsize=64)
def _read(path: str, _digest: str) -> tuple[Configuration, ...]:
    return tuple(_configurations(Path(path)))


def _configurations(path: Path) -> Iterator[Configuration]:
    trajectory = Trajectory(path)
    particles = trajectory.header.particles
    if not isinstance(particles, Beads):
        raise ConfigError(
            "these are no configurations of beads",
            where=str(path),
            remedy="map them first: cgbridge map TRAJECTORY --mapping NAME --out FILE.h5",
        )
    for number, frame in enumerate(trajectory):
        where = f"{path.name}, frame {number}"
        if frame.energy is None:
            raise ConfigError("this configuration has no energy", where=where)
        numbers = [frame.positions, frame.box, np.array(frame.energy)]
        numbers += [] if frame.forces is None else [frame.forces]
        if not all(np.isfinite(values).all() for values in numbers):
            raise FileFormatError("a position, energy or force is not a finite number", where=where)
        yield Configuration(particles.topology, frame, where)
