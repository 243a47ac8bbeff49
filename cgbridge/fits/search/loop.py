"""The loop of a search: known candidates, stages, confirmation with new seeds, the last measurement."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from cgbridge.fits.run_folder import RunFolder
from cgbridge.fits.search.candidates import Candidates
from cgbridge.fits.search.clock import RunClock
from cgbridge.fits.search.confirmations import Confirmations
from cgbridge.fits.search.cost_estimate import confirmation_count
from cgbridge.fits.search.ending import COMPLETE, Ending
from cgbridge.fits.search.evaluator import Evaluator, Job, Origin
from cgbridge.fits.search.executor import executor_of
from cgbridge.fits.search.problem import FitProblem
from cgbridge.fits.search.progress import Display, Progress
from cgbridge.fits.search.publication import Publication
from cgbridge.fits.search.search_task import SearchTasks
from cgbridge.fits.search.stage_run import SearchParts, StageRecord, StageRun
from cgbridge.fits.search.stages import stages_of
from cgbridge.fits.search.start import chosen_start, starting_points
from cgbridge.interfaces import Optimizer, Ranking
from cgbridge.records.evaluation import Evaluation, Outcome, Point
from cgbridge.store.atomic import storage_errors
from cgbridge.store.journal import Journal
from cgbridge.store.lock import RunLock
from cgbridge.store.scratch import run_scratch
from cgbridge.workers.worker_count import worker_count


def run_fit(problem: FitProblem, *, fresh: bool = False, display: Display | None = None) -> RunFolder:
    """Run, resume or lengthen the fit of ``problem`` in its run folder and return the folder.

    Raises :class:`~cgbridge.errors.RunFolderError` when the folder is in use or holds another input.
    KeyboardInterrupt is passed on after all workers were ended; the same call resumes.
    """
    config = problem.config
    folder = RunFolder(config.run.folder)
    with storage_errors(folder.path):
        folder.path.mkdir(parents=True, exist_ok=True)
    workers = worker_count(config)
    with RunLock(folder.path), run_scratch(folder.path) as scratch:
        # What it begins with is found before a run is made of the folder: it may be at fault.
        chosen = None if folder.begun and not fresh else chosen_start(problem)
        folder.prepare(config, problem, fresh=fresh)
        start = starting_points(problem, folder, chosen)
        journal = Journal(folder.journal)
        executor = executor_of(config, workers, scratch)
        try:
            evaluator = Evaluator(
                problem,
                journal,
                executor,
                retries=config.run.retries,
                wall_limit=config.run.wall_limit,
            )
            _Search(problem, folder, evaluator, start, workers, display or (lambda progress: None)).run()
        except BaseException:
            executor.shutdown(wait=True, cancel_futures=True)
            raise
        finally:
            journal.close()
        executor.shutdown()
    return folder


class _Search:
    def __init__(
        self,
        problem: FitProblem,
        folder: RunFolder,
        evaluator: Evaluator,
        start: list[Point],
        workers: int,
        display: Display,
    ) -> None:
        config = problem.config
        self._evaluator, self._display, self._confirm = evaluator, display, config.optimizer.confirm
        self._start = start
        self._validates = problem.validation is not None
        self._stages = stages_of(config.optimizer)
        tasks = SearchTasks(problem, folder)
        # All are made before anything runs: some keep what an earlier run measured.
        self._optimizers = [stage.optimizer(config.optimizer.seed, tasks.task) for stage in self._stages]
        budget = len(self._start) + sum(optimizer.budget for optimizer in self._optimizers)
        budget += config.optimizer.confirm.candidates if problem.validation else 0
        self._progress = Progress(
            budget=budget + confirmation_count(problem),
            level_names=tuple(level.name for level in problem.levels),
            stages=tuple(stage.method for stage in self._stages),
        )
        evaluator.on_finished = self._note
        self._clock = RunClock(folder.clock)
        self._candidates = Candidates(problem.levels)
        self._ending = Ending(config.stop, self._candidates, self._clock)
        self._publication = Publication(problem, folder, self._candidates, self._progress)
        self._confirmations = Confirmations(
            evaluator, self._candidates, self._ending, self._publication.best_so_far
        )
        self._parts = SearchParts(
            evaluator, self._candidates, self._confirmations, self._ending, self._confirm, workers
        )
        self._records: list[StageRecord] = []

    def run(self) -> None:
        self._evaluate_start()
        last: Optimizer | None = None
        for stage, optimizer in zip(self._stages, self._optimizers, strict=True):
            if self._ending.ended is None:
                last = optimizer
                self._records.append(StageRun(stage, optimizer, self._parts).run())
        # What was measured before a budget was raised, and is not on the way of the longer search.
        self._candidates.gather(self._evaluator.unseen())
        self._confirm_best(last)
        self._measure_winner(last)
        self._clock.note(now=True)

    def _evaluate_start(self) -> None:
        jobs = [self._evaluator.search_job(point, "start") for point in self._start]
        for job, evaluation in zip(jobs, self._evaluator.run(jobs), strict=True):
            self._ending.begins(known=True)
            self._ending.counts(evaluation)
            self._candidates.keep(job.point, evaluation)

    def _confirm_best(self, last: Optimizer | None) -> None:
        points = self._ranked(last, self._candidates.leaders())[: self._confirm.candidates]
        for observation in self._confirmations.at_the_end(points, *self._place()):
            if last is not None:
                last.tell(observation)

    def _measure_winner(self, last: Optimizer | None) -> None:
        """Choose the winner, measure it once more with a seed that selected nothing, validate, write it."""
        ranked = self._best_confirmed(last)
        point = self._publication.winner(ranked)
        jobs = [self._evaluator.final_job(point, *self._place())]
        if self._validates:
            validated = [point, *(other for other in ranked if other != point)][: self._confirm.candidates]
            jobs += [self._evaluator.validation_job(other, *self._place()) for other in validated]
        final, *validations = self._evaluator.run(jobs)
        if final.outcome is Outcome.INFRA:
            final = self._candidates.confirmed[point]
        self._publication.final(point, final, self._ended(), validations)

    def _best_confirmed(self, last: Optimizer | None) -> list[Point]:
        """Best first by the score; among those that failed the fewest levels, by the last optimizer."""
        confirmed = self._candidates.confirmed
        points = sorted(confirmed, key=lambda point: confirmed[point].score)
        failed = [confirmed[point].score.levels_failed for point in points]
        count = failed.count(failed[0]) if failed else 0
        return [*self._ranked(last, points[:count]), *points[count:]]

    def _ranked(self, last: Optimizer | None, points: list[Point]) -> list[Point]:
        """Points, best first: as they are, or by an optimizer that luck moves less than a score."""
        return last.ranked(points) if isinstance(last, Ranking) and points else points

    def _place(self) -> tuple[int, int]:
        """Generation and stage that were reached."""
        return max(0, self._records[-1].generations - 1) if self._records else 0, max(
            0, len(self._records) - 1
        )

    def _ended(self) -> dict[str, Any]:
        return {
            **asdict(self._ending.ended or COMPLETE),
            "wall_hours": self._clock.seconds / 3600.0,
            "stages": [asdict(record) for record in self._records],
        }

    def _note(self, job: Job, evaluation: Evaluation, origin: Origin) -> None:
        self._clock.note()
        self._progress.record(job, evaluation, origin)
        self._display(self._progress)
