"""Find out before a fit what would stop every candidate: a box too small, no engine, a package left out."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping

from cgbridge.config.validation_section import CrossValidationSection
from cgbridge.engine.composition import liquid_topology, mean_mass, require_beads
from cgbridge.engine.factory import create_engine
from cgbridge.engine.liquid_start import liquid_start_density
from cgbridge.engine.platforms import require_platform
from cgbridge.errors import CgbridgeWarning, ConfigError, SimulationError, UnstableError
from cgbridge.extras import require
from cgbridge.fits.search.problem import FitProblem, require_samples
from cgbridge.fits.search.stages import stages_of
from cgbridge.interfaces import Model
from cgbridge.objectives.cross_validation import deal
from cgbridge.objectives.level import Level
from cgbridge.objectives.quantities import once
from cgbridge.observables.catalogue import get_observable
from cgbridge.observables.traits import require_packages
from cgbridge.records.simulation import Simulation
from cgbridge.records.target import Target
from cgbridge.simulation_kind import SimulationKind
from cgbridge.structures.box_sizes import BREATHING, MARGIN, least_liquid_beads, liquid_edge

#: Cutoffs that a liquid must be wide: a film has two surfaces that must not feel each other.
_CUTOFFS = {SimulationKind.BULK: 2.0, SimulationKind.SLAB: 4.0 * MARGIN}


def check_simulations(problem: FitProblem) -> None:
    """Check every simulation of every target, those of the validation too, and that folds can be made.

    Raises :class:`ConfigError` for a liquid's box that is narrower than twice the longest cutoff of the
    search (a film: four times) or than twice the distance that a target looks at, naming beads and the
    least number of them; and :class:`SimulationError` for dynamics asked of
    the closed-form engine, for a platform that OpenMM does not have here, or for liquids whose density
    nobody knows. A package that is left out of this
    installation and that the search or a target needs is a :class:`~cgbridge.errors.MissingDependencyError`.
    """
    for stage in stages_of(problem.config.optimizer):
        where = f"optimizer.stages.{stage.number}.method"
        require(stage.settings.packages, f"the method {stage.method}", where=where)
    cross = problem.config.cross_validation
    if cross is not None:
        _check_folds(problem, cross)
    check_ranges(problem)
    if problem.config.engine.simulates:
        require_platform(problem.config.engine.platform)
    cutoff = longest_cutoff(problem)
    for place, level in _places(problem):
        for target in level.targets:
            require_packages(target, place)
            for simulation in get_observable(target.observable, target.folder).simulations(
                target, level.sampling
            ):
                check_beads(problem.base, simulation, f"{place}, target {target.name}")
                check_samples(simulation, f"{place}, target {target.name}")
                _check_engine(problem, simulation, target)
                check_box(problem.base, simulation, f"{place}, target {target.name}", longest=cutoff)


def _check_folds(problem: FitProblem, cross: CrossValidationSection) -> None:
    dealt = deal(once(target for level in problem.levels for target in level.targets), cross.folds)
    if len(dealt) < cross.folds and "folds" in cross.model_fields_set:
        warnings.warn(
            f"cross_validation.folds: {cross.folds} are asked for, and the targets have "
            f"{len(dealt)} state points: there will be {len(dealt)}",
            CgbridgeWarning,
            stacklevel=2,
        )


def check_ranges(problem: FitProblem) -> None:
    """Warn of the end of a range with which there is no model, whichever other parameter is moved."""
    parameters = problem.space.parameters
    for parameter in parameters:
        for word, value in (("min", parameter.minimum), ("max", parameter.maximum)):
            reason = _no_model(problem, {parameter.name: value})
            others = (
                {parameter.name: value, other.name: end}
                for other in parameters
                if other is not parameter
                for end in (other.minimum, other.maximum)
            )
            if reason and all(_no_model(problem, values) for values in others):
                warnings.warn(
                    f"model.search.{parameter.name}: with its {word}, {value:g} {parameter.unit}, there is "
                    f"no model ({reason}); candidates there fail without being measured",
                    CgbridgeWarning,
                    stacklevel=2,
                )


def _no_model(problem: FitProblem, values: Mapping[str, float]) -> str:
    """Why there is no model with these values; empty if there is one."""
    try:
        problem.candidate(values)
    except UnstableError as error:
        return error.what.removeprefix("no model: ")
    return ""


def _places(problem: FitProblem) -> Iterator[tuple[str, Level]]:
    """Levels with their place in the YAML, and the validation."""
    for number, level in enumerate(problem.levels):
        yield f"levels.{number} ({level.name})", level
    if problem.validation is not None:
        yield "validation", problem.validation


def check_beads(model: Model, simulation: Simulation, where: str) -> None:
    """Raise :class:`ConfigError` with ``where`` unless it is clear which beads are simulated."""
    try:
        require_beads(model, simulation)
    except ConfigError as error:
        raise ConfigError(error.what, where=where, remedy=error.remedy) from None


def check_samples(simulation: Simulation, where: str) -> None:
    """Raise :class:`ConfigError` with ``where`` for a production that is sampled too seldom."""
    if not simulation.static and simulation.production:
        require_samples(simulation.production, simulation.interval, where)


def longest_cutoff(problem: FitProblem) -> float:
    """The longest cutoff in nm that a candidate can have.

    A cutoff rises or falls with each parameter whatever the others are (it is a sum or a product), so
    that one parameter is taken to its worse end after the other.
    """
    values: dict[str, float] = {}
    longest = problem.base.cutoff
    # What is no model with one parameter (a D above R) may be one when another has been moved.
    for _ in problem.space.parameters:
        before = longest
        for parameter in problem.space.parameters:
            for value in (parameter.minimum, parameter.maximum):
                try:
                    cutoff = problem.candidate({**values, parameter.name: value}).cutoff
                except UnstableError:
                    continue  # a combination that is no model
                if cutoff > longest:
                    longest, values[parameter.name] = cutoff, value
        if longest == before:
            break
    return longest


def _check_engine(problem: FitProblem, simulation: Simulation, target: Target) -> None:
    method = problem.config.engine.method
    if simulation.kind not in create_engine(problem.config.engine).kinds:
        raise SimulationError(
            f"the {method} engine cannot simulate '{simulation.label}' for the target '{target.name}'",
            where="engine.method",
            remedy="use method: openmm",
        )


def check_box(model: Model, simulation: Simulation, where: str, *, longest: float | None = None) -> None:
    """Raise :class:`ConfigError` with the least number of beads for a liquid's box that is too narrow.

    ``longest`` is that cutoff in nm of all candidates of a search. Crystals are made as
    large as they must be.
    """
    if not simulation.is_liquid:
        return
    cutoff = longest if longest is not None else model.cutoff or 0.0
    topology = liquid_topology(model, simulation.beads, simulation.composition)
    mass, cutoffs, beads = mean_mass(model, topology.types), _CUTOFFS[simulation.kind], len(topology)
    start = start_of(model, simulation)
    edge = liquid_edge(beads, mass, start)
    if edge < cutoffs * cutoff:
        what = (
            "twice the cutoff"
            if simulation.kind is SimulationKind.BULK
            else "four cutoffs (a film has two surfaces)"
        )
        least = least_liquid_beads(cutoff, mass, start, cutoffs=max(cutoffs, 2.0 * MARGIN))
        what += f"; the longest cutoff of the search is {cutoff:.3f} nm" if longest else f" ({cutoff:.3f} nm)"
        raise _too_narrow((beads, edge), what, least, where)
    # What is looked at is asked of the equilibrated liquid, at the density that is wished for.
    dense = simulation.density or start
    edge = liquid_edge(beads, mass, dense)
    if edge < 2.0 * BREATHING * simulation.reach:
        least = least_liquid_beads(simulation.reach, mass, dense, cutoffs=2.0 * BREATHING)
        what = f"twice the {simulation.reach:.3g} nm that the target looks at, and 2 % of room"
        raise _too_narrow((beads, edge), what, least, where)


def start_densities(problem: FitProblem) -> list[float]:
    """Densities in g/cm^3 from which the liquids of the fit start, for the base model; ascending."""
    return sorted(
        {
            start_of(problem.base, simulation)
            for _, level in _places(problem)
            for target in level.targets
            for simulation in get_observable(target.observable, target.folder).simulations(
                target, level.sampling
            )
            if simulation.is_liquid
        }
    )


def start_of(model: Model, simulation: Simulation) -> float:
    """Density in g/cm^3 at which a liquid of the model starts.

    Raises :class:`SimulationError` where there is none.
    """
    try:
        return liquid_start_density(model, simulation)
    except UnstableError as error:
        raise SimulationError(error.what, where="engine.density", remedy=error.remedy) from None


def _too_narrow(box: tuple[int, float], than: str, least: int, where: str) -> ConfigError:
    beads, edge = box
    return ConfigError(
        f"the box of {beads} beads ({edge:.3f} nm) is narrower than {than}",
        where=where,
        remedy=f"use more beads: at least {least}, in engine.beads, levels.*.sampling.beads or the target",
    )
