"""The loop of a fit: genetic algorithm, local polish, confirmation with new seeds."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from cgbridge.errors import CgbridgeError, UnstableError
from cgbridge.fits.run_folder import RunFolder
from cgbridge.fits.search.cost_estimate import confirmation_count
from cgbridge.fits.search.evaluator import Evaluator, Job, Origin
from cgbridge.fits.search.executor import executor_of
from cgbridge.fits.search.problem import FitProblem
from cgbridge.fits.search.progress import Display, Progress
from cgbridge.fits.search.start import starting_points
from cgbridge.fits.search.surface import response_surface
from cgbridge.interfaces import Evaluation, Optimizer, Outcome, Point, Score
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.optimizers.hierarchical_ga import GASettings, HierarchicalGA
from cgbridge.optimizers.nelder_mead import NelderMead
from cgbridge.optimizers.response_surface import ResponseSurface
from cgbridge.rng import derive_seed
from cgbridge.store.atomic import storage_errors
from cgbridge.store.journal import Journal
from cgbridge.store.lock import RunLock
from cgbridge.store.scratch import run_scratch
from cgbridge.workers.worker_count import worker_count


def run_fit(problem: FitProblem, *, fresh: bool = False, display: Display | None = None) -> RunFolder:
    """Run or resume the fit of ``problem`` in its run folder and return the folder.

    Raises :class:`~cgbridge.errors.RunFolderError` when the folder is in use or holds another input.
    KeyboardInterrupt is passed on after all workers were ended; the same call resumes.
    """
    config = problem.config
    folder = RunFolder(config.run.folder)
    with storage_errors(folder.path):
        folder.path.mkdir(parents=True, exist_ok=True)
    workers = worker_count(config)
    with RunLock(folder.path), run_scratch(folder.path) as scratch:
        folder.prepare(config, problem, fresh=fresh)
        journal = Journal(folder.journal)
        executor = executor_of(config, workers)
        try:
            evaluator = Evaluator(
                problem,
                journal,
                executor,
                scratch,
                retries=config.run.retries,
                wall_limit=config.run.wall_limit,
            )
            _Fit(problem, folder, evaluator, workers, display or (lambda progress: None)).run()
        except BaseException:
            executor.shutdown(wait=True, cancel_futures=True)
            raise
        finally:
            journal.close()
        executor.shutdown()
    return folder


class _Fit:
    def __init__(
        self,
        problem: FitProblem,
        folder: RunFolder,
        evaluator: Evaluator,
        workers: int,
        display: Display,
    ) -> None:
        self._problem, self._folder, self._workers, self._display = problem, folder, workers, display
        optimizer = problem.config.optimizer
        names = tuple(level.name for level in problem.levels)
        self._ga = HierarchicalGA(
            problem.space.dimension,
            ga_settings(problem),
            derive_seed(optimizer.seed, "ga"),
            rescale=problem.space.rescaled,
            first=starting_points(problem, folder),
        )
        self._progress = Progress(
            budget=self._ga.budget + optimizer.polish.evaluations + confirmation_count(optimizer),
            level_names=names,
            reached=[0] * len(names),
        )
        self._evaluator = evaluator
        evaluator.on_finished = self._note
        self._scored: dict[Point, Evaluation] = {}
        self._confirmed: dict[Point, Evaluation] = {}
        self._surface: ResponseSurface | None = None
        if optimizer.polish.method == "response-surface" and optimizer.polish.evaluations > 0:
            # Made before anything runs, since it keeps what an earlier fit measured.
            self._surface = response_surface(problem, folder, self._measured, self._leaders)
        #: Confirmations under way beside the search, with the results of those that have finished.
        self._confirming: dict[Job, Evaluation | None] = {}
        #: Scores of confirmations that the search has been told.
        self._settled: dict[Point, Score] = {}
        self._generation = self._confirmed_at = 0

    def run(self) -> None:
        confirm = self._problem.config.optimizer.confirm
        self._drive(self._ga, "search")
        self._polish()
        self._confirm(self._ranked(self._leaders())[: confirm.candidates])
        self._finish()

    def _drive(self, optimizer: Optimizer, phase: str) -> None:
        """Keep the workers busy; results are told in the order of asking, so that runs repeat exactly."""
        waiting: list[Job] = []
        results: dict[Job, Evaluation] = {}
        lost: list[Job] = []
        asked = 0
        while not optimizer.finished:
            room = self._workers - self._evaluator.busy
            for point in optimizer.ask(max(room, 0)):
                generation = self._ga.generation_of(asked) if phase == "search" else 0
                job = self._evaluator.search_job(point, phase, generation)
                asked += 1
                waiting.append(job)
                self._evaluator.submit(job)
            results.update(self._finished())
            while waiting and waiting[0] in results:
                job = waiting.pop(0)
                evaluation = self._scored[job.point] = results.pop(job)
                if evaluation.outcome is Outcome.INFRA:
                    lost.append(job)
                    optimizer.tell(job.point, None)
                else:
                    optimizer.tell(job.point, evaluation.score)
                if phase == "search":
                    results.update(self._end_of_generation())
        self._settle()
        # What machine faults took comes back when nothing depends on it but who is the best.
        again = [replace(job, again=True) for job in lost]
        for job, evaluation in zip(again, self._evaluator.run(again), strict=True):
            self._scored[job.point] = evaluation

    def _finished(self) -> dict[Job, Evaluation]:
        """Finished jobs of the search; a finished confirmation is published at once."""
        found: dict[Job, Evaluation] = {}
        for job, evaluation in self._evaluator.wait():
            if job in self._confirming:
                self._confirming[job] = evaluation
                self._keep_confirmed(job.point, evaluation)
                self._publish()
            else:
                found[job] = evaluation
        return found

    def _end_of_generation(self) -> dict[Job, Evaluation]:
        """Settle the confirmations of an earlier generation, start new ones when it is time.

        Returns what else has finished. Both stand at a fixed place in the sequence of tellings, so that the
        search does not depend on how long a confirmation takes.
        """
        generation = self._ga.generation
        if generation == self._generation:
            return {}
        self._generation = generation
        found = self._settle()
        every = self._problem.config.optimizer.confirm.every
        if every and generation >= self._confirmed_at + every:
            self._confirmed_at = generation
            self._start_confirmation()
        return found

    def _settle(self) -> dict[Job, Evaluation]:
        """Wait for the confirmations under way and tell their scores; returns what else has finished."""
        found: dict[Job, Evaluation] = {}
        while None in self._confirming.values():
            found.update(self._finished())
        for job in self._confirming:
            if job.point in self._confirmed:
                score = self._confirmed[job.point].score
                self._settled[job.point] = score
                self._ga.correct(job.point, score)
        self._confirming.clear()
        return found

    def _start_confirmation(self) -> None:
        """Confirm the elites beside the search, which waits for them at the end of the next generation."""
        for point in self._leaders(max(1, self._problem.config.optimizer.elites)):
            if point not in self._confirmed:
                job = self._evaluator.confirm_job(point, self._ga.generation)
                self._confirming[job] = None
                self._evaluator.submit(job)

    def _polish(self) -> None:
        settings = self._problem.config.optimizer.polish
        leaders = self._leaders(1)
        if settings.evaluations == 0 or not leaders:
            return
        search = self._surface or NelderMead(leaders[0], size=settings.size, evaluations=settings.evaluations)
        self._drive(search, "polish")

    def _measured(self) -> list[Evaluation]:
        """All evaluations, in an order that does not depend on which of them finished first.

        Confirmations beside the search are complete when it ends.
        """
        return [*self._scored.values(), *(self._confirmed[point] for point in sorted(self._confirmed))]

    def _leaders(self, count: int | None = None) -> list[Point]:
        """The best points by the score of their confirmation, else that of the search; lost ones left out."""
        sound = [point for point, result in self._scored.items() if result.outcome is not Outcome.INFRA]
        return sorted(sound, key=lambda point: self._settled.get(point, self._scored[point].score))[:count]

    def _ranked(self, points: list[Point]) -> list[Point]:
        """Points, best first: as they are, or by the surfaces, which luck moves less than a score."""
        return self._surface.ranked(points) if self._surface and points else points

    def _confirm(self, points: list[Point]) -> None:
        jobs = [self._evaluator.confirm_job(point, self._ga.generation) for point in points]
        for point, evaluation in zip(points, self._evaluator.run(jobs), strict=True):
            self._keep_confirmed(point, evaluation)

    def _keep_confirmed(self, point: Point, evaluation: Evaluation) -> None:
        if evaluation.outcome is not Outcome.INFRA:
            self._confirmed[point] = evaluation

    def _publish(self) -> None:
        """The best so far, for whoever looks before the end."""
        model = self._best_model(sorted(self._confirmed, key=lambda point: self._confirmed[point].score))
        if model is not None:
            self._write(*model, self._confirmed[model[0]], finished=False)

    def _finish(self) -> None:
        """Choose the winner, measure it once more with a seed that selected nothing, and write it."""
        found = self._best_model(self._best_confirmed())
        if found is None:
            raise CgbridgeError(
                self._why_nothing(),
                where=str(self._folder.journal),
                remedy="see the reasons in the journal; `cgbridge doctor` checks the installation",
            )
        (final,) = self._evaluator.run([self._evaluator.final_job(found[0], self._ga.generation)])
        if final.outcome is Outcome.INFRA:
            final = self._confirmed[found[0]]
        self._write(*found, final, finished=True)

    def _write(self, point: Point, model: CoarseGrainedModel, best: Evaluation, *, finished: bool) -> None:
        self._folder.write_best(model, self._problem.config.engine.beads)
        self._folder.write_result(
            self._problem, best, self._progress.totals(), selected=self._confirmed[point], finished=finished
        )

    def _best_model(self, points: list[Point]) -> tuple[Point, CoarseGrainedModel] | None:
        """The first of the points that makes a model, under the name of the fit."""
        for point in points:
            with contextlib.suppress(UnstableError):
                return point, self._problem.fitted(self._confirmed[point].parameters)
        return None

    def _best_confirmed(self) -> list[Point]:
        """Best first by the score; among those that failed the fewest levels, by the surfaces."""
        points = sorted(self._confirmed, key=lambda point: self._confirmed[point].score)
        failed = [self._confirmed[point].score.levels_failed for point in points]
        count = failed.count(failed[0]) if failed else 0
        return [*self._ranked(points[:count]), *points[count:]]

    def _why_nothing(self) -> str:
        if self._confirmed:
            reason = next(iter(self._confirmed.values())).reason
            return f"no candidate of this fit makes a model ({reason})"
        return "no candidate could be evaluated: every evaluation was lost to machine faults"

    def _note(self, job: Job, evaluation: Evaluation, origin: Origin) -> None:
        self._progress.record(job, evaluation, origin)
        self._display(self._progress)


def ga_settings(problem: FitProblem) -> GASettings:
    """The genetic algorithm's settings from the YAML section."""
    section = problem.config.optimizer
    return GASettings(
        population=section.population,
        generations=section.generations,
        initial=section.first_sample,
        elites=section.elites,
        tournament=section.tournament,
        crossover=section.crossover,
        crossover_eta=section.crossover_eta,
        mutation=section.mutation,
        mutation_eta=section.mutation_eta,
        differential=section.differential,
        rescale=section.rescale,
        steady_state=section.mode == "steady-state",
    )
