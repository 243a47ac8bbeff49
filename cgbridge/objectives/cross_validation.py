"""Choose the best candidate without a part of the state points, and see how it does there.

The goals are sorted by the states that they need: those of one state share their runs, and so their luck.
State points are dealt to folds. For every fold the candidate with the smallest error on the goals that need
none of the fold's states is taken, and its deviations on the fold's goals are what counts: they had no part
in the choice. A goal that needs states of several folds, such as a temperature of maximum density, is a state
point of its own, and takes all goals of its states out of the choice when it is left out.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cgbridge.errors import ConfigError
from cgbridge.objectives.quantities import quantity_of
from cgbridge.objectives.scoring import weighted_rms
from cgbridge.observables.catalogue import get_observable
from cgbridge.records.simulation import first_name
from cgbridge.records.target import Sampling, Target, TargetResult

#: A state: kind and structure of what is simulated, K, bar.
State = tuple[str, str, float, float]
#: Results of one candidate by the quantity that they measure.
Candidate = Mapping[str, TargetResult]


@dataclass(frozen=True)
class LeftOut:
    """A goal, the fold that it was left out with, and what the candidate chosen without it gives."""

    fold: int
    target: Target
    result: TargetResult


@dataclass(frozen=True)
class CrossValidation:
    """Errors in tolerances: weighted root mean squares of the deviations of goals.

    ``error`` is that of goals left out; ``chosen`` that of the same goals for the candidate that is best on
    all; ``typical`` the median over all ``candidates``, what choosing by nothing would give; ``noise`` what
    the standard errors alone would make of a perfect candidate. ``fold_errors`` are those of single folds.
    """

    folds: int
    candidates: int
    left_out: tuple[LeftOut, ...]
    fold_errors: tuple[float, ...]
    error: float
    chosen: float
    typical: float
    noise: float


def states_of(target: Target) -> frozenset[State]:
    """The states that a target needs simulations of."""
    wanted = get_observable(target.observable, target.folder).simulations(target, Sampling())
    return frozenset((s.kind, first_name(s.structure), s.temperature, s.pressure) for s in wanted)


def deal(goals: Sequence[Target], folds: int) -> list[list[Target]]:
    """Goals by fold: state points in the order of their temperatures, dealt in turn.

    So neighbours in temperature are in different folds, and what is asked for is to interpolate. Raises
    :class:`ConfigError` when there is one state point only.
    """
    points: dict[frozenset[State], list[Target]] = {}
    for goal in goals:
        points.setdefault(states_of(goal), []).append(goal)
    if len(points) < 2:
        raise ConfigError(
            "all targets need the same state: there is nothing to leave out",
            where="cross_validation",
            remedy="leave the section out, or give targets at several temperatures",
        )
    ordered = sorted(points, key=lambda states: sorted((kelvin, *rest) for *rest, kelvin, _ in states))
    count = min(folds, len(ordered))
    return [[goal for states in ordered[number::count] for goal in points[states]] for number in range(count)]


def cross_validate(
    goals: Sequence[Target], candidates: Sequence[Candidate], folds: int
) -> CrossValidation | None:
    """Cross-validate over candidates of which every goal has been measured; None for fewer than two.

    ``goals`` are those that count, each quantity once. Raises :class:`ConfigError` as :func:`deal`.
    """
    dealt = deal(goals, folds)
    whole = [c for c in candidates if all(_finite(c.get(quantity_of(goal))) for goal in goals)]
    if len(whole) < 2:
        return None
    left_out: list[LeftOut] = []
    fold_errors = []
    for number, tested in enumerate(dealt):
        taken = frozenset[State]().union(*(states_of(goal) for goal in tested))
        rest = [goal for goal in goals if not taken & states_of(goal)]
        # Where nothing remains, as without a temperature of maximum density and all its densities alone, no
        # choice is possible: any candidate is as good as another.
        best = min(whole, key=lambda candidate: error_on(rest, candidate)) if rest else None
        if best is None:
            continue
        left_out += [LeftOut(number, goal, best[quantity_of(goal)]) for goal in tested]
        fold_errors.append(error_on(tested, best))
    if not left_out:
        return None
    tested = [one.target for one in left_out]
    weights = [target.weight for target in tested]
    chosen = min(whole, key=lambda candidate: error_on(goals, candidate))
    noises = [one.result.stderr / one.result.tolerance for one in left_out]
    noise = sum(w * e**2 for w, e in zip(weights, noises, strict=True))
    return CrossValidation(
        folds=len(fold_errors),
        candidates=len(whole),
        left_out=tuple(left_out),
        fold_errors=tuple(fold_errors),
        error=weighted_rms([one.result for one in left_out], weights),
        chosen=error_on(tested, chosen),
        typical=statistics.median(error_on(tested, candidate) for candidate in whole),
        noise=math.sqrt(noise / sum(weights)),
    )


def error_on(goals: Sequence[Target], candidate: Candidate) -> float:
    """Weighted root mean square of a candidate's deviations from the goals."""
    return weighted_rms([candidate[quantity_of(goal)] for goal in goals], [goal.weight for goal in goals])


def _finite(result: TargetResult | None) -> bool:
    return result is not None and math.isfinite(result.normalised_error)
