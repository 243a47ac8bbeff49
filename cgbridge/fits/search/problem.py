"""From a validated YAML to a fit problem: base model, search space, levels with reference values."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cgbridge.config.engine_section import EngineSection
from cgbridge.config.model_section import ModelSection, SearchSection
from cgbridge.config.schema import EvaluateConfig, FitConfig
from cgbridge.config.target_list import given_name
from cgbridge.errors import (
    CgbridgeError,
    CgbridgeWarning,
    ConfigError,
    ConfigErrors,
    UnitError,
    did_you_mean,
)
from cgbridge.interfaces import Observable, Parameter, Sampling, StateDensity, Target, first_name
from cgbridge.models.database import load_model
from cgbridge.models.model import Bead, CoarseGrainedModel, ParameterSpec
from cgbridge.models.terms.forms import get_form
from cgbridge.objectives.candidate import Level
from cgbridge.objectives.faults import candidate_faults
from cgbridge.observables.catalogue import get_observable
from cgbridge.observables.own import source_digest
from cgbridge.optimizers.space import SearchSpace
from cgbridge.store.journal import content_key
from cgbridge.store.records import target_record
from cgbridge.store.versions import decisive_versions
from cgbridge.structures.lattices import CRYSTALS
from cgbridge.targets.expansion import Item, expand_target
from cgbridge.targets.library import load_target, target_from_mapping
from cgbridge.targets.target_names import NamedTarget, named_apart
from cgbridge.units import convert, parse_unit, quantity


@dataclass(frozen=True)
class FitProblem:
    """Everything that determines the results of a fit (the ``run`` section does not)."""

    config: FitConfig
    base: CoarseGrainedModel
    space: SearchSpace
    levels: tuple[Level, ...]

    def candidate(self, values: Mapping[str, float]) -> CoarseGrainedModel:
        """The base model with searched values put in.

        Raises :class:`~cgbridge.errors.UnstableError` for values that make no model, such as a repulsion with
        a lower exponent than the attraction: they are that candidate's fault.
        """
        with candidate_faults("no model"):
            return self.base.with_parameters(values)

    def fitted(self, values: Mapping[str, float]) -> CoarseGrainedModel:
        """The candidate under the name of the fit, so that nobody takes it for the base model."""
        return replace(
            self.candidate(values),
            name=re.sub(r"[^\w.-]+", "-", self.config.name),  # it also becomes a file name
            description=f"Fitted by cgbridge (fit '{self.config.name}').",
            source=f"cgbridge {version('cgbridge')}; values that were not searched: {self.base.name}",
        )

    @property
    def protocol(self) -> str:
        """Hash of all that an evaluation depends on besides parameters and seed.

        Among it are the units of all parameters, reference curves to the last digit, and versions.
        """
        searched = {parameter.name for parameter in self.space.parameters}
        content = {
            "versions": decisive_versions(),
            "form": self.base.form,
            "beads": [asdict(bead) for bead in self.base.beads],
            "units": {spec.name: spec.unit for spec in self.base.specs},
            "fixed": {name: v for name, v in self.base.parameters.items() if name not in searched},
            "levels": [
                [level.name, asdict(level.sampling), [_content(target) for target in level.targets]]
                for level in self.levels
            ],
            "engine": self.config.engine.model_dump(mode="json"),
        }
        return content_key(content)


def _content(target: Target) -> dict[str, Any]:
    """What a value and its verdict depend on: all but the source, and the curve exactly."""
    content, curve = target_record(target), target.reference
    del content["source"], content["entry"]
    # Equal physics has equal names; own code enters with its content.
    content |= {"structure": first_name(target.structure), "observable": first_name(target.observable)}
    if ":" in target.observable:
        content["code"] = source_digest(target.observable, target.folder)
    if curve is not None:
        numbers = [column.tolist() for column in (curve.x, curve.y, curve.y_err)]
        content["reference"] = [*numbers, curve.x_unit, curve.y_unit]
    return content


def build_problem(config: FitConfig, folder: Path) -> FitProblem:
    """Resolve names and ranges; ``folder`` is that of the user's YAML.

    Raises :class:`ConfigError` naming the dotted path of the fault.
    """
    base = _base_model(config, folder)
    parameters = tuple(_parameter(base, name, search) for name, search in config.model.search.items())
    named = [
        found
        for index, level in enumerate(config.levels)
        for found in _named(level.targets, folder, f"levels.{index}.targets", index)
    ]
    targets = named_apart(named)
    _require_distinct(named, targets)
    sampling = sampling_of(config.engine, targets)
    levels = tuple(
        Level(
            level.name,
            tuple(target for item, target in zip(named, targets, strict=True) if item.level == index),
            replace(sampling, **level.sampling.model_dump(exclude_none=True)),
        )
        for index, level in enumerate(config.levels)
    )
    return FitProblem(config, base, SearchSpace(parameters), levels)


def resolve_targets(config: EvaluateConfig, folder: Path) -> tuple[Target, ...]:
    """The targets of `cgbridge evaluate`, no two of one name; raises :class:`ConfigError`."""
    named = _named(config.targets, folder, "targets", 0)
    targets = named_apart(named)
    _require_distinct(named, targets)
    return tuple(targets)


def sampling_of(engine: EngineSection, targets: Sequence[Target]) -> Sampling:
    """Default lengths and sizes of the simulations that ``targets`` need, and where their liquids start."""
    return Sampling(
        beads=engine.beads,
        equilibration=engine.equilibration,
        production=engine.production,
        interval=engine.interval,
        density=engine.density,
        densities=tuple(
            StateDensity(target.temperature, target.pressure, convert(target.value, target.unit, "g/cm^3"))
            for target in targets
            if target.observable == "density" and target.value > 0
        ),
    )


def _base_model(config: FitConfig, folder: Path) -> CoarseGrainedModel:
    section = config.model
    try:
        # The only bead of a file may get any name; of several the name chooses one.
        beads = None if section.bead.name is None else (section.bead.name,)
        base = load_model(section.base, search_folder=folder, units=section.units, beads=beads)
    except ConfigError as error:
        where = "model.units" if error.where == "--units" else error.where
        raise type(error)(error.what, where=where, remedy=error.remedy) from None
    try:
        get_form(section.form)
    except ConfigError as error:
        raise ConfigError(error.what, where="model.form", remedy=error.remedy) from None
    if base.form != section.form:
        raise ConfigError(
            f"the base model '{section.base}' has the form '{base.form}', not '{section.form}'",
            where="model.form",
            remedy=f"write form: {base.form}, or choose another base (`cgbridge models`)",
        )
    if len(base.beads) != 1:
        raise ConfigError(
            "fits of models with several bead types are not supported yet",
            where="model.base",
            remedy="choose one with model.bead.name: " + ", ".join(base.bead_names),
        )
    base = _with_bead(base, section)
    if base.beads[0].mass is None:
        raise ConfigError(
            f"no mass is known for the bead '{base.bead_names[0]}'",
            where="model.bead.mass",
            remedy="give it, for example mass: 18.015 amu",
        )
    values = {
        name: _in_own_unit(base, name, value, f"model.set.{name}") for name, value in section.set.items()
    }
    return base.with_parameters(values) if values else base


def _with_bead(base: CoarseGrainedModel, section: ModelSection) -> CoarseGrainedModel:
    """The base with the bead of the section, where it gives one; what changes is announced."""
    (old,) = base.beads
    given = section.bead
    bead = Bead(given.name or old.name, old.mass if given.mass is None else given.mass)
    if old.mass is not None and bead.mass is not None and bead.mass != old.mass:
        warnings.warn(
            f"model.bead.mass: {bead.mass:g} amu, where the bead {old.name} of the base model "
            f"'{section.base}' has {old.mass:g} amu: every density changes by {bead.mass / old.mass:.4g}",
            CgbridgeWarning,
            stacklevel=2,
        )
    if bead.name != old.name:
        warnings.warn(
            f"model.bead.name: the bead {old.name} of the base model '{section.base}' is called {bead.name} "
            "in this fit",
            CgbridgeWarning,
            stacklevel=2,
        )
    return replace(base, beads=(bead,), entries={(bead.name,) * 3: dict(base.parameters)})


def _spec(base: CoarseGrainedModel, name: str, where: str) -> ParameterSpec:
    known = list(base.parameters)
    if name not in known:
        raise ConfigError(
            f"the form '{base.form}' has no parameter '{name}'{did_you_mean(name, known)}",
            where=where,
            remedy="its parameters: " + ", ".join(known),
        )
    return base.spec(name)


def _in_own_unit(base: CoarseGrainedModel, name: str, value: str | float, where: str) -> float:
    spec = _spec(base, name, where)
    try:
        return quantity(value, "" if spec.unit == "1" else spec.unit)
    except ConfigError as error:
        raise ConfigError(error.what, where=where, remedy=error.remedy) from None


def _parameter(base: CoarseGrainedModel, name: str, search: SearchSection | str) -> Parameter:
    where = f"model.search.{name}"
    spec = _spec(base, name, where)
    if isinstance(search, str):
        if spec.search is None:
            raise ConfigError(
                "the model database has no default range for it", where=where, remedy="give min and max"
            )
        low, high, scale = *spec.search, spec.scale
    else:
        low = _in_own_unit(base, name, search.min, f"{where}.min")
        high = _in_own_unit(base, name, search.max, f"{where}.max")
        scale = search.scale or spec.scale
    if not low < high:
        raise ConfigError(f"min ({low:g} {spec.unit}) is not below max ({high:g} {spec.unit})", where=where)
    if spec.bounds and not (spec.bounds[0] <= low and high <= spec.bounds[1]):
        raise ConfigError(
            f"the range {low:g} .. {high:g} leaves the physical bounds "
            f"{spec.bounds[0]:g} .. {spec.bounds[1]:g} {spec.unit}",
            where=where,
        )
    if scale == "log" and low * high <= 0:
        raise ConfigError(
            "a log scale needs bounds of one sign, not zero", where=where, remedy="use scale: linear"
        )
    return Parameter(name, spec.unit, low, high, scale)


def _named(items: Sequence[Item], folder: Path, where: str, level: int) -> list[NamedTarget]:
    """The targets of a list, with those that patterns and lists of temperatures stand for.

    Raises :class:`ConfigError` with ``where`` and the number of the entry in front.
    """
    return [
        NamedTarget(replace(target, entry=number), level, given_name(item) is not None)
        for number, item in enumerate(items)
        for target in resolve_entry(item, folder, f"{where}.{number}")
    ]


def _require_distinct(named: Sequence[NamedTarget], targets: Sequence[Target]) -> None:
    """Patterns may overlap, which the list itself does not show; raises :class:`ConfigError`."""
    seen: set[tuple[int, str]] = set()
    for item, target in zip(named, targets, strict=True):
        if (item.level, target.name) in seen:
            raise ConfigError(
                f"the target '{target.name}' is in one list twice",
                where="levels" if item.level else "targets",
                remedy="look at the patterns of names: two of them mean the same target",
            )
        seen.add((item.level, target.name))


def resolve_entry(item: Item, folder: Path, where: str) -> tuple[Target, ...]:
    """The target or targets that one entry of a list stands for; raises as :func:`resolve_target`."""
    return tuple(resolve_target(single, folder, where) for single in expand_target(item, folder, where))


def resolve_target(item: Item, folder: Path, where: str) -> Target:
    """A target from its name in the reference data or from an inline mapping.

    Unknown observables, options and crystals are found here, not hours later. Raises :class:`ConfigError`
    with ``where`` in front, :class:`ConfigErrors` for several faults.
    """
    try:
        if isinstance(item, str):
            target = load_target(item, folder)
        else:
            target = target_from_mapping(item, _name(item), folder)
        if ":" in target.observable:
            target = replace(target, folder=str(folder.resolve()))
        observable = get_observable(target.observable, target.folder)
        target = _checked(target, observable)
    except ConfigError as error:
        raise _placed(error, item, where) from None
    return target


def _placed(error: CgbridgeError, item: str | dict[str, Any], where: str) -> ConfigError:
    """The error with the target's place in the YAML in front, or with that inside an inline target."""
    if isinstance(error, ConfigErrors):
        return ConfigErrors([_placed(fault, item, where) for fault in error.faults], remedy=error.remedy)
    place, inside = error.where or "", f"targets.{_name(item)}." if isinstance(item, dict) else None
    if inside is not None and place.startswith(inside):
        place = f"{where}.{place.removeprefix(inside)}"
    else:
        place = f"{where}: {place}" if place else where
    return ConfigError(error.what, where=place, remedy=error.remedy)


