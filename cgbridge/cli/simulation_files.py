"""What `cgbridge simulate` leaves of a simulation of a model: trajectory, state table and last structure."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import typer

from cgbridge.cli.commands import require_absent, require_writable
from cgbridge.engine.free_run import FreeSimulation, Sample
from cgbridge.errors import ConfigError
from cgbridge.frames import Frame
from cgbridge.store.atomic import storage_errors
from cgbridge.store.versions import versions
from cgbridge.trajectories.bead_writers import WITH_FORCES, BeadRecord, open_bead_trajectory
from cgbridge.trajectories.trajectory_files import (
    FrameTimes,
    check_trajectory_name,
    open_trajectory,
    write_pdb,
)

_COLUMNS = (
    "time_ps",
    "temperature_K",
    "potential_energy_kJ_mol",
    "kinetic_energy_kJ_mol",
    "volume_nm3",
    "density_g_cm3",
    "pressure_bar",
)
#: What a trajectory with forces has besides positions, box and time.
_FIELDS = ("forces", "energy", "temperature", "pressure")


class SimulationFiles:
    """Trajectory, state table and last structure of one simulation."""

    def __init__(self, trajectory: Path, overwrite: bool) -> None:
        check_trajectory_name(trajectory, WITH_FORCES)
        self.with_forces = trajectory.suffix in WITH_FORCES
        self.trajectory = trajectory
        self.state = trajectory.with_suffix(".csv")
        self.final = trajectory.with_name(f"{trajectory.stem}-final.pdb")
        self._sink: Any = None
        self._table: Any = None
        for path in (self.trajectory, self.state, self.final):
            require_writable(path)
            if not overwrite:
                require_absent(path, "--overwrite")

    def require_no_input(self, structure: Path) -> None:
        """Refuse to write over the structure that is read, whatever may be replaced."""
        for path in (self.trajectory, self.final):
            if path.exists() and structure.is_file() and path.samefile(structure):
                raise ConfigError(
                    "the simulation starts from this file and would write over it",
                    where=str(path),
                    remedy="give another --out",
                )

    def open(self, simulation: FreeSimulation, source: dict[str, Any], timestep: float, stride: int) -> None:
        """``source`` is what a trajectory with forces says of its run."""
        if self.with_forces:
            interval = stride * timestep
            record = BeadRecord(simulation.beads, _FIELDS, interval, interval, timestep, source, versions())
            self._sink = open_bead_trajectory(self.trajectory, record)
        else:
            self._sink = open_trajectory(self.trajectory, simulation.names, FrameTimes(timestep, stride))
        with storage_errors(self.state):
            self._table = open(self.state, "w", encoding="utf-8")  # noqa: SIM115  (closed by close)
        self._line(_COLUMNS)

    def append(self, sample: Sample) -> None:
        with storage_errors(self.trajectory):
            self._sink.append(sample.frame)
        values = (sample.frame.time, sample.temperature, sample.potential_energy, sample.kinetic_energy)
        self._line([f"{v:.9g}" for v in (*values, sample.volume, sample.density, sample.pressure)])

    def close(self, names: Sequence[str], last: Frame | None) -> None:
        """Close what is open and keep the ``last`` structure."""
        with ExitStack() as stack:  # everything is tried, whatever fails
            if self._sink is not None:
                stack.enter_context(storage_errors(self.trajectory))
                stack.callback(self._sink.close)
            if self._table is not None:
                stack.enter_context(storage_errors(self.state))
                stack.callback(self._table.close)
            if last is not None:
                write_pdb(self.final, names, last.positions, last.box)

    def tell(self) -> None:
        for what, path in (("trajectory", self.trajectory), ("state", self.state), ("last", self.final)):
            typer.echo(f"{what + ':':<12}{path}")

    def _line(self, cells: Sequence[str]) -> None:
        with storage_errors(self.state):
            self._table.write(",".join(cells) + "\n")
            self._table.flush()
