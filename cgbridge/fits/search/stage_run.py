"""One stage of a search driven to its end: ask, evaluate, tell; confirm the best on the way."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cgbridge.config.optimizer_section import ConfirmSection
from cgbridge.fits.search.candidates import Candidates
from cgbridge.fits.search.confirmations import Confirmations
from cgbridge.fits.search.ending import Ended, Ending, Stagnation
from cgbridge.fits.search.evaluator import Evaluator, Job
from cgbridge.fits.search.stages import Stage
from cgbridge.interfaces import Optimizer
from cgbridge.records.evaluation import Evaluation, Outcome

_BUDGET = Ended("budget", "its budget was used up")
_EARLY = Ended("nothing-new", "it had nothing new to propose")


@dataclass(frozen=True)
class StageRecord:
    """What became of a stage: candidates and generations told, and why it ended."""

    method: str
    evaluations: int
    generations: int
    ended: Ended


@dataclass(frozen=True)
class SearchParts:
    """What all stages of a search share."""

    evaluator: Evaluator
    candidates: Candidates
    confirmations: Confirmations
    ending: Ending
    confirm: ConfirmSection
    workers: int


class StageRun:
    """Keeps the workers busy; results are told in the order of asking, so that runs repeat exactly.

    Confirmations begin when a generation is complete, and their scores are told when the next one is: both
    at fixed places in the sequence of tellings, so that the search does not depend on how long they take.
    """

    def __init__(self, stage: Stage, optimizer: Optimizer, parts: SearchParts) -> None:
        self._stage, self._optimizer, self._parts = stage, optimizer, parts
        self._waiting: list[Job] = []
        self._results: dict[Job, Evaluation] = {}
        self._lost: list[Job] = []
        self._stagnation = Stagnation(parts.ending.stop.no_improvement)
        self._ended: Ended | None = None
        self._told = self._generation = self._confirmed_at = 0
        self._told_of_generation = self._until_settled = 0

    def run(self) -> StageRecord:
        """Tell the optimizer what is known, and drive it until it, or the search, has come to an end."""
        for observation in self._parts.candidates.known():
            self._optimizer.tell(observation)
        while not self._over:
            job = self._proposal()
            if job is not None:
                self._waiting.append(job)
                self._parts.evaluator.submit(job)
            elif not self._waiting and not self._parts.evaluator.busy:
                break  # nothing is awaited, not even a confirmation that keeps a worker
            self._collect(block=job is None)
            while self._waiting and self._waiting[0] in self._results and not self._over:
                self._tell(self._waiting[0])
        self._keep_what_runs()
        self._settle()
        self._confirm_what_passed()
        self._second_chance()
        ended = self._ended or self._parts.ending.ended
        if ended is None:
            ended = _BUDGET if self._told >= self._optimizer.budget else _EARLY
        return StageRecord(self._stage.method, self._told, self._generation + 1, ended)

    @property
    def _over(self) -> bool:
        return self._ended is not None or self._parts.ending.ended is not None

    def _proposal(self) -> Job | None:
        """The next candidate, if there is a free worker, one is proposed, and the search goes on."""
        parts = self._parts
        if parts.evaluator.busy >= parts.workers or self._optimizer.finished:
            return None
        generation = self._optimizer.generation
        points = self._optimizer.ask(1)
        if not points:
            return None
        job = parts.evaluator.search_job(points[0], "search", generation, self._stage.number)
        return job if parts.ending.begins(known=parts.evaluator.knows(job)) else None

    def _collect(self, *, block: bool) -> None:
        for job, evaluation in self._parts.evaluator.wait(block=block):
            if not self._parts.confirmations.take(job, evaluation):
                self._results[job] = evaluation

    def _tell(self, job: Job) -> None:
        """Tell the result of the first that is waiting; before the first of a generation look back."""
        if job.generation > self._generation:
            self._complete_generation(job.generation)
            if self._over:
                return
        self._waiting.pop(0)
        evaluation = self._results[job]
        if evaluation.outcome is Outcome.INFRA:
            self._lost.append(job)
        self._optimizer.tell(self._parts.candidates.keep(job.point, evaluation))
        self._parts.ending.counts(evaluation)
        self._told += 1
        self._told_of_generation += 1
        if self._until_settled > 0:
            self._until_settled -= 1
            if self._until_settled == 0:
                self._settle()

    def _complete_generation(self, following: int) -> None:
        """All results of the generations before ``following`` were told: is it enough? who is confirmed?"""
        parts, complete = self._parts, following - 1
        self._settle()
        best = [parts.candidates.score(point) for point in parts.candidates.leaders(1)]
        self._ended = self._stagnation.ended(next(iter(best), None))
        wanted = parts.candidates.passed(confirmed=False)[: parts.ending.wanted()]
        if self._over:
            return
        if parts.confirm.every and complete >= self._confirmed_at + parts.confirm.every:
            self._confirmed_at = complete
            wanted = [*parts.candidates.leaders(parts.confirm.leaders), *wanted]
        if parts.confirmations.begin(list(dict.fromkeys(wanted)), complete, self._stage.number):
            # Settled before the next generation is bred, if that is as large as this one.
            self._until_settled = self._told_of_generation
        self._generation, self._told_of_generation = following, 0

    def _settle(self) -> None:
        """Wait for the confirmations under way and tell their scores."""
        self._until_settled = 0
        while self._parts.confirmations.waiting:
            self._collect(block=True)
        for observation in self._parts.confirmations.settled():
            self._optimizer.tell(observation)

    def _keep_what_runs(self) -> None:
        """Candidates under way when the stage was ended early are waited for: they were nearly paid for.

        How many there are depends on the number of workers, so no other stage hears of them.
        """
        while self._waiting and not all(job in self._results for job in self._waiting):
            self._collect(block=True)
        for job in self._waiting:
            self._parts.candidates.set_aside(job.point, self._results[job])
        self._parts.ending.takes_back(len(self._waiting))

    def _confirm_what_passed(self) -> None:
        """Before another stage begins: are there enough already?"""
        parts = self._parts
        wanted = parts.candidates.passed(confirmed=False)[: parts.ending.wanted()]
        if parts.confirmations.begin(wanted, self._generation, self._stage.number):
            self._settle()
            parts.ending.wanted()

    def _second_chance(self) -> None:
        """What machine faults took comes back when nothing depends on it but who is the best."""
        again = [replace(job, again=True) for job in self._lost]
        for job, evaluation in zip(again, self._parts.evaluator.run(again), strict=True):
            self._parts.candidates.keep(job.point, evaluation)
