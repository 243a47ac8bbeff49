"""Measure the targets of one level, with runs as long as their precision asks for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from cgbridge.errors import UnstableError
from cgbridge.interfaces import Adaptive, Observable
from cgbridge.objectives.level import Level
from cgbridge.objectives.precision import is_clearly_missed, next_production
from cgbridge.objectives.scoring import Measured, judge
from cgbridge.objectives.session import Session, merge_simulations
from cgbridge.observables.catalogue import get_observable
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Target, TargetResult

#: A melting bracket may be moved this often before the estimate is taken as it is.
MAX_FOLLOW_UPS = 3


def follow_ups(observable: Observable, target: Target, runs: Sequence[Run]) -> list[Simulation]:
    """What an adaptive observable wants besides, now that it has seen these runs."""
    return list(observable.follow_up(target, runs)) if isinstance(observable, Adaptive) else []


class LevelMeasurement:
    """Targets of a level with what was measured so far, in the order of the level.

    ``thorough``: values are wanted even where the level is lost, as in a confirmation. ``at`` is the name of
    the target that is measured at the moment.
    """

    def __init__(self, level: Level, session: Session, *, thorough: bool) -> None:
        self._level, self._session, self._thorough = level, session, thorough
        self._results: dict[str, TargetResult] = {}
        self._runs: dict[str, list[Run]] = {}
        #: Production in ps that every state began with at this level.
        self._begun: dict[Any, float] = {}
        self.at = ""

    @property
    def measured(self) -> list[Measured]:
        found = self._results
        return [(target, found[target.name]) for target in self._level.targets if target.name in found]

    def of(self, targets: Sequence[Target]) -> list[TargetResult]:
        """Results of the targets: measured once, then again with longer runs until all are settled.

        A target is settled when it has its precision, when it is clearly missed, or when its runs are as
        long as they may become. Where one is clearly missed the level is lost, and unless the measurement is
        thorough nothing is made longer. Raises what the simulations and observables do.
        """
        plan = merge_simulations([s for target in targets for s in self._level.simulations(target)])
        self._session.prepare(list(plan.values()))
        for target in targets:
            self._measure(target, plan)
        while longer := self._wanted(targets):
            plan |= longer
            for target in targets:
                if any(run.simulation.key in longer for run in self._runs[target.name]):
                    self._measure(target, plan)
            # Runs that share a Context have become longer with those that had to.
            for target in targets:
                if any(self._session.provide(run.simulation) is not run for run in self._runs[target.name]):
                    self._measure(target, plan)
        return [self._results[target.name] for target in targets]

    def _measure(self, target: Target, plan: Mapping[Any, Simulation]) -> None:
        """Simulate what the target needs (as merged in ``plan``) and measure; follow up where asked."""
        self.at = target.name
        observable = get_observable(target.observable, target.folder)
        runs = self._provided(self._level.simulations(target), plan)
        for _ in range(MAX_FOLLOW_UPS):
            extra = follow_ups(observable, target, runs)
            if not extra:
                break
            runs += self._provided(extra, plan)
        self._runs[target.name] = runs
        production = max((run.simulation.production for run in runs), default=0.0)
        result = judge(target, observable.measure(target, runs), self._level.name, production=production)
        if not math.isfinite(result.normalised_error):
            raise UnstableError(f"{target.name} is not a finite number")
        self._results[target.name] = result

    def _provided(self, simulations: Sequence[Simulation], plan: Mapping[Any, Simulation]) -> list[Run]:
        wanted = [plan.get(simulation.key, simulation) for simulation in simulations]
        for simulation in wanted:
            self._begun.setdefault(simulation.key, simulation.production)
        return [self._session.provide(simulation) for simulation in wanted]

    def _wanted(self, targets: Sequence[Target]) -> dict[Any, Simulation]:
        """The simulations that must become longer, by their keys; none when all targets are settled."""
        missed = {
            target.name
            for target in targets
            if is_clearly_missed(self._results[target.name], self._level.limit(target))
        }
        if missed and not self._thorough:
            return {}
        longer: dict[Any, Simulation] = {}
        for target in targets:
            if target.name in missed:
                continue
            stderr, aim = self._results[target.name].stderr, self._level.aim(target)
            for done in (run.simulation for run in self._runs[target.name]):
                maximum = self._level.maximum(self._begun[done.key])
                production = next_production(done.production, stderr, aim, maximum)
                samples = math.ceil(production / done.interval - 1e-9)
                wanted = done.lengthened(min(samples * done.interval, max(maximum, done.production)))
                if wanted.production > longer.get(done.key, done).production:
                    longer[done.key] = wanted
        return longer
