"""Evaluations through the journal: computed once, retried when the machine failed, never lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, replace
from typing import Any, Literal

from cgbridge.errors import MachineFault, UnstableError, WorkerTimeout
from cgbridge.fits.search.problem import FitProblem
from cgbridge.fits.search.task import EvaluationTask, run_task
from cgbridge.interfaces import Workers
from cgbridge.objectives.level import Level
from cgbridge.objectives.scoring import score_broken
from cgbridge.records.evaluation import Evaluation, Outcome, Point
from cgbridge.rng import derive_seed
from cgbridge.store.journal import Journal, content_key
from cgbridge.store.records import evaluation_from_record, evaluation_record

#: Computed now; by an earlier run, so that the journal knew it; or before in this run: a method may ask for a
#: point that another stage has asked for.
Origin = Literal["computed", "journal", "repeated"]


@dataclass(frozen=True)
class Job:
    """One wanted evaluation.

    ``phase``: start, search, confirm, final or validation; ``stage`` counts from 0; ``factor`` lengthens
    production; ``again`` marks the second chance of one that was lost to machine faults.
    """

    point: Point
    phase: str
    generation: int
    seed: int
    stage: int = 0
    factor: float = 1.0
    again: bool = False

    @property
    def full(self) -> bool:
        """Confirmations, the last measurement and the validation measure all and keep their curves."""
        return self.phase in ("confirm", "final", "validation")


class Evaluator:
    """Submits jobs to an executor; what the journal knows is answered at once."""

    def __init__(
        self,
        problem: FitProblem,
        journal: Journal,
        workers: Workers,
        *,
        retries: int,
        wall_limit: float,
    ) -> None:
        self._problem, self._journal, self._workers = problem, journal, workers
        self._retries, self._wall_limit = retries, wall_limit
        #: Called after every evaluation with the job, its result and where that came from.
        self.on_finished: Callable[[Job, Evaluation, Origin], None] = lambda job, evaluation, origin: None
        self._protocol = problem.protocol
        self._seen: set[str] = set()
        self._running: dict[Future[Evaluation], tuple[str, int]] = {}
        self._awaited: dict[str, list[Job]] = {}
        self._finished: list[tuple[Job, Evaluation]] = []
        self._factors = self._earlier_factors()

    def _earlier_factors(self) -> dict[Point, float]:
        """How long the first confirmation of each point was in the journal: a budget may be raised later."""
        factors: dict[Point, float] = {}
        for entry in self._journal:
            if entry["phase"] == "confirm" and entry.get("protocol") == self._protocol:
                factors.setdefault(tuple(entry["point"]), entry["factor"])
        return factors

    def search_job(self, point: Point, phase: str, generation: int = 0, stage: int = 0) -> Job:
        """A search evaluation; its seed depends on the master seed and the point only."""
        seed = derive_seed(self._problem.config.optimizer.seed, "evaluation", *point)
        return Job(point, phase, generation, seed, stage)

    def confirm_job(self, point: Point, generation: int, stage: int, *, beside: bool = False) -> Job:
        """A re-run with another seed and longer MD.

        ``beside`` the search a confirmation that an earlier run made of the point is good enough: a search
        that is lengthened goes the way it went, whatever the factor is now.
        """
        factor = self._problem.config.optimizer.confirm.factor
        if beside:
            factor = self._factors.get(point, factor)
        seed = derive_seed(self._problem.config.optimizer.seed, "confirm", *point)
        return Job(point, "confirm", generation, seed, stage, factor)

    def final_job(self, point: Point, generation: int, stage: int) -> Job:
        """The measurement of the winner, as long as a confirmation, with a seed that selected nothing."""
        seed = derive_seed(self._problem.config.optimizer.seed, "final", *point)
        return replace(self.confirm_job(point, generation, stage), phase="final", seed=seed)

    def validation_job(self, point: Point, generation: int, stage: int) -> Job:
        """The targets that no search sees, with a seed of their own."""
        seed = derive_seed(self._problem.config.optimizer.seed, "validation", *point)
        return Job(point, "validation", generation, seed, stage)

    @property
    def busy(self) -> int:
        return len(self._running)

    def submit(self, job: Job) -> None:
        """Start a job, or take its result from the journal.

        A lost evaluation stays lost there, so that a resumed run does what the interrupted one would have
        done; it is asked for once more at the end (``again``). One that ran out of wall time is repeated when
        the limit has been raised since.
        """
        key = self._key(job)
        if key in self._awaited:
            self._awaited[key].append(job)
        elif self.knows(job):
            evaluation = evaluation_from_record(self._journal[key])
            self._finished.append((job, evaluation))
            self.on_finished(job, evaluation, "repeated" if key in self._seen else "journal")
            self._seen.add(key)
        else:
            self._awaited[key] = [job]
            self._start(job, key, attempt=0)

    def knows(self, job: Job) -> bool:
        """Whether the journal answers the job."""
        key = self._key(job)
        return key in self._journal and not self._had_less_time(self._journal[key])

    def unseen(self) -> Iterator[tuple[Point, Evaluation]]:
        """Candidates that an earlier run measured and this one did not ask for."""
        for entry in self._journal:
            ours = entry.get("protocol") == self._protocol and entry["phase"] in ("start", "search")
            if ours and entry["key"] not in self._seen:
                yield tuple(entry["point"]), evaluation_from_record(entry)

    def _had_less_time(self, entry: dict[str, Any]) -> bool:
        return "wall_limit" in entry and entry["wall_limit"] < self._wall_limit

    def wait(self, *, block: bool = True) -> list[tuple[Job, Evaluation]]:
        """Return finished jobs, waiting for at least one when some are running and ``block`` asks for it."""
        if not self._finished and self._running and block:
            done, _ = wait(self._running, return_when=FIRST_COMPLETED)
            # In the order of asking, so that the journal of equal fits is equal whatever a set's order is.
            for future in [running for running in self._running if running in done]:
                self._collect(future)
        finished, self._finished = self._finished, []
        return finished

    def run(self, jobs: list[Job]) -> list[Evaluation]:
        """Evaluate all jobs, the lost ones twice, and return their results in order."""
        results: dict[Job, Evaluation] = {}
        for job in jobs:
            self.submit(job)
        while len(results) < len(set(jobs)):
            results.update(self.wait())
        lost = [job for job in jobs if results[job].outcome is Outcome.INFRA and not job.again]
        if lost:
            results.update(zip(lost, self.run([replace(job, again=True) for job in lost]), strict=True))
        return [results[job] for job in jobs]

    def _key(self, job: Job) -> str:
        values = self._problem.space.decode(job.point)
        content: dict[str, Any] = {"parameters": values, "protocol": self._protocol, "seed": job.seed}
        content |= {"factor": job.factor, "full": job.full, "again": job.again}
        return content_key(content | self._validation(job))

    def _validation(self, job: Job) -> dict[str, str]:
        """What the values of a validation depend on besides."""
        return {"validation": self._problem.validation_protocol} if job.phase == "validation" else {}

    def _levels(self, job: Job) -> tuple[Level, ...]:
        if job.phase == "validation" and self._problem.validation is not None:
            return (self._problem.validation,)
        return tuple(level.lengthened(job.factor) for level in self._problem.levels)

    def _start(self, job: Job, key: str, attempt: int) -> None:
        problem = self._problem
        try:
            model = problem.candidate(problem.space.decode(job.point))
        except UnstableError as error:
            self._record(job, key, self._broken(job, Outcome.UNSTABLE, error.what))
            return
        task = EvaluationTask(
            model=model,
            searched=tuple(parameter.name for parameter in problem.space.parameters),
            levels=self._levels(job),
            engine=problem.config.engine,
            seed=job.seed,
            stop_early=not job.full,
        )
        self._running[self._workers.submit(run_task, task)] = (key, attempt)

    def _collect(self, future: Future[Evaluation]) -> None:
        key, attempt = self._running.pop(future)
        job = self._awaited[key][0]
        limit = {}
        try:
            evaluation = future.result()
        except WorkerTimeout as error:
            evaluation = self._broken(job, Outcome.TIMEOUT, error.what)
            limit = {"wall_limit": self._wall_limit}
        except MachineFault as error:
            if attempt < self._retries:
                self._start(job, key, attempt + 1)
                return
            evaluation = self._broken(job, Outcome.INFRA, f"{error.what}, {attempt + 1} times")
        self._record(job, key, evaluation, **limit)

    def _record(self, job: Job, key: str, evaluation: Evaluation, **further: float) -> None:
        """One line of the journal, on disk before anybody hears of the result."""
        place: dict[str, Any] = {
            "key": key,
            "protocol": self._protocol,
            "phase": job.phase,
            "stage": job.stage,
            "generation": job.generation,
            "point": list(job.point),
            "factor": job.factor,
        }
        place |= self._validation(job)
        self._journal.append(place | further | evaluation_record(evaluation, curves=job.full))
        self._seen.add(key)
        for number, awaiting in enumerate(self._awaited.pop(key)):
            self._finished.append((awaiting, evaluation))
            self.on_finished(awaiting, evaluation, "repeated" if number else "computed")

    def _broken(self, job: Job, outcome: Outcome, reason: str) -> Evaluation:
        levels = len(self._levels(job))
        return Evaluation(
            parameters=self._problem.space.decode(job.point),
            seed=job.seed,
            outcome=outcome,
            levels_passed=0,
            score=score_broken(levels, 0.0, 0.0),
            reason=reason,
        )
