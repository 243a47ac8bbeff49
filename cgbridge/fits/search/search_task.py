"""What the stages of a search may know of a fit, and of the earlier fits that it begins with."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import yaml

from cgbridge.errors import CgbridgeWarning, UnstableError
from cgbridge.fits.differences import differences
from cgbridge.fits.run_folder import RunFolder
from cgbridge.fits.search.problem import FitProblem
from cgbridge.fits.search.start import base_model, earlier_runs
from cgbridge.models.closed_form import dimer_minimum
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.objectives.faults import candidate_faults
from cgbridge.objectives.quantities import once, quantity_of
from cgbridge.optimizers.method import Aim, Sample, SearchTask
from cgbridge.records.evaluation import Evaluation, Outcome, Point
from cgbridge.records.target import TargetResult
from cgbridge.store.atomic import write_atomic
from cgbridge.store.journal_entries import run_entries
from cgbridge.store.layout import RunLayout
from cgbridge.store.records import target_record
from cgbridge.store.versions import DECISIVE, decisive_versions

#: Candidates of each earlier fit that are learnt from: its best.
_EARLIER = 500
#: Keys of ``engine`` that values depend on beyond their errors.
_PHYSICS = ("method", "timestep")


class SearchTasks:
    """Makes the task of each stage of one fit."""

    def __init__(self, problem: FitProblem, folder: RunFolder) -> None:
        self._problem, self._folder = problem, folder
        placed = [(level.name, target) for level in problem.levels for target in level.targets]
        counting = {quantity_of(target): target for target in once(target for _, target in placed)}
        last = {quantity_of(target): place for place, target in placed if not target.gate}
        self._aims = tuple(
            Aim(
                _quantity(target_record(target)),
                replace(target, weight=counting[quantity_of(target)].weight) if counts else target,
                place,
                counts,
            )
            for place, target in placed
            for counts in [not target.gate and last[quantity_of(target)] == place]
        )

    def task(self, seed: int) -> SearchTask:
        """What a stage with this seed may know."""
        return SearchTask(
            space=self._problem.space,
            seed=seed,
            aims=self._aims,
            scales=_pair_of(self._problem),
            earlier=lambda: _earlier_samples(self._problem, self._folder),
            kept=_KeptProposals(self._folder),
        )


class _KeptProposals:
    """Proposals in the run folder, by what was known: to find them again would take a resumed fit minutes."""

    def __init__(self, folder: RunFolder) -> None:
        self._file = folder.proposals

    def __call__(self, key: str, make: Callable[[], list[Point]]) -> list[Point]:
        kept = json.loads(self._file.read_text(encoding="utf-8")) if self._file.exists() else {}
        if key not in kept:
            kept[key] = make()
            write_atomic(self._file, json.dumps(kept))
        return [tuple(point) for point in kept[key]]


def _pair_of(problem: FitProblem) -> Callable[[Mapping[str, float]], tuple[float, float] | None]:
    """Depth in kJ/mol and distance in nm of the pair of a candidate: the units that it brings along.

    A model of several kinds of bead has no pair that stands for all; its units are those of everybody.
    """
    if len(problem.base.beads) != 1:
        return lambda values: (1.0, 1.0)

    def pair(values: Mapping[str, float]) -> tuple[float, float] | None:
        try:
            with candidate_faults(), np.errstate(all="ignore"):
                found = dimer_minimum(problem.candidate(values))
        except UnstableError:
            return None
        scales = -found.energy, found.distance
        return scales if all(0.0 < scale < math.inf for scale in scales) else None

    return pair


def _quantity(target: Mapping[str, Any]) -> str:
    """What is measured, all but the temperature; a deviation from a curve is a quantity of that curve."""
    keys = ("observable", "structure", "pressure", "options", "reference")
    return json.dumps([target[key] for key in keys], sort_keys=True)


def _samples(
    evaluations: Iterable[Evaluation], targets: Mapping[tuple[str, str], Mapping[str, Any]]
) -> list[Sample]:
    """All values of the evaluations; ``targets`` by level and name."""

    def sample(evaluation: Evaluation, result: TargetResult) -> Sample:
        target = targets[result.level, result.name]
        return Sample(
            dict(evaluation.parameters),
            _quantity(target),
            target["temperature"],
            result.unit,
            result.value,
            result.stderr,
        )

    return [
        sample(evaluation, result)
        for evaluation in evaluations
        if evaluation.outcome is not Outcome.INFRA
        for result in evaluation.results
    ]


def _is_candidate(problem: FitProblem, base: CoarseGrainedModel, parameters: Mapping[str, float]) -> bool:
    """Whether ``base`` with these values is a candidate of this fit, in what was not searched too."""
    try:
        with candidate_faults():
            candidate, model = problem.candidate(parameters), base.with_parameters(parameters)
    except UnstableError:
        return False
    return candidate.parameters == model.parameters and candidate.beads == model.beads


def _earlier_samples(problem: FitProblem, folder: RunFolder) -> list[Sample]:
    """Values of the best candidates of the runs in ``optimizer.start`` and of those that they began with.

    They are kept in the run folder.
    """
    runs = earlier_runs(problem)
    if not runs:
        return []
    if not folder.earlier.exists():
        found = [sample for run in runs for sample in _learnt(problem, run)]
        write_atomic(folder.earlier, json.dumps(found))
    return [Sample(**record) for record in json.loads(folder.earlier.read_text(encoding="utf-8"))]


def _learnt(problem: FitProblem, earlier: RunLayout) -> list[dict[str, Any]]:
    """Samples of an earlier fit; none of one that was computed in another way, of which a warning tells."""
    other = _computed_otherwise(problem, earlier)
    if other:
        warnings.warn(
            f"the surfaces do not learn from {earlier.path}: {other}", CgbridgeWarning, stacklevel=2
        )
        return []
    records = json.loads(earlier.targets.read_text(encoding="utf-8"))
    targets = {(level, target["name"]): target for level, found in records.items() for target in found}
    entries, _ = run_entries(earlier)
    best = sorted((entry.evaluation for entry in entries), key=lambda evaluation: evaluation.score)
    found = [asdict(sample) for sample in _samples(best[:_EARLIER], targets)]
    if earlier.earlier.exists():
        found += json.loads(earlier.earlier.read_text(encoding="utf-8"))
    base = base_model(earlier)
    return [sample for sample in found if _is_candidate(problem, base, sample["parameters"])]


def _computed_otherwise(problem: FitProblem, earlier: RunLayout) -> str:
    """What makes values of an earlier fit other quantities than those of this one; empty if nothing does."""
    made = json.loads(earlier.versions.read_text(encoding="utf-8")) if earlier.versions.exists() else {}
    changed = differences({k: made.get(k) for k in DECISIVE}, decisive_versions(), "")
    used = yaml.safe_load(earlier.used_yaml.read_text(encoding="utf-8")).get("engine", {})
    engine = problem.config.engine.model_dump(mode="json")
    changed += differences({k: used.get(k) for k in _PHYSICS}, {k: engine[k] for k in _PHYSICS}, "engine")
    return "; ".join(changed)
