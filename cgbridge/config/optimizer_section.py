"""How the search goes: ``optimizer``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from cgbridge.config.quantities import Number
from cgbridge.config.section import Section


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
