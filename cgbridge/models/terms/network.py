"""A network of descriptors as a term: what it was trained to, and a few factors that a fit may change.

E = e sum_i [W_i(r/l) + s x G_i(r/l)], with the energies W of :class:`cgbridge.openmm.DescriptorNetworkForce`
and, where the network knows the temperature, G of their change (:mod:`cgbridge.models.neural.thermal`): x
goes from -1 at the lowest to 1 at the highest of its temperatures. The thousand weights stay; an experiment
that they miss by a little is met by few numbers.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from cgbridge.errors import ConfigError
from cgbridge.models.descriptor_network import DescriptorNetwork
from cgbridge.models.neural import TEMPERATURE
from cgbridge.models.terms.form import NO_TYPE, Form, IndexedEntries, TypedTopology, Values
from cgbridge.records.parameter import Parameter

if TYPE_CHECKING:
    import openmm

_FACTORS = ("energy", "length", "radial", "angular", "repulsion")


@dataclass(frozen=True, eq=False)
class NetworkData:
    """A ``network`` whose types are ``beads``; ``change`` is that of its energies with the temperature,
    between the two ``temperatures`` in K."""

    beads: tuple[str, ...]
    network: DescriptorNetwork
    change: DescriptorNetwork | None = None
    temperatures: tuple[float, float] | None = None

    @cached_property
    def digest(self) -> str:
        """Equal for equal numbers."""
        parts = [self.network, *([] if self.change is None else [self.change])]
        return repr((self.beads, self.temperatures, [part.digest() for part in parts]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NetworkData) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def without(self) -> dict[str, str]:
        """Factors that change nothing, and why."""
        found = (
            {} if self.change is not None else {"entropy": "its energy does not depend on the temperature"}
        )
        if self.network.repulsion is None or not self.network.repulsion.any():
            found["repulsion"] = "it has no repulsion"
        return found

    def with_factors(self, values: Values) -> NetworkData:
        """The numbers of the network and of its change with the shared values of a term."""
        factors = {name: values.get(name, 1.0) for name in _FACTORS}
        change = None
        if self.change is not None:
            energy = factors["energy"] * values.get("entropy", 1.0)
            change = self.change.changed(**factors | {"energy": energy})
        return replace(self, network=self.network.changed(**factors), change=change)

    def rescaled(self, energy: float, length: float) -> NetworkData:
        """All energies and lengths times a factor."""
        change = None if self.change is None else self.change.changed(energy=energy, length=length)
        return replace(self, network=self.network.changed(energy=energy, length=length), change=change)


class Network(Form):
    """A trained network, with factors that are 1 as it was trained."""

    name: ClassVar[str] = "descriptor-network"
    label: ClassVar[str] = "network"
    bodies: ClassVar[int] = 1
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    shared: ClassVar[tuple[Parameter, ...]] = (
        Parameter("energy", "1", value=1.0, symbol="e", meaning="factor of all energies"),
        Parameter("length", "1", value=1.0, symbol="l", meaning="factor of all lengths"),
        Parameter("radial", "1", value=1.0, symbol="c_r", meaning="factor of the radial descriptors"),
        Parameter(
            "angular", "1", value=1.0, symbol="c_a",
            meaning="factor of the functions of the angular descriptors, which go with its square",
        ),
        Parameter("repulsion", "1", value=1.0, symbol="c_12", meaning="factor of the repulsion"),
        Parameter(
            "entropy", "1", value=1.0, symbol="s",
            meaning="factor of what changes with the temperature, where the network knows it",
        ),
    )  # fmt: skip

    def __init__(self, data: NetworkData | None = None, index: Mapping[str, int] | None = None) -> None:
        self._data, self._index = data, dict(index or {})

    def with_network(self, data: NetworkData, index: Mapping[str, int]) -> Network:
        """The form with the numbers of a term; ``index`` numbers the beads of the model."""
        found = copy.copy(self)
        found._data, found._index = data, dict(index)
        return found

    def require_numbers(self, key: tuple[int, ...], values: Values, *, where: str) -> None:
        """As all forms; a network without a repulsion, or that knows no temperature, has no factor for it."""
        absent = {name: 1.0 for name in ("repulsion", "entropy") if key == () and name not in values}
        super().require_numbers(key, {**values, **absent}, where=where)

    def constraints(self, values: Values) -> Sequence[tuple[str, bool]]:
        if not values:
            return []
        return [(f"{name} > 0", values[name] > 0.0) for name in ("energy", "length")]

    def range(self, entries: IndexedEntries) -> float:
        return entries[()]["length"] * self._known.network.radial_cutoff

    def create_force(self, entries: IndexedEntries, beads: TypedTopology) -> list[openmm.Force]:
        data = self._known.with_factors(entries[()])
        kinds = {self._index[name]: kind for kind, name in enumerate(data.beads) if name in self._index}
        types = [kinds.get(number, NO_TYPE) for number in beads.types]
        if all(kind == NO_TYPE for kind in types):
            return []
        forces: list[openmm.Force] = [data.network.force(types, periodic=beads.periodic)]
        if data.change is not None and data.temperatures is not None:
            change = data.change.force(types, periodic=beads.periodic)
            change.setWeightParameter(TEMPERATURE, *data.temperatures, sum(data.temperatures) / 2.0)
            forces.append(change)
        return forces

    @property
    def _known(self) -> NetworkData:
        if self._data is None:
            raise ConfigError("a term of the form descriptor-network has no network")
        return self._data
