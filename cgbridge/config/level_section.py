"""The hierarchy of targets: ``levels``."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from cgbridge.config.quantities import Time
from cgbridge.config.section import Section
from cgbridge.config.target_list import require_distinct


class SamplingSection(Section):
    """Sizes and lengths of the simulations of one level; what is left out is taken from ``engine``."""

    beads: int | None = Field(None, ge=8, description="Beads of a box.")
    equilibration: Time | None = Field(None, ge=0, description="Equilibration; bare number in ps.")
    production: Time | None = Field(None, gt=0, description="Production; bare number in ps.")
    interval: Time | None = Field(None, gt=0, description="Time between samples; bare number in ps.")


class LevelSection(Section):
    """One level of the hierarchy; levels run in the order written, from cheap to dear."""

    name: str = Field(min_length=1, description="Name in the report.")
    sampling: SamplingSection = SamplingSection()
    targets: tuple[str | dict[str, Any], ...] = Field(
        min_length=1, description="Names of reference data (`cgbridge targets`) or inline targets."
    )

    @model_validator(mode="after")
    def _distinct_targets(self) -> LevelSection:
        require_distinct(self.targets)
        return self
