"""Training against the model's own distributions: ``relative_entropy`` of a fit to forces."""

from __future__ import annotations

from pydantic import Field, model_validator

from cgbridge.config.quantities import Time
from cgbridge.config.section import Section


class RelativeEntropySection(Section):
    """After the forces: averages over the network's own dynamics become those over the frames."""

    iterations: int = Field(
        200,
        ge=1,
        description="Steps of the weights, each after dynamics at every state.",
    )
    time: Time = Field(5.0, gt=0, description="Dynamics of every state in an iteration; bare number in ps.")
    interval: Time = Field(0.25, gt=0, description="Time between its frames; bare number in ps.")
    timestep: Time = Field(0.005, gt=0, le=0.05, description="Integration step; bare number in ps.")
    friction: float = Field(1.0, gt=0, description="Langevin friction in 1/ps.")
    rate: float = Field(1e-3, gt=0, description="Learning rate, which falls to a hundredth by half a wave.")
    forces: float = Field(
        1.0,
        ge=0,
        description="Weight of what force matching minimises, which holds all that the averages leave open.",
    )

    @model_validator(mode="after")
    def _some_frames(self) -> RelativeEntropySection:
        if self.time < self.interval:
            raise ValueError("an interval longer than the time leaves no frame")
        return self
