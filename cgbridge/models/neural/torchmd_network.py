"""Networks of torchmd-net, which see the neighbours that cgbridge finds.

Torchmd-net's own search has no gradient with respect to the box and lists pairs of one image only; its
networks take any list of pairs with distances and vectors.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from cgbridge.models.neural.neighbours import Pairs
from cgbridge.models.neural.settings import GraphNetworkSettings, TensorNetSettings, TorchMDNetSettings
from cgbridge.units import ANGSTROM


class GivenPairs(nn.Module):
    """In the place of torchmd-net's search for neighbours: the pairs that were given last, in angstrom.

    ``loops`` adds every particle as its own neighbour at distance zero, as TensorNet wants it.
    """

    def __init__(self, cutoff: float, loops: bool) -> None:
        super().__init__()
        self._cutoff, self._loops = cutoff, loops
        self._given: tuple[Tensor, Tensor, Tensor] | None = None

    def give(self, pairs: Pairs, vectors: Tensor) -> None:
        """Keep pairs with vectors in nm, those beyond the cutoff left out, for the next forward."""
        distance = torch.linalg.vector_norm(vectors, dim=-1)
        near = (distance < self._cutoff).nonzero()[:, 0]
        centre, neighbour, distance, vectors = (
            pairs.centre[near],
            pairs.neighbour[near],
            distance[near],
            vectors[near],
        )
        if self._loops:
            every = torch.arange(pairs.particles, device=vectors.device)
            centre, neighbour = torch.cat([centre, every]), torch.cat([neighbour, every])
            distance = torch.cat([distance, distance.new_zeros(pairs.particles)])
            vectors = torch.cat([vectors, vectors.new_zeros(pairs.particles, 3)])
        # Torchmd-net's vectors point from the second particle to the first.
        self._given = torch.stack([neighbour, centre]), distance / ANGSTROM, vectors / ANGSTROM

    def forward(self, pos: Tensor, batch: Tensor, box: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Edges (2, E), lengths (E,) and vectors (E, 3) in angstrom."""
        assert self._given is not None
        given, self._given = self._given, None
        return given


class TorchMDNetwork(nn.Module):
    """Energies of particles by a network of torchmd-net whose outputs are kJ/mol."""

    def __init__(self, foreign: Any, settings: TorchMDNetSettings, *, loops: bool) -> None:
        super().__init__()
        self.representation, self.output = foreign.representation_model, foreign.output_model
        self.representation.distance = GivenPairs(settings.cutoff, loops)

    def forward(self, pairs: Pairs, vectors: Tensor, types: Tensor) -> Tensor:
        """Energies (N,) in kJ/mol; ``vectors`` (E, 3) in nm."""
        self.representation.distance.give(pairs, vectors)
        # Number 0 stands for no particle.
        z = types + 1
        nowhere, one = vectors.new_zeros(len(types), 3), torch.zeros_like(z)
        features, equivariant, z, _, _ = self.representation(z, nowhere, one)
        energies: Tensor = self.output.pre_reduce(features, equivariant, z, nowhere, one)
        return energies.squeeze(-1)


def _created(settings: TorchMDNetSettings, kinds: int, **own: Any) -> Any:
    """A torchmd-net model with random weights."""
    import warp

    warp.config.log_level = warp.LOG_WARNING  # its greeting would go to the user's standard output
    from torchmdnet.models.model import create_model

    return create_model(
        {
            "precision": 64 if settings.precision == "float64" else 32,
            "embedding_dimension": settings.channels,
            "num_rbf": settings.radial_basis,
            "rbf_type": settings.basis_type,
            "trainable_rbf": False,
            "activation": settings.activation,
            "cutoff_lower": 0.0,
            "cutoff_upper": settings.cutoff / ANGSTROM,
            "max_z": kinds + 1,
            "max_num_neighbors": 1,  # of the search that is replaced
            "derivative": False,
            "atom_filter": -1,
            "prior_model": None,
            "output_model": "Scalar",
            "output_mlp_num_layers": settings.output_layers,
            "reduce_op": "add",
            **own,
        }
    )


def tensornet(settings: TensorNetSettings, kinds: int) -> TorchMDNetwork:
    """TensorNet; ``kinds`` types of particles."""
    model = _created(
        settings,
        kinds,
        model="tensornet",
        num_layers=settings.layers,
        equivariance_invariance_group=settings.group,
        static_shapes=False,
    )
    return TorchMDNetwork(model, settings, loops=True)


def graph_network(settings: GraphNetworkSettings, kinds: int) -> TorchMDNetwork:
    """The graph network; ``kinds`` types of particles."""
    model = _created(
        settings,
        kinds,
        model="graph-network",
        num_layers=settings.layers,
        aggr="add",
        neighbor_embedding=settings.neighbour_embedding,
    )
    return TorchMDNetwork(model, settings, loops=False)
