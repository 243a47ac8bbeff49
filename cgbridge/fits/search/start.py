"""The known candidates that a search begins with: the base model, other models, the best of earlier runs."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path

from cgbridge.config.optimizer_section import StartSection
from cgbridge.errors import CgbridgeError, CgbridgeWarning, ConfigError
from cgbridge.fits.run_folder import RunFolder
from cgbridge.fits.search.problem import FitProblem
from cgbridge.fits.search.stages import stages_of
from cgbridge.models.database import load_model
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.records.evaluation import Outcome, Point
from cgbridge.store.atomic import write_atomic
from cgbridge.store.journal_entries import Entry, run_entries
from cgbridge.store.layout import RunLayout
from cgbridge.units import convert

#: The word for the base model of the fit.
BASE = "base"


def starting_points(problem: FitProblem, folder: RunFolder) -> list[Point]:
    """The points of ``optimizer.start``; without any the base model, where the first stage wants a point.

    They are chosen once and kept in the run folder, so that a resumed fit does not depend on what became of
    an earlier one. Raises :class:`ConfigError` for what is no fit, or no model, of the same parameters.
    """
    if not folder.start.exists():
        chosen = [
            {"from": _name(item), "parameters": values}
            for place, item in _items(problem)
            for values in _values(problem, folder, item, place)
        ]
        if not chosen:
            return []
        write_atomic(folder.start, json.dumps({"candidates": chosen}, indent=1))
    kept = json.loads(folder.start.read_text(encoding="utf-8"))["candidates"]
    return list(dict.fromkeys(problem.space.encode(one["parameters"]) for one in kept))


def earlier_runs(problem: FitProblem) -> list[RunLayout]:
    """Those of ``optimizer.start`` that are runs."""
    return [RunLayout(item.run) for _, item in _items(problem) if item.run is not None]


def start_count(problem: FitProblem) -> int:
    """How many known candidates there are, at most."""
    return sum(item.candidates if item.run is not None else 1 for _, item in _items(problem))


def check_start(problem: FitProblem) -> None:
    """Look at the models of ``optimizer.start``; raises :class:`ConfigError`.

    A run may be one that is not there yet: it is looked at when the fit begins.
    """
    for place, item in _items(problem):
        if item.model is not None:
            _model_values(problem, item.model, place)


def _items(problem: FitProblem) -> list[tuple[str, StartSection]]:
    """Each start with its place in the YAML; a word is the base, a run folder, or a model."""
    section = problem.config.optimizer
    given: tuple[str | StartSection, ...] = section.start
    if not given and stages_of(section)[0].settings.begins_at_a_point:
        given = (BASE,)
    return [(f"optimizer.start.{number}", _understood(item)) for number, item in enumerate(given)]


def _understood(item: str | StartSection) -> StartSection:
    if isinstance(item, StartSection):
        return item
    is_run = item != BASE and Path(item).is_dir()
    return StartSection(run=Path(item)) if is_run else StartSection(model=item)


def _name(item: StartSection) -> str:
    return str(item.run or item.model)


def _values(
    problem: FitProblem, folder: RunFolder, item: StartSection, where: str
) -> Iterator[dict[str, float]]:
    if item.run is not None:
        yield from _best_of_run(problem, folder, item, f"{where}.run")
    else:
        assert item.model is not None
        yield _model_values(problem, item.model, where)


def _model_values(problem: FitProblem, name: str, where: str) -> dict[str, float]:
    """The searched parameters of a model, in the units of the base; all others are those of the base."""
    model = problem.base if name == BASE else _other_model(problem, name, where)
    values, outside = {}, []
    for parameter in problem.space.parameters:
        unit = model.parameter(parameter.name).unit
        value = convert(model.parameters[parameter.name], unit, parameter.unit)
        values[parameter.name] = value
        if not parameter.minimum <= value <= parameter.maximum:
            outside.append(parameter.name)
    if outside:
        warnings.warn(
            f"{where}: of {name} {', '.join(outside)} lie outside the ranges of model.search and are moved "
            "to "
            "the bounds",
            CgbridgeWarning,
            stacklevel=2,
        )
    return values


def _other_model(problem: FitProblem, name: str, where: str) -> CoarseGrainedModel:
    section, base = problem.config.model, problem.base
    try:
        beads = None if section.bead.name is None else (section.bead.name,)
        model = load_model(name, search_folder=problem.folder, units=section.units, beads=beads)
    except CgbridgeError as error:
        raise ConfigError(
            f"'{name}' is neither a run folder nor a model: {error.what}", where=where, remedy=error.remedy
        ) from None
    _same_form(base, model, name, where)
    searched = {parameter.name for parameter in problem.space.parameters}
    others = [
        key
        for key, value in model.parameters.items()
        if key not in searched
        and convert(value, model.parameter(key).unit, base.parameter(key).unit) != base.parameters[key]
    ]
    if others:
        warnings.warn(
            f"{where}: {name} differs from the base model in {', '.join(others)} too, which are not "
            "searched: "
            "its other values are taken",
            CgbridgeWarning,
            stacklevel=2,
        )
    return model


def _best_of_run(
    problem: FitProblem, folder: RunFolder, item: StartSection, where: str
) -> list[dict[str, float]]:
    """Parameters of the best different candidates."""
    assert item.run is not None
    earlier = RunLayout(item.run)
    if earlier.path.resolve() == folder.path.resolve():
        raise ConfigError("a fit cannot begin with itself", where=where, remedy="choose another run.folder")
    if not all(file.exists() for file in (earlier.journal, earlier.base_model, earlier.targets)):
        raise ConfigError(f"there is no fit in '{item.run}'", where=where, remedy="run the earlier fit first")
    _check_units(problem, earlier, where)
    entries, _ = run_entries(earlier)
    sound = [e for e in entries if e.of_search and e.evaluation.outcome is not Outcome.INFRA]
    best: dict[Point, Entry] = {}
    for entry in sorted(sound, key=lambda entry: entry.evaluation.score):
        best.setdefault(entry.point, entry)
        if len(best) == item.candidates:
            break
    wanted = {parameter.name for parameter in problem.space.parameters}
    for entry in best.values():
        found = set(entry.evaluation.parameters)
        if found != wanted:
            raise ConfigError(
                "the earlier fit searched other parameters: " + ", ".join(sorted(found ^ wanted)),
                where=where,
                remedy="search the same parameters under model.search",
            )
    return [dict(entry.evaluation.parameters) for entry in best.values()]


def _check_units(problem: FitProblem, earlier: RunLayout, where: str) -> None:
    """The journal holds bare numbers, in the units of the base model."""
    base = base_model(earlier)
    _same_form(problem.base, base, str(earlier.path), where)
    for parameter in problem.space.parameters:
        unit = base.parameter(parameter.name).unit
        if unit != parameter.unit:
            raise ConfigError(
                f"'{parameter.name}' is in {unit} in the earlier fit and in {parameter.unit} here",
                where=where,
                remedy="use a base model with the same units",
            )


def _same_form(base: CoarseGrainedModel, other: CoarseGrainedModel, name: str, where: str) -> None:
    if other.form != base.form:
        raise ConfigError(
            f"'{name}' has the form '{other.form}', and this fit '{base.form}'",
            where=where,
            remedy="begin with candidates of the same form",
        )


def base_model(run: RunLayout) -> CoarseGrainedModel:
    """The model of a fit that supplied the values not searched."""
    content = json.loads(run.base_model.read_text(encoding="utf-8"))
    return CoarseGrainedModel.from_dict(content, str(run.base_model))
