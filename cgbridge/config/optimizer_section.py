"""How the search goes: ``optimizer``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field, field_validator, model_validator

from cgbridge.config.migration import migrated_optimizer
from cgbridge.config.quantities import Number
from cgbridge.config.section import Section


class StageSection(Section):
    """One stage of the search; the other keys are those of its method."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)

    method: str = Field(
        description="hoga, cma-es, nelder-mead, response-surface, or one that an installed package offers."
    )

    @property
    def options(self) -> dict[str, Any]:
        """The keys of the method, as they are written."""
        return dict(self.model_extra or {})


class ConfirmSection(Section):
    """Re-runs with new seeds and longer MD, against selection bias ("the luckiest of many")."""

    every: int = Field(4, ge=0, description="Confirm the best every so many generations; 0: only at the end.")
    leaders: int = Field(2, ge=1, description="How many of the best are confirmed beside the search.")
    candidates: int = Field(3, ge=1, description="How many of the best compete at the end.")
    factor: Number = Field(3.0, ge=1, description="How many times longer the production runs are.")


class StartSection(Section):
    """Where the search begins: an earlier run with its best candidates, or a model."""

    run: Path | None = Field(
        None, description="Run folder of an earlier fit, relative to the current directory."
    )
    candidates: int = Field(16, ge=1, description="How many of the best of the run.")
    model: str | None = Field(
        None,
        description="A model: base, a name of the database, or a file; its place in the ranges is taken.",
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> StartSection:
        if (self.run is None) == (self.model is None):
            raise ValueError("give either run or model")
        return self


class OptimizerSection(Section):
    """The stages of the search, where it begins, and how its best candidates are confirmed."""

    stages: tuple[StageSection, ...] = Field(
        (StageSection(method="hoga"), StageSection(method="nelder-mead")),
        min_length=1,
        description="Any number in any order, local ones alone too; each knows what those before measured. "
        "Default: `[{method: hoga}, {method: nelder-mead}]`.",
    )
    start: tuple[str | StartSection, ...] = Field(
        (),
        description="Known candidates that the search begins with: `base`, other models (names or files), "
        "run folders of earlier fits, or `{run: FOLDER, candidates: 16}`. They are evaluated anew, with the "
        "targets of this fit; a value outside its range is moved to the bound, one that the earlier fit did "
        "not search is that of its base model. A first stage that is local begins at the best of them, or "
        "at the base model.",
    )
    confirm: ConfirmSection = ConfirmSection()
    seed: int = Field(1, ge=0, lt=2**31, description="Master seed; every other seed is derived from it.")

    @model_validator(mode="before")
    @classmethod
    def _of_before(cls, data: Any) -> Any:
        return migrated_optimizer(data) if isinstance(data, Mapping) else data

    @field_validator("start", mode="before")
    @classmethod
    def _one_start(cls, data: Any) -> Any:
        return [data] if isinstance(data, str | Mapping) else () if data is None else data

    @field_validator("stages", mode="before")
    @classmethod
    def _names_of_stages(cls, data: Any) -> Any:
        if isinstance(data, str | Mapping):
            data = [data]
        if isinstance(data, list | tuple):
            return [{"method": stage} if isinstance(stage, str) else stage for stage in data]
        return data
