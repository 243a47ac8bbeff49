"""The YAML forms as strict, frozen classes; with the sections beside it this is the YAML manual.

Numbers may carry units (``"10 fs"``); a bare number is in the unit named at the field.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from cgbridge.config.engine_section import EngineSection
from cgbridge.config.level_section import LevelSection
from cgbridge.config.model_section import ModelSection
from cgbridge.config.optimizer_section import OptimizerSection
from cgbridge.config.run_section import RunSection
from cgbridge.config.section import Section
from cgbridge.config.stop_section import StopSection
from cgbridge.config.target_list import require_distinct
from cgbridge.config.validation_section import CrossValidationSection, ValidationSection

SCHEMA_VERSION = 1


class FitConfig(Section):
    """A whole fit."""

    schema_version: Literal[1] = Field(1, alias="schema", description="Version of this YAML form.")
    method: Literal["search"] = Field(
        "search",
        description="search: parameters by simulating and measuring; the fits to forces, force-matching and "
        "energy-force-matching, have other keys.",
    )
    name: str = Field(min_length=1, description="Name of the fit, used in the report.")
    model: ModelSection
    levels: tuple[LevelSection, ...] = Field(min_length=1)
    validation: ValidationSection | None = None
    cross_validation: CrossValidationSection | None = None
    optimizer: OptimizerSection = OptimizerSection()
    stop: StopSection = StopSection()
    engine: EngineSection = EngineSection()
    run: RunSection = RunSection()

    @model_validator(mode="after")
    def _unique_levels(self) -> FitConfig:
        names = [level.name for level in self.levels]
        doubles = sorted({name for name in names if names.count(name) > 1})
        if doubles:
            raise ValueError(f"level names must differ; given twice: {', '.join(doubles)}")
        return self


class EvaluateConfig(Section):
    """A target list for `cgbridge evaluate`: any model is measured against it."""

    schema_version: Literal[1] = Field(1, alias="schema", description="Version of this YAML form.")
    targets: tuple[str | dict[str, Any], ...] = Field(
        min_length=1, description="Names of reference data or inline targets."
    )

    @model_validator(mode="after")
    def _distinct_targets(self) -> EvaluateConfig:
        require_distinct(self.targets)
        return self

    engine: EngineSection = EngineSection()
    seed: int = Field(1, ge=0, lt=2**31, description="Master seed.")
