"""What a search shows of its best candidate: the folder ``best`` and ``result.json``."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from cgbridge.errors import CgbridgeError, UnstableError
from cgbridge.fits.run_folder import RunFolder
from cgbridge.fits.search.candidates import Candidates
from cgbridge.fits.search.problem import FitProblem
from cgbridge.fits.search.progress import Progress
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.records.evaluation import Evaluation, Point


class Publication:
    """Writes the best confirmed candidate, whenever there is a new one."""

    def __init__(
        self, problem: FitProblem, folder: RunFolder, candidates: Candidates, progress: Progress
    ) -> None:
        self._problem, self._folder, self._candidates = problem, folder, candidates
        self._progress = progress

    def best_so_far(self) -> None:
        """For whoever looks before the end."""
        confirmed = self._candidates.confirmed
        found = self._model(sorted(confirmed, key=lambda point: confirmed[point].score))
        if found is not None:
            self._write(*found, confirmed[found[0]], ended=None)

    def winner(self, points: Sequence[Point]) -> Point:
        """The first of the points that makes a model; raises :class:`CgbridgeError` where none does."""
        found = self._model(points)
        if found is None:
            raise CgbridgeError(
                self._why_nothing(),
                where=str(self._folder.journal),
                remedy="see the reasons in the journal; `cgbridge doctor` checks the installation",
            )
        return found[0]

    def final(
        self,
        point: Point,
        measured: Evaluation,
        ended: Mapping[str, Any],
        validations: Sequence[Evaluation] = (),
    ) -> None:
        """The winner as it was measured last, why the search ended, and validations, the winner's first."""
        found = self._model([point])
        assert found is not None
        self._write(*found, measured, ended=ended, validations=validations)

    def _model(self, points: Sequence[Point]) -> tuple[Point, CoarseGrainedModel] | None:
        """The first of the points that makes a model, under the name of the fit."""
        for point in points:
            with contextlib.suppress(UnstableError):
                return point, self._problem.fitted(self._candidates.confirmed[point].parameters)
        return None

    def _write(
        self,
        point: Point,
        model: CoarseGrainedModel,
        best: Evaluation,
        *,
        ended: Mapping[str, Any] | None,
        validations: Sequence[Evaluation] = (),
    ) -> None:
        self._folder.write_best(model, self._problem.config.engine.beads)
        self._folder.write_result(
            self._problem,
            best,
            self._progress.totals(),
            selected=self._candidates.confirmed[point],
            ended=ended,
            validations=validations,
        )

    def _why_nothing(self) -> str:
        confirmed = self._candidates.confirmed
        if confirmed:
            reason = next(iter(confirmed.values())).reason
            return f"no candidate of this fit makes a model ({reason})"
        return "no candidate could be evaluated: every evaluation was lost to machine faults"
