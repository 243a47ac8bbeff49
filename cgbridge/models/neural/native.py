"""A descriptor network without torch: the plugin's own force, and OpenMM's for the priors.

A network that was trained here says the same there: its factors (2l+1)/(4 pi), the scales of its descriptors
and its unit of energy go into the weights, the energies of types into the constants.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from cgbridge.errors import ConfigError
from cgbridge.frames import FloatArray
from cgbridge.models.descriptor_network import DescriptorNetwork, Layer, TypeNetwork, mean_network
from cgbridge.models.neural import TEMPERATURE
from cgbridge.models.neural.descriptor_network import ENERGY
from cgbridge.models.neural.descriptor_network import DescriptorNetwork as TrainedNetwork
from cgbridge.models.neural.potential import NeuralPotential, types_of
from cgbridge.models.neural.priors import HarmonicAngles, HarmonicBonds, Prior, Repulsion
from cgbridge.models.neural.settings import DescriptorSettings
from cgbridge.topology import Topology

if TYPE_CHECKING:
    import openmm

    from cgbridge.models.neural.model import NeuralModel

#: The plugin sees one image of a neighbour: a box has to stay wider than twice the cutoff, also when it finds
#: its own volume at constant pressure, up to a seventh less than at first.
_MARGIN = 1.05


def is_native(model: NeuralModel, width: float | None) -> bool:
    """Whether forces of the plugin and of OpenMM say all that the model says: a descriptor network in a box
    of this ``width`` in nm (None: isolated).
    """
    return (
        isinstance(model.settings, DescriptorSettings)
        and model.architecture == "descriptor-network"
        and (width is None or width > 2.0 * _MARGIN * model.cutoff)
    )


def native_forces(model: NeuralModel, topology: Topology, *, periodic: bool = True) -> list[openmm.Force]:
    """The forces of a model that :func:`is_native`: for each member, which counts with one over their number,
    the network, that of the change with the temperature, and the priors."""
    assert isinstance(model.settings, DescriptorSettings)
    kinds = types_of(topology.types, model.bead_names).tolist()
    share = 1.0 / len(model.members)
    parts = [_with_repulsion(member, model.settings, topology) for member in model.members]
    changes = [
        thermal_network_of(member, model.settings) for member in model.members if member.thermal is not None
    ]
    forces: list[openmm.Force] = []
    for network, weight in _weighted([network for network, _ in parts]):
        force = network.force(kinds, weight=weight, periodic=periodic)
        force.setName(model.name)
        forces.append(force)
    for change, weight in _weighted(changes):
        forces.append(_thermal(change, model, kinds, weight, periodic))
    for _, rest in parts:
        for prior in rest:
            if isinstance(prior, Repulsion):
                forces.append(_repulsion(prior, share, kinds, topology, periodic))
            elif isinstance(prior, HarmonicBonds | HarmonicAngles):
                forces.append(_chains(prior, share, kinds, topology, periodic))
            else:
                raise TypeError(f"prior '{prior.name}' has no force in OpenMM")
    return forces


def _weighted(networks: Sequence[DescriptorNetwork]) -> list[tuple[DescriptorNetwork, float]]:
    """Networks whose weighted sum is the mean of all: one where they have the same descriptors."""
    if not networks:
        return []
    mean = mean_network(networks)
    return [(network, 1.0 / len(networks)) for network in networks] if mean is None else [(mean, 1.0)]


def whole_network(model: NeuralModel) -> DescriptorNetwork:
    """The network that says all that the model says, its repulsion within; raises :class:`ConfigError` for a
    model that is more than that."""
    where = f"model '{model.name}'"
    network, change, rest = network_and_rest(model, where)
    if change is not None:
        raise ConfigError(
            "it is of energies that change with the temperature: no single network says the same", where=where
        )
    if rest:
        names = ", ".join(prior.name for prior in rest)
        raise ConfigError(f"its priors ({names}) are no part of a network", where=where)
    return network


def network_and_rest(
    model: NeuralModel, where: str
) -> tuple[DescriptorNetwork, DescriptorNetwork | None, list[Prior]]:
    """The network with the repulsion within, that of the change with the temperature, and the priors that
    stand beside them; raises :class:`ConfigError` for a model of another kind, and for a committee."""
    if not isinstance(model.settings, DescriptorSettings) or model.architecture != "descriptor-network":
        raise ConfigError(f"it is {model.form}, and no network of descriptors", where=where)
    bonded = (molecule.topology for molecule in model.molecules)
    topology = next((one for one in bonded if len(one.exclusions)), Topology(()))
    parts = [_with_repulsion(member, model.settings, topology) for member in model.members]
    network = mean_network([own for own, _ in parts])
    if network is None:
        raise _no_single_network(where)
    changes = [thermal_network_of(m, model.settings) for m in model.members if m.thermal is not None]
    change = mean_network(changes) if changes else None
    if changes and change is None:
        raise _no_single_network(where)
    return network, change, parts[0][1]


def _no_single_network(where: str) -> ConfigError:
    return ConfigError(
        "it is a committee: no single network says the same",
        where=where,
        remedy="train one network (committee: 1), or a committee on shared descriptors "
        "(model.shared_descriptors: true)",
    )


def _with_repulsion(
    member: NeuralPotential, settings: DescriptorSettings, topology: Topology
) -> tuple[DescriptorNetwork, list[Prior]]:
    """The network with the repulsion that its loops can take over, and the priors that are left."""
    network, rest = network_of(member, settings), list(member.known)
    inside = _inside(rest, network, topology)
    if inside is not None:
        rest.remove(inside)
        network = replace(network, repulsion=inside.energy * inside.sigmas.numpy() ** 12)
    return network, rest


def _thermal(
    change: DescriptorNetwork, model: NeuralModel, kinds: Sequence[int], weight: float, periodic: bool
) -> openmm.Force:
    """What is added to the free energy of the middle temperature: its weights follow that of the Context."""
    thermal, state = model.members[0].thermal, model.state_temperature
    assert thermal is not None and state is not None
    force = change.force(kinds, weight=weight, periodic=periodic)
    force.setWeightParameter(TEMPERATURE, *thermal.range, state)
    force.setName(f"{model.name}, change with the temperature")
    return force


def _inside(priors: Sequence[Prior], network: DescriptorNetwork, topology: Topology) -> Repulsion | None:
    """The repulsion that the network's loops take over: it reaches as far, and no pair is exempt."""
    for prior in priors:
        if (
            isinstance(prior, Repulsion)
            and prior.cutoff == network.radial_cutoff
            and not len(topology.exclusions)
        ):
            return prior
    return None


