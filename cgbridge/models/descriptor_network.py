"""A network of descriptors in the form of NEP as numbers, and as a force of the plugin.

The form stands at :class:`cgbridge.openmm.DescriptorNetworkForce`; it is that of Fan et al.,
doi:10.1103/PhysRevB.104.104309 and doi:10.1063/5.0106617.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cgbridge.frames import FloatArray

if TYPE_CHECKING:
    from cgbridge.openmm import DescriptorNetworkForce


@dataclass(frozen=True)
class Layer:
    """tanh(W x + b) with ``weights`` W (neurons, inputs) and ``biases`` b (neurons,)."""

    weights: FloatArray
    biases: FloatArray


@dataclass(frozen=True)
class TypeNetwork:
    """The energy of particles of one type in kJ/mol: ``outputs`` (neurons,) times the last of one or two
    hidden ``layers``, and a ``constant``."""

    layers: tuple[Layer, ...]
    outputs: FloatArray
    constant: float

    def flat(self) -> list[float]:
        """All numbers in the order of ``DescriptorNetworkForce.setNetwork``."""
        parts = [part for layer in self.layers for part in (layer.weights.ravel(), layer.biases)]
        return [float(v) for v in np.concatenate([*parts, self.outputs, [self.constant]])]


@dataclass(frozen=True)
class DescriptorNetwork:
    """Coefficients ``radial`` (T, T, functions, basis) and ``angular`` of the functions for every type of the
    centre and of the neighbour, and the network of each type of centre. Cutoffs are in nm; ``order`` is the
    highest l of the angular descriptors, of which there are none without angular functions. ``repulsion``
    (T, T) are the coefficients C of r^-12 in kJ/mol nm^12; None: there is none."""

    radial_cutoff: float
    angular_cutoff: float
    radial: FloatArray
    angular: FloatArray
    order: int
    networks: tuple[TypeNetwork, ...]
    four_body: bool = False
    five_body: bool = False
    repulsion: FloatArray | None = None

    @property
    def kinds(self) -> int:
        """How many types there are."""
        return len(self.networks)

    @property
    def size(self) -> int:
        """How many descriptors a particle has."""
        terms = self.order + self.four_body + self.five_body
        return int(self.radial.shape[2] + self.angular.shape[2] * terms)

    def changed(
        self,
        *,
        energy: float = 1.0,
        length: float = 1.0,
        radial: float = 1.0,
        angular: float = 1.0,
        repulsion: float = 1.0,
    ) -> DescriptorNetwork:
        """The network with all its energies and all its lengths multiplied by a factor, and besides the
        functions of the radial and of the angular descriptors, and the repulsion."""
        networks = tuple(
            replace(one, outputs=energy * one.outputs, constant=energy * one.constant)
            for one in self.networks
        )
        return replace(
            self,
            radial_cutoff=length * self.radial_cutoff,
            angular_cutoff=length * self.angular_cutoff,
            radial=radial * self.radial,
            angular=angular * self.angular,
            networks=networks,
            repulsion=None if self.repulsion is None else repulsion * energy * length**12 * self.repulsion,
        )

    def digest(self) -> str:
        """SHA-256 over shape and all numbers."""
        order = (self.order, self.four_body, self.five_body)
        layers = [[len(layer.biases) for layer in one.layers] for one in self.networks]
        content = hashlib.sha256(repr((self.radial_cutoff, self.angular_cutoff, order, layers)).encode())
        repulsion = () if self.repulsion is None else (self.repulsion,)
        for part in (self.radial, self.angular, *repulsion):
            content.update(repr(part.shape).encode() + part.tobytes())
        for one in self.networks:
            content.update(repr(one.flat()).encode())
        return content.hexdigest()

    def has_descriptors_of(self, other: DescriptorNetwork) -> bool:
        """Whether the descriptors of both are the same numbers, and both have one hidden layer."""
        shapes = (
            (one.radial_cutoff, one.angular_cutoff, one.order, one.four_body, one.five_body)
            for one in (self, other)
        )
        return (
            len(set(shapes)) == 1
            and np.array_equal(self.radial, other.radial)
            and np.array_equal(self.angular, other.angular)
            and all(len(one.layers) == 1 for one in (*self.networks, *other.networks))
        )

    @property
    def coefficients(self) -> int:
        """How many coefficients the functions have."""
        return int(self.radial.size + self.angular.size)

    def force(
        self, types: Sequence[int], *, weight: float = 1.0, periodic: bool = True
    ) -> DescriptorNetworkForce:
        """The force on particles of ``types`` (-1: takes no part) whose energies have this ``weight``."""
        force = self.new_force()
        for kind in types:
            force.addParticle(int(kind), weight)
        force.setUsesPeriodicBoundaryConditions(periodic)
        return force

    def new_force(self, replicas: int = 1) -> DescriptorNetworkForce:
        """The force without particles, every replica with these parameters."""
        from cgbridge.openmm import DescriptorNetworkForce

        force = DescriptorNetworkForce(self.kinds, replicas)
        _, _, functions, basis = self.radial.shape
        force.setRadialDescriptors(self.radial_cutoff, functions, basis)
        _, _, functions, basis = self.angular.shape
        if functions:
            force.setAngularDescriptors(
                self.angular_cutoff, functions, basis, self.order, self.four_body, self.five_body
            )
        force.setHiddenLayers([len(layer.biases) for layer in self.networks[0].layers])
        for replica in range(replicas):
            self.update(force, replica)
        return force

    def update(self, force: DescriptorNetworkForce, replica: int = 0) -> None:
        """Set the coefficients and networks of a force of this shape."""
        for i in range(self.kinds):
            force.setNetwork(i, self.networks[i].flat(), replica)
            for j in range(self.kinds):
                if self.repulsion is not None:
                    force.setRepulsion(i, j, float(self.repulsion[i, j]), replica)
                force.setRadialCoefficients(i, j, self.radial[i, j].ravel().tolist(), replica)
                if self.angular.shape[2]:
                    force.setAngularCoefficients(i, j, self.angular[i, j].ravel().tolist(), replica)


def mean_network(networks: Sequence[DescriptorNetwork]) -> DescriptorNetwork | None:
    """The one network that says the mean of several with the same descriptors, its neurons those of all; None
    where they differ. The price of a step is that of the descriptors, and little that of neurons."""
    first, share = networks[0], 1.0 / len(networks)
    if not all(one.has_descriptors_of(first) for one in networks):
        return None

    def of_type(kind: int) -> TypeNetwork:
        own = [one.networks[kind] for one in networks]
        weights = np.concatenate([one.layers[0].weights for one in own])
        biases = np.concatenate([one.layers[0].biases for one in own])
        outputs = share * np.concatenate([one.outputs for one in own])
        return TypeNetwork((Layer(weights, biases),), outputs, share * sum(one.constant for one in own))

    repulsions = [np.zeros((1, 1)) if one.repulsion is None else one.repulsion for one in networks]
    return replace(
        first,
        networks=tuple(of_type(kind) for kind in range(first.kinds)),
        repulsion=None if first.repulsion is None else share * np.sum(repulsions, axis=0),
    )
