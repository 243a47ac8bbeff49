"""Options of a target: strict, frozen pydantic models, with errors that name the field and the remedy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from cgbridge.config.faults import fault_words
from cgbridge.errors import ConfigError, ConfigErrors, UnitError, did_you_mean
from cgbridge.records.target import Target
from cgbridge.units import quantity


def reader(unit: str) -> Callable[[object], object]:
    """A validator that reads a number, or text with a unit, in ``unit``."""

    def read(value: object) -> object:
        try:
            return None if value is None else quantity(value, unit)
        except UnitError as error:
            raise ValueError(error.what) from None

    return read


Time = Annotated[float, BeforeValidator(reader("ps"))]
"""A time in ps, or text with a unit such as ``"0.5 ns"``."""
Length = Annotated[float, BeforeValidator(reader("nm"))]
"""A length in nm, or text with a unit such as ``"3.4 A"``."""
Density = Annotated[float, BeforeValidator(reader("g/cm^3"))]
"""A density in g/cm^3, or text with a unit such as ``"1.2 g/cm^3"``."""
Temperature = Annotated[float, BeforeValidator(reader("K"))]
"""A temperature in K, or text such as ``"300 K"``."""


class Options(BaseModel):
    """Base of every options model: unknown fields are errors and values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @property
    def needs(self) -> Mapping[str, str]:
        """Packages beyond the core (:mod:`cgbridge.extras`) that a measurement with these options imports.

        Each with what a user could do instead.
        """
        return {}


class StaticOptions(Options):
    """A static observable (lattice, dimer) has no options."""


class SamplingOptions(Options):
    """Lengths and sizes of the simulation; where left out, the ``engine`` section decides."""

    beads: Annotated[int, Field(gt=0)] | None = Field(None, description="beads in the box")
    equilibration: Annotated[Time, Field(ge=0)] | None = Field(None, description="discarded start, ps")
    production: Annotated[Time, Field(gt=0)] | None = Field(None, description="measured time, ps")
    interval: Annotated[Time, Field(gt=0)] | None = Field(None, description="time between frames, ps")
    density: Annotated[Density, Field(gt=0)] | None = Field(
        None, description="about the density of the liquid, from which it starts, g/cm^3"
    )


#: What to do where nothing tells a crystal from a liquid.
UNCHECKED = "switch the check off with the target option check_phase: false"


class BulkOptions(SamplingOptions):
    """Sampling and the check that the bulk phase is still the one asked for."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    check_phase: bool = Field(
        True, description="refuse a frozen liquid (CHILL+), one with voids, or a molten crystal"
    )
    crystal_threshold: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.5,
        validation_alias="ice_threshold",
        description="crystalline fraction above which a liquid is frozen, below which a crystal is molten "
        "(also called ice_threshold)",
    )

    @property
    def needs(self) -> Mapping[str, str]:
        """OVITO tells a crystal from a liquid."""
        return {"ovito": UNCHECKED} if self.check_phase else {}


Model = TypeVar("Model", bound=Options)


def parse_options(model: type[Model], target: Target) -> Model:
    """Validate ``target.options`` with ``model``.

    Raises :class:`~cgbridge.errors.ConfigError` that names the target, the field, and for an unknown
    field the nearest known one; several faults are told together.
    """
    try:
        return model.model_validate(dict(target.options))
    except ValidationError as error:
        faults = {str(fault): fault for fault in (_fault(model, target, one) for one in error.errors())}
        if len(faults) == 1:
            raise next(iter(faults.values())) from None
        raise ConfigErrors(faults.values()) from None


def _fault(model: type[Model], target: Target, fault: Any) -> ConfigError:
    field = str(fault["loc"][0]) if fault["loc"] else ""
    where = f"targets.{target.name}.options" + (f".{field}" if field else "")
    if fault["type"] == "extra_forbidden":
        known = list(model.model_fields)
        return ConfigError(
            f"unknown option '{field}' of observable '{target.observable}'{did_you_mean(field, known)}",
            where=where,
            remedy="known options: " + (", ".join(known) or "none"),
        )
    return ConfigError(fault_words(fault), where=where)
