"""What a particle sees of its neighbourhood: sums over neighbours, and over pairs of them.

Radial sums of particle i: q_n = sum_j sum_k c_nk f_k(r_ij); angular ones: q_nl = sum_jk g_n(r_ij) g_n(r_ik)
P_l(cos jik), as squares of moments of the directions, so that the cost is that of the neighbours and not
of their pairs. c depends on the types of both particles. Form of Fan et al., doi:10.1103/PhysRevB.104.104309
and doi:10.1063/5.0106617.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from cgbridge.models.neural.descriptors import chebyshev_basis, legendre_sums, monomials
from cgbridge.models.neural.neighbours import Pairs
from cgbridge.models.neural.settings import DescriptorSettings

#: Smallest spread of a descriptor that is scaled to one, as a fraction of the mean size of its like: one that
#: vanishes by symmetry has no size of its own.
_LEAST_SPREAD = 0.01


class Fingerprint(nn.Module):
    """``size`` numbers of every particle, with coefficients that are trained."""

    shift: Tensor
    scale: Tensor

    def __init__(self, settings: DescriptorSettings, kinds: int) -> None:
        super().__init__()
        self.dtype = getattr(torch, settings.precision)
        self.settings, self.kinds = settings, kinds
        self.size = settings.radial_functions + settings.angular_functions * settings.angular_order
        radial = (kinds, settings.radial_functions, kinds * settings.radial_basis)
        angular = (kinds, settings.angular_functions, kinds * settings.angular_basis)
        self.radial = nn.Parameter(torch.randn(radial, dtype=self.dtype) / math.sqrt(settings.radial_basis))
        self.angular = nn.Parameter(
            torch.randn(angular, dtype=self.dtype) / math.sqrt(settings.angular_basis)
        )
        self.register_buffer("shift", torch.zeros(kinds, self.size, dtype=self.dtype))
        self.register_buffer("scale", torch.ones(kinds, self.size, dtype=self.dtype))

    def scaled(self, pairs: Pairs, vectors: Tensor, types: Tensor) -> Tensor:
        """The descriptors with mean 0 and spread 1 where they were calibrated, (N, D)."""
        q = self.descriptors(pairs, vectors, types)
        return (q - self._of(self.shift, types)) * self._of(self.scale, types)

    def descriptors(self, pairs: Pairs, vectors: Tensor, types: Tensor) -> Tensor:
        """q of every particle, (N, D)."""
        s = self.settings
        parts = []
        distance, _, kinds = self._neighbours(pairs, vectors, types, s.cutoff)
        sums = self._by_kind(chebyshev_basis(distance / s.cutoff, s.radial_basis), kinds).sum(1)
        parts.append((self._of(self.radial, types) @ sums.unsqueeze(-1)).squeeze(-1))
        if s.angular_functions:
            distance, direction, kinds = self._neighbours(pairs, vectors, types, s.angular_cutoff)
            basis = self._by_kind(chebyshev_basis(distance / s.angular_cutoff, s.angular_basis), kinds)
            angles = monomials(direction.permute(2, 0, 1).contiguous(), s.angular_order)
            moments = basis.transpose(1, 2) @ angles.permute(1, 2, 0)
            sums = legendre_sums(self._of(self.angular, types) @ moments, s.angular_order)
            parts.append(sums.flatten(1))
        return torch.cat(parts, dim=-1)

    @torch.no_grad()
    def calibrate(self, pairs: Pairs, vectors: Tensor, types: Tensor) -> None:
        """Shift and scale the descriptors so that they have mean 0 and spread 1 on these neighbourhoods."""
        q = self.descriptors(pairs, vectors, types)
        for kind in range(self.kinds):
            own = q[types == kind]
            if len(own) > 1:
                self.shift[kind] = own.mean(0)
                # What hardly differs here, as in a crystal, must not shake the network when it does.
                radial = self.settings.radial_functions
                least = own.abs().mean(0)
                least[:radial], least[radial:] = least[:radial].mean(), least[radial:].mean()
                spread = torch.maximum(own.std(0), _LEAST_SPREAD * least)
                self.scale[kind] = torch.where(spread > 0.0, 1.0 / spread, 1.0)

    def _neighbours(
        self, pairs: Pairs, vectors: Tensor, types: Tensor, cutoff: float
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Distances (N, M), directions (N, M, 3) and, where there are several, types of the neighbours."""
        slots, filled = pairs.table(cutoff)
        # What only fills a row up is put where nothing is seen, with no gradient.
        found = vectors.index_select(0, slots.flatten()).reshape(*slots.shape, 3)
        there = torch.where(filled.unsqueeze(-1), found, 2.0 * cutoff)
        distance = torch.linalg.vector_norm(there, dim=-1)
        kinds = types[pairs.neighbour[slots]] if self.kinds > 1 else None
        return distance, there / distance.unsqueeze(-1), kinds

    def _by_kind(self, basis: Tensor, kinds: Tensor | None) -> Tensor:
        """Functions (N, M, K) -> (N, M, kinds K): each in the columns of its neighbour's type."""
        if kinds is None:
            return basis
        which = nn.functional.one_hot(kinds, self.kinds).to(basis.dtype)
        return (which.unsqueeze(-1) * basis.unsqueeze(-2)).flatten(-2)

    def _of(self, values: Tensor, types: Tensor) -> Tensor:
        """Rows for every particle, or one that all share."""
        return values[:1] if self.kinds == 1 else values[types]
