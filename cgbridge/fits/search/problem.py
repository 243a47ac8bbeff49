"""From a validated YAML to a fit problem: base model, search space, levels with reference values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cgbridge.config.engine_section import EngineSection
from cgbridge.config.level_section import PassSection, SamplingSection
from cgbridge.config.schema import EvaluateConfig, FitConfig
from cgbridge.config.target_list import given_name
from cgbridge.errors import (
    CgbridgeError,
    ConfigError,
    ConfigErrors,
    UnitError,
    did_you_mean,
)
from cgbridge.fits.search.base_model import base_model
from cgbridge.fits.search.parameters import searched_parameters
from cgbridge.interfaces import Observable
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.objectives.faults import candidate_faults
from cgbridge.objectives.level import Level, PassRule
from cgbridge.observables.catalogue import code_digest, get_observable
from cgbridge.observables.traits import target_traits
from cgbridge.optimizers.space import SearchSpace
from cgbridge.records.simulation import Simulation, first_name
from cgbridge.records.target import Sampling, StateDensity, Target
from cgbridge.store.journal import content_key
from cgbridge.store.records import target_record
from cgbridge.store.versions import decisive_versions
from cgbridge.structures.lattices import STRUCTURES
from cgbridge.targets.expansion import Item, expand_target
from cgbridge.targets.library import load_target, target_from_mapping
from cgbridge.targets.target_names import NamedTarget, named_apart
from cgbridge.units import convert, parse_unit

#: Samples of a production below which no error can be told of a mean.
FEWEST_SAMPLES = 4
#: Name of the level that validation makes, in results and reports.
VALIDATION = "validation"


@dataclass(frozen=True)
class FitProblem:
    """Everything that determines the results of a fit (the ``run`` section does not).

    ``folder`` is that of the user's YAML, beside which files are looked for.
    """

    config: FitConfig
    base: CoarseGrainedModel
    space: SearchSpace
    levels: tuple[Level, ...]
    folder: Path = Path()
    validation: Level | None = None

    def candidate(self, values: Mapping[str, float]) -> CoarseGrainedModel:
        """The base model with searched values put in.

        Raises :class:`~cgbridge.errors.UnstableError` for values that make no model, such as a repulsion with
        a lower exponent than the attraction: they are that candidate's fault.
        """
        with candidate_faults("no model"):
            return self.base.with_parameters(self.with_ties(values))

    def with_ties(self, values: Mapping[str, float]) -> dict[str, float]:
        """Searched values, and those that are tied to them."""
        ties = {parameter.name: parameter.tie for parameter in self.space.parameters}
        tied = {other: value for name, value in values.items() for other in ties.get(name, ())}
        return dict(values) | tied

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
        searched = {name for parameter in self.space.parameters for name in (parameter.name, *parameter.tie)}
        content = {
            "versions": decisive_versions(),
            # A rule only where there is one: those without are what they were before there were rules.
            "terms": [
                [term.name, term.form, *([term.mixing] if term.mixing else [])] for term in self.base.terms
            ],
            "beads": [asdict(bead) for bead in self.base.beads],
            "molecules": [asdict(molecule) for molecule in self.base.molecules],
            "tables": [
                [[*key, *t.distance, *t.energy] for key, t in term.tables.items()] for term in self.base.terms
            ],
            "units": [[p.name, p.unit] for term in self.base.terms for p in term.parameters],
            "fixed": {name: v for name, v in self.base.parameters.items() if name not in searched},
            "ties": {p.name: p.tie for p in self.space.parameters if p.tie},
            "levels": [_level_content(level) for level in self.levels],
            "engine": self.config.engine.model_dump(mode="json"),
        }
        return content_key(content)

    @property
    def validation_protocol(self) -> str:
        """Hash of what a validation depends on besides :attr:`protocol`; empty without one.

        It has no part in the search, so that it may be added to a finished run.
        """
        return "" if self.validation is None else content_key({"level": _level_content(self.validation)})


def _level_content(level: Level) -> list[Any]:
    targets = [_content(target) for target in level.targets]
    return [level.name, asdict(level.sampling), asdict(level.rule), targets]


def _content(target: Target) -> dict[str, Any]:
    """What a value and its verdict depend on: all but the source, and the curve exactly."""
    content, curve = target_record(target), target.reference
    del content["source"], content["entry"]
    # Equal physics has equal names; own code enters with its content.
    content |= {"structure": first_name(target.structure), "observable": first_name(target.observable)}
    if target.files:  # by what stands in them, wherever they lie
        content["files"] = [file.digest for file in target.files]
    if code := code_digest(target.observable, target.folder):
        content["code"] = code
    if curve is not None:
        numbers = [column.tolist() for column in (curve.x, curve.y, curve.y_err)]
        content["reference"] = [*numbers, curve.x_unit, curve.y_unit]
    return content


def build_problem(config: FitConfig, folder: Path) -> FitProblem:
    """Resolve names and ranges; ``folder`` is that of the user's YAML.

    Raises :class:`ConfigError` naming the dotted path of the fault.
    """
    base = base_model(config.model, folder)
    parameters = searched_parameters(base, config.model.search)
    levels, validation = _levels(config, folder)
    return FitProblem(config, base, SearchSpace(parameters), levels, folder, validation)


def _levels(config: FitConfig, folder: Path) -> tuple[tuple[Level, ...], Level | None]:
    """The levels and the validation, their targets named apart from each other."""
    named: list[NamedTarget] = []
    for index, level in enumerate(config.levels):
        named += _named(level.gates, folder, f"levels.{index}.gates", index, gate=True)
        named += _named(level.targets, folder, f"levels.{index}.targets", index)
    beyond = len(config.levels)
    targets = named_apart(named)
    if config.validation is not None:
        added = _named(config.validation.targets, folder, "validation.targets", beyond)
        targets += named_apart(added, beside=named)
        named += added
    _require_distinct(named, targets)
    sampling = sampling_of(
        config.engine, [t for t, item in zip(targets, named, strict=True) if item.level < beyond]
    )

    def of(index: int, name: str, section: SamplingSection, rule: PassSection | None = None) -> Level:
        place = f"levels.{index}.sampling" if index < beyond else "validation.sampling"
        return Level(
            name,
            tuple(target for item, target in zip(named, targets, strict=True) if item.level == index),
            _sound(replace(sampling, **section.model_dump(exclude_none=True)), section, place),
            rule=PassRule() if rule is None else PassRule(rule.mean, rule.worst),
        )

    levels = tuple(
        of(index, level.name, level.sampling, level.pass_) for index, level in enumerate(config.levels)
    )
    if config.validation is None:
        return levels, None
    return levels, of(beyond, VALIDATION, config.validation.sampling)


def _sound(sampling: Sampling, section: SamplingSection, where: str) -> Sampling:
    """The lengths of a level, with what it takes from ``engine``, if they agree with each other.

    Raises :class:`ConfigError` at the key that the level gives, or at that of ``engine``.
    """

    def place(key: str) -> str:
        return f"{where}.{key}" if getattr(section, key) is not None else f"engine.{key}"

    if sampling.maximum and sampling.maximum < sampling.production:
        raise ConfigError(
            f"maximum ({sampling.maximum:g} ps) is below production ({sampling.production:g} ps), with which "
            "a run begins",
            where=place("maximum"),
            remedy="raise it; 0 leaves the production as it is",
        )
    require_samples(sampling.production, sampling.interval, place("interval"))
    return sampling


def require_samples(production: float, interval: float, where: str) -> None:
    """Raise :class:`ConfigError` for a production (ps) of too few intervals (ps) to tell an error."""
    samples = production / interval
    if samples < FEWEST_SAMPLES:
        raise ConfigError(
            f"a production of {production:g} ps gives {samples:.3g} samples, one every {interval:g} ps: "
            f"a value needs {FEWEST_SAMPLES} at least to have an error",
            where=where,
            remedy="shorten the interval, or lengthen the production",
        )


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
        maximum=engine.maximum,
        interval=engine.interval,
        density=engine.density,
        densities=tuple(
            StateDensity(
                target.temperature,
                target.pressure,
                convert(target.value, target.unit, "g/cm^3"),
                target.composition,
            )
            for target in targets
            if target.observable == "density" and target.value > 0
        ),
    )


def _named(
    items: Sequence[Item], folder: Path, where: str, level: int, *, gate: bool = False
) -> list[NamedTarget]:
    """The targets of a list, with those that patterns and lists of temperatures stand for.

    Raises :class:`ConfigError` with ``where`` and the number of the entry in front.
    """
    for number, item in enumerate(items):
        if gate and isinstance(item, dict) and "weight" in item:
            raise ConfigError(
                "a gate counts in no error, so that a weight has no effect",
                where=f"{where}.{number}.weight",
                remedy="leave it out, or write it under targets",
            )
    return [
        NamedTarget(replace(target, entry=number, gate=gate), level, given_name(item) is not None)
        for number, item in enumerate(items)
        for target in resolve_entry(item, folder, f"{where}.{number}")
    ]


def _require_distinct(named: Sequence[NamedTarget], targets: Sequence[Target]) -> None:
    """Patterns may overlap, which the list itself does not show; raises :class:`ConfigError`."""
    seen: set[tuple[int, str]] = set()
    for item, target in zip(named, targets, strict=True):
        if (item.level, target.name) in seen:
            raise ConfigError(
                f"the target '{target.name}' is in one level twice",
                where="levels" if item.level else "targets",
                remedy="look at the patterns of names, whether two of them mean the same target; a gate "
                "beside a target of one name needs a name of its own",
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
    _require_structure_used(target, simulations)
    for crystal in (simulation.crystal for simulation in simulations):
        if crystal is not None and crystal not in STRUCTURES:
            key = "structure" if crystal == target.structure else "options.structure"
            raise ConfigError(
                f"unknown structure '{crystal}'{did_you_mean(crystal, STRUCTURES)}",
                where=f"targets.{target.name}.{key}",
                remedy="known: " + ", ".join(STRUCTURES),
            )
    return target


def _require_structure_used(target: Target, simulations: Sequence[Simulation]) -> None:
    """Raise :class:`ConfigError` for a structure that plays no part in what is simulated."""
    if target.is_liquid or any(simulation.structure == target.structure for simulation in simulations):
        return
    if not simulations or "structure" not in target_traits(target).state:
        what = f"a structure plays no part in '{target.observable}'"
    else:
        what = f"'{target.observable}' measures the liquid, not the structure '{target.structure}'"
    use = "use observable: crystal_density, or " if target.observable == "density" else ""
    raise ConfigError(what, where=f"targets.{target.name}.structure", remedy=f"{use}leave structure out")


def _no_unit(target: Target, remedy: str | None) -> UnitError:
    what = f"the value {target.value:g} of '{target.observable}' has no unit"
    return UnitError(what, where=f"targets.{target.name}.value", remedy=remedy)


def _name(item: Mapping[str, Any]) -> str:
    """What an inline target is called before it has been read."""
    return str(item.get("name") or item.get("from") or item.get("observable") or "target")
