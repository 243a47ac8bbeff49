"""More labels where the networks disagree: ``active_learning`` of a fit to forces."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from cgbridge.config.quantities import Force, Rate, Time
from cgbridge.config.section import Section

#: Samples of a label of which at least its noise is known: two are used up by the mean and by what goes with
#: the motion of the bead, and how many are independent is asked of four or more.
LEAST_SAMPLES = 4


class ExplorationSection(Section):
    """Molecular dynamics of the committee at the state of every file, to see where its members disagree."""

    time: Time = Field(20.0, gt=0, description="Of every state in every round; bare number in ps.")
    interval: Time = Field(0.2, gt=0, description="Time between looks; bare number in ps.")
    timestep: Time = Field(0.005, gt=0, le=0.05, description="Integration step; bare number in ps.")
    friction: Rate = Field(1.0, gt=0, description="Langevin friction; bare number in 1/ps.")
    stop: float = Field(
        5.0, gt=1, description="A frame this many thresholds off ends its run: what follows is no liquid."
    )

    @model_validator(mode="after")
    def _looks(self) -> ExplorationSection:
        if not self.timestep <= self.interval <= self.time:
            raise ValueError("timestep <= interval <= time is wanted")
        return self


class NewLabelsSection(Section):
    """Mean forces of chosen frames: beads held, forces averaged over the atoms (`cgbridge label`)."""

    samples: int = Field(20, ge=LEAST_SAMPLES, description="Samples of the atoms for every label.")
    interval: Time = Field(0.1, gt=0, description="Time between samples; bare number in ps.")
    equilibration: Time = Field(
        2.0,
        ge=0,
        description="Before the first sample, for atoms that were laid on beads; bare number in ps.",
    )
    forces: Literal["sum", "basic"] = Field("sum", description="Force map.")


class ActiveLearningSection(Section):
    """Rounds of training, dynamics, labels of what the networks disagree about, and training again."""

    atoms: Path = Field(
        description="YAML of the simulation of atoms whose potential labels: as many molecules as the frames "
        "of `data` have, its temperature. Relative to this YAML."
    )
    mapping: tuple[str, ...] = Field(min_length=1, description="Mapping, or several: names or files.")
    threshold: Force = Field(
        gt=0,
        description="A frame is labelled when the networks' forces on one of its beads are farther apart "
        "(root mean square over the committee); bare number in kJ/mol/nm. A good first value is a fifth of "
        "the mean force.",
    )
    rounds: int = Field(5, ge=1, description="At most; fewer where no frame exceeds the threshold.")
    frames: int = Field(20, ge=1, description="Frames that are labelled in a round, at most.")
    choose: Literal["disagreement", "random"] = Field(
        "disagreement",
        description="Which frames: those of the largest disagreement, or, to compare, any of all that were "
        "looked at.",
    )
    explore: ExplorationSection = ExplorationSection()
    labels: NewLabelsSection = NewLabelsSection()

    @field_validator("mapping", mode="before")
    @classmethod
    def _names(cls, data: Any) -> Any:
        return (data,) if isinstance(data, str) else data
