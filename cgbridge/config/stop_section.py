"""When a search may end before its stages have used up their budgets: ``stop``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from cgbridge.config.quantities import Number
from cgbridge.config.section import Section


class StopSection(Section):
    """Ends a search early; the best are confirmed and the winner is measured once more all the same.

    Candidates that are under way then compete too, so that the number of workers has a say in the result.
    """

    when: Literal["all-passed"] | None = Field(
        None,
        description="all-passed: when enough candidates pass every level in a re-run with a new seed and "
        "longer production. Candidates that pass are then confirmed after every generation.",
    )
    confirmed: int = Field(1, ge=1, description="How many such candidates are enough.")
    no_improvement: int | None = Field(
        None,
        ge=1,
        description="End a stage, and go to the next, when the best score did not get better by a hundredth "
        "in "
        "so many generations of it.",
    )
    evaluations: int | None = Field(
        None, ge=1, description="Candidates of all stages together, at most; re-runs of the best come on top."
    )
    md_ns: Number | None = Field(
        None,
        gt=0,
        description="Simulated time of candidates and confirmations in ns after which none is begun.",
    )
    hours: Number | None = Field(
        None,
        gt=0,
        description="Hours of wall time, over all resumptions, after which no candidate is begun. How far a "
        "search comes in that time depends on the machine.",
    )

    @model_validator(mode="after")
    def _what_is_confirmed(self) -> StopSection:
        if self.when is None and "confirmed" in self.model_fields_set and self.confirmed != 1:
            raise ValueError("confirmed says how many are enough for when: all-passed, which is not given")
        return self
