"""Commands that tell: keys, models, observables, doctor."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated

import typer

from cgbridge.cli import model_options
from cgbridge.cli.commands import LOOK_UP, add_command
from cgbridge.cli.tables import print_table

if TYPE_CHECKING:
    from cgbridge.config.manual import ManualEntry
    from cgbridge.interfaces import Observable
    from cgbridge.models.model import Bead, CoarseGrainedModel


def register(app: typer.Typer) -> None:
    for command in (keys, models, observables, doctor):
        add_command(app, command, LOOK_UP)


def keys(
    section: Annotated[
        str | None, typer.Argument(metavar="KEY", help="Only the keys below this one.", show_default=False)
    ] = None,
    forces: Annotated[
        bool, typer.Option("--forces", help="Those of a fit to forces (method: force-matching, ...).")
    ] = False,
) -> None:
    """Explain the keys of the fit YAML, with their defaults.

    The key `target` stands for those of an inline target, in a fit or in a list for evaluate.

    \b
    Examples:
      cgbridge keys
      cgbridge keys optimizer
      cgbridge keys target
      cgbridge keys training --forces
    """
    from cgbridge.config.manual import manual
    from cgbridge.errors import ConfigError, did_you_mean

    entries = _keys_of_forces() if forces else [*manual(), *_stage_keys()]
    if section is not None and not forces:
        entries += _target_keys()
    if section is not None:
        plain = section.replace("[]", "")
        chosen = [e for e in entries if f"{e.key}.".replace("[]", "").startswith(f"{plain}.")]
        if not chosen:
            known = [entry.key for entry in entries]
            raise ConfigError(
                f"no key '{section}'{did_you_mean(section, known)}", remedy="`cgbridge keys` lists all"
            )
        entries = chosen
    print_table(("key", "default", "meaning"), [(e.key, e.default, e.meaning) for e in entries])
    if section is None and not forces:
        typer.echo("cgbridge keys target explains the keys of an inline target")


def _stage_keys() -> list[ManualEntry]:
    """Keys of a stage by its method, as ``optimizer.stages[].hoga.population``."""
    from dataclasses import replace

    from cgbridge.config.manual import ManualEntry, manual
    from cgbridge.optimizers.catalogue import get_method, list_methods

    entries = []
    for name in list_methods():
        settings, key = get_method(name).settings, f"optimizer.stages[].{name}"
        meaning = (settings.__doc__ or "").partition("\n")[0]
        entries.append(ManualEntry(key, "", f"With method {name}. {meaning}"))
        entries += [replace(entry, key=f"{key}.{entry.key}") for entry in manual(settings)]
    return entries


def _keys_of_forces() -> list[ManualEntry]:
    """Keys of a fit to forces; those of an architecture as ``model.pair-spline.cutoff``."""
    from dataclasses import replace

    from cgbridge.config.manual import ManualEntry, manual
    from cgbridge.config.training_schema import TrainingConfig
    from cgbridge.fits.training.trainers import TRAINERS, trainer_and_settings

    entries = manual(TrainingConfig)
    for architecture in TRAINERS:
        settings, key = trainer_and_settings(architecture.name)[1], f"model.{architecture.name}"
        meaning = (settings.__doc__ or "").partition("\n")[0]
        entries.append(ManualEntry(key, "", f"With this architecture. {meaning}"))
        entries += [replace(entry, key=f"{key}.{entry.key}") for entry in manual(settings)]
    return entries


def _target_keys() -> list[ManualEntry]:
    """Keys of an inline target, as ``target.value``."""
    from dataclasses import replace

    from cgbridge.config.manual import FROM, ManualEntry, manual
    from cgbridge.targets.target_file import TargetEntry

    whole = ManualEntry("target", "", "A target written inline, in `levels[].targets` or `targets`.")
    return [whole, *(replace(e, key=f"target.{e.key}") for e in (FROM, *manual(TargetEntry)))]


def models(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Show the parameters of this model or file.", show_default=False),
    ] = None,
    units: model_options.Units = None,
    mass: model_options.Mass = None,
    bead: model_options.Bead = None,
) -> None:
    """List the models of the database, or the parameters of one.

    \b
    Examples:
      cgbridge models
      cgbridge models ml-bop
      cgbridge models runs/water-quick/best/model.yaml
    """
    from cgbridge.models.database import list_models, load_model
    from cgbridge.models.model import CoarseGrainedModel

    if name is None:
        known = [load_model(name) for name in list_models()]
        print_table(("model", "form", "description"), [(m.name, m.form, m.description) for m in known])
        typer.echo("cgbridge models NAME shows the parameters, their bounds and default search ranges")
        return
    model = model_options.load(name, model_options.ModelOptions(units, mass, bead))
    typer.echo(f"{model.name}: {model.description}" if model.description else model.name)
    typer.echo(f"form    {model.form}")
    typer.echo("beads   " + ", ".join(map(_weighed, model.beads)))
    typer.echo(f"cutoff  {model.cutoff:.5g} nm")
    if model.source:
        typer.echo(f"source  {model.source}")
    if isinstance(model, CoarseGrainedModel):
        for term in model.terms:
            if term.mixed:
                pairs = ", ".join("-".join(key) for key in term.mixed)
                typer.echo(f"mixing  {term.name}: {pairs} by {term.mixing}")
    else:
        print_table(("part", "what it is"), list(model.facts().items()))
        for file, text in model.documents().items():
            typer.echo(f"\n# {file}, the mapping to its beads\n{text.rstrip()}")
        return
    _print_parameters(model)


def _print_parameters(model: CoarseGrainedModel) -> None:
    """Values in the units of their parameters, and beside them in those of the file where it has others."""
    from cgbridge.units import convert

    rows = []
    for name, value in model.parameters.items():
        spec = model.parameter(name)
        written = f"{convert(value, spec.unit, spec.written):.10g} {spec.written}" if spec.written else ""
        scale = spec.scale if spec.range else ""
        rows.append(
            (name, f"{value:.10g}", spec.unit, written, _range(spec.bounds), _range(spec.range), scale)
        )
    columns = ("parameter", ">value", "unit", ">as written", "bounds", "search: default", "scale")
    shown = [n for n in range(len(columns)) if n != 3 or any(row[3] for row in rows)]
    print_table([columns[n] for n in shown], [tuple(row[n] for n in shown) for row in rows])


def _weighed(bead: Bead) -> str:
    return f"{bead.name} " + ("of unknown mass" if bead.mass is None else f"{bead.mass:g} amu")


def _range(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f"{interval[0]:g} .. {interval[1]:g}"


def observables(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Show the options of this one.", show_default=False),
    ] = None,
) -> None:
    """List what can be measured, with the default units, or the options of one observable.

    \b
    Examples:
      cgbridge observables
      cgbridge observables rdf
    """
    from cgbridge.observables.catalogue import ALIASES, list_observables

    if name is not None:
        _describe_observable(name)
        return
    older = {new: f" (older name: {old})" for old, new in ALIASES.items()}
    rows = [
        (entry.name, entry.unit, f"{entry.description}{package}{older.get(entry.name, '')}")
        for entry in list_observables()
        for package in [f" ({entry.package})" if entry.package else ""]
    ]
    print_table(("observable", "unit", "what it is"), rows)
    typer.echo("cgbridge observables NAME shows the options, their defaults and units")


def _describe_observable(name: str) -> None:
    """What it is, and the options that a target may give it."""
    from cgbridge.config.manual import manual
    from cgbridge.observables.catalogue import get_observable
    from cgbridge.observables.traits import options_of

    observable = get_observable(name)
    typer.echo(f"{name}, in {'no unit' if observable.unit == '1' else observable.unit}")
    typer.echo(_explained(observable) + "\n")
    rows = [(e.key, e.default, e.limits, e.meaning) for e in manual(options_of(name))]
    if rows:
        print_table(("option", "default", "limits", "meaning"), rows)
        typer.echo("they stand under options: of a target; a number may carry a unit")
    else:
        typer.echo("it has no options")


def _explained(observable: Observable) -> str:
    """What is measured, in a sentence or more.

    The first paragraph of the documentation has the formula; the others are for programmers. One class may
    serve several observables: then each has a summary of its own.
    """
    inner = getattr(observable, "wrapped", observable)
    own = vars(inner).get("summary")
    text = own or (inspect.getdoc(inner) or "").partition("\n\n")[0].replace("``", "")
    return f"{text}" if text.endswith(".") else f"{text}."


def doctor() -> None:
    """Check the installation: versions, platforms, GPU, optional packages; with remedies.

    \b
    Example:
      cgbridge doctor
    """
    from cgbridge.engine.diagnosis import diagnose
    from cgbridge.store.versions import versions

    found = {name: value for name, value in versions().items() if name != "created"}
    print_table(("package", "version"), list(found.items()), title="Versions")
    findings = list(diagnose())
    styles = {"ok": "green", "note": "yellow", "FAULT": "bold red"}
    rows = [
        ((f.state, styles[f.state]), f.part, f.detail + (f"\nremedy: {f.remedy}" if f.remedy else ""))
        for f in findings
    ]
    print_table(("", "part", "finding"), rows, title="Installation")
    faults = sum(finding.state == "FAULT" for finding in findings)
    typer.echo(
        f"{faults} fault{'s' * (faults != 1)}: fits cannot run" if faults else "all well: fits can run"
    )
    raise typer.Exit(1 if faults else 0)