def network_of(potential: NeuralPotential, settings: DescriptorSettings) -> DescriptorNetwork:
    """The network of a trained potential, without its priors, in the form of the plugin."""
    assert isinstance(potential.network, TrainedNetwork)
    return _in_form_of_plugin(potential.network, settings, potential.type_energies.tolist())


def thermal_network_of(potential: NeuralPotential, settings: DescriptorSettings) -> DescriptorNetwork:
    """That of the change with the temperature."""
    assert potential.thermal is not None and isinstance(potential.thermal.network, TrainedNetwork)
    return _in_form_of_plugin(potential.thermal.network, settings, [0.0] * potential.kinds)


def _in_form_of_plugin(
    own: TrainedNetwork, settings: DescriptorSettings, energies: Sequence[float]
) -> DescriptorNetwork:
    """With ``energies`` of types in kJ/mol."""
    kinds, radial, angular = len(energies), settings.radial_functions, settings.angular_functions
    order = settings.angular_order if angular else 0

    def numbers(tensor: Tensor) -> FloatArray:
        return np.asarray(tensor.detach().double().cpu().numpy(), dtype=float)

    def by_pair(tensor: Tensor, functions: int, basis: int) -> FloatArray:
        """(centre, n, neighbour k) -> (centre, neighbour, n, k)."""
        return numbers(tensor).reshape(kinds, functions, kinds, basis).transpose(0, 2, 1, 3)

    # Ours stand function by function, those of the plugin order by order.
    angles = [(degree, n) for degree in range(1, order + 1) for n in range(angular)]
    places = [*range(radial), *(radial + n * order + degree - 1 for degree, n in angles)]
    factors = np.array([1.0] * radial + [(2 * degree + 1) / (4.0 * math.pi) for degree, _ in angles])
    scale, shift = numbers(own.scale), numbers(own.shift)
    networks = []
    for kind in range(kinds):
        weights = numbers(own.weights[kind]) * scale[kind]
        layer = Layer(weights[:, places] / factors, numbers(own.biases[kind]) - weights @ shift[kind])
        constant = ENERGY * float(own.constants[kind].detach()) + energies[kind]
        networks.append(TypeNetwork((layer,), ENERGY * numbers(own.outputs[kind]), constant))
    return DescriptorNetwork(
        settings.cutoff,
        settings.angular_cutoff if angular else 0.0,
        by_pair(own.radial, radial, settings.radial_basis),
        by_pair(own.angular, angular, settings.angular_basis),
        order,
        tuple(networks),
    )


def _repulsion(
    prior: Repulsion, share: float, kinds: Sequence[int], topology: Topology, periodic: bool
) -> openmm.Force:
    import openmm

    table = prior.sigmas.numpy()
    force = openmm.CustomNonbondedForce(
        f"{share * prior.energy!r}*((sigma/r)^12 - (sigma/rc)^12*(13 - 12*r/rc)); "
        f"rc = {prior.cutoff!r}; sigma = sigmas(kind1, kind2)"
    )
    force.addTabulatedFunction("sigmas", openmm.Discrete2DFunction(*table.shape, table.ravel().tolist()))
    force.addPerParticleParameter("kind")
    for kind in kinds:
        force.addParticle([kind])
    for i, j in topology.exclusions:
        force.addExclusion(i, j)
    force.setNonbondedMethod(force.CutoffPeriodic if periodic else force.CutoffNonPeriodic)
    force.setCutoffDistance(prior.cutoff)
    force.setName(prior.name)
    return force


def _chains(
    prior: HarmonicBonds | HarmonicAngles,
    share: float,
    kinds: Sequence[int],
    topology: Topology,
    periodic: bool,
) -> openmm.Force:
    """The bonds or the angles of ``topology``."""
    import openmm

    if isinstance(prior, HarmonicBonds):
        force, chains = openmm.HarmonicBondForce(), topology.bonds
        add = force.addBond
    else:
        force, chains = openmm.HarmonicAngleForce(), topology.angles
        add = force.addAngle
    for chain in chains:
        middle, stiffness = prior.entry([kinds[bead] for bead in chain])
        add(*chain, middle, share * stiffness)
    force.setUsesPeriodicBoundaryConditions(periodic)
    force.setName(prior.name)
    return force
