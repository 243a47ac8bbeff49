"""The loop of a fit: genetic algorithm, local polish, confirmation with new seeds."""

from __future__ import annotations

from cgbridge.campaign.cost_estimate import confirmation_count
from cgbridge.campaign.evaluator import Evaluator, Job
from cgbridge.campaign.executor import executor_of
from cgbridge.campaign.problem import FitProblem
from cgbridge.campaign.progress import Display, Progress
from cgbridge.campaign.run_folder import RunFolder
from cgbridge.campaign.start import starting_points
from cgbridge.campaign.surface import response_surface
from cgbridge.errors import CgbridgeError
from cgbridge.interfaces import Evaluation, Optimizer, Outcome, Point
from cgbridge.optimizers.hierarchical_ga import GASettings, HierarchicalGA
from cgbridge.optimizers.nelder_mead import NelderMead
from cgbridge.optimizers.response_surface import ResponseSurface
from cgbridge.rng import derive_seed
from cgbridge.store.atomic import storage_errors
from cgbridge.store.journal import Journal
from cgbridge.store.lock import RunLock
from cgbridge.store.scratch import run_scratch
from cgbridge.workers.local import default_workers


def run_fit(problem: FitProblem, *, fresh: bool = False, display: Display | None = None) -> RunFolder:
    """Run or resume the fit of ``problem`` in its run folder and return the folder.

    Raises :class:`~cgbridge.errors.RunFolderError` when the folder is in use or holds another input.
    KeyboardInterrupt is passed on after all workers were ended; the same call resumes.
    """
    config = problem.config
    folder = RunFolder(config.run.folder)
    with storage_errors(folder.path):
        folder.path.mkdir(parents=True, exist_ok=True)
    workers = default_workers() if config.run.workers == "auto" else config.run.workers
    with RunLock(folder.path), run_scratch(folder.path) as scratch:
        folder.prepare(config, problem, fresh=fresh)
        journal = Journal(folder.journal)
        executor = executor_of(config, workers)
        try:
            evaluator = Evaluator(problem, journal, executor, scratch, retries=config.run.retries)
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
        self._confirming: set[Job] = set()

    def run(self) -> None:
        confirm = self._problem.config.optimizer.confirm
        self._drive(self._ga, "search")
        self._polish()
        self._confirm(self._ranked(self._leaders())[: confirm.candidates])
        self._publish(finished=True)

    def _drive(self, optimizer: Optimizer, phase: str) -> None:
        """Keep the workers busy; results are told in the order of asking, so that runs repeat exactly."""
        every = self._problem.config.optimizer.confirm.every
        waiting: list[Job] = []
        results: dict[Job, Evaluation] = {}
        confirmed_at = asked = 0
        while not optimizer.finished or self._confirming:
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
                evaluation = results.pop(job)
                self._scored[job.point] = evaluation
                optimizer.tell(job.point, evaluation.score)
                if phase == "search" and every and optimizer.generation >= confirmed_at + every:
                    confirmed_at = optimizer.generation
                    self._start_confirmation()

    def _finished(self) -> dict[Job, Evaluation]:
        """Finished jobs of the search; a finished confirmation is published at once."""
        found: dict[Job, Evaluation] = {}
        for job, evaluation in self._evaluator.wait():
            if job in self._confirming:
                self._confirming.discard(job)
                self._confirmed[job.point] = evaluation
                self._publish(finished=False)
            else:
                found[job] = evaluation
        return found

    def _start_confirmation(self) -> None:
        """Confirm the elites beside the search, which does not wait for them."""
        running = {job.point for job in self._confirming}
        for point in self._leaders(max(1, self._problem.config.optimizer.elites)):
            if point not in self._confirmed and point not in running:
                job = self._evaluator.confirm_job(point, self._ga.generation)
                self._confirming.add(job)
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
        """The best points by screening score; machine faults do not compete."""
        sound = [point for point, result in self._scored.items() if result.outcome is not Outcome.INFRA]
        return sorted(sound, key=lambda point: self._scored[point].score)[:count]

    def _ranked(self, points: list[Point]) -> list[Point]:
        """Points, best first: as they are, or by the surfaces, which luck moves less than a score."""
        return self._surface.ranked(points) if self._surface and points else points

    def _confirm(self, points: list[Point]) -> None:
        jobs = [self._evaluator.confirm_job(point, self._ga.generation) for point in points]
        for point, evaluation in zip(points, self._evaluator.run(jobs), strict=True):
            self._confirmed[point] = evaluation

    def _publish(self, *, finished: bool) -> None:
        if not self._confirmed:
            raise CgbridgeError(
                "no candidate could be evaluated: every evaluation was lost to machine faults",
                where=str(self._folder.journal),
                remedy="see the reasons in the journal; `cgbridge doctor` checks the installation",
            )
        best = self._confirmed[self._best_confirmed(finished)]
        model = self._problem.fitted(best.parameters)
        self._folder.write_best(model, self._problem.config.engine.beads)
        self._folder.write_result(self._problem, best, self._progress.totals(), finished=finished)

    def _best_confirmed(self, finished: bool) -> Point:
        """By the score; at the end, among those that failed the fewest levels, by the surfaces."""
        points = sorted(self._confirmed, key=lambda point: self._confirmed[point].score)
        if not finished:
            return points[0]
        failed = [self._confirmed[point].score.levels_failed for point in points]
        return self._ranked(points[: failed.count(failed[0])])[0]

    def _note(self, job: Job, evaluation: Evaluation, known: bool) -> None:
        self._progress.record(job, evaluation, known)
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
