"""How a network is trained: ``training``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from cgbridge.config.quantities import WallTime
from cgbridge.config.section import Section

#: Keys of ``training`` that did nothing: what to write instead.
OLD_KEYS = {"precision": "model.precision is that of weights and forces"}


class LossSection(Section):
    """What is minimised: errors of labels, each relative to the spread of its label, with these weights."""

    forces: float = Field(1.0, ge=0, description="Weight of the forces.")
    energies: float | None = Field(
        None,
        ge=0,
        description="Weight of the energies per particle. Default: 0.1 with method energy-force-matching, 0 "
        "with force-matching, where energies of beads have no labels.",
    )
    virials: float = Field(
        0.0, ge=0, description="Weight of the virial tensors (stress), for files that have them."
    )
    pressure: float = Field(
        0.0,
        ge=0,
        description="Weight of the mean pressure, in units of the ideal pressure of the particles: so that "
        "the density is right, too; 0.001 to 0.003 is enough, and more spoils the forces. Needs "
        "data.files[].pressure, or files that tell it, as those of `cgbridge simulate` do.",
    )
    kind: Literal["squares", "huber"] = Field(
        "squares",
        description="Of forces and energies: squares, or huber, which forgives single wild labels of data "
        "without noise.",
    )

    @model_validator(mode="after")
    def _something(self) -> LossSection:
        if not (self.forces or self.energies):
            raise ValueError("forces or energies must have a weight")
        return self


class RateSection(Section):
    """Learning rate and how it falls."""

    begin: float = Field(2e-3, gt=0, description="Learning rate after the warm-up.")
    end: float = Field(1e-5, ge=0, description="Lowest learning rate.")
    schedule: Literal["cosine", "plateau", "constant"] = Field(
        "cosine",
        description="cosine: half a wave over all epochs; plateau: times `factor` where the validation "
        "error has not fallen for `patience` epochs.",
    )
    warm_up: int = Field(50, ge=0, description="Steps over which the rate rises from zero.")
    factor: float = Field(0.5, gt=0, lt=1, description="With plateau: factor of the rate.")
    patience: int = Field(10, ge=1, description="With plateau: epochs without improvement.")


class TrainingSection(Section):
    """How a network is trained; what is solved at once (pair-spline) takes nothing of it."""

    epochs: int = Field(
        100,
        ge=0,
        description="Passes through the training frames. Raised, it lengthens a run. 0: the weights of "
        "`start` as they are, for relative_entropy.",
    )
    batch: int = Field(4, ge=1, description="Frames of one step.")
    rate: RateSection = RateSection()
    weight_decay: float = Field(1e-4, ge=0, description="Decay of weights per unit of the learning rate.")
    clip: float | None = Field(
        10.0, gt=0, description="Largest norm of the gradient of a step; null: no limit."
    )
    average: float = Field(
        0.99,
        ge=0,
        lt=1,
        description="Decay per step of the running mean of the weights, which is what is judged and kept; 0: "
        "the weights themselves.",
    )
    early_stop: int | None = Field(
        None, ge=1, description="Epochs without a lower validation error that end the training."
    )
    loss: LossSection = LossSection()
    committee: int = Field(
        1, ge=1, le=32, description="Networks that are trained with seeds of their own; their spread is told."
    )
    seed: int = Field(1, ge=0, lt=2**31, description="Master seed; every other seed is derived from it.")
    threads: int = Field(
        1, ge=1, description="Threads of one training. Two on cores that others use can be 30 times slower."
    )
    device: str = Field("cpu", description="Device of torch: cpu, cuda, cuda:1.")
    checkpoint: WallTime = Field(
        60.0,
        gt=0,
        description="Wall time between checkpoints inside an epoch; bare number in s. One is written after "
        "every epoch in any case.",
    )
    start: Path | None = Field(
        None,
        description="Network of an earlier fit (.cgnn) whose weights the training begins with; relative to "
        "this YAML. Its architecture, settings and types must be the same, and its priors are kept.",
    )
    tensorboard: bool = Field(False, description="Write curves for TensorBoard beside the CSV.")

    @model_validator(mode="before")
    @classmethod
    def _without_old_keys(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        return {key: value for key, value in data.items() if key not in OLD_KEYS}
