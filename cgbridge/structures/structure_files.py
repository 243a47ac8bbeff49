"""Structure files: which reader takes a file, what is asked of it, and what must hold of any structure."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cgbridge.errors import CgbridgeError, ConfigError, FileFormatError, MissingDependencyError, did_you_mean
from cgbridge.frames import FloatArray
from cgbridge.structures.cells import repeated
from cgbridge.trajectories.formats import foreign
from cgbridge.trajectories.formats.dcd import read_dcd
from cgbridge.trajectories.formats.frame import FileFrame, open_text
from cgbridge.trajectories.formats.gro import read_gro
from cgbridge.trajectories.formats.lammps_data import looks_like_data, read_lammps_data
from cgbridge.trajectories.formats.lammps_dump import MAGIC, read_lammps_dump
from cgbridge.trajectories.formats.own import read_own
from cgbridge.trajectories.formats.pdb import read_pdb
from cgbridge.trajectories.formats.xyz import read_xyz
from cgbridge.trajectories.hdf5 import is_ours

#: A reader gives a frame and the number of frames where it is known; it may raise anything.
_Reader = Callable[[Path, int], tuple[FileFrame, int | None]]
_READERS: dict[str, _Reader] = {
    ".xyz": read_xyz,
    ".extxyz": read_xyz,
    ".gro": read_gro,
    ".pdb": read_pdb,
    ".ent": read_pdb,
    ".dcd": read_dcd,
    **dict.fromkeys(foreign.TRAJECTORIES, foreign.read_trajectory),
}
#: How the names of cgbridge's own trajectories end; HDF5 of other programs does so, too.
OWN_SUFFIX = ".h5"
_CHARACTERS = 20_000  # of a file that are looked at to tell its format
#: Lengths in nm beyond which a number is a mistake: double precision would leave no digits for forces.
_LONGEST = 1e6
#: A cell with less of the volume of a box of its edges has no volume.
_THINNEST = 1e-6


@dataclass(frozen=True)
class Structure:
    """Names and positions (N, 3) in nm; cell vectors as rows (3, 3) in nm, None without periodicity.

    All as in the file: the cell may lie and turn as it likes. ``periodic`` tells along which vectors the
    structure repeats, ``source`` where it comes from, ``numbered`` that the names are LAMMPS's type numbers,
    ``letters`` the length to which the format may have cut names. ``notes`` say what was taken.
    """

    names: tuple[str, ...]
    positions: FloatArray
    box: FloatArray | None
    periodic: tuple[bool, bool, bool] = (True, True, True)
    source: str = "structure"
    numbered: bool = False
    letters: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """What is asked of a structure file.

    ``frame`` counts as in Python; None takes the last. ``topology`` is a file that names the particles of a
    trajectory without names. ``types`` names LAMMPS's type numbers; ``rename`` maps names of the file to
    others. ``repeat`` multiplies the cell.
    """

    frame: int | None = None
    topology: Path | None = None
    types: Mapping[str, str] = field(default_factory=dict)
    rename: Mapping[str, str] = field(default_factory=dict)
    repeat: tuple[int, int, int] = (1, 1, 1)


def read_structure(path: Path, reading: Reading | None = None) -> Structure:
    """Read one frame of ``path``.

    Raises :class:`FileFormatError` when no reader understands the file or what it holds is no structure,
    :class:`ConfigError` when ``reading`` asks for what the file does not have, and
    :class:`~cgbridge.errors.SimulationError` when it cannot be repeated.
    """
    reading = reading or Reading()
    found, count = _read(path, -1 if reading.frame is None else reading.frame)
    notes = found.notes
    if reading.frame is None and count is not None and count > 1:
        notes += (f"the last of {count} frames is taken; --frame N takes another",)
    _require_numbers(found, path)
    cell, periodic = _cell(found, path)
    named = _named(found, reading, path)
    names, numbered = _names(named, reading, path)
    structure = Structure(names, found.positions, cell, periodic, str(path), numbered, named.letters, notes)
    return repeated(structure, reading.repeat)


def _read(path: Path, frame: int) -> tuple[FileFrame, int | None]:
    if not os.path.isfile(path):  # so it is for what can be no name of a file
        raise FileFormatError("no such structure file", where=str(path), remedy="check the path")
    if path.stat().st_size == 0:
        raise FileFormatError("the file is empty", where=str(path), remedy="check the download or copy")
    own = _own_reader(path)
    readers = [own] if own is not None else [foreign.read_with_ase, foreign.read_with_mdtraj]
    reasons = []
    for reader in readers:
        try:
            return reader(path, frame)
        except MissingDependencyError as error:
            if own is not None:
                raise type(error)(error.what, where=str(path), remedy=error.remedy) from None
            reasons.append(f"{error.what}: {error.remedy}")
        except CgbridgeError:
            raise
        except MemoryError:
            reasons.append("it asks for more memory than there is")
        except Exception as error:  # foreign readers raise anything, and a torn file leads ours anywhere
            text = " ".join(str(error).split()) or type(error).__name__
            if isinstance(error, ValueError) and own is not None:
                raise FileFormatError(
                    text, where=str(path), remedy="check the file, or take another --frame"
                ) from None
            # mdtraj asks for a topology where a format has no names of its own; that helps nobody here.
            if "topology" not in text and '"top"' not in text:
                reasons.append(f"{reader.__name__.removeprefix('read_with_')}: {text}")
    raise FileFormatError(
        "no reader understands this structure (" + "; ".join(reasons) + ")",
        where=str(path),
        remedy="give extended XYZ with Lattice=, PDB, GRO, a LAMMPS data file or dump, "
        "or another format of ASE or mdtraj",
    )


def _own_reader(path: Path) -> _Reader | None:
    """By content for LAMMPS's files, which have no suffix of their own, otherwise by the suffix."""
    try:
        with open_text(path) as stream:
            head = stream.read(_CHARACTERS)
    except (OSError, EOFError):
        head = ""
    if head.startswith(MAGIC):
        return read_lammps_dump
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    reader = _READERS.get(suffixes[-1]) if suffixes else None
    if reader is None and suffixes[-1:] == [OWN_SUFFIX] and is_ours(path):
        return read_own
    if reader is None and looks_like_data(head):
        return read_lammps_data
    return reader


