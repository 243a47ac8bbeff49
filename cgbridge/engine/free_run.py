"""One simulation as a user asks for it: start, state and length in, samples out as they come."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from cgbridge.engine.bead_names import bead_names
from cgbridge.engine.bulk import melt, relaxed_lattice
from cgbridge.engine.composition import liquid_topology, mean_mass
from cgbridge.engine.liquid_start import crystal_density, liquid_of
from cgbridge.engine.molecular_dynamics import Barostat, Dynamics
from cgbridge.engine.settings import EngineSettings
from cgbridge.engine.virial import Virial
from cgbridge.errors import CgbridgeWarning, ConfigError, SimulationError, did_you_mean
from cgbridge.frames import Frame
from cgbridge.models.time_step import time_step_warning
from cgbridge.models.typed_beads import TypedBeads
from cgbridge.records.simulation import LIQUID, Simulation
from cgbridge.rng import derive_seed
from cgbridge.simulation_kind import SimulationKind
from cgbridge.structures.box_sizes import least_liquid_beads, liquid_edge, start_density
from cgbridge.structures.cells import made_whole, place
from cgbridge.structures.lattices import STRUCTURES, Box
from cgbridge.structures.structure_files import Reading, read_structure
from cgbridge.topology import Beads, Topology
from cgbridge.units import AMU_PER_NM3, BAR_NM3, GAS_CONSTANT

#: Beads of a box that is not read from a file.
BEADS = 512
#: Time between samples in ps where none is asked for, and how many samples a short run has at least.
INTERVAL = 1.0
_LEAST_SAMPLES = 10


@dataclass(frozen=True)
class FreeRun:
    """What is simulated; times in ps.

    ``structure`` is ``liquid``, the name of a crystal (:data:`~cgbridge.structures.lattices.CRYSTALS`) or a
    structure file with a cell, read as ``reading`` says. ``composition`` names the molecules or beads of a
    liquid in their ratio, or the beads on the sites of a crystal, where the model has several.
    At constant pressure (``npt``) a liquid and a file keep the shape of their box, and the edges of a
    crystal change one by one. ``beads`` and ``density`` (g/cm^3) are for boxes that are made here.
    ``interval`` is the time between samples; None takes 1 ps, or a tenth of a time below 10 ps.
    ``minimise`` takes overlaps out before the first step.
    """

    structure: str = LIQUID
    reading: Reading = field(default_factory=Reading)
    ensemble: Literal["nvt", "npt"] = "npt"
    temperature: float = 300.0
    pressure: float = 1.0
    beads: int | None = None
    density: float | None = None
    composition: tuple[str, ...] = ()
    equilibration: float = 20.0
    time: float = 100.0
    interval: float | None = None
    minimise: bool = False
    seed: int = 1

    def stride(self, timestep: float) -> int:
        """Steps of ``timestep`` ps between samples: the interval as near as whole steps come to it."""
        interval = min(INTERVAL, self.time / _LEAST_SAMPLES) if self.interval is None else self.interval
        return max(1, round(interval / timestep))

    def samples(self, timestep: float) -> int:
        """Number of samples with steps of ``timestep`` ps: as many intervals as the time holds."""
        return max(1, math.floor(self.time / (self.stride(timestep) * timestep) + 1e-6))


@dataclass(frozen=True)
class Sample:
    """State at ``frame.time`` ps: kJ/mol of the whole box, K, nm^3, g/cm^3, bar.

    ``pressure`` is (N k T + tr W / 3) / V with the thermostat's T and the virial W.
    """

    frame: Frame
    potential_energy: float
    kinetic_energy: float
    temperature: float
    volume: float
    density: float
    pressure: float


@dataclass(frozen=True)
class _Start:
    """Beads and their box before the first step."""

    names: tuple[str, ...]
    box: Box
    barostat: Barostat
    topology: Topology
    notes: tuple[str, ...] = ()


class FreeSimulation:
    """A running :class:`FreeRun`.

    ``notes`` say what was taken. Warns of a time step that is long for the model. Raises
    :class:`ConfigError` for what contradicts itself, :class:`SimulationError` for a box that is too small,
    and :class:`~cgbridge.errors.UnstableError` when the model breaks down.
    """

    def __init__(self, model: TypedBeads, run: FreeRun, settings: EngineSettings) -> None:
        self._run, self._settings = run, settings
        self._stride = run.stride(settings.timestep)
        self._interval = self._stride * settings.timestep
        start, steps = self._start(model)
        # Of a file of many elements only those of the structure count.
        model = model.restricted(set(start.names))
        self.names, self.notes = start.names, (*start.notes, *self._time_notes(), *self._state_notes(model))
        warning = time_step_warning(model, settings.timestep)
        if warning:
            warnings.warn(warning, CgbridgeWarning, stacklevel=2)
        self._beads = Beads(start.topology, tuple(model.masses(start.topology)))
        self._mass = sum(self._beads.masses)
        self._dynamics = Dynamics(
            model,
            start.box,
            settings,
            temperature=run.temperature,
            pressure=run.pressure,
            barostat="none" if run.ensemble == "nvt" else start.barostat,
            seed=run.seed,
            topology=start.topology,
        )
        self._dynamics.steps = steps
        self._dynamics.planned = steps + round((run.equilibration + run.time) / settings.timestep)
        self._virial = Virial(self._dynamics.context)
        if run.minimise:
            self._dynamics.minimise()
        self._dynamics.heat()

    def equilibrate(self, progress: Callable[[float], None]) -> None:
        """Run the equilibration, telling ``progress`` the time done after every interval."""
        done = 0.0
        while done < self._run.equilibration:
            chunk = min(self._interval, self._run.equilibration - done)
            self._dynamics.equilibrate(chunk)
            done += chunk
            progress(done)
        self._dynamics.settle()

    @property
    def beads(self) -> Beads:
        """What moves."""
        return self._beads

    def samples(self, *, forces: bool = False) -> Iterator[Sample]:
        """Yield the state after every interval of the production; with ``forces`` in the frame what a
        trajectory with forces holds."""
        for number in range(1, self._run.samples(self._settings.timestep) + 1):
            series, _ = self._dynamics.sample(self._interval, self._interval, None, self._pressure)
            sample = self._sample(number * self._interval, {name: v[0] for name, v in series.items()})
            yield self._with_forces(sample) if forces else sample

    def _with_forces(self, sample: Sample) -> Sample:
        frame = replace(
            sample.frame,
            forces=self._dynamics.forces(),
            energy=sample.potential_energy,
            temperature=sample.temperature,
            pressure=sample.pressure,
        )
        return replace(sample, frame=frame)

    def frame(self, time: float) -> Frame:
        """The current configuration."""
        box = self._dynamics.box()
        return Frame(box.positions, box.vectors, time)

    def _time_notes(self) -> Iterator[str]:
        """What whole steps and whole intervals made of the times that were asked for."""
        run = self._run
        if run.interval is not None and abs(self._interval - run.interval) > 1e-6 * run.interval:
            yield f"frames stand {self._interval:g} ps apart, a whole number of time steps"
        time = run.samples(self._settings.timestep) * self._interval
        if abs(time - run.time) > 1e-6 * run.time:
            yield f"{time:g} ps are recorded, a whole number of intervals"

    def _state_notes(self, model: TypedBeads) -> Iterator[str]:
        """An energy of one temperature says little of another."""
        trained = model.trained_at
        if trained and min(abs(kelvin - self._run.temperature) for kelvin in trained) > 1.0:
            yield (
                f"the model was trained on frames of {', '.join(f'{kelvin:g}' for kelvin in trained)} K, and "
                f"this simulation has {self._run.temperature:g} K"
            )

    def _pressure(self, state: Any) -> dict[str, float]:
        return {"virial": self._virial.trace() / 3.0}

    def _sample(self, time: float, row: dict[str, float]) -> Sample:
        beads, volume = len(self.names), row["volume"]
        ideal = beads * GAS_CONSTANT * self._run.temperature
        return Sample(
            frame=self.frame(time),
            potential_energy=row["potential_energy"],
            kinetic_energy=row["kinetic_energy"],
            temperature=2.0 * row["kinetic_energy"] / (3.0 * beads * GAS_CONSTANT),
            volume=volume,
            density=self._mass * AMU_PER_NM3 / volume,
            pressure=(ideal + row["virial"]) / volume / BAR_NM3,
        )

    def _start(self, model: TypedBeads) -> tuple[_Start, int]:
        """The start and the steps that were spent on it."""
        run = self._run
        made_here = run.structure in STRUCTURES
        if run.density is not None and run.structure != LIQUID:
            raise ConfigError(
                "only a liquid start has a density to choose; a crystal or a file brings its own",
                where="--density",
            )
        if not made_here and run.beads is not None:
            raise ConfigError("the file tells the number of beads", where="--beads", remedy="leave it out")
        if not made_here and run.composition:
            raise ConfigError("the file tells the beads", where="--composition", remedy="leave it out")
        if made_here and run.reading != Reading():
            raise ConfigError(
                f"'{run.structure}' is made here: options for structure files do not fit",
                where="--structure",
                remedy="leave out --frame, --topology, --types, --rename and --repeat, or give a file",
            )
        if not made_here:
            return _from_file(model, run), 0
        if run.structure == LIQUID:
            return self._molten(model)
        box = relaxed_lattice(model, run.structure, run.beads or BEADS, run.composition)
        return _Start(box.types, box, "anisotropic", Topology(box.types)), 0

    def _molten(self, model: TypedBeads) -> tuple[_Start, int]:
        run = self._run
        wanted = run.beads or BEADS
        topology = liquid_topology(model, wanted, run.composition, seed=derive_seed(run.seed, "types"))
        model = model.restricted(set(topology.types))
        if run.ensemble == "nvt" and run.density is None:
            raise ConfigError(
                "at constant volume the density of the liquid must be given",
                where="--density",
                remedy="for example --density '0.997 g/cm^3', or --ensemble npt",
            )
        # At constant volume the density asked for is the one simulated; elsewhere the barostat finds it.
        density = run.density or start_density(crystal_density(model, topology))
        mass, beads = mean_mass(model, topology.types), len(topology)
        least = least_liquid_beads(model.cutoff, mass, density)
        if beads < least:
            raise SimulationError(
                f"a box of {beads} beads at {density:g} g/cm^3 "
                f"({liquid_edge(beads, mass, density):.3f} nm) is narrower than twice the cutoff "
                f"of '{model.name}' ({2 * model.cutoff:.3f} nm)",
                where="--beads",
                remedy=f"use more beads: at least {least}",
            )
        state = Simulation(
            SimulationKind.BULK,
            temperature=run.temperature,
            equilibration=run.equilibration,
            production=run.time,
        )
        start = liquid_of(model, topology, density, run.seed)
        hot = melt(model, start, state, self._settings, run.seed)
        return _Start(topology.types, hot.box(), "isotropic", topology), hot.steps


def _from_file(model: TypedBeads, run: FreeRun) -> _Start:
    path = Path(run.structure)
    if not path.suffix and not path.exists():
        raise ConfigError(
            f"'{run.structure}' is neither a structure that can be made nor a file"
            f"{did_you_mean(run.structure, STRUCTURES)}",
            where="--structure",
            remedy="give one of " + ", ".join(STRUCTURES) + ", or a structure file",
        )
    structure = read_structure(path, run.reading)
    if structure.box is None:
        raise SimulationError(
            "the structure has no cell, but a simulation needs a periodic box",
            where=str(path),
            remedy='add a cell: Lattice="..." in extended XYZ, CRYST1 in PDB',
        )
    if not all(structure.periodic) and run.ensemble == "npt":
        raise SimulationError(
            "the structure is not periodic in all directions, so that its volume cannot follow a pressure",
            where=str(path),
            remedy="give --ensemble nvt: a vacuum is added in the open directions",
        )
    names, notes = bead_names(model, structure)  # unknown names are told before anything is set up
    used = model.restricted(set(names))
    used.require_entries()
    placed = place(replace(structure, names=names), used.cutoff)
    assert placed.box is not None  # the structure has a cell
    notes = (*structure.notes, *notes, *placed.notes)
    if not np.array_equal(placed.rotation, np.eye(3)):
        notes += ("the cell is turned: a lies along x and b in the xy plane in all that is written",)
    topology = used.topology(placed.names)
    positions = made_whole(placed.positions, placed.box, topology.bonds)
    return _Start(placed.names, Box.of(positions, placed.box), "isotropic", topology, notes)
