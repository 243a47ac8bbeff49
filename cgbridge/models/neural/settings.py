"""Settings of the architectures, as they stand in YAML and in bundles."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from cgbridge.config.quantities import Length, Temperature
from cgbridge.config.section import Section
from cgbridge.errors import CgbridgeError
from cgbridge.units import ANGSTROM

Precision = Literal["float32", "float64"]


class NetworkSettings(Section):
    """What all architectures have."""

    cutoff: Length = Field(0.6, gt=0, description="Distance in nm up to which particles see each other.")
    precision: Precision = Field(
        "float32", description="Precision of the weights; distances and sums of energies are double."
    )
    temperatures: tuple[Temperature, Temperature] | None = Field(
        None,
        description="Lowest and highest temperature in K of the frames that it is trained on. The energy is "
        "then a free energy that is linear in the temperature between them: a network for its mean, and one "
        "for its slope, which is minus the entropy.",
    )

    @model_validator(mode="after")
    def _lowest_first(self) -> NetworkSettings:
        if self.temperatures is not None and not 0.0 < self.temperatures[0] < self.temperatures[1]:
            raise ValueError("temperatures are the lowest and the highest one, both above zero")
        return self


class DescriptorSettings(NetworkSettings):
    """A network of descriptors in the form of NEP, one hidden layer: some thousand parameters."""

    angular_cutoff: Length = Field(0.45, gt=0, description="Distance in nm up to which angles are seen.")
    radial_functions: int = Field(10, ge=1, description="Radial sums of each particle.")
    radial_basis: int = Field(10, ge=1, description="Chebyshev polynomials that the radial sums are made of.")
    angular_functions: int = Field(6, ge=0, description="Radial parts of the sums over angles.")
    angular_basis: int = Field(8, ge=1, description="Chebyshev polynomials that those are made of.")
    angular_order: int = Field(4, ge=1, le=4, description="Highest Legendre polynomial of an angle.")
    neurons: int = Field(30, ge=1, description="Neurons of the hidden layer.")
    shared_descriptors: bool = Field(
        False,
        description="The members of a committee have the descriptors of the first, and train their layers "
        "alone: dynamics of all then cost little more than those of one.",
    )

    @model_validator(mode="after")
    def _angles_within_reach(self) -> DescriptorSettings:
        if self.angular_cutoff > self.cutoff:
            raise ValueError("angular_cutoff is longer than cutoff")
        return self


class BondOrderSettings(DescriptorSettings):
    """Tersoff's bond order with parameters that a small network changes with the neighbourhood."""

    base: str | dict[str, float] = Field(
        description="Tersoff model of one bead whose parameters are changed: a name of the database or a "
        "file, or its parameters by name in LAMMPS's metal units."
    )
    limit: float = Field(
        0.2, gt=0, le=1, description="Largest change: of logarithms of parameters, and of costheta0 itself."
    )
    radial_functions: int = Field(6, ge=1, description="Radial sums of each particle.")
    angular_functions: int = Field(4, ge=0, description="Radial parts of the sums over angles.")
    neurons: int = Field(12, ge=1, description="Neurons of the hidden layer.")

    @field_validator("base")
    @classmethod
    def _parameters_of(cls, base: str | dict[str, float]) -> dict[str, float]:
        """The parameters themselves, so that a bundle needs no file besides."""
        from cgbridge.models.database import load_model
        from cgbridge.models.terms.tersoff import Tersoff

        if isinstance(base, dict):
            values = base
        else:
            try:
                model = load_model(base)
            except CgbridgeError as error:
                raise ValueError(error.what) from None
            if len(model.terms) != 1 or model.terms[0].form != "tersoff" or len(model.beads) != 1:
                raise ValueError(f"'{base}' is no Tersoff model of one bead")
            values = dict(model.parameters)
        missing = [parameter.name for parameter in Tersoff.parameters if parameter.name not in values]
        if missing:
            raise ValueError("the base lacks " + ", ".join(missing))
        return values

    @property
    def values(self) -> dict[str, float]:
        """The parameters of the base."""
        assert isinstance(self.base, dict)  # by the validator
        return self.base

    @model_validator(mode="after")
    def _bonds_within_reach(self) -> BondOrderSettings:
        reach = (self.values["R"] + self.values["D"]) * ANGSTROM
        if reach > self.cutoff:
            raise ValueError(f"cutoff is shorter than that of the base model, {reach:g} nm")
        return self


class TorchMDNetSettings(NetworkSettings):
    """What the networks of torchmd-net have in common."""

    channels: int = Field(32, ge=1, description="Width of the hidden features.")
    radial_basis: int = Field(16, ge=1, description="Radial basis functions.")
    basis_type: Literal["expnorm", "gauss"] = Field(
        "expnorm", description="Kind of the radial basis functions."
    )
    activation: Literal["silu", "tanh", "ssp", "mish"] = Field("silu", description="Activation function.")
    output_layers: int = Field(
        0, ge=0, description="Hidden layers of the output network besides the first one."
    )


class TensorNetSettings(TorchMDNetSettings):
    """TensorNet: equivariant Cartesian tensors (Simeon and De Fabritiis, NeurIPS 2023)."""

    layers: int = Field(0, ge=0, description="Interaction layers: each sees farther by one cutoff.")
    group: Literal["O(3)", "SO(3)"] = Field(
        "O(3)", description="O(3): mirror images have the same energy; SO(3): they need not."
    )


class GraphNetworkSettings(TorchMDNetSettings):
    """A graph network of continuous filters, as SchNet's."""

    layers: int = Field(1, ge=1, description="Interaction layers: each sees farther by one cutoff.")
    neighbour_embedding: bool = Field(True, description="Mix the types of neighbours before the first layer.")
