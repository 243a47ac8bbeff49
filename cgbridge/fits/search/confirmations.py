"""Re-runs of the best with new seeds and longer production, beside the search and at its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cgbridge.fits.search.candidates import Candidates
from cgbridge.fits.search.ending import Ending
from cgbridge.fits.search.evaluator import Evaluator, Job
from cgbridge.records.evaluation import Evaluation, Observation, Point


class Confirmations:
    """Confirmations under way, and what becomes of them; ``publish`` is called after each."""

    def __init__(
        self, evaluator: Evaluator, candidates: Candidates, ending: Ending, publish: Callable[[], None]
    ) -> None:
        self._evaluator, self._candidates, self._ending = evaluator, candidates, ending
        self._publish = publish
        self._running: dict[Job, Evaluation | None] = {}

    def begin(self, points: Sequence[Point], generation: int, stage: int) -> bool:
        """Confirm the points that are not confirmed yet, beside the search; returns whether there are any."""
        new = [point for point in points if point not in self._candidates.confirmed]
        for point in new:
            job = self._evaluator.confirm_job(point, generation, stage, beside=True)
            self._running[job] = None
            self._evaluator.submit(job)
        return bool(new)

    def take(self, job: Job, evaluation: Evaluation) -> bool:
        """Take in a finished job; False if it is none of these."""
        if job not in self._running:
            return False
        self._running[job] = evaluation
        self._candidates.confirm(job.point, evaluation)
        self._publish()
        return True

    @property
    def waiting(self) -> bool:
        """Whether any has not finished."""
        return None in self._running.values()

    def settled(self) -> list[Observation]:
        """What the search is told of those that have finished, in the order in which they were begun."""
        told = []
        for job, evaluation in self._running.items():
            assert evaluation is not None
            self._ending.counts(evaluation)
            told += [found for found in (self._candidates.settle(job.point),) if found is not None]
        self._running.clear()
        return told

    def at_the_end(self, points: Sequence[Point], generation: int, stage: int) -> list[Observation]:
        """Confirm the points and wait for it; all that were lost are tried twice."""
        jobs = [self._evaluator.confirm_job(point, generation, stage) for point in points]
        for job, evaluation in zip(jobs, self._evaluator.run(jobs), strict=True):
            self._candidates.confirm(job.point, evaluation)
        return [found for point in points if (found := self._candidates.settle(point)) is not None]
