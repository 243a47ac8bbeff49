"""Names of the files in a run folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunLayout:
    """Paths of one run; nothing is created here."""

    path: Path

    @property
    def journal(self) -> Path:
        """One JSON line per finished evaluation."""
        return self.path / "journal.jsonl"

    @property
    def used_yaml(self) -> Path:
        """The resolved input."""
        return self.path / "used.yaml"

    @property
    def targets(self) -> Path:
        """Resolved targets by level, with reference curves."""
        return self.path / "targets.json"

    @property
    def validation(self) -> Path:
        """Resolved targets of the validation, and what else its values depend on."""
        return self.path / "validation.json"

    @property
    def base_model(self) -> Path:
        """The model that supplied the values not searched."""
        return self.path / "base_model.json"

    @property
    def versions(self) -> Path:
        """Versions of everything that can change a result."""
        return self.path / "versions.json"

    @property
    def start(self) -> Path:
        """The known candidates that began this fit."""
        return self.path / "start.json"

    @property
    def earlier(self) -> Path:
        """What earlier fits measured, for a search on response surfaces."""
        return self.path / "earlier.json"

    @property
    def proposals(self) -> Path:
        """What each round of a search on response surfaces proposed, by what was known then."""
        return self.path / "proposals.json"

    @property
    def clock(self) -> Path:
        """The wall time of the run, over all its resumptions."""
        return self.path / "clock.json"

    @property
    def lengthened(self) -> Path:
        """The budgets that were raised since the run began."""
        return self.path / "lengthened.json"

    @property
    def result(self) -> Path:
        """The best confirmed candidate and the cost."""
        return self.path / "result.json"

    @property
    def report(self) -> Path:
        """The report that a user opens."""
        return self.path / "report.html"

    @property
    def best(self) -> Path:
        """Link to the folder of the best model; always whole."""
        return self.path / "best"
