"""Commands about reference values: list those that there are, build more from trajectories."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from cgbridge.cli.commands import (
    LOOK_UP,
    add_command,
    read_quantity,
    read_temperatures,
    require_writable,
    show_notes,
)
from cgbridge.cli.tables import print_table

if TYPE_CHECKING:
    from cgbridge.apps.target_building import Build


class _ListByDefault(TyperGroup):
    """``targets`` and ``targets TEXT`` list; other words are commands."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        helped = args and args[0] in (*self.commands, *ctx.help_option_names)
        return super().parse_args(ctx, args if helped else ["list", *args])


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        cls=_ListByDefault, help="List the reference values that a fit can name, or build more of them."
    )
    add_command(group, list_, LOOK_UP, name="list")
    add_command(group, build, LOOK_UP)
    add_command(group, ices, LOOK_UP)
    app.add_typer(group, name="targets", rich_help_panel=LOOK_UP)


def list_(
    text: Annotated[
        str | None,
        typer.Argument(metavar="TEXT", help="Only names or observables that hold this.", show_default=False),
    ] = None,
) -> None:
    """List the reference values that a fit can name.

    Those in the folder targets/ here come first, then those of cgbridge.

    \b
    Examples:
      cgbridge targets
      cgbridge targets water/density
    """
    from pathlib import Path

    from cgbridge.errors import ConfigError, did_you_mean
    from cgbridge.observables.traits import state_words
    from cgbridge.targets.library import list_targets, load_target

    found = [load_target(name, Path()) for name in list_targets(Path())]
    chosen = [t for t in found if text is None or text in t.name or text in t.observable]
    if not chosen:
        raise ConfigError(
            f"no reference value has '{text}' in its name or observable"
            f"{did_you_mean(text or '', [t.name for t in found])}",
            remedy="`cgbridge targets` lists all",
        )
    rows = [
        (t.name, t.observable, f"{t.value:g}", f"{t.tolerance:.3g}", t.unit or "1", ", ".join(state_words(t)))
        for t in chosen
    ]
    print_table(("target", "observable", ">value", ">tolerance", "unit", "state"), rows)
    if len(chosen) <= 5:
        for target in chosen:
            typer.echo(f"{target.name}: {target.source or 'no source given'}")


Trajectories = Annotated[
    list[Path],
    typer.Argument(metavar="TRAJECTORY...", help="Files of beads (.h5) that `cgbridge map` wrote."),
]


