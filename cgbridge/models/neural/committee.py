"""Several potentials as one: the mean of what they say, and how far they are apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from cgbridge.models.neural.bonded import Bonded
from cgbridge.models.neural.derivatives import Derivatives, derivatives
from cgbridge.models.neural.neighbours import Pairs
from cgbridge.models.neural.potential import NeuralPotential


class Committee(nn.Module):
    """U = mean of the energies of its ``members``, potentials for the same types of particles."""

    def __init__(self, members: Iterable[NeuralPotential]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.cutoff = max(member.cutoff for member in self.potentials)

    @property
    def potentials(self) -> tuple[NeuralPotential, ...]:
        """The members."""
        return tuple(member for member in self.members if isinstance(member, NeuralPotential))

    def forward(
        self,
        positions: Tensor,
        types: Tensor,
        box: Tensor | None = None,
        *,
        bonded: Bonded | None = None,
        pairs: Pairs | None = None,
        temperature: float | Tensor | None = None,
    ) -> Tensor:
        """As :class:`~cgbridge.models.neural.potential.NeuralPotential`'s; the pairs are found once."""
        if pairs is None:
            pairs = self.pairs(positions, box, bonded)
        more = {"bonded": bonded, "pairs": pairs, "temperature": temperature}
        return torch.stack([member(positions, types, box, **more) for member in self.members]).mean(0)

    def pairs(self, positions: Tensor, box: Tensor | None = None, bonded: Bonded | None = None) -> Pairs:
        """The pairs that all members need."""
        widest = max(self.potentials, key=lambda member: member.cutoff)
        return widest.pairs(positions, box, bonded)

    def opinions(
        self, positions: Tensor, types: Tensor, box: Tensor | None = None, **more: Any
    ) -> list[Derivatives]:
        """Energies and forces of every member."""
        pairs = more.pop("pairs", None) or self.pairs(positions, box, more.get("bonded"))
        return [derivatives(member, positions, types, box, pairs=pairs, **more) for member in self.potentials]

    def disagreement(
        self, positions: Tensor, types: Tensor, box: Tensor | None = None, **more: Any
    ) -> Tensor:
        """sqrt(sum_m |F_m - F|^2/(k - 1)) of every particle, in kJ/mol/nm, over k members with mean F.

        Raises :class:`ValueError` for a committee of one.
        """
        if len(self.members) < 2:
            raise ValueError("one member alone cannot disagree")
        forces = torch.stack([one.forces for one in self.opinions(positions, types, box, **more)])
        apart = (forces - forces.mean(0)).square().sum(-1).sum(0)
        return (apart / (len(self.members) - 1)).sqrt()
