"""The contract of an architecture, and their names; nothing here loads torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from cgbridge.config.loader import validate
from cgbridge.config.places import Place
from cgbridge.errors import ConfigError
from cgbridge.models.neural.settings import NetworkSettings
from cgbridge.registry import Registry

if TYPE_CHECKING:
    from torch import nn

    from cgbridge.models.neural.potential import NeuralPotential
    from cgbridge.models.neural.priors import Prior

_ARCHITECTURES = "cgbridge.models.neural.architectures"
#: Import path ``module:class`` of every architecture of cgbridge's.
ARCHITECTURES: dict[str, str] = {
    "tensornet": f"{_ARCHITECTURES}:TensorNet",
    "graph-network": f"{_ARCHITECTURES}:GraphNetwork",
    "descriptor-network": f"{_ARCHITECTURES}:DescriptorNetwork",
    "tersoff-nn": f"{_ARCHITECTURES}:BondOrderNetwork",
}
_REGISTRY = Registry("architecture", "cgbridge.architectures", ARCHITECTURES)


@runtime_checkable
class Architecture(Protocol):
    """A kind of network; ``settings`` is the class of its keys in YAML, ``packages`` what it imports."""

    name: str
    settings: type[NetworkSettings]
    packages: tuple[str, ...]

    def network(self, settings: Any, kinds: int) -> nn.Module:
        """A new :class:`~cgbridge.models.neural.potential.Network` for ``kinds`` types of particles, with
        random weights from torch's own generator.
        """
        ...


@cache
def list_architectures() -> tuple[str, ...]:
    """The names of all architectures, cgbridge's own first."""
    return tuple(entry.name for entry in _REGISTRY)


@cache
def get_architecture(name: str) -> Architecture:
    """The architecture called ``name``; raises :class:`ConfigError` with a suggestion for an unknown one."""
    place = _REGISTRY.find(name).place
    module, _, attribute = place.partition(":")
    found = getattr(import_module(module), attribute)()
    if not isinstance(found, Architecture):
        raise ConfigError(f"'{place}' is not an architecture")
    return found


def network_settings(name: str, options: Mapping[str, Any], where: str | Place = "") -> NetworkSettings:
    """The keys of an architecture, checked; raises :class:`~cgbridge.errors.ConfigErrors` with each place."""
    settings: NetworkSettings = validate(
        get_architecture(name).settings, options, where if isinstance(where, Place) else Place(where)
    )
    return settings


def build(
    name: str,
    settings: NetworkSettings,
    types: Sequence[str],
    *,
    priors: Sequence[Prior] = (),
    seed: int | None = None,
) -> NeuralPotential:
    """A new potential with random weights, the same for the same ``seed``.

    ``types`` are the names of beads, or chemical symbols; their order is that of the numbers which the
    potential takes. Raises :class:`~cgbridge.errors.MissingDependencyError` where a package is missing.
    """
    from cgbridge.extras import require

    architecture = get_architecture(name)
    require(architecture.packages, f"the architecture '{name}'")
    import torch

    from cgbridge.models.neural.potential import NeuralPotential
    from cgbridge.models.neural.thermal import Thermal

    with torch.random.fork_rng(devices=[]):
        if seed is not None:
            torch.manual_seed(seed)
        network = architecture.network(settings, len(types))
        thermal = None
        if settings.temperatures is not None:
            thermal = Thermal(architecture.network(settings, len(types)), settings.temperatures)
    return NeuralPotential(network, settings.cutoff, len(types), priors, thermal=thermal)
