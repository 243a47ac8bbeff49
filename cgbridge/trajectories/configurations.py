"""Labelled configurations of beads: positions, boxes, energies and forces from one file or several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cgbridge.errors import ConfigError
from cgbridge.frames import Frame
from cgbridge.records.data_file import DataFile
from cgbridge.topology import Topology
from cgbridge.trajectories.sources import open_source


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

    Raises :class:`~cgbridge.errors.ConfigError` for a trajectory of atoms or without energies, and what
    reading a :class:`~cgbridge.trajectories.sources.FrameSource` does.
    """
    return tuple(one for file in files for one in _read(file.path, file.digest))


@lru_cache(maxsize=64)
def _read(path: str, _digest: str) -> tuple[Configuration, ...]:
    return tuple(_configurations(Path(path)))


def _configurations(path: Path) -> Iterator[Configuration]:
    source = open_source(path)
    if source.bead_types is None:
        raise ConfigError(
            "these are no configurations of beads",
            where=str(path),
            remedy="map them first: cgbridge map TRAJECTORY --mapping NAME --out FILE.h5",
        )
    topology = source.topology or Topology(source.bead_types)
    for number, frame in enumerate(source):
        where = f"{path.name}, frame {number}"
        if frame.energy is None:
            raise ConfigError("this configuration has no energy", where=where)
        yield Configuration(topology, frame, where)
