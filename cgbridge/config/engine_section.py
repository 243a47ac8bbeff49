"""How candidates are simulated: ``engine``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cgbridge.config.quantities import Density, Rate, Time
from cgbridge.config.section import Section
from cgbridge.records.target import Sampling


class EngineSection(Section):
    """How candidates are simulated."""

    method: Literal["openmm", "closed-form"] = Field(
        "openmm", description="closed-form answers static targets only, without any simulation."
    )
    platform: str = Field(
        "auto",
        description="OpenMM platform: auto, CPUSerial (one thread), CPU, Reference, OpenCL, CUDA, HIP.",
    )
    threads: int = Field(
        1, ge=1, description="CPU threads of one evaluation (runs repeat exactly with the same number)."
    )
    timestep: Time = Field(0.010, gt=0, le=0.05, description="Integration step; bare number in ps.")
    density: Density | None = Field(
        None,
        gt=0,
        description="About the density of the liquids, from which they start; bare number in g/cm^3. "
        "Default: that of the density target nearest in temperature, or that of the model's own crystal.",
    )
    integrator: Literal["langevin-middle", "nose-hoover"] = Field(
        "langevin-middle",
        description="langevin-middle, which bears long steps and is the fastest here; nose-hoover does not "
        "damp the motion of single beads, as diffusion wants it.",
    )
    friction: Rate = Field(
        1.0, gt=0, description="Langevin friction, or frequency of the chains; bare number in 1/ps."
    )
    beads: int = Field(Sampling.beads, ge=8, description="Beads of a bulk box.")
    equilibration: Time = Field(
        Sampling.equilibration, ge=0, description="Equilibration of a bulk run; bare number in ps."
    )
    production: Time = Field(
        Sampling.production,
        gt=0,
        description="Production of a bulk run before its values are looked at for the first time; bare "
        "number in ps.",
    )
    maximum: Time | None = Field(
        Sampling.maximum,
        ge=0,
        description="How long a production may become where a target is not known to its precision; bare "
        "number in ps. Default: four times production; 0: it stays as it is.",
    )
    interval: Time = Field(Sampling.interval, gt=0, description="Time between samples; bare number in ps.")
    step_limit: int = Field(
        20_000_000, ge=1, description="MD steps after which the watchdog ends one simulation (timeout)."
    )

    @property
    def simulates(self) -> bool:
        """Whether anything moves, and may crash, hang or take its time."""
        return self.method != "closed-form"
