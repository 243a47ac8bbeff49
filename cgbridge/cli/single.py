"""Commands on one model: energy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    app.command()(energy)


def energy(
    model: Annotated[str, typer.Argument(help="Database name, model YAML, .tersoff or .sw file.")],
    structure: Annotated[Path, typer.Argument(help="Structure file that ASE or mdtraj reads.")],
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result to this file.")] = None,
    platform: Annotated[str, typer.Option(help="OpenMM platform.")] = "Reference",
) -> None:
    """Energy, forces and virial of a structure.

    Example: cgbridge energy ml-bop ice.xyz --json out.json
    """
    import json

    from cgbridge.engine.single_point import single_point
    from cgbridge.models.database import load_model
    from cgbridge.store.atomic import write_atomic

    result = single_point(load_model(model), structure, platform)
    if json_file is not None:
        write_atomic(json_file, json.dumps(result, indent=1))
        typer.echo(f"written: {json_file}")
    typer.echo(f"energy   {result['energy_kj_mol']:.8g} kJ/mol ({len(result['forces_kj_mol_nm'])} beads)")
    if result["pressure_bar"] is not None:
        typer.echo(f"pressure {result['pressure_bar']:.6g} bar (potential part, 0 K)")
    typer.echo(f"platform {result['platform']}")
