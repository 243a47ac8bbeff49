"""``nep.txt`` of GPUMD: networks of versions 3 and 4, with one hidden layer, read and written.

The file has a head of lines with a word and numbers, then one number in a line: for version 4 the network of
each type (weights neuron by neuron, biases, outputs), for version 3 one network for all; one constant for
all; the coefficients of the radial, then of the angular functions, each in the order n, k, type of the
centre, type of the neighbour; and the factors that every descriptor is multiplied with. Lengths are in
angstrom and energies in eV; biases and constant are subtracted. Format: https://gpumd.org/potentials/nep.html
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cgbridge.errors import FileFormatError
from cgbridge.frames import FloatArray
from cgbridge.models.descriptor_network import DescriptorNetwork, Layer, TypeNetwork
from cgbridge.store.atomic import write_atomic
from cgbridge.units import ANGSTROM, EV

_VERSIONS = {"nep3": 3, "nep4": 4}
#: What GPUMD writes for the numbers of neighbours, which only serve to reserve memory.
_NEIGHBOURS = (1000, 1000)


@dataclass(frozen=True)
class NepFile:
    """The ``network`` of a file, with the chemical symbols of its types."""

    elements: tuple[str, ...]
    network: DescriptorNetwork


def read_nep(path: Path) -> NepFile:
    """Raises :class:`~cgbridge.errors.FileFormatError` for a file that is none, is cut off, or is of a kind
    that cgbridge does not compute: charges, dipoles, ZBL, descriptors beyond l = 4."""
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise FileFormatError(f"cannot be read as text ({error})", where=str(path)) from None
    if not text.strip():
        raise FileFormatError("the file is empty", where=str(path), remedy="copy it again")
    return _Reader(path, text).read()


def write_nep(path: Path, elements: tuple[str, ...], network: DescriptorNetwork) -> None:
    """Write version 4; raises :class:`ValueError` for what GPUMD does not know: two hidden layers, constants
    that differ between types, a repulsion."""
    constants = {one.constant for one in network.networks}
    if len(constants) > 1:
        raise ValueError("GPUMD's files have one constant for all types")
    if any(len(one.layers) != 1 for one in network.networks):
        raise ValueError("GPUMD's networks have one hidden layer")
    if network.repulsion is not None and network.repulsion.any():
        raise ValueError("GPUMD's networks have no repulsion of this form")
    _, _, radial, radial_basis = network.radial.shape
    _, _, angular, angular_basis = network.angular.shape
    cutoffs = network.radial_cutoff / ANGSTROM, (network.angular_cutoff or network.radial_cutoff) / ANGSTROM
    lines = [
        f"nep4 {network.kinds} {' '.join(elements)}",
        f"cutoff {cutoffs[0]:.12g} {cutoffs[1]:.12g} {_NEIGHBOURS[0]} {_NEIGHBOURS[1]}",
        f"n_max {radial - 1} {angular - 1}",
        f"basis_size {radial_basis - 1} {angular_basis - 1}",
        f"l_max {network.order} {2 * network.four_body} {int(network.five_body)}",
        f"ANN {len(network.networks[0].outputs)} 0",
    ]
    numbers: list[FloatArray] = []
    for one in network.networks:
        (layer,) = one.layers
        numbers += [layer.weights.ravel(), -layer.biases, one.outputs / EV]
    numbers.append(np.array([-constants.pop() / EV]))
    numbers += [np.moveaxis(c, (0, 1), (2, 3)).ravel() for c in (network.radial, network.angular)]
    numbers.append(np.ones(network.size))
    lines += [f"{value:.17g}" for part in numbers for value in part]
    write_atomic(path, "\n".join(lines) + "\n")


class _Reader:
    """Reads line after line, and knows where it stands."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = iter(enumerate(text.splitlines(), start=1))
        self._number = 0

    def read(self) -> NepFile:
        first = self._words("nep4 1 O, the kind of the file, the number of types and their symbols")
        if first[0] not in _VERSIONS:
            raise self._fault(
                f"'{first[0]}' is no kind of file that cgbridge computes",
                "it reads " + " and ".join(_VERSIONS) + ", without charges, dipoles or ZBL",
            )
        version, (kinds,) = _VERSIONS[first[0]], self._integers(first[1:2], 1)
        elements = tuple(first[2:])
        if len(elements) != kinds or kinds < 1:
            raise self._fault(f"{kinds} types, and {len(elements)} symbols", "check the first line")
        cutoffs = self._reals(self._keyed("cutoff"))
        if len(cutoffs) != 4:
            raise self._fault("cutoffs of single types are not computed", "train with one pair of cutoffs")
        radial, angular = (n + 1 for n in self._integers(self._keyed("n_max"), 2))
        radial_basis, angular_basis = (n + 1 for n in self._integers(self._keyed("basis_size"), 2))
        orders = self._integers(self._keyed("l_max"), None)
        if not 1 <= len(orders) <= 7 or not 0 <= orders[0] <= 4 or any(orders[3:]):
            raise self._fault(
                "descriptors beyond l = 4, q_222 and q_1111 are not computed",
                "train with l_max 4 2 1 at most",
            )
        order, four, five = (*orders, 0, 0)[:3]
        neurons, second = self._integers(self._keyed("ANN"), 2)
        if neurons < 1 or second:
            raise self._fault("GPUMD's networks have one hidden layer", "check this line")
        size = radial + angular * (order + bool(four) + bool(five))
        own = [self._layer(neurons, size) for _ in range(kinds if version == 4 else 1)]
        constant = -float(self._numbers(1)[0]) * EV
        coefficients = [
            np.moveaxis(self._numbers(n * k * kinds**2).reshape(n, k, kinds, kinds), (2, 3), (0, 1))
            for n, k in ((radial, radial_basis), (angular, angular_basis))
        ]
        scale = self._numbers(size)
        if size == radial:  # the file has them all the same
            coefficients[1] = coefficients[1][:, :, :0]
        if any(line.strip() for _, line in self._lines):
            raise self._fault("there are more numbers than the head tells of", "check the head of the file")
        networks = tuple(
            TypeNetwork((Layer(layer.weights * scale, layer.biases),), outputs, constant)
            for layer, outputs in (own if version == 4 else own * kinds)
        )
        return NepFile(
            elements,
            DescriptorNetwork(
                cutoffs[0] * ANGSTROM,
                cutoffs[1] * ANGSTROM,
                coefficients[0],
                coefficients[1],
                order,
                networks,
                bool(four),
                bool(five),
            ),
        )

    def _layer(self, neurons: int, size: int) -> tuple[Layer, FloatArray]:
        weights = self._numbers(neurons * size).reshape(neurons, size)
        return Layer(weights, -self._numbers(neurons)), self._numbers(neurons) * EV

    def _words(self, expected: str) -> list[str]:
        for number, line in self._lines:
            self._number = number
            if line.strip():
                return line.split()
        raise self._fault(f"the file ends where there should be {expected}", "copy it again")

    def _keyed(self, key: str) -> list[str]:
        words = self._words(f"a line '{key} ...'")
        if words[0] != key:
            raise self._fault(f"a line '{key} ...' should stand here, not '{words[0]}'", "check the head")
        return words[1:]

    def _numbers(self, count: int) -> FloatArray:
        return np.array([self._reals(self._words("a number"))[0] for _ in range(count)], dtype=float)

    def _reals(self, words: list[str]) -> list[float]:
        try:
            values = [float(word) for word in words]
        except ValueError as error:
            raise self._fault(str(error), "check this line") from None
        if not all(np.isfinite(values)):
            raise self._fault("a number is not finite", "the training has failed there")
        return values

    def _integers(self, words: list[str], count: int | None) -> list[int]:
        values = self._reals(words)
        if (count is not None and len(values) != count) or any(v != int(v) or v < 0 for v in values):
            raise self._fault(f"{' '.join(words)}: whole numbers are needed here", "check this line")
        return [int(value) for value in values]

    def _fault(self, what: str, remedy: str) -> FileFormatError:
        return FileFormatError(what, where=f"{self._path}, line {self._number}", remedy=remedy)
