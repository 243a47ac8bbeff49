"""A search as one kind of fit."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cgbridge.config.places import Lines
from cgbridge.fits.catalogue import Rows
from cgbridge.fits.search.box_check import check_simulations
from cgbridge.fits.search.problem import FitProblem
from cgbridge.fits.search.reading import read_fit_content
from cgbridge.store.layout import RunLayout


class SearchFit:
    """Parameters found by simulating and measuring candidates."""

    def __init__(self, problem: FitProblem) -> None:
        self.problem = problem

    @property
    def name(self) -> str:
        return self.problem.config.name

    @property
    def layout(self) -> RunLayout:
        return RunLayout(self.problem.config.run.folder)

    @property
    def notes(self) -> Sequence[str]:
        return self.problem.base.notes

    @classmethod
    def read(cls, path: Path, data: dict[str, Any], lines: Lines) -> SearchFit:
        return cls(read_fit_content(path, data, lines))

    def require_runnable(self) -> None:
        check_simulations(self.problem)

    def run(self, *, fresh: bool, display: Callable[[Rows], None]) -> Rows:
        # Only now: it imports what the check may have found to be missing.
        from cgbridge.fits.search.loop import run_fit

        folder = run_fit(self.problem, fresh=fresh, display=lambda progress: display(progress.rows()))
        result = json.loads(folder.result.read_text(encoding="utf-8"))
        return [
            ("ended", result["ended"]["words"]),
            ("result", str(folder.result)),
            ("best model", str(folder.best)),
        ]
