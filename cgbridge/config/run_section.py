"""Where and on what a fit runs: ``run``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from cgbridge.config.quantities import WallTime
from cgbridge.config.section import Section


class RunSection(Section):
    """Where and on what the fit runs; changing it changes no result, but where `stop` ends a search early."""

    folder: Path = Field(Path("runs/fit"), description="Run folder, relative to the current directory.")
    workers: int | Literal["auto"] = Field(
        "auto", description="Evaluations at a time; auto: as many as there are cores for engine.threads each."
    )
    retries: int = Field(2, ge=0, description="Retries of an evaluation that died for machine reasons.")
    wall_limit: WallTime = Field(
        3600.0,
        gt=0,
        description="Wall time after which one evaluation is ended as a timeout; bare number in s. Those "
        "that ran out of it are repeated when a stopped run goes on with a higher limit.",
    )

    @model_validator(mode="after")
    def _positive_workers(self) -> RunSection:
        if isinstance(self.workers, int) and self.workers < 1:
            raise ValueError("workers must be at least 1, or auto")
        return self
