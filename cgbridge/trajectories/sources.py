"""Series of frames from files of any format: streamed, looked at frame by frame, in internal units."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, TextIO

import numpy as np

from cgbridge.atoms import Atoms
from cgbridge.errors import CgbridgeError, ConfigError, FileFormatError, MissingDependencyError
from cgbridge.frames import FloatArray, Frame
from cgbridge.topology import Beads, Topology
from cgbridge.trajectories.atom_files import read_atoms
from cgbridge.trajectories.formats.dcd import DcdFrames
from cgbridge.trajectories.formats.frame import FileFrame, open_text
from cgbridge.trajectories.formats.gro import gro_blocks, parse_gro
from cgbridge.trajectories.formats.lammps_dump import MAGIC
from cgbridge.trajectories.formats.lammps_frames import LammpsDumpFrames
from cgbridge.trajectories.formats.mdtraj_frames import MdtrajFrames, XtcFrames
from cgbridge.trajectories.formats.npz_frames import NpzFrames
from cgbridge.trajectories.formats.pdb import parse_pdb, pdb_blocks
from cgbridge.trajectories.formats.trr import TrrFrames
from cgbridge.trajectories.formats.xyz import parse_xyz, reference_notes, xyz_blocks
from cgbridge.trajectories.hdf5 import Trajectory, is_ours
from cgbridge.trajectories.layout import NUMBERED, TIMES
from cgbridge.trajectories.own_elements import dump_elements, elements_named, require_same_elements

#: A box with less of the volume of a cube of its longest edge has none.
_THINNEST = 1e-9
#: nm; farther away than this no particle is, and double precision would leave no digits for forces.
_FARTHEST = 1e6


class FrameReader(Protocol):
    """Frames of one file; raises :class:`ValueError` where it is torn. Some have ``notes``."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Frame | FileFrame]: ...


@dataclass(frozen=True)
class TextFrames:
    """Frames of a text file whose ``blocks`` are told apart and then parsed."""

    path: Path
    blocks: Callable[[TextIO], Iterator[Any]]
    parse: Callable[[Any], FileFrame]

    def __len__(self) -> int:
        return self._count

    @cached_property
    def _count(self) -> int:
        with open_text(self.path) as stream:
            return sum(1 for _ in self.blocks(stream))

    def __iter__(self) -> Iterator[FileFrame]:
        with open_text(self.path) as stream:
            for block in self.blocks(stream):
                yield self.parse(block)


@dataclass(frozen=True)
class FrameSource:
    """The frames of a file, read one at a time and as often as one likes.

    Lengths are in nm, forces in kJ/(mol nm), times in ps; frames without times are numbered. A frame without
    periodicity has a ``box`` of zeros. ``atoms`` are those of the topology, or of the file where it names
    them; a trajectory of beads has ``bead_types``, and ``topology`` and ``masses`` where the file tells them.
    ``notes`` say what was taken. ``source`` is what the file says about its making, ``timestep`` in ps that
    of its simulation (NaN: not known).

    Iterating raises :class:`~cgbridge.errors.FileFormatError` with the file and the number of the frame, from
    0: for one that is torn, has another number of particles, numbers that are none, a box of no volume, or
    box, forces or velocities where the frames before had none, or the other way round.
    """

    path: Path
    reader: FrameReader
    atoms: Atoms | None = None
    bead_types: tuple[str, ...] | None = None
    topology: Topology | None = None
    masses: tuple[float, ...] | None = None
    notes: tuple[str, ...] = ()
    source: dict[str, Any] | None = None
    timestep: float = math.nan

    def __len__(self) -> int:
        with _told_faults(str(self.path)):
            return len(self.reader)

    @cached_property
    def numbered(self) -> bool:
        """Whether the file tells no times, and those of its frames are their numbers."""
        if (self.source or {}).get(TIMES) == NUMBERED:
            return True
        with _told_faults(f"{self.path}, frame 0"):
            first = next(iter(self.reader), None)
        if isinstance(first, FileFrame):
            return first.time is None
        return bool(getattr(self.reader, "numbered", False))

    def __iter__(self) -> Iterator[Frame]:
        frames, number, first = iter(self.reader), 0, None
        while True:
            where = f"{self.path}, frame {number}"
            with _told_faults(where):
                found = next(frames, None)
            if found is None:
                return
            frame = _frame(found, number)
            first = first or frame
            self._require_whole(frame, first, where)
            yield frame
            number += 1

    def _require_whole(self, frame: Frame, first: Frame, where: str) -> None:
        count = len(frame.positions)
        named = next((len(names) for names in (self.atoms, self.bead_types) if names is not None), None)
        if named not in (None, count):
            raise FileFormatError(
                f"the frame has {count} particles, and the topology {named}",
                where=where,
                remedy="give the topology of this trajectory",
            )
        if count != len(first.positions):
            raise FileFormatError(
                f"the frame has {count} particles, and the first {len(first.positions)}",
                where=where,
                remedy="write a trajectory whose particles stay the same",
            )
        _require_numbers(frame, where)
        _require_box(frame.box, first.box, where)
        for what in ("forces", "velocities"):
            there, before = (getattr(one, what) is not None for one in (frame, first))
            if there != before:
                raise FileFormatError(
                    f"this frame has {'' if there else 'no '}{what}, and the first "
                    f"{'has' if before else 'has none'}",
                    where=where,
                    remedy=f"write {what} with every frame or with none",
                )


