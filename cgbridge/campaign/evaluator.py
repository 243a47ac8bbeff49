"""Evaluations through the journal: computed once, retried when the machine failed, never lost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cgbridge.campaign.problem import FitProblem
from cgbridge.campaign.task import EvaluationTask, run_task
from cgbridge.interfaces import Evaluation, Outcome, Point
from cgbridge.objectives.scoring import score_broken
from cgbridge.rng import derive_seed
from cgbridge.store.journal import Journal, content_key
from cgbridge.store.records import evaluation_from_record, evaluation_record
from cgbridge.workers.local import WorkerDied, WorkerTimeout


@dataclass(frozen=True)
class Job:
    """One wanted evaluation. ``phase``: search, polish or confirm; ``factor`` lengthens production."""

    point: Point
    phase: str
    generation: int
    seed: int
    factor: float = 1.0

    @property
    def full(self) -> bool:
        """Confirmations measure every level and keep their curves."""
        return self.phase == "confirm"


class Evaluator:
    """Submits jobs to an executor; what the journal knows is answered at once."""

    def __init__(
        self,
        problem: FitProblem,
        journal: Journal,
        executor: Executor,
        scratch: Path,
        *,
        retries: int,
    ) -> None:
        self._problem, self._journal, self._executor, self._scratch = problem, journal, executor, scratch
        self._retries = retries
        #: Called after every evaluation with the job, its result and whether the journal knew it.
        self.on_finished: Callable[[Job, Evaluation, bool], None] = lambda job, evaluation, known: None
        self._protocol = problem.protocol
        self._running: dict[Future[Evaluation], tuple[Job, str, int]] = {}
        self._finished: list[tuple[Job, Evaluation]] = []

    def search_job(self, point: Point, phase: str, generation: int) -> Job:
        """A search evaluation; its seed depends on the master seed and the point only."""
        seed = derive_seed(self._problem.config.optimizer.seed, "evaluation", *point)
        return Job(point, phase, generation, seed)

    def confirm_job(self, point: Point, generation: int) -> Job:
        """A re-run with another seed and longer MD."""
        seed = derive_seed(self._problem.config.optimizer.seed, "confirm", *point)
        return Job(point, "confirm", generation, seed, self._problem.config.optimizer.confirm.factor)

    @property
    def busy(self) -> int:
        return len(self._running)

    def submit(self, job: Job) -> None:
        """Start a job, or take its result from the journal."""
        key = self._key(job)
        if key in self._journal:
            evaluation = evaluation_from_record(self._journal[key])
            # A machine fault is no property of the candidate: it is tried again after a restart.
            if evaluation.outcome is not Outcome.INFRA:
                self._finished.append((job, evaluation))
                self.on_finished(job, evaluation, True)
                return
        self._start(job, key, attempt=0)

    def wait(self) -> list[tuple[Job, Evaluation]]:
        """Return finished jobs, waiting for at least one when some are running."""
        if not self._finished and self._running:
            done, _ = wait(self._running, return_when=FIRST_COMPLETED)
            for future in done:
                self._collect(future)
        finished, self._finished = self._finished, []
        return finished

    def run(self, jobs: list[Job]) -> list[Evaluation]:
        """Evaluate all jobs and return their results in order."""
        results: dict[Job, Evaluation] = {}
        for job in jobs:
            self.submit(job)
        while len(results) < len(set(jobs)):
            results.update(self.wait())
        return [results[job] for job in jobs]

    def _key(self, job: Job) -> str:
        values = self._problem.space.decode(job.point)
        content: dict[str, Any] = {"parameters": values, "protocol": self._protocol, "seed": job.seed}
        return content_key(content | {"factor": job.factor, "full": job.full})

    def _start(self, job: Job, key: str, attempt: int) -> None:
        problem = self._problem
        task = EvaluationTask(
            model=problem.candidate(problem.space.decode(job.point)),
            searched=tuple(parameter.name for parameter in problem.space.parameters),
            levels=tuple(level.lengthened(job.factor) for level in problem.levels),
            engine=problem.config.engine,
            seed=job.seed,
            scratch=self._scratch,
            stop_early=not job.full,
        )
        self._running[self._executor.submit(run_task, task)] = (job, key, attempt)

    def _collect(self, future: Future[Evaluation]) -> None:
        job, key, attempt = self._running.pop(future)
        try:
            evaluation = future.result()
        except WorkerTimeout as error:
            evaluation = self._lost(job, Outcome.TIMEOUT, error.what)
        except WorkerDied as error:
            if attempt < self._retries:
                self._start(job, key, attempt + 1)
                return
            evaluation = self._lost(job, Outcome.INFRA, f"{error.what}, {attempt + 1} times")
        record = evaluation_record(evaluation, curves=job.full)
        self._journal.append(
            {
                "key": key,
                "phase": job.phase,
                "generation": job.generation,
                "point": list(job.point),
                "factor": job.factor,
            }
            | record
        )
        self._finished.append((job, evaluation))
        self.on_finished(job, evaluation, False)

    def _lost(self, job: Job, outcome: Outcome, reason: str) -> Evaluation:
        levels = len(self._problem.levels)
        return Evaluation(
            parameters=self._problem.space.decode(job.point),
            seed=job.seed,
            outcome=outcome,
            levels_passed=0,
            score=score_broken(levels, 0.0, 0.0),
            reason=reason,
        )
