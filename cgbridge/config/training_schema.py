"""The YAML of a fit to forces, or to energies and forces."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from cgbridge.config.active_learning_section import ActiveLearningSection
from cgbridge.config.relative_entropy_section import RelativeEntropySection
from cgbridge.config.section import Section
from cgbridge.config.training_data_section import DataSection
from cgbridge.config.training_model_section import TrainedModelSection
from cgbridge.config.training_section import TrainingSection
from cgbridge.config.training_validation_section import DynamicsValidationSection


class TrainingRunSection(Section):
    """Where a training runs."""

    folder: Path = Field(Path("runs/fit"), description="Run folder, relative to the current directory.")


class TrainingConfig(Section):
    """A fit of a model to forces (beads), or to energies and forces (atoms)."""

    schema_version: Literal[1] = Field(1, alias="schema", description="Version of this YAML form.")
    method: Literal["force-matching", "energy-force-matching"] = Field(
        description="force-matching: forces of beads, whose energies have no labels; energy-force-matching: "
        "energies and forces of atoms."
    )
    name: str = Field(min_length=1, description="Name of the fit, used in the report.")
    data: DataSection
    model: TrainedModelSection
    training: TrainingSection = TrainingSection()
    relative_entropy: RelativeEntropySection | None = None
    active_learning: ActiveLearningSection | None = None
    validation: DynamicsValidationSection | None = None
    run: TrainingRunSection = TrainingRunSection()

    @model_validator(mode="after")
    def _something_to_disagree(self) -> TrainingConfig:
        if self.active_learning is not None:
            if self.with_energies:
                raise ValueError("active_learning labels beads: method force-matching has it")
            if self.training.committee < 2:
                raise ValueError("active_learning needs training.committee of 2 or more")
        return self

    @model_validator(mode="after")
    def _averages_of_beads(self) -> TrainingConfig:
        if self.relative_entropy is not None:
            if self.with_energies:
                raise ValueError("relative_entropy is for beads: method force-matching has it")
            if self.active_learning is not None:
                raise ValueError(
                    "relative_entropy comes after active_learning: in a fit of its own, with start"
                )
        return self

    @model_validator(mode="after")
    def _something_to_do(self) -> TrainingConfig:
        if not self.training.epochs and (self.training.start is None or self.relative_entropy is None):
            raise ValueError("training.epochs of 0 needs training.start, and relative_entropy to go on with")
        return self

    @model_validator(mode="after")
    def _energies_have_labels(self) -> TrainingConfig:
        if self.training.loss.energies and not self.with_energies:
            raise ValueError(
                "training.loss.energies has a weight, and energies of beads have no labels: leave it out, or "
                "use method energy-force-matching"
            )
        return self

    @property
    def with_energies(self) -> bool:
        """Whether energies are labels."""
        return self.method == "energy-force-matching"

    @property
    def energy_weight(self) -> float:
        """Weight of the energies in the loss."""
        given = self.training.loss.energies
        return given if given is not None else 0.1 if self.with_energies else 0.0
