"""The known candidates that a search begins with: the base model, other models, the best of earlier runs."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

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


def chosen_start(problem: FitProblem) -> list[dict[str, Any]]:
    """The candidates of ``optimizer.start``, each with the name of where it comes from.

    Without any it is the base model, where the first stage wants a point. Raises :class:`ConfigError` for
    what is no fit, or no model, of the same form.
    """
    return [
        {"from": _name(item), "parameters": values}
        for place, item in _items(problem)
        for values in _values(problem, item, place)
    ]


def starting_points(
    problem: FitProblem, folder: RunFolder, chosen: list[dict[str, Any]] | None = None
) -> list[Point]:
    """The points of the known candidates: ``chosen`` ones, else those of :func:`chosen_start`.

    They are kept in the run folder, so that a resumed fit does not depend on what became of an earlier one.
    """
    if not folder.start.exists():
        chosen = chosen_start(problem) if chosen is None else chosen
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
    """Look at all that ``optimizer.start`` names, unless a run that has begun keeps what it began with.

    Raises as :func:`chosen_start`.
    """
    if not RunFolder(problem.config.run.folder).begun:
        chosen_start(problem)


def _items(problem: FitProblem) -> list[tuple[str, StartSection]]:
    """Each start with its place in the YAML; a word is the base, a run folder, or a model.

    The place is empty for the base model where nothing was written.
    """
    section = problem.config.optimizer
    if not section.start and stages_of(section)[0].settings.begins_at_a_point:
        return [("", _understood(BASE))]
    return [(f"optimizer.start.{number}", _understood(item)) for number, item in enumerate(section.start)]


def _understood(item: str | StartSection) -> StartSection:
    if isinstance(item, StartSection):
        return item
    is_run = item != BASE and Path(item).is_dir()
    return StartSection(run=Path(item)) if is_run else StartSection(model=item)


def _name(item: StartSection) -> str:
    return str(item.run or item.model)


def _values(problem: FitProblem, item: StartSection, where: str) -> Iterator[dict[str, float]]:
    if item.run is not None:
        yield from _best_of_run(problem, item, f"{where}.run")
    else:
        assert item.model is not None
        yield _model_values(problem, item.model, where)


def _model_values(problem: FitProblem, name: str, where: str) -> dict[str, float]:
    """The searched parameters of a model, in the units of the base; all others are those of the base."""
    model = problem.base if name == BASE else _other_model(problem, name, where)
    values = _in_units(problem, model, model.parameters)
    if name != BASE:
        _tell_differences(problem, [(values, _all_in_units(problem, model, model.parameters))], name, where)
    outside = [p.name for p in problem.space.parameters if not p.minimum <= values[p.name] <= p.maximum]
    if outside:
        lies = "lies outside its range" if len(outside) == 1 else "lie outside their ranges"
        place = f"{where}: " if where else "the search begins at the base model: "
        warnings.warn(
            f"{place}{', '.join(outside)} of {'the base model' if name == BASE else name} {lies} under "
            "model.search; the search begins at the nearest bound",
            CgbridgeWarning,
            stacklevel=2,
        )
    return values


def _in_units(
    problem: FitProblem, model: CoarseGrainedModel, values: Mapping[str, float]
) -> dict[str, float]:
    """What this fit searches, out of all values of a model, in the units of this fit."""
    units = {parameter.name: model.parameter(parameter.name).unit for parameter in problem.space.parameters}
    return {p.name: convert(values[p.name], units[p.name], p.unit) for p in problem.space.parameters}


def _all_in_units(
    problem: FitProblem, model: CoarseGrainedModel, values: Mapping[str, float]
) -> dict[str, float]:
    """All values of a model in the units of the base, those of parameters that the base has not left out."""
    base = problem.base
    return {
        name: convert(value, model.parameter(name).unit, base.parameter(name).unit)
        for name, value in values.items()
        if name in base.parameters
    }


def _tell_differences(
    problem: FitProblem,
    candidates: Iterable[tuple[Mapping[str, float], Mapping[str, float]]],
    name: str,
    where: str,
) -> None:
    """Warn where candidates of this fit are not what they were made of, in values that are not searched.

    ``candidates`` are pairs: the searched values, and all values of what they come from.
    """
    searched = {parameter.name for parameter in problem.space.parameters}
    others = dict.fromkeys(
        key
        for values, origin in candidates
        for here in [{**problem.base.parameters, **problem.with_ties(values)}]
        for key, value in origin.items()
        if key not in searched and not math.isclose(value, here[key], rel_tol=1e-9)
    )
    if others:
        warnings.warn(
            f"{where}: {name} differs from the base model in {', '.join(others)} too, not searched by this "
            "fit, which takes the values of its base (model.set gives others)",
            CgbridgeWarning,
            stacklevel=2,
        )


def _other_model(problem: FitProblem, name: str, where: str) -> CoarseGrainedModel:
    section = problem.config.model
    try:
        beads = None if section.bead.name is None else (section.bead.name,)
        model = load_model(name, search_folder=problem.folder, units=section.units, beads=beads)
    except CgbridgeError as error:
        raise ConfigError(
            f"'{name}' is neither a run folder nor a model: {error.what}", where=where, remedy=error.remedy
        ) from None
    _same_form(problem.base, model, name, where)
    return model


def _best_of_run(problem: FitProblem, item: StartSection, where: str) -> list[dict[str, float]]:
    """Parameters of the best different candidates; what the run did not search is that of its base model."""
    assert item.run is not None
    earlier = RunLayout(item.run)
    if earlier.path.resolve() == problem.config.run.folder.resolve():
        raise ConfigError("a fit cannot begin with itself", where=where, remedy="choose another run.folder")
    needed = (earlier.journal, earlier.base_model, earlier.targets, earlier.used_yaml)
    if not all(file.exists() for file in needed):
        raise ConfigError(f"there is no fit in '{item.run}'", where=where, remedy="run the earlier fit first")
    base = base_model(earlier)
    _same_form(problem.base, base, str(earlier.path), where)
    _check_units(problem, base, where)
    ties = _ties(earlier, base)
    found = []
    for entry in _best_entries(earlier, item.candidates):
        searched = entry.evaluation.parameters
        tied = {other: value for name, value in searched.items() for other in ties.get(name, ())}
        every = {**base.parameters, **searched, **tied}
        found.append((_in_units(problem, base, every), _all_in_units(problem, base, every)))
        known = {*searched, *tied}
    if found:
        _tell_filled(problem, base, known, where)
        _tell_differences(problem, found, str(item.run), where)
    return [values for values, _ in found]


def _best_entries(earlier: RunLayout, count: int) -> list[Entry]:
    """The best different candidates of a run, the best first."""
    entries, _ = run_entries(earlier)
    sound = [e for e in entries if e.of_search and e.evaluation.outcome is not Outcome.INFRA]
    best: dict[Point, Entry] = {}
    for entry in sorted(sound, key=lambda entry: entry.evaluation.score):
        best.setdefault(entry.point, entry)
        if len(best) == count:
            break
    return list(best.values())


def _ties(earlier: RunLayout, base: CoarseGrainedModel) -> dict[str, tuple[str, ...]]:
    """What was tied to each searched parameter of a run."""
    search = yaml.safe_load(earlier.used_yaml.read_text(encoding="utf-8"))["model"]["search"]
    return {
        base.parameter(name).name: tuple(base.parameter(other).name for other in section.get("tie", ()))
        for name, section in search.items()
        if isinstance(section, dict)
    }


def _tell_filled(problem: FitProblem, base: CoarseGrainedModel, known: set[str], where: str) -> None:
    """Say which values no candidate of the earlier fit had of its own."""
    filled = [parameter.name for parameter in problem.space.parameters if parameter.name not in known]
    if filled:
        values = ", ".join(f"{n} = {base.parameters[n]:g} {base.parameter(n).unit}" for n in filled)
        warnings.warn(
            f"{where}: the earlier fit did not search {', '.join(filled)}; its candidates have the value of "
            f"its base model: {values}",
            CgbridgeWarning,
            stacklevel=2,
        )


def _check_units(problem: FitProblem, base: CoarseGrainedModel, where: str) -> None:
    """The journal holds bare numbers, in the units of the base model."""
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
