"""The network of a term as YAML: numbers in nm and kJ/mol, or the file that they come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from cgbridge.config.quantities import Number
from cgbridge.errors import ConfigError
from cgbridge.frames import FloatArray
from cgbridge.models.descriptor_network import DescriptorNetwork, Layer, TypeNetwork
from cgbridge.models.terms.network import NetworkData

Vector = list[Number]
Matrix = list[Vector]
#: Type of the centre, type of the neighbour, function, polynomial.
Coefficients = list[list[Matrix]]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class LayerEntry(_Strict):
    """tanh(W x + b)."""

    weights: Matrix
    biases: Vector


class TypeEntry(_Strict):
    """The network of one type."""

    layers: list[LayerEntry] = Field(min_length=1, max_length=2)
    outputs: Vector
    constant: Number


class NumbersEntry(_Strict):
    """What is trained: coefficients of the functions, and the network of each type."""

    radial: Coefficients
    angular: Coefficients
    networks: list[TypeEntry] = Field(min_length=1)


class NetworkEntry(NumbersEntry):
    """A whole network; ``change`` is what its energies change by between two ``temperatures`` in K."""

    beads: list[str] = Field(min_length=1)
    radial_cutoff: Number
    angular_cutoff: Number
    order: int
    four_body: bool = False
    five_body: bool = False
    repulsion: Matrix | None = None
    temperatures: Vector | None = Field(default=None, min_length=2, max_length=2)
    change: NumbersEntry | None = None


def network_of_entry(entry: str | NetworkEntry, folder: Path, where: str) -> NetworkData:
    """The network of a file (``.cgnn``, ``nep.txt``), looked for in ``folder``, or of the numbers themselves.

    Raises :class:`ConfigError` for numbers of other shapes, and what reading a file does.
    """
    if isinstance(entry, str):
        from cgbridge.models.neural_terms import network_of_file

        path = Path(entry)
        return network_of_file(path if path.is_absolute() else folder / path)
    try:
        network = _network(entry, entry)
        change = None if entry.change is None else _network(entry, entry.change)
    except ValueError as error:
        raise ConfigError(f"the numbers do not fit together: {error}", where=where) from None
    temperatures = None if entry.temperatures is None else (entry.temperatures[0], entry.temperatures[1])
    if (change is None) != (temperatures is None):
        raise ConfigError("temperatures and change belong together", where=where)
    return NetworkData(tuple(entry.beads), network, change, temperatures)


def _network(shape: NetworkEntry, numbers: NumbersEntry) -> DescriptorNetwork:
    kinds = len(shape.beads)
    radial = _array(numbers.radial, "radial", (kinds, kinds, None, None))
    # Without angular functions the lists are empty and tell no shape.
    some = any(functions for row in numbers.angular for functions in row)
    angular = (
        _array(numbers.angular, "angular", (kinds, kinds, None, None))
        if some
        else np.zeros((kinds, kinds, 0, 0))
    )
    own = shape is numbers
    repulsion = None
    if own and shape.repulsion is not None:
        repulsion = _array(shape.repulsion, "repulsion", (kinds, kinds))
    if len(numbers.networks) != kinds:
        raise ValueError(f"{len(numbers.networks)} networks for {kinds} beads")
    found = DescriptorNetwork(
        shape.radial_cutoff,
        shape.angular_cutoff,
        radial,
        angular,
        shape.order,
        tuple(_type_network(one) for one in numbers.networks),
        shape.four_body,
        shape.five_body,
        repulsion,
    )
    for one in found.networks:
        width = found.size
        for layer in one.layers:
            if layer.weights.shape != (len(layer.biases), width):
                raise ValueError(
                    f"weights of {layer.weights.shape} for {width} inputs and {len(layer.biases)} biases"
                )
            width = len(layer.biases)
        if one.outputs.shape != (width,):
            raise ValueError(f"{len(one.outputs)} outputs for {width} neurons")
    return found


def _type_network(entry: TypeEntry) -> TypeNetwork:
    layers = tuple(
        Layer(_array(layer.weights, "weights", (None, None)), np.array(layer.biases, dtype=float))
        for layer in entry.layers
    )
    return TypeNetwork(layers, np.array(entry.outputs, dtype=float), float(entry.constant))


def _array(values: Any, name: str, shape: tuple[int | None, ...]) -> FloatArray:
    found = np.array(values, dtype=float)
    fits = found.ndim == len(shape) and all(
        want in (None, have) for want, have in zip(shape, found.shape, strict=True)
    )
    if not fits:
        raise ValueError(f"{name} is of the shape {found.shape}")
    return found


def network_to_dict(data: NetworkData) -> dict[str, Any]:
    """The content of a :class:`NetworkEntry`."""
    network = data.network
    content: dict[str, Any] = {
        "beads": list(data.beads),
        "radial_cutoff": network.radial_cutoff,
        "angular_cutoff": network.angular_cutoff,
        "order": network.order,
        "four_body": network.four_body,
        "five_body": network.five_body,
    }
    if network.repulsion is not None:
        content["repulsion"] = network.repulsion.tolist()
    content |= _numbers(network)
    if data.change is not None and data.temperatures is not None:
        content |= {"temperatures": list(data.temperatures), "change": _numbers(data.change)}
    return content


def _numbers(network: DescriptorNetwork) -> dict[str, Any]:
    return {
        "radial": network.radial.tolist(),
        "angular": network.angular.tolist(),
        "networks": [
            {
                "layers": [
                    {"weights": layer.weights.tolist(), "biases": layer.biases.tolist()}
                    for layer in one.layers
                ],
                "outputs": one.outputs.tolist(),
                "constant": one.constant,
            }
            for one in network.networks
        ],
    }
