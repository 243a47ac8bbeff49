"""A level of the hierarchy: gates, goals, the rule by which it is passed, lengths of its simulations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from cgbridge.objectives.scoring import Measured
from cgbridge.observables.catalogue import get_observable
from cgbridge.records.simulation import Simulation
from cgbridge.records.target import Sampling, Target

#: How many times what it began with a production may become, where no maximum is given: the error halves.
USUAL_MAXIMUM = 4.0


@dataclass(frozen=True)
class PassRule:
    """Bounds in tolerances on the weighted mean and on the largest of the normalised errors of the goals.

    Without any bound every goal must be within its tolerance.
    """

    mean: float | None = None
    worst: float | None = None

    def allows(self, goals: Sequence[Measured]) -> bool:
        """Whether the goals pass: all are known, and the bounds are kept."""
        if self.mean is None and self.worst is None:
            return all(result.passed for _, result in goals)
        if not goals:
            return True
        errors = [result.normalised_error for _, result in goals]
        weights = [target.weight for target, _ in goals]
        mean = sum(w * e for w, e in zip(weights, errors, strict=True)) / sum(weights)
        known = all(result.known for _, result in goals)
        return known and mean <= (self.mean or math.inf) and max(errors) <= (self.worst or math.inf)

    def largest(self, target: Target, goals: Sequence[Target]) -> float:
        """The largest deviation, in the target's unit, with which the goals may still pass together."""
        if self.mean is None and self.worst is None:
            return target.tolerance
        share = target.weight / sum(goal.weight for goal in goals)
        by_mean = math.inf if self.mean is None else self.mean / share
        return target.tolerance * min(by_mean, self.worst or math.inf)


@dataclass(frozen=True)
class Level:
    """A named level with its resolved targets, and how long and large its simulations are by default.

    Gates come first among the ``targets``. All production runs are made ``factor`` times as long as the
    targets ask for.
    """

    name: str
    targets: tuple[Target, ...]
    sampling: Sampling = field(default_factory=Sampling)
    factor: float = 1.0
    rule: PassRule = PassRule()

    @property
    def gates(self) -> tuple[Target, ...]:
        return tuple(target for target in self.targets if target.gate)

    @property
    def goals(self) -> tuple[Target, ...]:
        return tuple(target for target in self.targets if not target.gate)

    def lengthened(self, factor: float) -> Level:
        """The same level with production runs ``factor`` times as long (for confirmations)."""
        return replace(self, factor=self.factor * factor)

    def simulations(self, target: Target) -> list[Simulation]:
        """What one of the targets needs, those with a production of their own lengthened as well."""
        wanted = get_observable(target.observable, target.folder).simulations(target, self.sampling)
        return [replace(one, production=one.production * self.factor) for one in wanted]

    def aim(self, target: Target) -> float:
        """The standard error that runs are lengthened for: that of runs ``factor`` times as long."""
        return target.known_to / math.sqrt(self.factor)

    def maximum(self, production: float) -> float:
        """How long in ps a run that began with ``production`` may become."""
        longest = self.sampling.maximum
        return max(production, USUAL_MAXIMUM * production if longest is None else longest * self.factor)

    def limit(self, target: Target) -> float:
        """The largest deviation, in the target's unit, with which the level may still be passed."""
        return target.tolerance if target.gate else self.rule.largest(target, self.goals)