def _require_numbers(found: FileFrame, path: Path) -> None:
    if len(found.names) == 0:
        raise FileFormatError(
            "the structure has no particles", where=str(path), remedy="check the download or copy"
        )
    finite = np.isfinite(found.positions).all(axis=1)
    if not finite.all():
        raise FileFormatError(
            f"the position of bead {int(np.argmin(finite)) + 1} is not a number",
            where=str(path),
            remedy="the simulation that wrote it has broken down; take an earlier frame",
        )
    near = (np.abs(found.positions) < _LONGEST).all(axis=1)
    if not near.all():
        bead = int(np.argmin(near))
        raise FileFormatError(
            f"bead {bead + 1} is {np.abs(found.positions[bead]).max():.3g} nm away",
            where=str(path),
            remedy="is the structure in the right unit of length, or did the simulation break down?",
        )


def _cell(found: FileFrame, path: Path) -> tuple[FloatArray | None, tuple[bool, bool, bool]]:
    """The cell of a frame; none where all its vectors are zero, open where one is."""
    if found.cell is None or not any(found.periodic) or not found.cell.any():
        return None, (True, True, True)
    a, b, c = (bool(flag and vector.any()) for flag, vector in zip(found.periodic, found.cell, strict=True))
    periodic = np.array([a, b, c])
    if not periodic.any():
        return None, (True, True, True)
    vectors = found.cell[periodic]
    # The volume that the vectors span: of a box, an area or a length. Comparisons with nan are false.
    finite = bool((np.abs(vectors) < _LONGEST).all())
    lengths = np.linalg.norm(vectors, axis=1) if finite else np.ones(1)
    if not finite or np.sqrt(abs(np.linalg.det(vectors @ vectors.T))) < _THINNEST * np.prod(lengths):
        raise FileFormatError(
            "the cell has no volume" if finite else "the cell is not finite",
            where=str(path),
            remedy="give three cell vectors that span a box",
        )
    return found.cell, (a, b, c)


def _named(found: FileFrame, reading: Reading, path: Path) -> FileFrame:
    """The frame that names the particles: the file's own, or that of the topology."""
    if reading.topology is None:
        return found
    named, _ = _read(reading.topology, -1)
    if len(named.names) != len(found.names):
        raise ConfigError(
            f"{reading.topology} names {len(named.names)} particles, but {path} has {len(found.names)}",
            where="--topology",
        )
    return named


def _names(found: FileFrame, reading: Reading, path: Path) -> tuple[tuple[str, ...], bool]:
    names, types, numbered = found.names, found.types, False
    if reading.types:
        names = _named_types(types, reading.types, path)
    elif types and not any(names):
        names, numbered = types, True
    missing = [name for name in reading.rename if name not in names]
    if missing:
        raise ConfigError(
            f"{path} has no particle called '{missing[0]}'{did_you_mean(missing[0], set(names))}",
            where="--rename",
            remedy="its names: " + ", ".join(shown(names)),
        )
    return tuple(reading.rename.get(name, name) for name in names), numbered


def _named_types(types: tuple[str, ...], names: Mapping[str, str], path: Path) -> tuple[str, ...]:
    if not types:
        raise ConfigError(
            f"{path} has no type numbers", where="--types", remedy="use --rename OLD=NEW for names"
        )
    missing = sorted(set(types) - set(names))
    if missing:
        raise ConfigError(
            f"{path} has type {missing[0]}, which is not named", where="--types", remedy="name every type"
        )
    return tuple(names[kind] for kind in types)


def shown(names: tuple[str, ...], most: int = 8) -> list[str]:
    """The different names in the order of their appearance, the first few."""
    different = list(dict.fromkeys(names))
    return different[:most] + ["..."] * (len(different) > most)
