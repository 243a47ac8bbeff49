"""The candidates of an earlier fit that begin this one."""

from __future__ import annotations

import json

from cgbridge.errors import ConfigError
from cgbridge.fits.run_folder import RunFolder
from cgbridge.fits.search.problem import FitProblem
from cgbridge.interfaces import Outcome, Point
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.store.atomic import write_atomic
from cgbridge.store.journal_entries import Entry, run_entries
from cgbridge.store.layout import RunLayout

_WHERE = "optimizer.start.run"


def starting_points(problem: FitProblem, folder: RunFolder) -> list[Point]:
    """The points of ``optimizer.start``, best first; none without it.

    They are chosen once and kept in the run folder, so that a resumed fit does not depend on what became of
    the earlier one. Raises :class:`ConfigError` when that is no fit of the same parameters.
    """
    start = problem.config.optimizer.start
    if start is None:
        return []
    if not folder.start.exists():
        earlier = RunLayout(start.run)
        if earlier.path.resolve() == folder.path.resolve():
            raise ConfigError(
                "a fit cannot begin with itself", where=_WHERE, remedy="choose another run.folder"
            )
        if not all(file.exists() for file in (earlier.journal, earlier.base_model, earlier.targets)):
            raise ConfigError(
                f"there is no fit in '{start.run}'", where=_WHERE, remedy="run the earlier fit first"
            )
        _check_units(problem, earlier)
        chosen = _best(problem, earlier, start.candidates)
        write_atomic(folder.start, json.dumps({"run": str(start.run), "parameters": chosen}, indent=1))
    values = json.loads(folder.start.read_text(encoding="utf-8"))["parameters"]
    return list(dict.fromkeys(problem.space.encode(parameters) for parameters in values))


def _best(problem: FitProblem, earlier: RunLayout, count: int) -> list[dict[str, float]]:
    """Parameters of the best different candidates."""
    entries, _ = run_entries(earlier)
    sound = [
        entry
        for entry in entries
        if entry.phase in ("search", "polish") and entry.evaluation.outcome is not Outcome.INFRA
    ]
    best: dict[Point, Entry] = {}
    for entry in sorted(sound, key=lambda entry: entry.evaluation.score):
        best.setdefault(entry.point, entry)
        if len(best) == count:
            break
    wanted = {parameter.name for parameter in problem.space.parameters}
    for entry in best.values():
        found = set(entry.evaluation.parameters)
        if found != wanted:
            raise ConfigError(
                "the earlier fit searched other parameters: " + ", ".join(sorted(found ^ wanted)),
                where=_WHERE,
                remedy="search the same parameters under model.search",
            )
    return [dict(entry.evaluation.parameters) for entry in best.values()]


def _check_units(problem: FitProblem, earlier: RunLayout) -> None:
    """The journal holds bare numbers, in the units of the base model."""
    base = base_model(earlier)
    if base.form != problem.base.form:
        raise ConfigError(
            f"the earlier fit is of the form '{base.form}', this one of '{problem.base.form}'",
            where=_WHERE,
            remedy="begin with a fit of the same form",
        )
    for parameter in problem.space.parameters:
        unit = base.parameter(parameter.name).unit
        if unit != parameter.unit:
            raise ConfigError(
                f"'{parameter.name}' is in {unit} in the earlier fit and in {parameter.unit} here",
                where=_WHERE,
                remedy="use a base model with the same units",
            )


def base_model(run: RunLayout) -> CoarseGrainedModel:
    """The model of a fit that supplied the values not searched."""
    content = json.loads(run.base_model.read_text(encoding="utf-8"))
    return CoarseGrainedModel.from_dict(content, str(run.base_model))
