"""A trajectory of beads as the observables take it: a run that was simulated elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np

from cgbridge.errors import ConfigError, FileFormatError
from cgbridge.frames import FloatArray, Frame, Frames
from cgbridge.observables.statistics import MeanError, mean_error
from cgbridge.observables.tension import tears
from cgbridge.records.simulation import Run, Simulation
from cgbridge.simulation_kind import SimulationKind
from cgbridge.structures.cells import openmm_box
from cgbridge.topology import Beads, Topology
from cgbridge.trajectories.clock import require_rising
from cgbridge.trajectories.sources import open_source

#: Frames without which nothing is known of an error.
FEWEST = 8
#: Boxes whose volumes differ by less than this share of it are one: what single precision leaves of a length.
_ONE_VOLUME = 1e-5


@dataclass(frozen=True)
class MappedRun:
    """Frames of ``beads`` at ``temperature`` K; ``pressure`` bar is that of the barostat, if there was one.

    ``source`` says where they are from, and ``said`` which temperature the file says. The first ``skip``
    frames are left out.
    """

    frames: Frames
    beads: Beads
    temperature: float
    pressure: float | None
    source: str
    skip: int = 0
    said: float | None = None

    @cached_property
    def topology(self) -> Topology:
        return self.beads.topology

    @cached_property
    def volumes(self) -> FloatArray:
        """Of every frame, nm^3."""
        return np.array([abs(float(np.linalg.det(frame.box))) for frame in self.upright])

    @cached_property
    def mean_pressure(self) -> MeanError | None:
        """Of the atoms in bar, at constant volume; None where the frames do not tell it."""
        told = [frame.pressure for frame in self.upright if frame.pressure is not None]
        if not told or len(told) < len(self.upright) or not self.constant_volume:
            return None
        return mean_error(np.array(told), "pressure")

    @property
    def torn(self) -> bool:
        """Whether a liquid at the mean pressure would be torn apart."""
        found = self.mean_pressure
        volume = float(self.volumes.mean())
        return found is not None and tears(found.mean, len(self.topology), volume, self.temperature)

    @property
    def upright(self) -> Frames:
        """The frames in boxes of OpenMM's form, where they are in another."""
        return _Upright(self.frames, self.skip, self.source)

    @property
    def constant_volume(self) -> bool:
        """Whether all frames have one volume."""
        return float(np.ptp(self.volumes)) <= _ONE_VOLUME * float(self.volumes.mean())

    def run(self) -> Run:
        """As an engine would hand it to the observables, without energies.

        Raises :class:`ConfigError` for too few frames.
        """
        times = np.array([frame.time for frame in self.upright])
        require_rising(times, self.source, first=self.skip)
        if len(times) < FEWEST:
            raise ConfigError(f"{len(times)} frames, and errors need {FEWEST} at least", where=self.source)
        state = Simulation(
            SimulationKind.BULK,
            temperature=self.temperature,
            pressure=1.0 if self.pressure is None else self.pressure,
            beads=len(self.topology),
            production=float(times[-1] - times[0]),
            interval=float(np.median(np.diff(times))),
        )
        return Run(
            state,
            beads=len(self.topology),
            bead_mass=float(np.mean(self.beads.masses)),
            series={"time": times, "volume": self.volumes},
            trajectory=self.upright,
            topology=self.topology,
        )


def read_mapped(
    path: Path, *, temperature: float | None = None, pressure: float | None = None, discard: float = 0.0
) -> MappedRun:
    """The trajectory of beads in a file that `cgbridge map` wrote, without its first ``discard`` ps.

    Temperature and pressure are those that the file's source names, unless they are given. Raises
    :class:`ConfigError` for a file of atoms, or without masses, where no temperature is known, and for a time
    to leave out where frames are only numbered; :class:`FileFormatError` where times do not rise.
    """
    source = open_source(path)
    if source.topology is None or source.masses is None:
        raise ConfigError(
            "this trajectory is not one of beads",
            where=str(path),
            remedy="map it first: cgbridge map TRAJECTORY --mapping NAME --out FILE.h5",
        )
    made = source.source or {}
    kelvin = made.get("temperature") if temperature is None else temperature
    if kelvin is None:
        raise ConfigError(
            "the file does not say at which temperature it was made",
            where=str(path),
            remedy='give --temperature "300 K", once for each trajectory',
        )
    bar = made.get("pressure") if pressure is None else pressure
    if discard and source.numbered:
        raise ConfigError(
            "the frames of this file are numbered, and their times are not known",
            where=str(path),
            remedy="leave frames out where they are mapped (cgbridge map --frames 100:), or map with the "
            'time step of a dump: --timestep "1 fs"',
        )
    times = [frame.time for frame in source] if discard else []
    require_rising(times, path.name)
    skip = sum(time < times[0] + discard for time in times)
    return MappedRun(
        source,
        Beads(source.topology, source.masses),
        float(kelvin),
        None if bar is None else float(bar),
        path.name,
        skip,
        made.get("temperature") or None,
    )


@dataclass(frozen=True)
class _Upright:
    """Frames after the first ``skip``, each turned into a box as OpenMM and freud take it."""

    frames: Frames
    skip: int
    source: str

    def __len__(self) -> int:
        return max(0, len(self.frames) - self.skip)

    def __iter__(self) -> Iterator[Frame]:
        for number, frame in enumerate(islice(iter(self.frames), self.skip, None), start=self.skip):
            if not (np.isfinite(frame.positions).all() and np.isfinite(frame.box).all()):
                raise FileFormatError(
                    "a position or the box is not a finite number", where=f"{self.source}, frame {number}"
                )
            if not abs(float(np.linalg.det(frame.box))) > 0:
                raise FileFormatError(
                    "the frame has no box",
                    where=f"{self.source}, frame {number}",
                    remedy="densities and distributions need a periodic box in every frame",
                )
            rotation, box = openmm_box(frame.box)
            yield replace(frame, positions=frame.positions @ rotation, box=box)
