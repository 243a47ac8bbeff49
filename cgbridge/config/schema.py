"""Every section of the fit YAML as a strict, frozen class. This file is the YAML manual.

Numbers may carry units (``"10 fs"``); a bare number is in the unit named at the field.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cgbridge.config.quantities import Density, Mass, Number, Rate, Time, WallTime
from cgbridge.config.target_list import require_distinct

SCHEMA_VERSION = 1


class Section(BaseModel):
    """Base of all sections: unknown keys are errors, values cannot be changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class BeadSection(Section):
    """The coarse-grained bead; what is left out is that of the base model."""

    name: str | None = Field(
        None, min_length=1, description="Bead name, used in LAMMPS files and topologies."
    )
    mass: Mass | None = Field(None, gt=0, description="Bead mass; bare number in amu.")


class SearchSection(Section):
    """Range of one searched parameter."""

    min: str | float = Field(description="Lower bound; bare number in the parameter's database unit.")
    max: str | float = Field(description="Upper bound, same unit rule.")
    scale: Literal["linear", "log"] | None = Field(
        None, description="Sampling scale; default: the scale the model database gives the parameter."
    )


class ModelSection(Section):
    """What is fitted."""

    form: str = Field(description="Functional form: tersoff or stillinger-weber.")
    bead: BeadSection = BeadSection()
    base: str = Field(
        description="Model (database name or file) that supplies every value that is not searched. "
        "It is never put into the population."
    )
    units: Literal["metal", "real"] | None = Field(
        None,
        description="Units of a base that is a LAMMPS file without a UNITS tag: "
        "metal (eV) or real (kcal/mol).",
    )
    set: dict[str, str | float] = Field(
        default_factory=dict, description="Fixed values that replace those of the base model."
    )
    search: dict[str, SearchSection | Literal["default"]] = Field(
        min_length=1,
        description="Searched parameters and their ranges; 'default' takes the range of the model database.",
    )


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


class PolishSection(Section):
    """Local search from the best candidate after the genetic algorithm."""

    method: Literal["nelder-mead", "response-surface"] = Field(
        "nelder-mead",
        description="nelder-mead: a simplex, which needs nothing but scores, one evaluation at a time; "
        "response-surface: Gaussian processes through every value measured so far, by this fit and the one "
        "it began with, tell where the best candidate is to be expected.",
    )
    evaluations: int = Field(40, ge=0, description="Budget of evaluations; 0 switches the stage off.")
    size: Number = Field(
        0.05,
        gt=0,
        le=0.5,
        description="nelder-mead: edge of the first simplex as a fraction of each parameter's range.",
    )
    batch: int = Field(
        4,
        ge=1,
        description="response-surface: candidates proposed together before the surfaces are fitted anew.",
    )
    norm: Literal["root-mean-square", "mean-absolute"] = Field(
        "root-mean-square",
        description="response-surface: what of the deviations is to become small. root-mean-square, as in "
        "the score of a fit: the largest are lowered first; mean-absolute: a few large ones are borne for "
        "many small ones, when the form cannot meet them all.",
    )
    penalty: Number = Field(
        1.0,
        ge=0,
        description="response-surface: what a target that is probably missed costs, in units of the norm. 1 "
        "keeps two or three standard deviations away from every limit; a tenth goes closer, for "
        "smaller deviations of all others.",
    )


class ConfirmSection(Section):
    """Re-runs with new seeds and longer MD, against selection bias ("the luckiest of many")."""

    every: int = Field(
        4, ge=0, description="Confirm the elites every so many generations; 0: only at the end."
    )
    candidates: int = Field(3, ge=1, description="How many of the best compete at the end.")
    factor: Number = Field(3.0, ge=1, description="How many times longer the production runs are.")


class StartSection(Section):
    """Candidates of an earlier fit that begin this one, for instance under tighter tolerances."""

    run: Path = Field(description="Run folder of the earlier fit, relative to the current directory.")
    candidates: int = Field(
        16, ge=1, description="How many of its best, in addition to the quasi-random sample."
    )


