"""From a validated YAML to a fit problem: base model, search space, levels with reference values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cgbridge.campaign.target_names import NamedTarget, named_apart
from cgbridge.campaign.versions import decisive_versions
from cgbridge.config.schema import EngineSection, EvaluateConfig, FitConfig, SearchSection
from cgbridge.config.target_list import given_name
from cgbridge.errors import ConfigError, did_you_mean
from cgbridge.interfaces import Parameter, Sampling, Target
from cgbridge.models.database import load_model
from cgbridge.models.model import Bead, CoarseGrainedModel, ParameterSpec
from cgbridge.objectives.candidate import Level
from cgbridge.objectives.faults import candidate_faults
from cgbridge.observables.catalogue import get_observable
from cgbridge.optimizers.space import SearchSpace
from cgbridge.store.journal import content_key
from cgbridge.store.records import target_record
from cgbridge.targets.library import load_target, target_from_mapping
from cgbridge.units import quantity


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
    del content["source"]
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
        NamedTarget(
            resolve_target(item, folder, f"levels.{index}.targets.{number}"),
            index,
            given_name(item) is not None,
        )
        for index, level in enumerate(config.levels)
        for number, item in enumerate(level.targets)
    ]
    targets = iter(named_apart(named))
    levels = tuple(
        Level(
            level.name,
            tuple(next(targets) for _ in level.targets),
            replace(sampling_of(config.engine), **level.sampling.model_dump(exclude_none=True)),
        )
        for level in config.levels
    )
    return FitProblem(config, base, SearchSpace(parameters), levels)


def resolve_targets(config: EvaluateConfig, folder: Path) -> tuple[Target, ...]:
    """The targets of `cgbridge evaluate`, no two of one name; raises :class:`ConfigError`."""
    named = [
        NamedTarget(resolve_target(item, folder, f"targets.{n}"), 0, given_name(item) is not None)
        for n, item in enumerate(config.targets)
    ]
    return tuple(named_apart(named))


def sampling_of(engine: EngineSection) -> Sampling:
    """Default lengths and sizes of the simulations."""
    return Sampling(
        beads=engine.beads,
        equilibration=engine.equilibration,
        production=engine.production,
        interval=engine.interval,
    )


def _base_model(config: FitConfig, folder: Path) -> CoarseGrainedModel:
    section = config.model
    base = load_model(section.base, search_folder=folder)
    if base.form != section.form:
        raise ConfigError(
            f"the base model '{section.base}' has the form '{base.form}', not '{section.form}'",
            where="model.form",
            remedy=f"write form: {base.form}, or choose another base (`cgbridge models`)",
        )
    if len(base.beads) != 1:
        raise ConfigError("fits of models with several bead types are not supported yet", where="model.base")
    base = _renamed(base, Bead(section.bead.name, section.bead.mass))
    values = {
        name: _in_own_unit(base, name, value, f"model.set.{name}") for name, value in section.set.items()
    }
    return base.with_parameters(values) if values else base


def _renamed(model: CoarseGrainedModel, bead: Bead) -> CoarseGrainedModel:
    entries = {(bead.name,) * 3: dict(model.parameters)}
    return replace(model, beads=(bead,), entries=entries)


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


def resolve_target(item: str | dict[str, Any], folder: Path, where: str) -> Target:
    """A target from its name in the reference data or from an inline mapping.

    Unknown observables and options are found here, not hours later. Raises :class:`ConfigError` with
    ``where`` in front.
    """
    try:
        if isinstance(item, str):
            target = load_target(item, folder)
        else:
            target = target_from_mapping(item, _name(item), folder)
        observable = get_observable(target.observable)
        # A bare number is in the observable's own unit.
        target = target if target.unit else replace(target, unit=observable.unit)
        observable.simulations(target, Sampling())
    except ConfigError as error:
        place = f"{where}: {error.where}" if error.where else where
        raise ConfigError(error.what, where=place, remedy=error.remedy) from None
    return target


def _name(item: Mapping[str, Any]) -> str:
    """What an inline target is called before it has been read."""
    return str(item.get("name") or item.get("from") or item.get("observable") or "target")
