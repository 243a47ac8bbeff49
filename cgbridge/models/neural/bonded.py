"""Chains of bonded particles as torch takes them, and vectors along bonds in periodic boxes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from cgbridge.topology import Chains, Topology


@dataclass(frozen=True)
class Bonded:
    """``bonds`` (b, 2), ``angles`` (a, 3) and ``exclusions`` (e, 2) of the particles of one frame."""

    bonds: Tensor
    angles: Tensor
    exclusions: Tensor

    @classmethod
    def of(cls, topology: Topology, device: str | torch.device = "cpu") -> Bonded:
        """Those of a topology."""
        return cls(
            _indices(topology.bonds, 2, device),
            _indices(topology.angles, 3, device),
            _indices(topology.exclusions, 2, device),
        )

    def repeated(self, particles: int, frames: int) -> Bonded:
        """Those of ``frames`` frames of as many particles, one behind the other; exclusions stay."""
        first = particles * torch.arange(frames, device=self.bonds.device)[:, None, None]
        return Bonded(
            (self.bonds + first).flatten(0, 1), (self.angles + first).flatten(0, 1), self.exclusions
        )


def _indices(chains: Chains, length: int, device: str | torch.device) -> Tensor:
    return torch.tensor(chains, dtype=torch.long, device=device).reshape(-1, length)


def along(positions: Tensor, box: Tensor | None, pairs: Tensor) -> Tensor:
    """Vectors from first to second of ``pairs`` (n, 2), the images nearest in the fractions of the box.

    ``positions`` (B, N, 3), ``box`` (B, 3, 3), ``pairs`` those of all frames, one behind the other.
    """
    places = positions.reshape(-1, 3)
    vectors = places[pairs[:, 1]] - places[pairs[:, 0]]
    if box is None:
        return vectors
    frame = pairs[:, 0] // positions.shape[1]
    whole = torch.einsum("na,nab->nb", vectors, torch.linalg.inv(box)[frame]).detach().round()
    return vectors - torch.einsum("na,nab->nb", whole, box[frame])
