"""Cgbridge's architectures; each loads torch when a network of it is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cgbridge.models.neural.settings import (
    BondOrderSettings,
    DescriptorSettings,
    GraphNetworkSettings,
    TensorNetSettings,
)

if TYPE_CHECKING:
    from torch import nn


class TensorNet:
    """Equivariant Cartesian tensors, by torchmd-net."""

    name = "tensornet"
    settings = TensorNetSettings
    packages = ("torch", "torchmdnet")

    def network(self, settings: TensorNetSettings, kinds: int) -> nn.Module:
        from cgbridge.models.neural.torchmd_network import tensornet

        return tensornet(settings, kinds)


class GraphNetwork:
    """Continuous-filter convolutions, by torchmd-net."""

    name = "graph-network"
    settings = GraphNetworkSettings
    packages = ("torch", "torchmdnet")

    def network(self, settings: GraphNetworkSettings, kinds: int) -> nn.Module:
        from cgbridge.models.neural.torchmd_network import graph_network

        return graph_network(settings, kinds)


class DescriptorNetwork:
    """Radial and angular sums and one hidden layer, in the form of NEP."""

    name = "descriptor-network"
    settings = DescriptorSettings
    packages = ("torch",)

    def network(self, settings: DescriptorSettings, kinds: int) -> nn.Module:
        from cgbridge.models.neural import descriptor_network

        return descriptor_network.DescriptorNetwork(settings, kinds)


class BondOrderNetwork:
    """Tersoff's bond order with parameters that a small network changes with the neighbourhood."""

    name = "tersoff-nn"
    settings = BondOrderSettings
    packages = ("torch",)

    def network(self, settings: BondOrderSettings, kinds: int) -> nn.Module:
        from cgbridge.models.neural import bond_order_network

        return bond_order_network.BondOrderNetwork(settings, kinds)
