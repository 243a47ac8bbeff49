"""Trajectories of mapped beads, in the format that the suffix tells."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cgbridge.errors import ConfigError, did_you_mean
from cgbridge.store.atomic import storage_errors
from cgbridge.topology import Beads
from cgbridge.trajectories.hdf5 import TrajectoryWriter
from cgbridge.trajectories.layout import Header
from cgbridge.trajectories.mdtraj_writers import SUFFIXES, MdtrajWriter
from cgbridge.trajectories.npz_writer import NpzWriter
from cgbridge.trajectories.trajectory_files import FrameSink, FrameTimes, open_trajectory

#: Formats that keep forces.
WITH_FORCES = (".h5", ".npz")
#: Formats that say one interval for all frames, and those that say no times.
ONE_INTERVAL, WITHOUT_TIMES = (".dcd", ".xtc"), (".pdb", ".mdcrd")
_POSITIONS_ONLY = (".dcd", ".xtc", ".xyz", *SUFFIXES)


@dataclass(frozen=True)
class BeadRecord:
    """What a file is told of its beads: ``fields`` that every frame has besides positions, box and time;
    ``interval`` of the frames, time of the ``first`` and ``timestep`` of the simulation in ps; ``source``,
    what made it; ``versions`` of the software."""

    beads: Beads
    fields: tuple[str, ...]
    interval: float
    first: float = 0.0
    timestep: float = math.nan
    source: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


def check_bead_trajectory_name(path: Path) -> None:
    """Raise :class:`ConfigError` when the suffix is of no format that can be written."""
    known = (*WITH_FORCES, *_POSITIONS_ONLY)
    if path.suffix not in known:
        raise ConfigError(
            f"'{path.suffix}' is no trajectory format{did_you_mean(path.suffix, known)}",
            where=str(path),
            remedy=f"end the name in {' or '.join(WITH_FORCES)}; without forces also in "
            + ", ".join(_POSITIONS_ONLY),
        )


def open_bead_trajectory(path: Path, record: BeadRecord) -> FrameSink:
    """Begin a trajectory; raises as :func:`check_bead_trajectory_name`, and
    :class:`~cgbridge.errors.StorageError` when the file cannot be written."""
    check_bead_trajectory_name(path)
    writers: dict[str, Callable[[], FrameSink]] = {
        ".h5": lambda: _hdf5(path, record),
        ".npz": lambda: NpzWriter(path, _header(record)),
        **{suffix: lambda: MdtrajWriter(path, record.beads.topology) for suffix in SUFFIXES},
    }
    if path.suffix in writers:
        return writers[path.suffix]()
    return open_trajectory(path, record.beads.topology.types, FrameTimes.of(record.first, record.interval))


def _header(record: BeadRecord) -> Header:
    return Header(record.beads, record.fields, record.timestep, record.source, record.versions)


def _hdf5(path: Path, record: BeadRecord) -> FrameSink:
    with storage_errors(path):
        return TrajectoryWriter(path, len(record.beads.topology), _header(record))