class OptimizerSection(Section):
    """The hierarchical-objective genetic algorithm (HOGA)."""

    method: Literal["hoga"] = "hoga"
    mode: Literal["generational", "steady-state"] = Field(
        "generational",
        description="generational: breed when a whole generation is scored; steady-state: breed a child for "
        "every result, so that no worker waits for the last of a generation (for uneven run times).",
    )
    population: int = Field(16, ge=4, description="Candidates per generation.")
    generations: int = Field(8, ge=1, description="Number of generations after the first sample.")
    initial: int | None = Field(
        None,
        ge=4,
        description="Size of the first quasi-random sample (scrambled Sobol points); its best become the "
        "first population. Most candidates stop at a cheap level, so a large sample costs little. "
        "Default: the population size.",
    )
    start: StartSection | None = Field(
        None,
        description="Begin with the best candidates of an earlier fit of the same parameters. They are "
        "evaluated anew, with the targets of this one; a value outside its range is moved to the bound.",
    )
    elites: int = Field(2, ge=0, description="Best candidates that survive unchanged.")
    tournament: int = Field(3, ge=2, description="Tournament size of the parent selection.")
    crossover: Number = Field(0.9, ge=0, le=1, description="Probability that two parents are crossed.")
    crossover_eta: Number = Field(
        5.0, gt=0, description="Crowding of simulated binary crossover: large keeps children near parents."
    )
    mutation: Number = Field(0.25, ge=0, le=1, description="Probability that a single parameter mutates.")
    mutation_eta: Number = Field(
        60.0, gt=0, description="Crowding of polynomial mutation: large makes small steps."
    )
    differential: Number = Field(
        0.4,
        ge=0,
        le=1,
        description="Share of children made by a differential step x + F (a - b) between members of the "
        "population instead of crossover and mutation; it follows correlated parameters.",
    )
    rescale: Number = Field(
        0.0,
        ge=0,
        le=1,
        description="Share of children that are a parent with all its energies, and all its lengths, "
        "multiplied by a factor near one: temperatures and densities move, and what does not depend on "
        "scales stays.",
    )
    polish: PolishSection = PolishSection()
    confirm: ConfirmSection = ConfirmSection()
    seed: int = Field(1, ge=0, lt=2**31, description="Master seed; every other seed is derived from it.")

    @property
    def first_sample(self) -> int:
        """Number of candidates before the first ones are bred."""
        return (self.initial or self.population) + (self.start.candidates if self.start else 0)

    @model_validator(mode="after")
    def _children(self) -> OptimizerSection:
        if self.elites >= self.population:
            raise ValueError(f"elites ({self.elites}) must be fewer than population ({self.population})")
        return self


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
    friction: Rate = Field(1.0, gt=0, description="Langevin friction; bare number in 1/ps.")
    beads: int = Field(343, ge=8, description="Beads of a bulk box.")
    equilibration: Time = Field(40.0, ge=0, description="Equilibration of a bulk run; bare number in ps.")
    production: Time = Field(120.0, gt=0, description="Production of a bulk run; bare number in ps.")
    interval: Time = Field(0.5, gt=0, description="Time between samples; bare number in ps.")
    step_limit: int = Field(
        20_000_000, ge=1, description="MD steps after which the watchdog ends one simulation (timeout)."
    )


class RunSection(Section):
    """Where and on what the fit runs; changing it never changes results."""

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


class FitConfig(Section):
    """A whole fit."""

    schema_version: Literal[1] = Field(1, alias="schema", description="Version of this YAML form.")
    name: str = Field(min_length=1, description="Name of the fit, used in the report.")
    model: ModelSection
    levels: tuple[LevelSection, ...] = Field(min_length=1)
    optimizer: OptimizerSection = OptimizerSection()
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