def _checked(target: Target, observable: Observable) -> Target:
    """The target with a unit; a bare number is one only where the observable is a plain number."""
    bare = not target.unit
    if bare and parse_unit(observable.unit) != parse_unit("1"):
        unit = "A" if observable.unit == "nm" else observable.unit
        raise _no_unit(target, f"write for example value: {target.value:g} {unit}")
    target = replace(target, unit=observable.unit) if bare else target
    try:
        simulations = observable.simulations(target, Sampling())
    except UnitError as error:
        if bare:  # what is asked of this observable is no plain number
            raise _no_unit(target, error.remedy) from None
        raise
    known = ("liquid", *CRYSTALS)
    for simulation in simulations:
        if simulation.kind != "dimer" and simulation.structure not in known:
            key = "structure" if simulation.structure == target.structure else "options.structure"
            raise ConfigError(
                f"unknown structure '{simulation.structure}'{did_you_mean(simulation.structure, known)}",
                where=f"targets.{target.name}.{key}",
                remedy="known: " + ", ".join(known),
            )
    return target


def _no_unit(target: Target, remedy: str | None) -> UnitError:
    what = f"the value {target.value:g} of '{target.observable}' has no unit"
    return UnitError(what, where=f"targets.{target.name}.value", remedy=remedy)


def _name(item: Mapping[str, Any]) -> str:
    """What an inline target is called before it has been read."""
    return str(item.get("name") or item.get("from") or item.get("observable") or "target")
