"""Mean-force labels of a trajectory of atoms: beads held at its frames, forces averaged over the atoms."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

from cgbridge.config.active_learning_section import LEAST_SAMPLES
from cgbridge.engine.held_beads import FARTHEST, LABEL_FIELDS, HeldBeads, Sampling
from cgbridge.errors import ConfigError, FileFormatError, RunFolderError
from cgbridge.frames import FloatArray, Frame
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

    A label is made of its frame and its number alone, so that one that is interrupted is made again; frames
    that came later are added. Raises :class:`ConfigError` for frames of other atoms and for too few samples,
    :class:`FileFormatError` for frames without a box, and :class:`RunFolderError` for a file of other
    settings, or of other frames.
    """
    if settings.sampling.samples < LEAST_SAMPLES:
        raise ConfigError(
            f"the noise of a mean over {settings.sampling.samples} samples is not known",
            where="--samples",
            remedy=f"take {LEAST_SAMPLES} or more",
        )
    chosen = range(len(source))[settings.frames]
    if not len(chosen):
        raise ConfigError(f"none of the {len(source)} frames is chosen", where="--frames")
    _require_boxes(system, source, chosen)
    operator = resolve(mapping, system.atoms)
    matrix = _matrix(operator, system, source, settings)
    header = _header(operator, mapping, system, settings)
    known = _known(out, header)
    if known:
        _require_same_frames(out, operator, _chosen(source, chosen))
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
            for number, (index, frame) in enumerate(zip(chosen, _chosen(source, chosen), strict=True)):
                if number >= known:
                    writer.append(_labelled(held, operator, frame, index, settings))
                    show(number + 1, len(chosen))
    return noise_floor(Trajectory(out))


def _labelled(
    held: HeldBeads, operator: MappingOperator, frame: Frame, index: int, settings: LabelSettings
) -> Frame:
    atoms, box = _laid(operator, frame)
    label = held.sample(atoms, box if box.any() else None, settings.sampling, number=index)
    return label.frame(box, frame.time)


def _require_boxes(system: AtomisticSystem, source: FrameSource, chosen: range) -> None:
    """Raise :class:`FileFormatError` for a frame without a box, if the potential has one."""
    if not system.system.usesPeriodicBoundaryConditions():
        return
    for index, frame in zip(chosen, _chosen(source, chosen), strict=True):
        if not frame.box.any():
            raise FileFormatError(
                "this frame has no box, and the potential of its atoms is periodic",
                where=f"{source.path}, frame {index}",
                remedy="give a trajectory with the box of every frame",
            )


def _laid(operator: MappingOperator, frame: Frame) -> tuple[FloatArray, FloatArray]:
    """The atoms of a frame in whole molecules, and their box, as OpenMM wants them."""
    if not frame.box.any():
        return operator.whole(frame), frame.box
    rotation, box = openmm_box(frame.box)
    return operator.whole(frame) @ rotation, box


def _chosen(source: FrameSource, chosen: range) -> Iterator[Frame]:
    return islice(iter(source), chosen.start, chosen.stop, chosen.step)


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
        "mapping": mapping.record(),
        # What counts: texts of the same mapping may differ, and weights do not show in the beads.
        "mapping_sha256": _digest(operator),
        "forces": settings.forces,
        "temperature": settings.temperature,
        "timestep": settings.timestep,
        "sampling": asdict(settings.sampling),
        "seed": settings.seed,
    }
    beads = Beads(operator.topology, operator.masses)
    return Header(beads, LABEL_FIELDS, settings.timestep, source, versions())


def _digest(operator: MappingOperator) -> str:
    """Of the weights of a mapping: where its beads lie, and what forces they have of their own."""
    found = hashlib.sha256()
    for matrix in (operator.positions, operator.forces):
        for part in (matrix.indptr, matrix.indices):
            found.update(part.astype(np.int64).tobytes())
        # Ratios of masses, whose last bits are no other mapping.
        found.update(np.round(matrix.data, 9).tobytes())
    return found.hexdigest()


def _known(out: Path, header: Header) -> int:
    """Labels that are there already; raises :class:`RunFolderError` for those of other settings."""
    if not out.exists():
        return 0
    there, here = Trajectory(out).header, json.loads(json.dumps(header.source))
    if ({**there.source, "mapping": here["mapping"]}, there.particles) != (here, header.particles):
        raise RunFolderError(
            "this file holds labels that were made with other settings",
            where=str(out),
            remedy="give another name, or remove it",
        )
    return len(Trajectory(out))


def _require_same_frames(out: Path, operator: MappingOperator, frames: Iterator[Frame]) -> None:
    """Raise :class:`RunFolderError` unless the labels that are there are those of the first ``frames``."""
    for number, label in enumerate(Trajectory(out)):
        frame = next(frames, None)
        if frame is None or not _is_label_of(label, operator, frame):
            raise RunFolderError(
                f"label {number + 1} in this file is that of another frame",
                where=str(out),
                remedy="give the trajectory and the frames that it was begun with, or another name",
            )


def _is_label_of(label: Frame, operator: MappingOperator, frame: Frame) -> bool:
    """Whether its time, its box and the places of its beads are those of the frame."""
    atoms, box = _laid(operator, frame)
    if frame.time != label.time or not np.allclose(box, label.box, rtol=0.0, atol=1e-9):
        return False
    apart = operator.positions @ atoms - label.positions
    return bool(np.sqrt(np.mean(np.sum(apart**2, axis=1))) <= FARTHEST)
