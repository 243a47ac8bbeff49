"""``nep.txt`` of GPUMD: networks of versions 3, 4 and 5, with one hidden layer, read and written.

The file has a head of lines with a word and numbers, then one number in a line: from version 4 on the network
of each type (weights neuron by neuron, biases, outputs, for version 5 a constant of the type), for version 3
one network for all; one constant for all; the coefficients of the radial, then of the angular functions, each
in the order n, k, type of the centre, type of the neighbour; the factors that every descriptor is multiplied
with; and ten numbers for every pair of types where the repulsion of nuclei has distances and functions of its
own. Lengths are in angstrom and energies in eV; biases and constants are subtracted.
Format: https://gpumd.org/potentials/nep.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cgbridge.errors import FileFormatError
from cgbridge.frames import FloatArray
from cgbridge.models.descriptor_network import DescriptorNetwork, Layer, TypeNetwork
from cgbridge.models.screened_repulsion import ScreenedRepulsion
from cgbridge.store.atomic import write_atomic
from cgbridge.units import ANGSTROM, EV

_VERSIONS = {"nep3": 3, "nep4": 4, "nep5": 5}
#: What the kind of a file ends in that has a repulsion of nuclei besides.
_REPULSION = "_zbl"
#: Covalent radii in A of the elements from hydrogen on, as GPUMD has them: of two elements, times a factor of
#: the file, is where the repulsion of their nuclei ends.
_RADII = (
    0.426667, 0.613333, 1.6, 1.25333, 1.02667, 1.0, 0.946667, 0.84, 0.853333, 0.893333, 1.86667, 1.66667,
    1.50667, 1.38667, 1.46667, 1.36, 1.32, 1.28, 2.34667, 2.05333, 1.77333, 1.62667, 1.61333, 1.46667,
    1.42667, 1.38667, 1.33333, 1.32, 1.34667, 1.45333, 1.49333, 1.45333, 1.53333, 1.46667, 1.52, 1.56, 2.52,
    2.22667, 1.96, 1.85333, 1.76, 1.65333, 1.53333, 1.50667, 1.50667, 1.44, 1.53333, 1.64, 1.70667, 1.68,
    1.68, 1.64, 1.76, 1.74667, 2.78667, 2.34667, 2.16, 1.96, 2.10667, 2.09333, 2.08, 2.06667, 2.01333,
    2.02667, 2.01333, 2.0, 1.98667, 1.98667, 1.97333, 2.04, 1.94667, 1.82667, 1.74667, 1.64, 1.57333,
    1.54667, 1.48, 1.49333, 1.50667, 1.76, 1.73333, 1.73333, 1.81333, 1.74667, 1.84, 1.89333, 2.68, 2.41333,
    2.22667, 2.10667, 2.02667, 2.04, 2.05333, 2.06667,
)  # fmt: skip
#: What GPUMD writes for the numbers of neighbours, which only serve to reserve memory.
_NEIGHBOURS = (1000, 1000)


@dataclass(frozen=True)
class NepFile:
    """The ``network`` of a file, with the chemical symbols of its types, and the ``repulsion`` of nuclei."""

    elements: tuple[str, ...]
    network: DescriptorNetwork
    repulsion: ScreenedRepulsion | None = None


def read_nep(path: Path) -> NepFile:
    """Raises :class:`~cgbridge.errors.FileFormatError` for a file that is none, is cut off, or is of a kind
    that cgbridge does not compute: charges, dipoles, descriptors beyond l = 4."""
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise FileFormatError(f"cannot be read as text ({error})", where=str(path)) from None
    if not text.strip():
        raise FileFormatError("the file is empty", where=str(path), remedy="copy it again")
    return _Reader(path, text).read()


def write_nep(path: Path, elements: tuple[str, ...], network: DescriptorNetwork) -> None:
    """Write version 4, or 5 where constants differ between types; raises :class:`ValueError` for what GPUMD
    does not know: two hidden layers, a repulsion of r^-12."""
    constants = [one.constant for one in network.networks]
    own = len(set(constants)) > 1
    if any(len(one.layers) != 1 for one in network.networks):
        raise ValueError("GPUMD's networks have one hidden layer")
    if network.repulsion is not None and network.repulsion.any():
        raise ValueError("GPUMD's networks have no repulsion of this form")
    _, _, radial, radial_basis = network.radial.shape
    _, _, angular, angular_basis = network.angular.shape
    cutoffs = network.radial_cutoff / ANGSTROM, (network.angular_cutoff or network.radial_cutoff) / ANGSTROM
    lines = [
        f"nep{5 if own else 4} {network.kinds} {' '.join(elements)}",
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
        numbers += [np.array([-one.constant / EV])] if own else []
    numbers.append(np.array([0.0 if own else -constants[0] / EV]))
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
        kind = first[0].removesuffix(_REPULSION)
        if kind not in _VERSIONS:
            raise self._fault(
                f"'{first[0]}' is no kind of file that cgbridge computes",
                f"it reads {', '.join(_VERSIONS)}, each with {_REPULSION} or without: no charges and dipoles",
            )
        version, (kinds,) = _VERSIONS[kind], self._integers(first[1:2], 1)
        elements = tuple(first[2:])
        if len(elements) != kinds or kinds < 1:
            raise self._fault(f"{kinds} types, and {len(elements)} symbols", "check the first line")
        ends = self._ends(elements) if kind != first[0] else None
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
        own = [self._type(neurons, size, version) for _ in range(1 if version == 3 else kinds)]
        constant = -float(self._numbers(1)[0]) * EV
        coefficients = [
            np.moveaxis(self._numbers(n * k * kinds**2).reshape(n, k, kinds, kinds), (2, 3), (0, 1))
            for n, k in ((radial, radial_basis), (angular, angular_basis))
        ]
        scale = self._numbers(size)
        if size == radial:  # the file has them all the same
            coefficients[1] = coefficients[1][:, :, :0]
        repulsion = None if ends is None else self._repulsion(elements, *ends)
        if any(line.strip() for _, line in self._lines):
            raise self._fault("there are more numbers than the head tells of", "check the head of the file")
        networks = tuple(
            TypeNetwork((Layer(layer.weights * scale, layer.biases),), outputs, constant + shift)
            for layer, outputs, shift in (own * kinds if version == 3 else own)
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
            repulsion,
        )

    def _type(self, neurons: int, size: int, version: int) -> tuple[Layer, FloatArray, float]:
        """Layer, outputs and constant in kJ/mol of one type."""
        weights = self._numbers(neurons * size).reshape(neurons, size)
        layer, outputs = Layer(weights, -self._numbers(neurons)), self._numbers(neurons) * EV
        return layer, outputs, -float(self._numbers(1)[0]) * EV if version == 5 else 0.0

    def _ends(self, elements: Sequence[str]) -> tuple[list[int], list[float]]:
        """Atomic numbers, and the line of the repulsion."""
        from ase.data import atomic_numbers

        found = [int(atomic_numbers.get(element, 0)) for element in elements]
        if not all(1 <= number <= len(_RADII) for number in found):
            strange = [e for e, n in zip(elements, found, strict=True) if not 1 <= n <= len(_RADII)]
            raise self._fault(f"no nucleus is known of {', '.join(strange)}", "check the first line")
        ends = self._reals(self._keyed("zbl"))
        if len(ends) not in (2, 3) or min(ends) < 0.0 or (any(ends) and ends[1] <= ends[0]):
            raise self._fault(
                "two distances are needed, the inner one below the outer one", "check this line"
            )
        return found, ends

    def _repulsion(
        self, elements: Sequence[str], numbers: Sequence[int], ends: Sequence[float]
    ) -> ScreenedRepulsion:
        kinds = len(elements)
        inner, outer = (np.full((kinds, kinds), ends[place] * ANGSTROM) for place in range(2))
        if len(ends) == 3:
            radii = np.array([_RADII[number - 1] for number in numbers])
            outer = np.minimum(outer, ends[2] * (radii[:, None] + radii) * ANGSTROM)
            inner[:] = 0.0
        if ends[1] > 0.0:
            return ScreenedRepulsion.of_nuclei(numbers, inner, outer)
        amplitudes, decays = np.zeros((kinds, kinds, 4)), np.zeros((kinds, kinds, 4))
        for i in range(kinds):
            for j in range(i, kinds):
                values = self._numbers(10)
                for one, other in ((i, j), (j, i)):
                    inner[one, other], outer[one, other] = values[:2] * ANGSTROM
                    amplitudes[one, other], decays[one, other] = values[2::2], values[3::2]
        return ScreenedRepulsion.of_nuclei(numbers, inner, outer, amplitudes, decays)

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
