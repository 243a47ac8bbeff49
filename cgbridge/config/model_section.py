"""What is fitted: ``model``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cgbridge.config.quantities import Mass
from cgbridge.config.section import Section


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
