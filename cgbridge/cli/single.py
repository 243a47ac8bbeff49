"""Commands on one model: energy, evaluate, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cgbridge.cli import model_options as models
from cgbridge.cli import structure_options as options
from cgbridge.cli.commands import MODEL, add_command, require_writable, show_notes, write_json
from cgbridge.cli.model_options import Model

if TYPE_CHECKING:
    from cgbridge.config.schema import EvaluateConfig
    from cgbridge.models.model import CoarseGrainedModel

JsonFile = Annotated[
    Path | None, typer.Option("--json", help="Write the result to this file.", show_default=False)
]


def register(app: typer.Typer) -> None:
    add_command(app, evaluate, MODEL, stopped="stopped; with --json the same command goes on")
    add_command(app, energy, MODEL)
    add_command(app, export_, MODEL, name="export")


def energy(
    model: Model,
    structure: Annotated[
        Path,
        typer.Argument(
            metavar="STRUCTURE",
            help="XYZ, PDB, GRO, LAMMPS data or dump, DCD, XTC, CIF, ...",
            show_default=False,
        ),
    ],
    json_file: JsonFile = None,
    platform: Annotated[str, typer.Option(help="OpenMM platform.")] = "Reference",
    frame: options.Frame = None,
    topology: options.Topology = None,
    types: options.Types = None,
    rename: options.Rename = None,
    repeat: options.Repeat = None,
    units: models.Units = None,
    bead: models.Bead = None,
) -> None:
    """Energy, forces and virial of a structure, in the frame of its file.

    Of a model of several terms the energy of each is told as well.
    A cell below twice the cutoff is repeated for the computation; the results
    are those of the cell of the file.

    \b
    Examples:
      cgbridge energy ml-bop ice.xyz --json out.json
      cgbridge energy potential.sw box.pdb --platform CPU --units real
      cgbridge energy SiC.tersoff crystal.data --types "1=Si,2=C"
      cgbridge energy mw mw-300K.dcd --frame 0
    """
    from cgbridge.cli.tables import print_table
    from cgbridge.engine.single_point import single_point

    require_writable(json_file)
    loaded = models.load(model, models.ModelOptions(units, bead=bead))
    wanted = options.reading(frame, topology, types, rename, repeat)
    result = single_point(loaded, structure, platform, reading=wanted)
    show_notes(result["notes"])
    beads = len(result["forces_kj_mol_nm"])
    typer.echo(f"energy   {result['energy_kj_mol']:.8g} kJ/mol ({beads} bead{'s' * (beads != 1)})")
    if "terms" in result:
        shares = [(name, f"{share:.8g}") for name, share in result["terms"].items()]
        print_table(("term", ">kJ/mol"), shares)
    if result["pressure_bar"] is not None:
        typer.echo(f"pressure {result['pressure_bar']:.6g} bar (potential part, 0 K)")
    typer.echo(f"platform {result['platform']}")
    if json_file is not None:
        write_json(json_file, result)


def evaluate(
    model: Model,
    targets: Annotated[
        Path, typer.Argument(metavar="TARGETS", help="YAML with a list of targets.", show_default=False)
    ],
    json_file: JsonFile = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes at a time; by default one for every core.", show_default=False),
    ] = None,
    units: models.Units = None,
    mass: models.Mass = None,
    bead: models.Bead = None,
) -> None:
    """Measure a model against a list of targets, each value with its standard error.

    With --json, finished simulations are kept beside that file until all is measured: the same command goes
    on with them, whatever stopped it.

    \b
    Examples:
      cgbridge evaluate mw targets.yaml --json mw.json
      cgbridge evaluate runs/water/best/model.yaml targets.yaml
      cgbridge evaluate polymer.sw targets.yaml --units real --mass P=72
    """
    from cgbridge.apps.evaluate import evaluate_model
    from cgbridge.apps.simulation_store import discard
    from cgbridge.cli.tables import result_table
    from cgbridge.fits.search.reading import read_evaluation

    require_writable(json_file)
    loaded = models.load_weighed(model, models.ModelOptions(units, mass, bead))
    config = read_evaluation(targets)
    _announce(config, targets.parent)
    keep = None if json_file is None else json_file.with_name(f"{json_file.name}.partial")
    record = evaluate_model(loaded, config, targets.parent, workers=workers, keep=keep)
    result_table(model, record["targets"])
    for failure in record["failures"]:
        typer.echo(f"not measured: {failure['name']}: {failure['reason']}", err=True)
    if json_file is not None and keep is not None:
        write_json(json_file, record)
        if any(failure["outcome"] == "infra" for failure in record["failures"]):
            typer.echo("the machine failed: the same command tries again what is missing", err=True)
        else:
            discard(keep)
    if record["failures"]:
        raise typer.Exit(1)


def _announce(config: EvaluateConfig, folder: Path) -> None:
    """Say what will be simulated, since hours of silence look like a hang."""
    from cgbridge.engine.engine import simulated_time
    from cgbridge.fits.search.cost_estimate import planned_simulations
    from cgbridge.fits.search.problem import resolve_targets, sampling_of
    from cgbridge.objectives.level import Level

    found = resolve_targets(config, folder)
    (simulations,) = planned_simulations([Level("targets", found, sampling_of(config.engine, found))])
    moving = [simulation for simulation in simulations if simulated_time(simulation)]
    if moving:
        ns = sum(simulated_time(simulation) for simulation in moving) / 1000.0
        typer.echo(f"targets: {len(found)}; simulations: {len(moving)}, {ns:g} ns in all", err=True)


def _tell_step(model: CoarseGrainedModel) -> None:
    """At which step LAMMPS finds the values of cgbridge: they belong to an integrator and its step."""
    from cgbridge.models.time_step import verlet_step

    if all(bead.mass is not None for bead in model.beads):
        step = 1000.0 * verlet_step(model)
        show_notes([f"values measured here hold in LAMMPS for steps up to {step:.1f} fs (docs/accuracy.md)"])


def export_(
    model: Model,
    to: Annotated[str, typer.Option("--to", help="lammps, openmm or nep.", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="File to write; by default named after the model.", show_default=False
        ),
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare energies and forces in that engine; always for nep.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
    units: Annotated[
        models.UnitStyle, typer.Option(help="Of the LAMMPS file: metal (eV) or real (kcal/mol).")
    ] = models.UnitStyle.METAL,
    model_units: models.ModelUnits = None,
    mass: models.Mass = None,
    bead: models.Bead = None,
) -> None:
    """Write a model for another engine and, with --verify, prove it there.

    \b
    Examples:
      cgbridge export runs/water-quick/best/model.yaml --to lammps --verify
      cgbridge export mw --to openmm -o mw.xml
      cgbridge export mw --to lammps --units real
      cgbridge export runs/beads/best/model.cgnn --to nep
    """
    from cgbridge.export.writers import export_model
    from cgbridge.models.model import CoarseGrainedModel

    require_writable(output)
    loaded = models.load(model, models.ModelOptions(model_units, mass, bead))
    path = export_model(loaded, to, output, overwrite=overwrite, units=units.value)
    typer.echo(f"written: {path}")
    if to == "lammps" and isinstance(loaded, CoarseGrainedModel):
        _tell_step(loaded)
    if verify or to == "nep":  # a formula that two programs have is proved every time
        from cgbridge.export.verify import verify_export

        for line in verify_export(loaded, to, path, units=units.value):
            typer.echo(line)
