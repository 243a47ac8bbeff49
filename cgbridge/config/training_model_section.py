"""What is trained: ``model`` of a fit to forces."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from cgbridge.config.section import Section


class TrainedModelSection(Section):
    """The kind of model; the other keys are those of its kind."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)

    architecture: str = Field(
        description="pair-spline (linear, MS-CG), parameters (of a model with formulas, such as Tersoff), or "
        "a neural network: tensornet, graph-network, descriptor-network, tersoff-nn, or one that an "
        "installed package offers."
    )
    priors: tuple[Literal["repulsion", "bonds", "angles"], ...] | None = Field(
        None,
        description="What a network is added to, made from the training frames. Default: all three with "
        "method force-matching, none with energy-force-matching.",
    )

    @property
    def options(self) -> dict[str, Any]:
        """The keys of the architecture, as they are written."""
        return dict(self.model_extra or {})
