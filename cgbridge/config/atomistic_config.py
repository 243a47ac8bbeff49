"""Molecular dynamics of atoms, as `cgbridge simulate` reads it from a YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from cgbridge.config.quantities import Density, Length, Pressure, Rate, Temperature, Time
from cgbridge.config.section import Section

#: What tells such a file from a model's.
MARK = "dynamics"


class PotentialSection(Section):
    """The atoms' potential: one of forcefield, potential, bundle."""

    forcefield: str | tuple[str, ...] | None = Field(
        None,
        description="A water model by name (SPC/E, TIP4P/2005, SPC/Fw, q-TIP4P/F), or one or more files of "
        "OpenMM's force fields (XML; its own by name, such as amber14-all.xml).",
    )
    potential: str | None = Field(
        None, description="A potential that openmm-ml knows, such as mace or aimnet2, by its name there."
    )
    bundle: Path | None = Field(None, description="A neural potential of cgbridge's (.cgnn).")
    file: Path | None = Field(None, description="Weights for potential: relative to the folder of this file.")
    trusted: bool = Field(
        False,
        description="That file may be loaded: those of openmm-ml are pickles, which can run any program.",
    )
    options: dict[str, Any] = Field(
        default_factory=dict, description="Further arguments that openmm-ml passes to the potential."
    )
    cutoff: Length | None = Field(
        None,
        gt=0,
        description="Of the force field's pairs, in real space; bare number in nm. Default: 0.9 nm, less "
        "where the box is narrow.",
    )
    rigid_water: bool | None = Field(
        None,
        description="Whether water keeps its shape. Default: as the water model was made; true for files.",
    )
    constraints: Literal["none", "h-bonds", "all-bonds"] = Field(
        "none", description="Bonds of other molecules of a force field that keep their length."
    )

    @model_validator(mode="after")
    def _one_potential(self) -> PotentialSection:
        given = [name for name in ("forcefield", "potential", "bundle") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"give one of forcefield, potential, bundle, not {' and '.join(given) or 'none'}"
            )
        if self.potential is None and (self.file or self.options):
            raise ValueError("file and options belong to potential")
        return self


class AtomisticSystemSection(Section):
    """Which atoms there are: a structure file, or a number of water molecules."""

    structure: Path | None = Field(None, description="PDB file with a box (CRYST1).")
    molecules: int | None = Field(None, ge=1, description="Water molecules of a cubic box made here.")
    density: Density = Field(0.997, gt=0, description="Of the box made here; bare number in g/cm^3.")

    @model_validator(mode="after")
    def _one_start(self) -> AtomisticSystemSection:
        if (self.structure is None) == (self.molecules is None):
            raise ValueError("give structure or molecules")
        return self


class StateSection(Section):
    """What is held constant."""

    ensemble: Literal["nvt", "npt", "nve"] = Field(
        "nvt", description="Constant volume, constant pressure, or constant energy."
    )
    temperature: Temperature = Field(
        300.0, gt=0, description="Of the thermostat, and of the first velocities; bare number in K."
    )
    pressure: Pressure = Field(1.0, description="Of the barostat (npt); bare number in bar.")


class DynamicsSection(Section):
    """How the atoms move, and for how long."""

    timestep: Time = Field(0.0005, gt=0, le=0.01, description="Integration step; bare number in ps.")
    friction: Rate = Field(1.0, gt=0, description="Langevin friction (nvt, npt); bare number in 1/ps.")
    equilibration: Time = Field(5.0, ge=0, description="Time before the first frame; bare number in ps.")
    time: Time = Field(100.0, gt=0, description="Recorded time; bare number in ps.")
    interval: Time = Field(0.1, gt=0, description="Time between frames; bare number in ps.")
    checkpoint: Time = Field(
        5.0,
        gt=0,
        description="Time between checkpoints, at which a killed run goes on; bare number in ps. It is part "
        "of the trajectory: dynamics begin anew from what a checkpoint keeps, killed or not.",
    )
    minimise: bool = Field(True, description="Take overlaps out of the start first.")

    @model_validator(mode="after")
    def _steps_fit(self) -> DynamicsSection:
        for name in ("interval", "checkpoint"):
            if getattr(self, name) < self.timestep:
                raise ValueError(f"{name} is shorter than the time step")
        if self.interval > self.time:
            raise ValueError("interval is longer than the recorded time")
        return self


class AtomisticOutputSection(Section):
    """What is written; relative to the current directory."""

    trajectory: Path | None = Field(None, description="The trajectory (.h5). Default: NAME.h5.")
    xyz: Path | None = Field(
        None,
        description="The frames as extended XYZ as well, as ASE writes it: energy in eV, forces in eV/A.",
    )
    velocities: bool = Field(False, description="Keep velocities, too.")

    @model_validator(mode="after")
    def _suffixes(self) -> AtomisticOutputSection:
        for name, suffix in (("trajectory", ".h5"), ("xyz", ".xyz")):
            path = getattr(self, name)
            if path is not None and path.suffix != suffix:
                raise ValueError(f"{name}: end the name in {suffix}")
        return self


class AtomisticEngineSection(Section):
    """Where it runs."""

    platform: str = Field("auto", description="OpenMM platform: auto, CPU, Reference, OpenCL, CUDA, HIP.")
    threads: int = Field(1, ge=1, description="CPU threads (runs repeat exactly with the same number).")


class AtomisticConfig(Section):
    """Molecular dynamics of atoms."""

    schema_version: Literal[1] = Field(1, alias="schema", description="Version of this YAML form.")
    name: str = Field(min_length=1, description="Name of the simulation, and of its files.")
    model: PotentialSection
    system: AtomisticSystemSection
    state: StateSection = StateSection()
    dynamics: DynamicsSection
    output: AtomisticOutputSection = AtomisticOutputSection()
    engine: AtomisticEngineSection = AtomisticEngineSection()
    seed: int = Field(1, ge=0, lt=2**31, description="Master seed.")
