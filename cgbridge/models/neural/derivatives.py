"""Energies, forces and virials of a potential, by autograd."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Derivatives:
    """``energy`` in kJ/mol, () or (B,); ``forces`` in kJ/mol/nm, as the positions; ``virial`` in kJ/mol.

    W_ab = sum r_a f_b = -dU/d eps_ab of a strain r -> r (1 + eps) of positions and box; (3, 3) or (B, 3, 3).
    """

    energy: Tensor
    forces: Tensor
    virial: Tensor | None = None


def derivatives(
    potential: nn.Module,
    positions: Tensor,
    types: Tensor,
    box: Tensor | None = None,
    *,
    virial: bool = False,
    create_graph: bool = False,
    **more: Any,
) -> Derivatives:
    """What a potential says of positions (N, 3) or (B, N, 3) in nm.

    With ``create_graph`` the results have gradients with respect to the weights, for training; ``more`` goes
    to the potential (``bonded``, ``pairs``).
    """
    places = positions.detach().requires_grad_(True)
    wanted: list[Tensor] = [places]
    strained, lattice = places, box
    if virial:
        shape = (3, 3) if positions.dim() == 2 else (len(positions), 3, 3)
        strain = torch.zeros(shape, dtype=places.dtype, device=places.device, requires_grad=True)
        strained = places + places @ strain
        lattice = None if box is None else box + box @ strain
        wanted.append(strain)
    with torch.enable_grad():
        energy = potential(strained, types, lattice, **more)
        slopes = torch.autograd.grad(energy.sum(), wanted, create_graph=create_graph)
    return Derivatives(
        energy if create_graph else energy.detach(), -slopes[0], -slopes[1] if virial else None
    )
