"""From a trajectory of atoms to one of beads."""

from __future__ import annotations

import math
import os
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import numpy as np

from cgbridge.errors import CgbridgeWarning, ConfigError, FileFormatError
from cgbridge.frames import Frame
from cgbridge.mapping.first_look import first_look
from cgbridge.mapping.force_maps import (
    FORCE_MAPS,
    ForceMap,
    ForceMapKind,
    force_map,
    force_matrix,
    require_valid,
)
from cgbridge.mapping.mapping import Mapping
from cgbridge.mapping.operator import MappingOperator
from cgbridge.mapping.resolve import resolve
from cgbridge.store.atomic import write_atomic
from cgbridge.store.versions import versions
from cgbridge.structures.cells import openmm_box
from cgbridge.topology import Beads
from cgbridge.trajectories.bead_writers import (
    ONE_INTERVAL,
    WITH_FORCES,
    WITHOUT_TIMES,
    BeadRecord,
    check_bead_trajectory_name,
    open_bead_trajectory,
)
from cgbridge.trajectories.clock import Clock, late_words
from cgbridge.trajectories.formats.lammps_frames import LammpsDumpFrames
from cgbridge.trajectories.layout import NUMBERED, TIMES, state_of
from cgbridge.trajectories.sources import FrameSource
from cgbridge.trajectories.trajectory_files import write_bead_topology

#: Frames that the optimal force map is found from, evenly over the trajectory.
_FRAMES_FOR_FORCES = 500
#: Suffixes of the files that name the beads.
TOPOLOGIES = (".json", ".pdb")


@dataclass(frozen=True)
class MapSettings:
    """``forces`` is a kind of force map, ``none``, or None for what fits: the weights of the mapping, else
    ``sum``. ``frames`` are first, stop and step as Python counts. ``topologies`` are files that name the
    beads."""

    forces: str | None = None
    frames: slice = field(default_factory=lambda: slice(None))
    topologies: tuple[Path, ...] = ()


@dataclass(frozen=True)
class MapProgress:
    """``done`` frames of ``total`` in ``seconds``."""

    done: int
    total: int
    seconds: float

    @property
    def left(self) -> float:
        """Seconds that the rest will take."""
        return self.seconds * (self.total - self.done) / max(self.done, 1)


@dataclass(frozen=True)
class Mapped:
    """What was written: ``frames`` of ``beads``, which of them had forces, and what was taken."""

    frames: int
    beads: int
    forces: str
    notes: tuple[str, ...]


class _Chosen:
    """Every frame of a slice, as often as one likes."""

    def __init__(self, source: FrameSource, frames: slice, most: int | None = None) -> None:
        self._source = source
        count = range(len(source))[frames]
        if most is not None and len(count) > most:
            count = count[:: math.ceil(len(count) / most)]
        self.numbers = count

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[Frame]:
        return islice(self._source, self.numbers.start, self.numbers.stop, self.numbers.step)


def map_trajectory(
    source: FrameSource,
    mapping: Mapping,
    out: Path,
    settings: MapSettings,
    display: Callable[[MapProgress], None] = lambda _: None,
) -> Mapped:
    """Write the beads of every frame to ``out``, one frame in memory at a time.

    The file appears under its name when it is whole. Positions, forces and boxes are turned where a box does
    not lie as OpenMM takes it. Raises :class:`~cgbridge.errors.CgbridgeError` for anything that is wrong with
    frames, atoms or mapping; then nothing is left behind.
    """
    check_bead_trajectory_name(out)
    for path in settings.topologies:
        if path.suffix not in TOPOLOGIES:
            raise ConfigError(f"'{path.suffix}' names no beads", where=str(path), remedy="use .json or .pdb")
    if source.atoms is None:
        raise ConfigError(
            "this trajectory does not say which atoms it has" if source.bead_types is None
            else "this is a trajectory of beads already",
            where=str(source.path),
            remedy="give --top with a file that names the atoms",
        )  # fmt: skip
    chosen = _Chosen(source, settings.frames)
    if not len(chosen):
        raise ConfigError(
            f"none of the {len(source)} frames is chosen",
            where="--frames",
            remedy="count from 0, or leave it out",
        )
    look = first_look(
        source.atoms,
        chosen,
        lambda number: f"{source.path}, frame {chosen.numbers[number]}",
        temperature=(source.source or {}).get("temperature") or None,
    )
    operator = resolve(mapping, look.atoms)
    operator, forces, force_notes = _with_forces(operator, source, settings, chosen, out)
    told = _write(operator, source, chosen, out, (mapping, forces, settings.topologies), display)
    notes = (*source.notes, *look.notes, *operator.notes, *force_notes, *told)
    return Mapped(len(chosen), len(operator), forces, notes)


