"""Files of labelled frames read into memory, checked frame by frame."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from cgbridge.atoms import Atoms
from cgbridge.config.training_data_section import DataFileSection, DataSection
from cgbridge.errors import ConfigError, Faults, FileFormatError
from cgbridge.fits.training.data_set import DataSet, Series, State
from cgbridge.fits.training.label_checks import FrameChecks, check_series
from cgbridge.fits.training.mappings import mapping_record, require_one_mapping
from cgbridge.frames import FloatArray, Frame
from cgbridge.observables.statistics import mean_error
from cgbridge.structures.cells import openmm_box
from cgbridge.topology import Topology
from cgbridge.trajectories.formats.frame import open_text
from cgbridge.trajectories.formats.xyz import columns_of, parse_xyz, reference_notes, xyz_blocks
from cgbridge.trajectories.open_boxes import VACUUM, closed_box
from cgbridge.trajectories.sources import FrameSource, open_source
from cgbridge.units import ANGSTROM, EV

_XYZ = (".xyz", ".extxyz")
_STRESS = re.compile(r"\b(?:REF_)?(stress|virial)\s*=\s*[\"'{\[]([^\"'}\]]*)", re.IGNORECASE)
#: Where the six numbers of a symmetric tensor stand: xx yy zz yz xz xy.
_VOIGT = ((0, 5, 4), (5, 1, 3), (4, 3, 2))


@dataclass(frozen=True)
class _Labelled:
    """A frame with its place in the file, its virial in kJ/mol where the file has one, and whether it was
    ``opened``: not periodic in every direction, it has been given a box with vacuum."""

    number: int
    frame: Frame
    virial: FloatArray | None = None
    opened: bool = False


@dataclass(frozen=True)
class _Group:
    """Frames of the same particles in one file."""

    topology: Topology
    masses: tuple[float, ...]
    source: Mapping[str, Any] = field(default_factory=dict)


def read_data(data: DataSection, folder: Path, *, energies: bool) -> DataSet:
    """All files of the section ``data``, below ``folder``; with ``energies`` frames must have theirs.

    Raises :class:`FileFormatError` and :class:`ConfigError`.
    """
    found: list[Series] = []
    notes: list[str] = []
    faults = Faults()
    for section in data.files:
        with faults.collecting():
            every, told = _read_file(section, data, folder, energies=energies)
            notes += told
            for series in every:
                notes += check_series(series)
                found.append(series)
    faults.raise_all()
    require_one_mapping(found)
    return DataSet(tuple(found), tuple(notes))


def _read_file(
    section: DataFileSection, data: DataSection, folder: Path, *, energies: bool
) -> tuple[list[Series], tuple[str, ...]]:
    """The frames of one file: a series for every kind of box that is in it."""
    path = _below(folder, section.file)
    checks = FrameChecks(str(path), energies)
    groups: dict[tuple[str, ...], _Group] = {}
    taken: dict[tuple[str, ...], list[_Labelled]] = {}
    lone = 0
    frames, notes = (
        _xyz_frames(path, section)
        if path.suffix.lower() in _XYZ
        else _source_frames(path, section, folder, of_beads=not energies)
    )
    for key, group, labelled in frames:
        if labelled.number % section.stride:
            continue
        if _is_lone_atom(labelled.frame):
            lone += 1
            continue
        closed = _closed(labelled) if path.suffix.lower() in _XYZ else labelled
        # The boxes of open frames are ours, and may differ in volume.
        checks(closed.number, closed.frame, kind=(*key, str(closed.number)) if closed.opened else key)
        key = (*key, "open") if closed.opened else key
        groups.setdefault(key, group)
        taken.setdefault(key, []).append(_turned(closed))
    if not taken:
        raise FileFormatError("there are no frames in this file", where=str(path))
    several = len(groups) > 1
    found = [
        _series(
            f"{path.name}, {len(groups[key].topology)} particles" if several else path.name,
            group,
            taken[key],
            section,
            data,
        )
        for key, group in groups.items()
    ]
    notes += _other_state(path, section, [group.source for group in groups.values()])
    opened = sum(one.opened for every in taken.values() for one in every)
    if opened:
        notes += (
            f"{path.name}: {opened} frames are not periodic in all directions, and stand in boxes with "
            f"{VACUUM:g} nm of vacuum; they have no pressure",
        )
    if lone:
        notes += (f"{path.name}: {lone} frames of one particle are left out: it has no forces",)
    return found, notes


def _other_state(
    path: Path, section: DataFileSection, sources: Sequence[Mapping[str, Any]]
) -> tuple[str, ...]:
    """Where the YAML says another temperature than the file itself."""
    said = {_number(source.get("temperature")) for source in sources} - {None}
    if section.temperature is None or not said or section.temperature in said:
        return ()
    words = ", ".join(f"{kelvin:g}" for kelvin in sorted(kelvin for kelvin in said if kelvin is not None))
    return (f"{path.name}: the temperature is {section.temperature:g} K here, and the file says {words} K",)


def _is_lone_atom(frame: Frame) -> bool:
    """Whether a frame is one particle on which there is no force, as sets for training hold for energies."""
    return len(frame.positions) == 1 and frame.forces is not None and not frame.forces.any()


def _closed(labelled: _Labelled) -> _Labelled:
    """The frame with a vacuum in the directions in which it is not periodic.

    An extended XYZ says where that is; in other formats the box of a liquid may just have been forgotten.
    """
    box = labelled.frame.box
    if box.any(axis=1).all():
        return labelled
    frame = replace(labelled.frame, box=closed_box(box, labelled.frame.positions))
    return replace(labelled, frame=frame, virial=None, opened=True)


def _series(
    name: str, group: _Group, taken: list[_Labelled], section: DataFileSection, data: DataSection
) -> Series:
    frames = [one.frame for one in taken]
    energies = [frame.energy for frame in frames]
    virials = [one.virial for one in taken]
    return Series(
        name=name,
        topology=group.topology,
        masses=group.masses,
        positions=np.array([frame.positions for frame in frames], dtype=np.float32),
        forces=np.array([frame.forces for frame in frames], dtype=np.float32),
        box=np.array([frame.box for frame in frames], dtype=np.float64),
        time=np.array([frame.time for frame in frames], dtype=np.float64),
        number=np.array([one.number for one in taken], dtype=np.int64),
        state=_state(section, data, group, frames),
        energy=None if None in energies else np.array(energies, dtype=np.float64),
        virial=None if any(v is None for v in virials) else np.array(virials, dtype=np.float64),
        independent=section.independent,
        mapping=mapping_record(group.source),
        atomistic_speed=group.source.get("speed") or (group.source.get("of") or {}).get("speed"),
    )


def _state(section: DataFileSection, data: DataSection, group: _Group, frames: Sequence[Frame]) -> State:
    """What the YAML says of the run, else what the file does."""
    source = group.source
    npt = str(source.get("ensemble", "")).lower() == "npt"
    pressure, error = section.pressure, None
    if pressure is None and npt:
        pressure = _number(source.get("pressure"))
    elif pressure is None and not section.independent:
        pressure, error = _mean_pressure(frames)
    temperature = section.temperature
    if temperature is None:
        # Labels of atoms at rest are written with 0 K by some: no run has that temperature.
        temperature = _number(source.get("temperature")) or None
    noise = _noise(frames) if data.noise is None else data.noise
    return State(temperature, pressure, error, npt, noise)


def _mean_pressure(frames: Sequence[Frame]) -> tuple[float, float] | tuple[None, None]:
    """Of a run at constant volume whose frames tell theirs, in bar with its standard error."""
    told = [frame.pressure for frame in frames if frame.pressure is not None]
    if len(told) < max(2, len(frames)):
        return None, None
    found = mean_error(np.array(told), "pressure")
    return found.mean, found.stderr


def _noise(frames: Sequence[Frame]) -> float | None:
    """Root mean square error of labels that are means (`cgbridge label`); None for those of single frames."""
    errors = [frame.force_error for frame in frames if frame.force_error is not None]
    return float(np.sqrt(np.mean(np.square(errors)))) if len(errors) == len(frames) else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _source_frames(
    path: Path, section: DataFileSection, folder: Path, *, of_beads: bool
) -> tuple[Iterator[tuple[tuple[str, ...], _Group, _Labelled]], tuple[str, ...]]:
    """Frames of any format; all have the same particles. Molecules of atoms are none ``of_beads``."""
    top = None if section.top is None else _below(folder, section.top)
    source = open_source(path, top=top, units=section.units, timestep=section.timestep)
    if of_beads and source.bead_types is None and source.atoms is not None and source.atoms.bonds:
        raise ConfigError(
            "these are the atoms of molecules, and force-matching is for beads",
            where=str(path),
            remedy="map them first (cgbridge map); a potential of atoms is trained by "
            "method: energy-force-matching",
        )
    group = _group(source)
    virials = _npz_virials(path)

    def frames() -> Iterator[tuple[tuple[str, ...], _Group, _Labelled]]:
        numbered = source.numbered
        for number, frame in enumerate(source):
            frame = replace(frame, time=float("nan")) if numbered else frame
            virial = None if virials is None else virials[number]
            yield group.topology.types, group, _Labelled(number, frame, virial)

    return frames(), source.notes


def _group(source: FrameSource) -> _Group:
    """What the particles of a file are: beads, or atoms by their elements."""
    made = dict(source.source or {})
    if source.bead_types is not None:
        return _Group(source.topology or Topology(source.bead_types), source.masses or (), made)
    if source.atoms is None:
        raise FileFormatError(
            "nothing says what the particles of this file are",
            where=str(source.path),
            remedy="give a structure file that names them: data.files[].top",
        )
    return _Group(_atoms_topology(source.atoms, str(source.path)), _atom_masses(source.atoms), made)


def _atom_masses(atoms: Atoms) -> tuple[float, ...]:
    """As the file has them; those of the elements where hydrogens have taken mass from their neighbours."""
    several = len(set(zip(atoms.elements, atoms.masses, strict=True))) > len(set(atoms.elements))
    return _element_masses(atoms.elements) if several else atoms.masses


def _atoms_topology(atoms: Atoms, where: str) -> Topology:
    """Atoms as particles of a network: their types are elements, and no bond excludes anything."""
    if "" in atoms.elements:
        raise FileFormatError(
            f"atom {atoms.elements.index('') + 1} has no element",
            where=where,
            remedy="virtual sites have no forces to learn: use a model of atoms alone, or map to beads",
        )
    return Topology(atoms.elements, atoms.molecule_of)


def _npz_virials(path: Path) -> FloatArray | None:
    if path.suffix.lower() != ".npz":
        return None
    with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as content:
        return np.asarray(content["virial"], dtype=np.float64) if "virial" in content.files else None


def _xyz_frames(
    path: Path, section: DataFileSection
) -> tuple[Iterator[tuple[tuple[str, ...], _Group, _Labelled]], tuple[str, ...]]:
    """Frames of an extended XYZ, which may hold boxes of many kinds; energies and forces as ASE has them."""
    if not path.is_file():
        raise FileFormatError(
            "no such file", where=str(path), remedy="paths are relative to the YAML's folder"
        )
    if section.timestep is not None:
        raise ConfigError(
            "an extended XYZ counts no steps, and a time step says nothing of it",
            where=str(path),
            remedy="leave out timestep, which is for dumps of LAMMPS; Time= in the comment is in ps",
        )

    def frames() -> Iterator[tuple[tuple[str, ...], _Group, _Labelled]]:
        number = 0
        try:
            with open_text(path) as stream:
                for number, block in enumerate(xyz_blocks(stream)):
                    found = parse_xyz(block)
                    if found.forces is None and (columns := columns_of(block[1])):
                        raise ValueError(
                            f"there are no forces among its columns {', '.join(columns)}: the one that "
                            "holds them is to be called forces or REF_forces"
                        )
                    cell = np.zeros((3, 3)) if found.cell is None else found.cell
                    box = np.where(np.array(found.periodic)[:, None], cell, 0.0)
                    time = float("nan") if found.time is None else found.time
                    frame = Frame(found.positions, box, time, found.forces, energy=found.energy)
                    virial = _virial_of(block[1], float(np.linalg.det(box)))
                    group = _Group(Topology(found.names), _element_masses(found.names))
                    yield found.names, group, _Labelled(number, frame, virial)
        except (ValueError, OSError, EOFError) as error:
            raise FileFormatError(str(error), where=f"{path}, frame {number}") from None

    return frames(), reference_notes(path)


def _element_masses(names: tuple[str, ...]) -> tuple[float, ...]:
    """Masses in amu by element; none where a name is no element."""
    from ase.data import atomic_masses, atomic_numbers

    if any(name not in atomic_numbers for name in names):
        return ()
    return tuple(float(atomic_masses[atomic_numbers[name]]) for name in names)


def _virial_of(comment: str, volume: float) -> FloatArray | None:
    """W = -dU/d(strain) in kJ/mol: ``virial`` in eV, or -V times ``stress`` in eV/angstrom^3."""
    match = _STRESS.search(comment)
    if match is None:
        return None
    numbers = np.array([float(word) for word in re.split(r"[\s,]+", match[2].strip()) if word])
    if numbers.size not in (6, 9):
        raise ValueError(f"{match[1]} needs six or nine numbers, found {numbers.size}")
    tensor = numbers[np.array(_VOIGT)] if numbers.size == 6 else numbers.reshape(3, 3)
    if match[1].lower() == "virial":
        return np.asarray(tensor * EV)
    return np.asarray(-tensor * volume / ANGSTROM**3 * EV)


def _turned(labelled: _Labelled) -> _Labelled:
    """The same frame with its box in OpenMM's form: positions, forces and virial are turned with it."""
    frame = labelled.frame
    rotation, box = openmm_box(np.asarray(frame.box, dtype=np.float64))
    if np.array_equal(rotation, np.eye(3)):
        return replace(labelled, frame=replace(frame, box=box))
    assert frame.forces is not None
    virial = labelled.virial
    return replace(
        labelled,
        frame=replace(frame, box=box, positions=frame.positions @ rotation, forces=frame.forces @ rotation),
        virial=None if virial is None else rotation.T @ virial @ rotation,
    )


def _below(folder: Path, path: Path) -> Path:
    return path if path.is_absolute() else folder / path
