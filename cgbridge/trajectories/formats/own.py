"""A frame of a trajectory of cgbridge's own, as a structure."""

from __future__ import annotations

from pathlib import Path

from cgbridge.atoms import Atoms
from cgbridge.topology import Beads
from cgbridge.trajectories.formats.frame import FileFrame, index_of
from cgbridge.trajectories.hdf5 import Trajectory


def read_own(path: Path, frame: int) -> tuple[FileFrame, int]:
    """Beads by the names of their types, atoms by their elements, sites without one by their names."""
    trajectory = Trajectory(path)
    count = len(trajectory)
    index = index_of(frame, count)
    (found,) = trajectory.frames(index, index + 1)
    names = found.types or _names(trajectory)
    cell = found.box if found.box.any() else None
    return FileFrame(
        names,
        found.positions,
        cell,
        forces=found.forces,
        velocities=found.velocities,
        energy=found.energy,
        time=found.time,
    ), count


def _names(trajectory: Trajectory) -> tuple[str, ...]:
    particles = trajectory.header.particles
    if isinstance(particles, Beads):
        return particles.topology.types
    if isinstance(particles, Atoms):
        return tuple(e or name for e, name in zip(particles.elements, particles.names, strict=True))
    return ("",) * trajectory.particles