def _with_forces(
    operator: MappingOperator, source: FrameSource, settings: MapSettings, chosen: _Chosen, out: Path
) -> tuple[MappingOperator, str, tuple[str, ...]]:
    """The operator with the force map that was asked for, what that is called, and what to tell."""
    asked = settings.forces
    known = (*FORCE_MAPS, "none")
    if asked is not None and asked not in known:
        raise ConfigError(
            f"'{asked}' is no force map", where="--forces", remedy="one of: " + ", ".join(known)
        )
    if asked == "none":
        return operator, "none", ()
    there = next(iter(chosen)).forces is not None
    if not there or out.suffix not in WITH_FORCES:
        what = f"{out.suffix} files hold no forces" if there else f"{source.path} has no forces"
        if asked is not None:
            raise ConfigError(
                what,
                where="--forces",
                remedy="write " + " or ".join(WITH_FORCES)
                if there
                else "record them: TRR with nstfout, a dump "
                "with fx fy fz, extended XYZ, or a trajectory of `cgbridge simulate`",
            )
        return operator, "none", (f"{what}: the beads have none",)
    atoms = operator.atoms
    if asked is None and operator.own_forces:
        require_valid(operator.forces, operator, atoms)
        return operator, "those of the mapping", ()
    kind: ForceMapKind = next((one for one in FORCE_MAPS if one == asked), "sum")
    if kind != "optimal":
        return replace(operator, forces=force_matrix(kind, operator, atoms, chosen)), kind, ()
    whole = _Chosen(source, settings.frames, _FRAMES_FOR_FORCES)
    found: ForceMap = force_map(kind, operator, atoms, whole)
    noise = ", ".join(f"{bead} {rms:.5g}" for bead, rms in found.rms.items())
    note = f"optimal force map from {len(whole)} frames; rms of a force component in kJ/mol/nm: {noise}"
    return replace(operator, forces=found.matrix), kind, (note, *found.notes)


def _write(
    operator: MappingOperator,
    source: FrameSource,
    chosen: _Chosen,
    out: Path,
    told: tuple[Mapping, str, tuple[Path, ...]],
    display: Callable[[MapProgress], None],
) -> tuple[str, ...]:
    """Write all frames and the files of the topology; what to tell of directions and times."""
    mapping, forces, topologies = told
    beads = Beads(operator.topology, operator.masses)
    first = [*islice(chosen, 2)]
    fields = tuple(
        name
        for name in ("forces", "velocities", "energy", "pressure")
        if getattr(first[0], name) is not None and (name != "forces" or forces != "none")
    )
    interval = first[1].time - first[0].time if len(first) > 1 else 1.0
    made = {"trajectory": source.path.name, "mapping": mapping.record(), "forces": forces}
    made |= {"of": source.source} | state_of(source.source or {})
    made |= {TIMES: NUMBERED} if source.numbered else {}
    record = BeadRecord(beads, fields, interval, first[0].time, source.timestep, made, versions())
    partial = out.with_name(f".{out.stem}.{os.getpid()}.partial{out.suffix}")
    notes: tuple[str, ...] = ()
    turned, clock, began = False, Clock(), time.monotonic()
    try:
        sink = open_bead_trajectory(partial, record)
        try:
            for number, frame in zip(range(len(chosen)), chosen, strict=True):
                where = f"{source.path}, frame {chosen.numbers[number]}"
                mapped, moved = _turned(_applied(operator, frame, where))
                turned |= moved
                clock(chosen.numbers[number], frame.time)
                sink.append(mapped if forces != "none" else replace(mapped, forces=None))
                if number == 0:
                    topology_frame = mapped
                display(MapProgress(number + 1, len(chosen), time.monotonic() - began))
        finally:
            sink.close()
        os.replace(partial, out)
    finally:
        partial.unlink(missing_ok=True)
    for path in topologies:
        if path.suffix == ".pdb":
            write_bead_topology(path, operator.topology, topology_frame)
        else:
            write_atomic(path, beads.to_json() + "\n")
    if turned:
        notes = ("positions and forces are turned with the box, so that its first vector lies along x",)
    return *notes, *_time_notes(source, clock, out)


def _time_notes(source: FrameSource, clock: Clock, out: Path) -> Iterator[str]:
    """What became of the times; warns of such that do not rise."""
    if source.numbered:
        steps = isinstance(source.reader, LammpsDumpFrames)
        yield "the frames have no times and are numbered, as if 1 ps lay between them" + (
            ': --timestep "1 fs" makes times of the steps of the dump' if steps else ""
        )
    if clock.late is not None:
        warnings.warn(
            f"{source.path}, frame {clock.late[0]}: {late_words(clock.late)}; were runs joined?",
            CgbridgeWarning,
            stacklevel=4,
        )
    if clock.uneven and out.suffix in ONE_INTERVAL:
        yield f"{out.suffix} files say one interval: the times of frames that are not evenly apart are lost"
    if out.suffix in WITHOUT_TIMES and not source.numbered:
        yield f"{out.suffix} files say no times"


def _applied(operator: MappingOperator, frame: Frame, where: str) -> Frame:
    try:
        return operator.apply(frame)
    except FileFormatError as error:
        raise FileFormatError(error.what, where=where, remedy=error.remedy) from None


def _turned(frame: Frame) -> tuple[Frame, bool]:
    """The frame in the form of box that OpenMM takes, and whether that changed its directions."""
    if not frame.box.any():
        return frame, False
    rotation, box = openmm_box(frame.box)
    if np.array_equal(rotation, np.eye(3)):
        return replace(frame, box=box), False
    turned = replace(
        frame,
        positions=frame.positions @ rotation,
        box=box,
        forces=None if frame.forces is None else frame.forces @ rotation,
        velocities=None if frame.velocities is None else frame.velocities @ rotation,
    )
    return turned, True
