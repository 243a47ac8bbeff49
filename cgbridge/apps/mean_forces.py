"""Mean-force labels of a trajectory of atoms: beads held at its frames, forces averaged over the atoms."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path

from scipy.sparse import csr_array

from cgbridge.engine.held_beads import LABEL_FIELDS, HeldBeads, Sampling
from cgbridge.errors import ConfigError, RunFolderError
from cgbridge.frames import Frame
from cgbridge.mapping.force_maps import FORCE_MAPS, force_matrix
from cgbridge.mapping.mapping import Mapping
from cgbridge.mapping.noise_floor import NoiseFloor, noise_floor
from cgbridge.mapping.operator import MappingOperator
from cgbridge.mapping.resolve import resolve
from cgbridge.models.atomistic.system import AtomisticSystem
from cgbridge.store.atomic import storage_errors
from cgbridge.store.versions import versions
from cgbridge.structures.cells import openmm_box
from cgbridge.topology import Beads
from cgbridge.trajectories.hdf5 import Trajectory, TrajectoryWriter
from cgbridge.trajectories.layout import Header
from cgbridge.trajectories.sources import FrameSource


@dataclass(frozen=True)
class LabelSettings:
    """How labels are made: the ``sampling`` of each, at ``temperature`` K, with ``timestep`` ps.

    ``forces`` is a kind of force map, ``frames`` first, stop and step as Python counts.
    """

    temperature: float
    timestep: float = 0.0005
    sampling: Sampling = field(default_factory=Sampling)
    forces: str = "sum"
    frames: slice = field(default_factory=lambda: slice(None))
    seed: int = 1
    platform: str = "CPU"
    threads: int = 1


def label_frames(
    system: AtomisticSystem,
    mapping: Mapping,
    source: FrameSource,
    out: Path,
    settings: LabelSettings,
    *,
    show: Callable[[int, int], None] = lambda done, total: None,
) -> NoiseFloor:
    """Write beads with their mean forces for every chosen frame of ``source``; the same call goes on.

    A label is made of its frame and its number alone, so that one that is interrupted is made again. Raises
    :class:`ConfigError` for frames of other atoms, and :class:`RunFolderError` for a file of other settings.
    """
    chosen = range(len(source))[settings.frames]
    if not len(chosen):
        raise ConfigError(f"none of the {len(source)} frames is chosen", where="--frames")
    operator = resolve(mapping, system.atoms)
    matrix = _matrix(operator, system, source, settings)
    header = _header(operator, mapping, system, settings)
    known = _known(out, header)
    if known < len(chosen):
        held = HeldBeads(
            system.system,
            operator.positions,
            matrix,
            temperature=settings.temperature,
            timestep=settings.timestep,
            seed=settings.seed,
            platform=settings.platform,
            threads=settings.threads,
        )
        with storage_errors(out), TrajectoryWriter(out, len(operator), header, further=known > 0) as writer:
            frames = islice(source, chosen.start, chosen.stop, chosen.step)
            for number, (index, frame) in enumerate(zip(chosen, frames, strict=True)):
                if number >= known:
                    writer.append(_labelled(held, operator, frame, index, settings))
                    show(number + 1, len(chosen))
    return noise_floor(Trajectory(out))


def _labelled(
    held: HeldBeads, operator: MappingOperator, frame: Frame, index: int, settings: LabelSettings
) -> Frame:
    rotation, box = openmm_box(frame.box)
    atoms = operator.whole(frame) @ rotation
    label = held.sample(atoms, box, settings.sampling, number=index)
    return label.frame(box, frame.time)


def _matrix(
    operator: MappingOperator, system: AtomisticSystem, source: FrameSource, settings: LabelSettings
) -> csr_array:
    kind = next((one for one in FORCE_MAPS if one == settings.forces), None)
    if kind is None:
        raise ConfigError(
            f"'{settings.forces}' is no force map",
            where="--forces",
            remedy="one of: " + ", ".join(FORCE_MAPS),
        )
    return force_matrix(kind, operator, system.atoms, source)


def _header(
    operator: MappingOperator, mapping: Mapping, system: AtomisticSystem, settings: LabelSettings
) -> Header:
    source = {
        "labels": "constrained",
        "model": dict(system.identity),
        "mapping": mapping.name,
        "forces": settings.forces,
        "temperature": settings.temperature,
        "timestep": settings.timestep,
        "sampling": asdict(settings.sampling),
        "seed": settings.seed,
    }
    beads = Beads(operator.topology, operator.masses)
    return Header(beads, LABEL_FIELDS, settings.timestep, source, versions())


def _known(out: Path, header: Header) -> int:
    """Labels that are there already; raises :class:`RunFolderError` for those of other settings."""
    if not out.exists():
        return 0
    there = Trajectory(out).header
    if (there.source, there.particles) != (json.loads(json.dumps(header.source)), header.particles):
        raise RunFolderError(
            "this file holds labels that were made with other settings",
            where=str(out),
            remedy="give another name, or remove it",
        )
    return len(Trajectory(out))