def open_source(
    path: Path,
    *,
    top: Path | Atoms | None = None,
    units: str | None = None,
    timestep: float | None = None,
) -> FrameSource:
    """The frames of ``path``; which atoms they have is told by ``top``, a file or the atoms themselves.

    ``units`` are those of a LAMMPS dump: metal or real; ``timestep`` in ps turns its steps into times. Raises
    :class:`~cgbridge.errors.FileFormatError` for a file that is none, :class:`ConfigError` where something
    must be given, and :class:`~cgbridge.errors.MissingDependencyError`.
    """
    if not path.is_file():
        raise FileFormatError("no such trajectory", where=str(path), remedy="check the path")
    if path.stat().st_size == 0:
        raise FileFormatError("the file is empty", where=str(path), remedy="check the download or copy")
    if units is not None and units not in UNITS:
        raise ConfigError(f"units '{units}' are not known", where="--units", remedy="one of: metal, real")
    atoms, notes = (top, ()) if isinstance(top, Atoms) or top is None else read_atoms(top)
    with _told_faults(str(path)):
        dump = LammpsDumpFrames(path, units, timestep) if _starts_with(path, MAGIC) else None
        source = _opened(path, atoms, dump)
        if atoms is not None and source.bead_types is None:
            _require_own_elements(source, atoms, is_dump=dump is not None)
    if timestep is not None:
        if dump is None:
            raise ConfigError(
                "this file counts no steps, and a time step says nothing of it",
                where=str(path),
                remedy="leave the time step out: it is for dumps of LAMMPS",
            )
        source = replace(source, timestep=timestep)
    return replace(source, notes=(*notes, *source.notes))


def _opened(path: Path, atoms: Atoms | None, dump: LammpsDumpFrames | None) -> FrameSource:
    suffix = next((s.lower() for s in reversed(path.suffixes) if s.lower() != ".gz"), "")
    if suffix in (".h5", ".hdf5") and is_ours(path):
        return _ours(path, atoms)
    if suffix == ".npz":
        return _npz(path, atoms)
    reader: FrameReader
    named = atoms is None
    if dump is not None:
        reader = dump
    elif suffix in _TEXT:
        reader = TextFrames(path, *_TEXT[suffix])
    elif suffix in _BINARY:
        reader, named = _BINARY[suffix](path), False
    else:
        reader, named = MdtrajFrames(path, None if atoms is None else len(atoms)), False
    notes: tuple[str, ...] = getattr(reader, "notes", ())
    if suffix in (".xyz", ".extxyz"):
        notes += reference_notes(path)
    if named:
        atoms, found = read_atoms(path)
        notes = (*found, *notes)
    return FrameSource(path, reader, atoms, notes=notes)


def _require_own_elements(source: FrameSource, atoms: Atoms, *, is_dump: bool) -> None:
    """A topology from elsewhere must not rename the atoms that a trajectory names itself."""
    named: tuple[str, ...]
    if isinstance(source.reader, Trajectory):
        particles = source.reader.header.particles
        named = particles.elements if isinstance(particles, Atoms) else ()
    else:
        named = dump_elements(source.path) if is_dump else elements_named(source.path)
    require_same_elements(atoms, named, str(source.path))


#: Unit systems of LAMMPS that have forces in known units.
UNITS = ("metal", "real")
_TEXT: dict[str, tuple[Callable[[TextIO], Iterator[Any]], Callable[[Any], FileFrame]]] = {
    ".xyz": (xyz_blocks, parse_xyz),
    ".extxyz": (xyz_blocks, parse_xyz),
    ".gro": (gro_blocks, parse_gro),
    ".pdb": (pdb_blocks, parse_pdb),
    ".ent": (pdb_blocks, parse_pdb),
}
_BINARY: dict[str, Callable[[Path], FrameReader]] = {".trr": TrrFrames, ".dcd": DcdFrames, ".xtc": XtcFrames}


