"""All candidates of a run, what was measured of each, and what an optimizer is told of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cgbridge.objectives.level import Level
from cgbridge.records.evaluation import Evaluation, Observation, Outcome, Point, Residual, Score


class Candidates:
    """Results by point; a confirmation counts from the moment it was settled, not from that when it finished.

    So the order of things does not depend on how long a confirmation takes.
    """

    def __init__(self, levels: Sequence[Level]) -> None:
        self._weights = {
            (level.name, target.name): target.weight for level in levels for target in level.targets
        }
        self._scored: dict[Point, Evaluation] = {}
        self._aside: dict[Point, Evaluation] = {}
        #: Confirmations that have finished, and those of them that the search knows.
        self.confirmed: dict[Point, Evaluation] = {}
        self._settled: dict[Point, Evaluation] = {}

    def keep(self, point: Point, evaluation: Evaluation) -> Observation:
        """Take in a result of the search; returns what is told of it."""
        self._scored[point] = evaluation
        return self.observation(point, evaluation)

    def set_aside(self, point: Point, evaluation: Evaluation) -> None:
        """Take in a result that no stage is told of; it competes when the search is over."""
        self._aside[point] = evaluation

    def gather(self, others: Iterable[tuple[Point, Evaluation]]) -> None:
        """The search is over: what was set aside, and ``others``, count where nothing else is known."""
        for point, evaluation in (*self._aside.items(), *others):
            known = self._scored.get(point)
            if evaluation.outcome is not Outcome.INFRA and (known is None or known.outcome is Outcome.INFRA):
                self._scored[point] = evaluation

    def confirm(self, point: Point, evaluation: Evaluation) -> None:
        """Take in a confirmation; one that was lost to the machine confirms nothing."""
        if evaluation.outcome is not Outcome.INFRA:
            self.confirmed[point] = evaluation

    def settle(self, point: Point) -> Observation | None:
        """From now on the confirmation is the point's score; None where there is none."""
        if point not in self.confirmed:
            return None
        self._settled[point] = self.confirmed[point]
        return self.observation(point, self.confirmed[point])

    def known(self) -> list[Observation]:
        """All that a stage is told when it begins, in an order that does not depend on chance."""
        found = [self.observation(point, result) for point, result in self._scored.items()]
        found += [self.observation(point, result) for point, result in self._settled.items()]
        return [observation for observation in found if observation.score is not None]

    def observation(self, point: Point, evaluation: Evaluation) -> Observation:
        """What an optimizer is told of an evaluation; a lost one has no score."""
        if evaluation.outcome is Outcome.INFRA:
            return Observation(point, None)
        residuals = tuple(
            Residual(
                result.level,
                result.name,
                (result.value - result.target) / result.tolerance,
                result.stderr / result.tolerance,
                self._weights.get((result.level, result.name), 1.0),
            )
            for result in evaluation.results
        )
        return Observation(point, evaluation.score, residuals)

    def score(self, point: Point) -> Score:
        """That of the confirmation, once it is settled, else that of the search."""
        return self._settled.get(point, self._scored[point]).score

    def leaders(self, count: int | None = None) -> list[Point]:
        """The best points; lost ones left out."""
        sound = [p for p, result in self._scored.items() if result.outcome is not Outcome.INFRA]
        return sorted(sound, key=self.score)[:count]

    def passed(self, *, confirmed: bool) -> list[Point]:
        """Points that pass every level, best first: by a confirmation that is settled, or still without."""
        return [
            point
            for point in self.leaders()
            if self.score(point).levels_failed == 0 and (point in self._settled) == confirmed
        ]
