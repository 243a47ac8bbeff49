"""The hierarchy of targets: ``levels``."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from cgbridge.config.quantities import Number, Time
from cgbridge.config.section import Section
from cgbridge.config.target_list import require_distinct


class SamplingSection(Section):
    """Sizes and lengths of the simulations of one level; what is left out is taken from ``engine``."""

    beads: int | None = Field(None, ge=8, description="Beads of a box.")
    equilibration: Time | None = Field(None, ge=0, description="Equilibration; bare number in ps.")
    production: Time | None = Field(
        None,
        gt=0,
        description="Production before the values are looked at for the first time; bare number in ps.",
    )
    maximum: Time | None = Field(
        None,
        ge=0,
        description="How long a production may become where a target is not known to its precision; bare "
        "number in ps. Default: four times production; 0: it stays as it is.",
    )
    interval: Time | None = Field(None, gt=0, description="Time between samples; bare number in ps.")


class PassSection(Section):
    """What lets a candidate pass a level, instead of every target within its tolerance."""

    mean: Number | None = Field(
        None, gt=0, description="Largest weighted mean of the deviations, in tolerances."
    )
    worst: Number | None = Field(None, gt=0, description="Largest deviation of one target, in tolerances.")

    @model_validator(mode="after")
    def _one_bound(self) -> PassSection:
        if self.mean is None and self.worst is None:
            raise ValueError(
                "give mean, worst or both; without pass every target must be within its tolerance"
            )
        return self


class LevelSection(Section):
    """One level of the hierarchy; levels run in the order written, from cheap to dear."""

    name: str = Field(min_length=1, description="Name in the report.")
    sampling: SamplingSection = SamplingSection()
    gates: tuple[str | dict[str, Any], ...] = Field(
        (),
        description="Targets, written like those of `targets`, that decide whether a candidate goes on and "
        "count in no error: measured first, each within its tolerance.",
    )
    targets: tuple[str | dict[str, Any], ...] = Field(
        (), description="Names of reference data (`cgbridge targets`) or inline targets."
    )
    pass_: PassSection | None = Field(
        None,
        alias="pass",
        description="Bounds on the deviations of the targets together. Default: every target within its "
        "tolerance.",
    )

    @model_validator(mode="after")
    def _distinct_targets(self) -> LevelSection:
        require_distinct(self.gates, "gates")
        require_distinct(self.targets)
        if not self.gates and not self.targets:
            raise ValueError("a level needs targets, gates or both")
        if self.pass_ is not None and not self.targets:
            raise ValueError("pass is about targets, and this level has gates only")
        return self
