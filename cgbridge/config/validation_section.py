"""What judges a finished fit and has no part in it: ``validation`` and ``cross_validation``."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from cgbridge.config.level_section import SamplingSection
from cgbridge.config.section import Section
from cgbridge.config.target_list import require_distinct


class ValidationSection(Section):
    """Targets that the search never sees, measured for the confirmed candidates at the end."""

    sampling: SamplingSection = SamplingSection()
    targets: tuple[str | dict[str, Any], ...] = Field(
        min_length=1, description="Written like those of a level. They choose nothing."
    )

    @model_validator(mode="after")
    def _distinct_targets(self) -> ValidationSection:
        require_distinct(self.targets)
        return self


class CrossValidationSection(Section):
    """Choose the best candidate again without a part of the state points, and see how it does there."""

    folds: int = Field(
        4, ge=2, description="Parts that the state points are dealt to; at most as many as there are."
    )
