"""What is fitted: ``model``."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, field_validator, model_validator

from cgbridge.config.quantities import Mass
from cgbridge.config.section import Section

_FRACTION = re.compile(r"(?:\+-|\+/-|±)?\s*(\d+(?:\.\d*)?|\.\d+)\s*%")


def fraction_of(text: str) -> float:
    """0.2 for ``+-20 %``; raises :class:`ValueError` for another text."""
    match = _FRACTION.fullmatch(text.strip())
    if match is None or not float(match[1]) > 0.0:
        raise ValueError(f"'{text}' is no range: write '+-20 %', 'default', or min and max")
    return float(match[1]) / 100.0


class BeadSection(Section):
    """The coarse-grained bead; what is left out is that of the base model."""

    name: str | None = Field(
        None, min_length=1, description="Bead name, used in LAMMPS files and topologies."
    )
    mass: Mass | None = Field(None, gt=0, description="Bead mass; bare number in amu.")


class SearchSection(Section):
    """Range of one searched parameter."""

    min: str | float | None = Field(
        None, description="Lower bound; bare number in the unit of the base model's parameter."
    )
    max: str | float | None = Field(None, description="Upper bound, same unit rule.")
    around: str | None = Field(
        None,
        description="Instead of min and max: a range about the value of the base model, such as '+-20 %'.",
    )
    scale: Literal["linear", "log"] | None = Field(
        None, description="Sampling scale; default: the scale the model database gives the parameter."
    )
    tie: tuple[str, ...] = Field(
        (),
        description="Other parameters that take the same value, such as `A[C-Si-Si]` that of `A[Si-C-C]`.",
    )

    @model_validator(mode="after")
    def _one_range(self) -> SearchSection:
        if self.around is not None:
            fraction_of(self.around)
        if (self.min is None) != (self.max is None) or (self.min is None) == (self.around is None):
            raise ValueError("give min and max, or around")
        return self


class ModelSection(Section):
    """What is fitted."""

    form: str | None = Field(
        None,
        description="Functional form of the base model, where it is to be checked: `tersoff`, "
        "`tersoff + lennard-jones`.",
    )
    bead: BeadSection = BeadSection()
    base: str = Field(
        description="Model (database name or file) that supplies every value that is not searched."
    )
    units: Literal["metal", "real"] | None = Field(
        None,
        description="Units of a base that is a LAMMPS file without a UNITS tag: "
        "metal (eV) or real (kcal/mol).",
    )
    beads: tuple[str, ...] = Field(
        (), description="The bead types that are needed, where the base has more. Default: all."
    )
    masses: dict[str, Mass] = Field(
        default_factory=dict,
        description="Masses of beads by name, where the base does not give them; bare numbers in amu.",
    )
    set: dict[str, str | float] = Field(
        default_factory=dict, description="Fixed values that replace those of the base model."
    )
    search: dict[str, SearchSection | str] = Field(
        min_length=1,
        description="Searched parameters and their ranges. 'default' takes the range of the model database, "
        "or else 20 % of the base's value to either side; '+-10 %' gives another fraction. Of a model of "
        "several terms or bead types a name says which: `lj.epsilon[W-C]`, `tersoff.A`; a shorter one will "
        "do where it is clear.",
    )

    @field_validator("search")
    @classmethod
    def _words(cls, search: dict[str, SearchSection | str]) -> dict[str, SearchSection | str]:
        for name, section in search.items():
            if isinstance(section, str) and section != "default":
                try:
                    fraction_of(section)
                except ValueError as error:
                    raise ValueError(f"{name}: {error}") from None
        return search
