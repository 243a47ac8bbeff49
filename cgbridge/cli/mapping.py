"""The command map: a trajectory of atoms becomes one of beads."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cgbridge.cli.commands import (
    MODEL,
    add_command,
    require_absent,
    require_writable,
    show_notes,
)
from cgbridge.cli.frame_choice import DumpTimestep, DumpUnits, chosen_frames, step_of
from cgbridge.cli.tables import print_table

if TYPE_CHECKING:
    from cgbridge.apps.map_trajectory import MapProgress

#: Seconds between lines of progress.
_LINE_EVERY = 10.0


def register(app: typer.Typer) -> None:
    add_command(app, map_, MODEL, name="map")


_Trajectory = Annotated[
    Path | None,
    typer.Argument(
        metavar="TRAJECTORY",
        help="With forces: our HDF5, npz, TRR, LAMMPS dump, extended XYZ. Also all that mdtraj reads.",
        show_default=False,
    ),
]
_Top = Annotated[
    Path | None,
    typer.Option(help="File that names the atoms, where the trajectory does not.", show_default=False),
]
_Mapping = Annotated[
    list[str] | None,
    typer.Option(
        help="Name or file of a mapping; may be repeated, for several kinds of molecules.", show_default=False
    ),
]
_Out = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", help=".h5 or .npz; without forces also DCD, XTC, TRR, ...", show_default=False
    ),
]
_Forces = Annotated[
    str | None,
    typer.Option(
        help="Force map: sum, basic, optimal or none. Default: what the mapping gives, else sum.",
        show_default=False,
    ),
]
_Frames = Annotated[str, typer.Option(help="FIRST:STOP:STEP as Python counts, such as 100: or ::10.")]
_Beads = Annotated[
    list[Path] | None,
    typer.Option(help="Write which beads there are: NAME.pdb or NAME.json.", show_default=False),
]


def map_(
    trajectory: _Trajectory = None,
    top: _Top = None,
    mapping: _Mapping = None,
    out: _Out = None,
    forces: _Forces = None,
    frames: _Frames = "::",
    units: DumpUnits = None,
    timestep: DumpTimestep = None,
    beads: _Beads = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")] = False,
    show: Annotated[bool, typer.Option("--list", help="List the mappings by name.")] = False,
) -> None:
    """Map a trajectory of atoms to beads: positions, forces, boxes, frame by frame.

    Molecules that are broken across the box are made whole. Atoms in no bead are
    listed. Mapping files: cgbridge's YAML, VOTCA's XML, the .map files of PyCGTOOL
    and Martini, GROMACS's .ndx, OpenMSCG's map.yaml.

    \b
    Examples:
      cgbridge map --list
      cgbridge map water.h5 --mapping water-1bead --out beads.h5
      cgbridge map run.trr --top conf.gro --mapping hexane.map --out beads.npz
      cgbridge map run.dump --top run.data --units real --timestep "1 fs" --mapping water-1bead --out beads.h5
    """
    from cgbridge.apps.map_trajectory import MapSettings, map_trajectory
    from cgbridge.errors import ConfigError
    from cgbridge.mapping.readers import read_mappings
    from cgbridge.trajectories.sources import open_source

    if show:
        _list()
        return
    if trajectory is None or not mapping or out is None:
        raise ConfigError(
            "a trajectory, a mapping and a file to write are needed",
            where="cgbridge map",
            remedy="for example: cgbridge map water.h5 --mapping water-1bead --out beads.h5",
        )
    settings = MapSettings(forces, chosen_frames(frames), tuple(beads or ()))
    _check_outputs([out, *settings.topologies], trajectory, overwrite)
    source = open_source(trajectory, top=top, units=units, timestep=step_of(timestep))
    found = map_trajectory(source, read_mappings(mapping, "."), out, settings, _progress())
    show_notes(found.notes)
    plural = "" if found.frames == 1 else "s"
    typer.echo(f"{found.frames} frame{plural} of {found.beads} beads; forces: {found.forces}")
    for path in (out, *settings.topologies):
        typer.echo(f"written: {path}")


def _check_outputs(paths: list[Path], trajectory: Path, overwrite: bool) -> None:
    from cgbridge.errors import ConfigError

    for path in paths:
        require_writable(path)
        if path.exists() and trajectory.exists() and path.samefile(trajectory):
            raise ConfigError(
                "this is the trajectory that is read", where=str(path), remedy="choose another name"
            )
        if not overwrite:
            require_absent(path, "--overwrite")


def _list() -> None:
    from cgbridge.mapping.mapping_file import list_mappings, read_mapping_yaml

    rows = [(name, read_mapping_yaml(path).about) for name, path in list_mappings(".").items()]
    print_table(("mapping", "what it maps"), rows)


def _progress() -> Callable[[MapProgress], None]:
    """A line on standard error now and then."""
    last = time.monotonic()

    def display(progress: MapProgress) -> None:
        nonlocal last
        if time.monotonic() - last >= _LINE_EVERY:
            last = time.monotonic()
            typer.echo(f"frame {progress.done} of {progress.total}, {progress.left:.0f} s left", err=True)
            sys.stderr.flush()

    return display
