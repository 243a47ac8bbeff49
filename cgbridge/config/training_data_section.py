"""What a model is trained on: ``data``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from cgbridge.config.quantities import Force, Pressure, Temperature, Time
from cgbridge.config.section import Section


class DataFileSection(Section):
    """One file of labelled frames; several are several temperatures, densities or compositions."""

    file: Path = Field(
        description="HDF5 or npz as `cgbridge map` and `cgbridge simulate` write them, extended XYZ, or a "
        "trajectory with forces; relative to this YAML."
    )
    top: Path | None = Field(
        None, description="Structure file that names the particles, where the trajectory does not."
    )
    units: Literal["metal", "real"] | None = Field(
        None, description="Units of a LAMMPS dump: metal (eV) or real (kcal/mol)."
    )
    timestep: Time | None = Field(
        None,
        gt=0,
        description="Time step of the run, for a LAMMPS dump, which counts steps; bare number in ps.",
    )
    temperature: Temperature | None = Field(
        None,
        gt=0,
        description="Temperature of the run; bare number in K. Default: what the file says of its run.",
    )
    pressure: Pressure | None = Field(
        None,
        description="Pressure that the model is to have at the state of the file; bare number in bar. "
        "Default: what the file says of its run: the pressure of the barostat, or the mean of its frames.",
    )
    independent: bool = Field(
        False,
        description="The frames are chosen, and no run at one state: none is near another in time, no gap is "
        "wanted, and they have no mean pressure.",
    )
    stride: int = Field(1, ge=1, description="Every how many frames one is taken.")


class DataSection(Section):
    """Labelled frames, and which of them are held back to judge the model."""

    files: tuple[DataFileSection, ...] = Field(
        min_length=1, description="Files of labelled frames: names, or sections with more keys."
    )
    validation: float = Field(
        0.2, gt=0, lt=1, description="Fraction of the frames that choose weights and end the training."
    )
    test: float = Field(
        0.0, ge=0, lt=1, description="Fraction of the frames that nothing sees but the last comparison."
    )
    blocks: int = Field(
        10, ge=2, description="Blocks of successive frames that each file is cut into for the split."
    )
    gap: Time = Field(
        1.0,
        ge=0,
        description="Time around held-back blocks that is not trained on, so that no frame has its "
        "neighbour there; bare number in ps. Frames without times: one frame.",
    )
    frames: int | None = Field(
        None, ge=1, description="Only so many training frames, evenly over all of them. Default: all."
    )
    noise: Force | None = Field(
        None,
        ge=0,
        description="Known noise of the force labels, root mean square of a component; bare number in "
        "kJ/mol/nm. Default: what the file says, or not known.",
    )

    @field_validator("files", mode="before")
    @classmethod
    def _names(cls, data: Any) -> Any:
        if isinstance(data, str | Mapping):
            data = [data]
        if isinstance(data, list | tuple):
            return [{"file": item} if isinstance(item, str) else item for item in data]
        return data

    @model_validator(mode="after")
    def _something_is_left(self) -> DataSection:
        if self.validation + self.test > 0.8:
            raise ValueError("validation and test leave less than a fifth of the frames for training")
        return self
