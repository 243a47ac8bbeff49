"""The stages of a search: their methods and settings, checked and with defaults filled in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cgbridge.config.optimizer_section import OptimizerSection, StageSection
from cgbridge.config.places import Place
from cgbridge.config.schema import FitConfig
from cgbridge.errors import Faults
from cgbridge.interfaces import Optimizer
from cgbridge.optimizers.catalogue import get_method, stage_settings
from cgbridge.optimizers.method import SearchTask, StageSettings
from cgbridge.rng import derive_seed


@dataclass(frozen=True)
class Stage:
    """A method with its settings; ``number`` counts the stages from 0."""

    number: int
    method: str
    settings: StageSettings

    def optimizer(self, seed: int, task: Callable[[int], SearchTask]) -> Optimizer:
        """A new optimizer with a seed of its own, derived from the master seed."""
        own = derive_seed(seed, "stage", self.number, self.method)
        return get_method(self.method)(task(own), self.settings)

    @property
    def name(self) -> str:
        """``stage 2 (nelder-mead)``."""
        return f"stage {self.number + 1} ({self.method})"


def stages_of(section: OptimizerSection, root: Place | None = None) -> tuple[Stage, ...]:
    """All stages; raises :class:`ConfigError` for what is wrong in any, placed below ``root``."""
    place, faults = (root or Place("")).below("optimizer", "stages"), Faults()
    found = []
    for number, stage in enumerate(section.stages):
        with faults.collecting():
            settings = stage_settings(stage, place.below(number))
            found.append(Stage(number, stage.method, settings))
    faults.raise_all()
    return tuple(found)


def resolved(config: FitConfig) -> FitConfig:
    """The input with the defaults of every stage written out, as the run folder keeps it."""
    stages = tuple(
        StageSection(method=stage.method, **stage.settings.model_dump(mode="json"))
        for stage in stages_of(config.optimizer)
    )
    optimizer = config.optimizer.model_copy(update={"stages": stages})
    return config.model_copy(update={"optimizer": optimizer})