def _starts_with(path: Path, words: str) -> bool:
    try:
        with open_text(path) as stream:
            return stream.read(len(words)) == words
    except (OSError, EOFError):
        return False


def _ours(path: Path, atoms: Atoms | None) -> FrameSource:
    trajectory = Trajectory(path)
    header = trajectory.header
    made = dict(header.source)
    if isinstance(header.particles, Beads):
        beads = header.particles
        types = beads.topology.types
        return FrameSource(
            path, trajectory, None, types, beads.topology, beads.masses, source=made, timestep=header.timestep
        )
    return FrameSource(path, trajectory, atoms or header.particles, source=made, timestep=header.timestep)


def _npz(path: Path, atoms: Atoms | None) -> FrameSource:
    reader = NpzFrames(path)
    len(reader)  # the arrays are looked at before anything else is said
    types, text = reader.once("bead_types"), reader.once("topology")
    told = reader.once("source")
    made = None if told is None else dict(json.loads(str(told)))
    step = reader.once("timestep")
    timestep = math.nan if step is None else float(step)
    if types is not None:
        names = tuple(str(name) for name in types)
        beads = None if text is None else Beads.from_json(str(text))
        if beads is None:
            return FrameSource(path, reader, None, names, source=made, timestep=timestep)
        return FrameSource(
            path, reader, None, names, beads.topology, beads.masses, source=made, timestep=timestep
        )
    notes: tuple[str, ...] = ()
    if atoms is None and (reader.once("atoms") is not None or reader.once("elements") is not None):
        atoms, notes = read_atoms(path)
    return FrameSource(path, reader, atoms, notes=notes, source=made, timestep=timestep)


@contextmanager
def _told_faults(where: str) -> Iterator[None]:
    """Turn what readers raise into errors that name the place."""
    try:
        yield
    except CgbridgeError:
        raise
    except ImportError as error:
        package = error.name or "that it asks for"
        raise MissingDependencyError(
            f"reading this file needs the package {package}", where=where, remedy=f"pip install {package}"
        ) from error
    except Exception as error:  # foreign readers raise anything, and a torn file leads ours anywhere
        text = " ".join(str(error).split()) or type(error).__name__
        raise FileFormatError(
            text, where=where, remedy="check the file; frames before may be good"
        ) from error


def _frame(found: Frame | FileFrame, number: int) -> Frame:
    if isinstance(found, Frame):
        return found
    box = np.zeros((3, 3))
    if found.cell is not None and any(found.periodic):
        box = np.where(np.array(found.periodic)[:, None], found.cell, 0.0)
    time = float(number) if found.time is None else found.time
    return Frame(found.positions, box, time, found.forces, found.velocities, energy=found.energy)


def _require_numbers(frame: Frame, where: str) -> None:
    for what in ("positions", "forces", "velocities"):
        values: FloatArray | None = getattr(frame, what)
        if values is None or np.isfinite(values.sum()):
            continue
        bad = ~np.isfinite(values).all(axis=1)
        if bad.any():
            raise FileFormatError(
                f"the {what} of particle {int(np.argmax(bad)) + 1} are no numbers",
                where=where,
                remedy="the simulation has broken down there; leave out what follows",
            )
    farthest = float(np.abs(frame.positions).max(initial=0.0))
    if farthest > _FARTHEST:
        raise FileFormatError(
            f"a particle is {farthest:.3g} nm away",
            where=where,
            remedy="is the length in the right unit, or did the simulation break down?",
        )
    for what in ("energy", "pressure"):
        value: float | None = getattr(frame, what)
        if value is not None and not np.isfinite(value):
            raise FileFormatError(f"the {what} is no number", where=where, remedy="leave out this frame")


def _require_box(box: FloatArray, first: FloatArray, where: str) -> None:
    """Three vectors that span a volume of the same sign as in the first frame, or zeros as there."""
    periodic, before = box.any(), first.any()
    if periodic != before:
        raise FileFormatError(
            "this frame has no box, and the first has one"
            if before
            else "this frame has a box, the first none",
            where=where,
            remedy="write the box with every frame",
        )
    if not periodic:
        return
    longest = float(np.abs(box).max())
    volume = float(np.linalg.det(box)) if np.isfinite(longest) else 0.0
    if not abs(volume) > _THINNEST * longest**3:
        raise FileFormatError(
            f"the box has no volume: {' '.join(f'{x:g}' for x in box.ravel())} nm",
            where=where,
            remedy="boxes have three vectors; slabs and wires need a vacuum that is part of the box",
        )
    if volume * np.linalg.det(first) < 0.0:
        raise FileFormatError(
            "the box changes its sign: its vectors are right-handed in one frame and left-handed in another",
            where=where,
            remedy="are these frames of one trajectory?",
        )
