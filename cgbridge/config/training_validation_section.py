"""Molecular dynamics with the finished model: ``validation`` of a fit to forces."""

from __future__ import annotations

from pydantic import Field

from cgbridge.config.quantities import Length, Time
from cgbridge.config.section import Section


class DynamicsValidationSection(Section):
    """Molecular dynamics with the finished model, at the state of every file, beside its frames."""

    timestep: Time = Field(0.005, gt=0, le=0.05, description="Integration step; bare number in ps.")
    equilibration: Time = Field(5.0, ge=0, description="Before anything is recorded; bare number in ps.")
    time: Time = Field(40.0, gt=0, description="Recorded time of every run; bare number in ps.")
    interval: Time = Field(0.2, gt=0, description="Time between frames; bare number in ps.")
    constant_pressure: bool = Field(
        True, description="Also at constant pressure, for the density, where the pressure of a file is known."
    )
    shell: Length = Field(
        0.35, gt=0, description="Radius of the first shell, for the angles; bare number in nm."
    )
    range: Length | None = Field(
        None,
        gt=0,
        description="How far g(r) is compared; bare number in nm. Default: half the smallest box.",
    )
    bin_width: Length = Field(
        0.005,
        gt=0,
        description="Bins of g(r); bare number in nm. The noise of each counts in the integral of the "
        "difference, so that narrow ones raise it.",
    )
    friction: float = Field(1.0, gt=0, description="Langevin friction in 1/ps.")
    platform: str = Field("auto", description="OpenMM platform.")
    threads: int = Field(1, ge=1, description="CPU threads.")
    seed: int = Field(1, ge=0, lt=2**31, description="Master seed of the runs.")
