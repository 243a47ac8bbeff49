"""Learning rates step by step, as a function of what a checkpoint holds."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cgbridge.config.training_section import RateSection


@dataclass
class LearningRate:
    """The schedule of :class:`RateSection` for ``total`` steps.

    ``factor``, ``best`` and ``bad`` are what a plateau has found: its present factor of the rate, the lowest
    validation error, and epochs since then.
    """

    section: RateSection
    total: int
    factor: float = 1.0
    best: float = math.inf
    bad: int = 0

    def at(self, step: int) -> float:
        """The rate of step number ``step``, counted from 0."""
        section = self.section
        if step < section.warm_up:
            return section.begin * (step + 1) / (section.warm_up + 1)
        if section.schedule == "cosine":
            done = (step - section.warm_up) / max(1, self.total - section.warm_up)
            return section.end + 0.5 * (section.begin - section.end) * (
                1.0 + math.cos(math.pi * min(done, 1.0))
            )
        return max(section.end, section.begin * self.factor)

    def epoch_ended(self, error: float) -> None:
        """Take note of a validation error."""
        if error < self.best:
            self.best, self.bad = error, 0
            return
        self.bad += 1
        if self.section.schedule == "plateau" and self.bad >= self.section.patience:
            self.factor, self.bad = self.factor * self.section.factor, 0

    def state(self) -> dict[str, float]:
        """What a checkpoint keeps."""
        return {"factor": self.factor, "best": self.best, "bad": self.bad}

    def restore(self, state: dict[str, float]) -> None:
        """Go on from :meth:`state`."""
        self.factor, self.best, self.bad = state["factor"], state["best"], int(state["bad"])
