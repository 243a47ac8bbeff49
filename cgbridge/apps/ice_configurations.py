"""Labelled configurations of ices, near and far from equilibrium, for models of water to be compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cgbridge.engine.dispersion import sum_dispersion
from cgbridge.engine.held_beads import HeldBeads
from cgbridge.errors import ConfigError, UnstableError
from cgbridge.frames import FloatArray, Frame
from cgbridge.mapping.force_maps import force_matrix
from cgbridge.mapping.mapping import Mapping as BeadMapping
from cgbridge.mapping.resolve import resolve
from cgbridge.models.atomistic.starts import water_at
from cgbridge.models.atomistic.system import AtomisticSystem, Potential, assemble
from cgbridge.rng import derive_seed
from cgbridge.store.atomic import storage_errors
from cgbridge.store.versions import versions
from cgbridge.structures.cells import openmm_box
from cgbridge.structures.ices import ICES, Ice, ice
from cgbridge.topology import Beads
from cgbridge.trajectories.hdf5 import TrajectoryWriter
from cgbridge.trajectories.layout import Header
from cgbridge.trajectories.packing import pack
from cgbridge.trajectories.sources import open_source
from cgbridge.units import AMU_PER_NM3

#: nm; boxes of deformed ices are at least twice as wide as the sums in real space reach.
WIDTH, _REACH = 1.2, 0.55
#: Oxygens nearer than this make no configuration that a model has to know, nm.
_CLOSEST = 0.21


@dataclass(frozen=True)
class Disorder:
    """How far configurations lie from the ice: ranges that each of them is drawn from, evenly.

    ``scale`` of all lengths; ``shear`` the largest element of a symmetric strain; ``displacement`` the
    largest standard deviation of a component of the displacement of a molecule in nm.
    """

    scale: tuple[float, float] = (0.93, 1.10)
    shear: float = 0.06
    displacement: float = 0.035


@dataclass(frozen=True)
class Plan:
    """``count`` configurations, evenly over the ``ices``, each with its own number as seed."""

    count: int = 1000
    ices: Sequence[str] = tuple(ICES)
    seed: int = 1
    disorder: Disorder = field(default_factory=Disorder)


def label_ices(
    potential: Potential,
    mapping: BeadMapping,
    plan: Plan,
    folder: Path,
    show: Callable[[int, int], None] = lambda done, total: None,
) -> list[Path]:
    """Write one file of configurations for each ice of the plan; returns the files.

    Molecules are moved as they are, then the atoms relax while their beads are held
    (:meth:`~cgbridge.engine.held_beads.HeldBeads.relax`): the energy is that of the best orientations, and
    the mapped forces are its negative gradient. ``show`` is told how many are done. Raises
    :class:`ConfigError` for a plan without configurations, and for files that are there.
    """
    if plan.count < len(plan.ices):
        raise ConfigError(f"{plan.count} configurations for {len(plan.ices)} ices", where="--count")
    paths = [folder / f"{name}.h5" for name in plan.ices]
    for path in paths:
        if path.exists():
            raise ConfigError("this file exists", where=str(path), remedy="give another folder, or remove it")
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    done = 0
    for name, path, numbers in zip(
        plan.ices, paths, np.array_split(np.arange(plan.count), len(plan.ices)), strict=True
    ):
        unfinished = folder / f".{path.name}.unfinished"
        header, frames = _configurations(potential, mapping, name, len(numbers), plan=plan)
        with storage_errors(path), TrajectoryWriter(unfinished, _count(header), header) as writer:
            for frame in frames:
                writer.append(frame)
                done += 1
                show(done, plan.count)
        pack(unfinished, path)
        unfinished.unlink()
    return paths


def _configurations(
    potential: Potential, mapping: BeadMapping, name: str, count: int, *, plan: Plan
) -> tuple[Header, Iterator[Frame]]:
    """What is said of the configurations of an ice, and they themselves."""
    perfect = ice(name, WIDTH, derive_seed(plan.seed, "ice", name))
    system = assemble(potential, water_at(perfect.atoms, perfect.box))
    sum_dispersion(system.system, _REACH)
    operator = resolve(mapping, system.atoms)
    forces = force_matrix("sum", operator, system.atoms, [])
    held = HeldBeads(system.system, operator.positions, forces, timestep=0.002)
    source = {
        "what": f"ice {name}, deformed and displaced; molecules relaxed with their beads held",
        "model": {**potential.identity, "dispersion": "Ewald sum"},
        "mapping": mapping.record(),
        "seed": plan.seed,
    }
    beads = Beads(operator.topology, operator.masses)
    header = Header(beads, ("forces", "energy"), source=source, versions=versions())
    return header, _labelled(held, system, perfect, count, plan)


def _count(header: Header) -> int:
    assert isinstance(header.particles, Beads)
    return len(header.particles.topology)


def _labelled(
    held: HeldBeads, system: AtomisticSystem, perfect: Ice, count: int, plan: Plan
) -> Iterator[Frame]:
    sites = len(system.atoms) // len(perfect.atoms)
    # With the sites that the potential adds.
    molecules = system.start.positions.reshape(len(perfect.atoms), sites, 3)
    number = tried = 0
    while number < count:
        random = np.random.default_rng(derive_seed(plan.seed, perfect.name, tried))
        tried += 1
        # The first is the ice itself.
        moved = (
            (molecules, perfect.box) if tried == 1 else _disordered(molecules, perfect, plan.disorder, random)
        )
        if moved is None:
            continue
        atoms, box = moved
        try:
            label = held.relax(atoms.reshape(-1, 3), box)
        except UnstableError:
            continue
        yield Frame(label.positions, box, float(number), forces=label.forces, energy=label.energy)
        number += 1


def _disordered(
    molecules: FloatArray, perfect: Ice, disorder: Disorder, random: np.random.Generator
) -> tuple[FloatArray, FloatArray] | None:
    """Molecules moved as they are, and their box; None where two of them come too close."""
    strain = np.triu(random.uniform(-disorder.shear, disorder.shear, (3, 3)), 1)
    strain = strain + strain.T + np.diag(random.uniform(-0.5, 0.5, 3) * disorder.shear)
    deformed = random.uniform(*disorder.scale) * (np.eye(3) + strain)
    # Half of them lie near the deformed ice, half far.
    spread = disorder.displacement * random.uniform() ** 2
    centres = molecules[:, 0]
    moved = centres @ deformed + spread * random.standard_normal(centres.shape)
    rotation, box = openmm_box(perfect.box @ deformed)
    if float(np.diag(box).min()) < 2.0 * _REACH or _nearest(moved @ rotation, box) < _CLOSEST:
        return None
    atoms = (molecules - centres[:, None, :]) + moved[:, None, :]
    return atoms @ rotation, box


def _nearest(points: FloatArray, box: FloatArray) -> float:
    """Distance in nm of the nearest two of all images."""
    between = points[:, None, :] - points[None, :, :]
    fraction = between @ np.linalg.inv(box)
    distance = np.linalg.norm((fraction - np.rint(fraction)) @ box, axis=2)
    return float(distance[np.triu_indices(len(points), 1)].min())


def coverage(files: Sequence[Path]) -> dict[str, dict[str, FloatArray]]:
    """What a set of configurations holds, by file: densities in g/cm^3, energies per bead in kJ/mol, and
    distances of the nearest two beads in nm."""
    found = {}
    for path in files:
        source = open_source(path)
        mass = sum(source.masses or ())
        rows = [
            (
                mass * AMU_PER_NM3 / abs(float(np.linalg.det(frame.box))),
                (frame.energy or 0.0) / len(frame.positions),
                _nearest(frame.positions, frame.box),
            )
            for frame in source
        ]
        columns = np.array(rows).T
        found[path.stem] = dict(zip(("density", "energy", "nearest"), columns, strict=True))
    return found