def build(
    trajectories: Trajectories,
    name: Annotated[str, typer.Option(help="Name of the targets: NAME/density-300K.", show_default=False)],
    temperature: Annotated[
        list[str] | None,
        typer.Option(
            help="Of each trajectory, in their order; where left out, what the files say.",
            show_default=False,
        ),
    ] = None,
    pressure: Annotated[
        str | None,
        typer.Option(
            help="Of the barostat of all of them; at constant volume, the mean pressure of the atoms.",
            show_default=False,
        ),
    ] = None,
    discard: Annotated[str, typer.Option(help="Time that is left out at the start of each.")] = "0 ps",
    observable: Annotated[
        list[str] | None,
        typer.Option(help="Only this one; may be repeated. By default all there are.", show_default=False),
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where the targets go.")] = Path("targets"),
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace targets of this name.")] = False,
) -> None:
    """Make targets of mapped trajectories, in the form of the experimental ones.

    Density, compressibility, g(r), angles between neighbours, bond lengths and angles, each with its error,
    measured as a fit measures a model. A fit beside the folder targets/ names them: NAME/density-300K.

    \b
    Examples:
      cgbridge targets build water-280K.h5 water-300K.h5 --name tip4p-2005
      cgbridge targets build run.h5 --name mine --temperature "300 K" --observable rdf
    """
    from cgbridge.apps.mapped_run import read_mapped
    from cgbridge.apps.target_building import build_targets, write_targets
    from cgbridge.errors import ConfigError
    from cgbridge.store.atomic import storage_errors

    given = read_temperatures(temperature, len(trajectories))
    bar = None if pressure is None else read_quantity(pressure, "bar", "--pressure", positive=False)
    skipped = read_quantity(discard, "ps", "--discard", positive=False)
    runs = [
        read_mapped(path, temperature=kelvin, pressure=bar, discard=skipped)
        for path, kelvin in zip(trajectories, given, strict=True)
    ]
    names = [f"{run.temperature:.0f}" for run in runs]
    if len(set(names)) < len(names):
        raise ConfigError(
            "two trajectories have one temperature, and their targets would have one name",
            where="TRAJECTORY",
            remedy="build them under different names (--name), or join the files",
        )
    builds = {run.temperature: build_targets(run, observable or ()) for run in runs}
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    require_writable(folder / f"{name}.yaml")
    sources = ", ".join(path.name for path in trajectories)
    path = write_targets(folder, name, builds, f"Made by cgbridge from {sources}.", replace=overwrite)
    for made in builds.values():
        show_notes(made.notes)
    _show_targets(name, builds)
    typer.echo(f"written: {path}")


def _show_targets(name: str, builds: Mapping[float, Build]) -> None:
    """A table of what was made, with errors; those of curves stand in their files."""
    rows = [
        (
            f"{name}/{target.key}-{kelvin:.0f}K",
            str(target.entry["value"]),
            f"{target.entry['error']:g}"
            if "error" in target.entry
            else "in its file"
            if target.curve
            else "-",
            f"{target.entry['tolerance']:g}",
        )
        for kelvin, made in builds.items()
        for target in made.targets
    ]
    print_table(("target", ">value", ">error", ">tolerance"), rows)


def ices(
    model: Annotated[
        Path,
        typer.Option(help="YAML of a simulation of atoms, whose model gives the labels.", show_default=False),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the files.", show_default=False)],
    count: Annotated[int, typer.Option(min=1, help="Configurations in all.")] = 1000,
    ice: Annotated[
        list[str] | None,
        typer.Option(help="Only this one; may be repeated: Ih, Ic, II, III, V, VI, VII.", show_default=False),
    ] = None,
    mapping: Annotated[str, typer.Option(help="Name or file of the mapping to beads.")] = "water-1bead",
    seed: Annotated[int, typer.Option(help="Of hydrogens, strains and displacements.")] = 1,
) -> None:
    """Make configurations of ices with labels of an atomistic model of water.

    Cells are scaled and sheared, molecules displaced, and their orientations relaxed
    with the beads held. A target 'configurations' compares a model's energies and
    forces with those of the files; a page shows what they cover.

    \b
    Examples:
      cgbridge targets ices --model water.yaml --count 1000 --out ices
      cgbridge targets ices --model water.yaml --ice Ih --count 50 --out ices
    """
    from cgbridge.apps.ice_configurations import Plan, coverage, label_ices
    from cgbridge.cli.lines import counted
    from cgbridge.config.loader import load_atomistic
    from cgbridge.mapping.readers import read_mappings
    from cgbridge.models.atomistic.catalogue import find_potential
    from cgbridge.report.figures.coverage import coverage_page
    from cgbridge.store.atomic import write_atomic
    from cgbridge.structures.ices import ICES

    require_writable(out / "coverage.html" if out.is_dir() else out)
    potential = find_potential(load_atomistic(model).model, model.parent)
    plan = Plan(count, tuple(ice or ICES), seed)
    files = label_ices(potential, read_mappings([mapping], "."), plan, out, counted("configuration"))
    sets = coverage(files)
    rows = [
        (name, str(len(one["energy"])), *(f"{one[key].min():.3f} to {one[key].max():.3f}" for key in one))
        for name, one in sets.items()
    ]
    print_table(("ice", ">configurations", ">g/cm^3", ">kJ/mol per bead", ">nearest nm"), rows)
    page = out / "coverage.html"
    write_atomic(page, coverage_page(sets, "Configurations of ices"))
    typer.echo(f"written: {', '.join(str(path) for path in [*files, page])}")
