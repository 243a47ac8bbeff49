"""The YAML form of a target, the same in the library of reference data and inline in a fit."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from cgbridge.config.quantities import Number, Pressure, Temperature
from cgbridge.config.section import Section
from cgbridge.records.simulation import LIQUID


class ReferenceEntry(Section):
    """A reference curve in a CSV file: columns by name, one unit each."""

    csv: str = Field(description="CSV file, relative to the YAML file.")
    x: str | None = Field(default=None, description="Column of x; default: the first.")
    y: str | None = Field(default=None, description="Column of y; default: the second.")
    y_err: str | None = Field(
        default=None, description="Column of the standard error of y; default: the third, if any."
    )
    x_unit: str = Field(description="Unit of x, for example A.")
    y_unit: str = Field(default="1", description="Unit of y.")


class TargetEntry(Section):
    """One target. ``value``, ``error`` and ``tolerance`` may each carry a unit."""

    name: str | None = Field(
        default=None, description="Name in the report; default: the key or the observable."
    )
    observable: str = Field(description="What is measured; `cgbridge observables` lists them.")
    value: str | float = Field(description="Reference value with its unit; the unit of the whole target.")
    tolerance: str | float = Field(
        description="Allowed deviation in the unit of the value, or a percentage of it ('3 %')."
    )
    precision: str | float | None = Field(
        default=None,
        description="Standard error that the value must be known to, in the unit of the value or as a "
        "percentage of it. Runs are made longer until it is reached, up to `maximum`; a value that is not "
        "known does not pass. Default: half the tolerance.",
    )
    error: str | float = Field(default=0.0, description="Standard error of the reference value, same rule.")
    temperature: Temperature = Field(default=300.0, ge=0, description="Bare number in K.")
    pressure: Pressure = Field(default=1.0, description="Bare number in bar.")
    structure: str = Field(default=LIQUID, description="liquid, or the name of a crystal.")
    composition: tuple[str, ...] = Field(
        default=(),
        description="Beads on the sublattices of a crystal, or those of a liquid in their ratio; default: "
        "those of the model.",
    )
    weight: Number = Field(default=1.0, gt=0, description="Weight among the targets; a gate has none.")
    reference: str | ReferenceEntry | None = Field(default=None, description="Reference curve (CSV file).")
    files: tuple[str, ...] = Field(
        default=(),
        description="Files that the observable reads, relative to the YAML file; `*` and `?` stand for any "
        "letters.",
    )
    options: dict[str, Any] = Field(default_factory=dict, description="The observable's own settings.")
    source: str = Field(default="", description="Where the value comes from.")


class SeriesEntry(Section):
    """Targets made from the rows of a table, one per temperature; ``{T}`` in the key is the rounded T/K."""

    observable: str = Field(description="What is measured.")
    csv: str = Field(description="CSV file with a column T_K, relative to the YAML file.")
    column: str = Field(description="Column of the values.")
    error_column: str | None = Field(default=None, description="Column of their standard errors.")
    unit: str = Field(description="Unit of both columns.")
    tolerance: str | float = Field(description="Allowed deviation of each, as in a target.")
    pressure: Pressure = Field(default=1.0, description="Bare number in bar.")
    structure: str = Field(default=LIQUID, description="liquid, or the name of a crystal.")
    weight: Number = Field(default=1.0, gt=0, description="Weight of each within its level.")
    options: dict[str, Any] = Field(default_factory=dict, description="The observable's own settings.")
    source: str = Field(default="", description="Where the values come from.")


class TargetFile(Section):
    """A file of reference data, ``targets/<subject>.yaml``; its targets are named ``<subject>/<key>``."""

    description: str = Field(default="", description="What the file holds.")
    targets: dict[str, TargetEntry] = Field(default_factory=dict)
    series: dict[str, SeriesEntry] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _named_by_temperature(self) -> TargetFile:
        for key in self.series:
            if key.count("{T}") != 1:
                raise ValueError(f"the series '{key}' needs {{T}} once in its name, for the temperature")
        return self
