"""What a particle sees of its neighbourhood: sums over neighbours, and over pairs of them.

Radial sums of particle i: q_n = sum_j sum_k c_nk f_k(r_ij); angular ones: q_nl = sum_jk g_n(r_ij) g_n(r_ik)
P_l(cos jik), as squares of moments of the directions, so that the cost is that of the neighbours and not
of their pairs. c depends on the types of both particles. Form of Fan et al., doi:10.1103/PhysRevB.104.104309
and doi:10.1063/5.0106617.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from cgbridge.models.neural.descriptors import legendre_sums
from cgbridge.models.neural.neighbour_sums import NeighbourSums
from cgbridge.models.neural.neighbours import Pairs
from cgbridge.models.neural.settings import DescriptorSettings

#: Sums over radial functions alone, (kinds functions, N), and with directions; None: there are no angles.
Sums = tuple[Tensor, Tensor | None]

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
        self._radial_sums = NeighbourSums(settings.radial_basis, 0, settings.cutoff, kinds)
        self._angular_sums = NeighbourSums(
            settings.angular_basis, settings.angular_order, settings.angular_cutoff, kinds
        )
        self.register_buffer("shift", torch.zeros(kinds, self.size, dtype=self.dtype))
        self.register_buffer("scale", torch.ones(kinds, self.size, dtype=self.dtype))

    def sums(self, pairs: Pairs, vectors: Tensor, types: Tensor) -> Sums:
        """What the descriptors are made of, which networks of the same settings share."""
        angular = self._angular_sums(pairs, vectors, types) if self.settings.angular_functions else None
        return self._radial_sums(pairs, vectors, types).squeeze(-1), angular

    def scaled(self, sums: Sums, types: Tensor) -> Tensor:
        """The descriptors with mean 0 and spread 1 where they were calibrated, (N, D)."""
        q = self.descriptors(sums, types)
        return (q - self._of(self.shift, types)) * self._of(self.scale, types)

    def descriptors(self, sums: Sums, types: Tensor) -> Tensor:
        """q of every particle, (N, D)."""
        lengths, moments = sums

        def of_kind(kind: int, rows: Tensor | None) -> Tensor:
            own = lengths if rows is None else lengths.index_select(1, rows)
            radial = (self.radial[kind] @ own).T
            if moments is None:
                return radial
            here = moments if rows is None else moments.index_select(1, rows)
            parts = (self.angular[kind] @ here.flatten(1)).unflatten(1, here.shape[1:])
            angles = legendre_sums(parts, self.settings.angular_order)
            return torch.cat([radial, angles.transpose(0, 1).flatten(1)], dim=-1)

        return self.by_kind(types, of_kind)

    def by_kind(self, types: Tensor, compute: Callable[[int, Tensor | None], Tensor]) -> Tensor:
        """Rows for all particles: ``compute`` takes a type and the numbers of its particles (None: all)."""
        if self.kinds == 1:
            return compute(0, None)
        rows = [(types == kind).nonzero()[:, 0] for kind in range(self.kinds)]
        found = torch.cat([compute(kind, some) for kind, some in enumerate(rows)])
        return found.index_select(0, torch.argsort(torch.cat(rows)))

    @torch.no_grad()
    def calibrate(self, pairs: Pairs, vectors: Tensor, types: Tensor) -> None:
        """Shift and scale the descriptors so that they have mean 0 and spread 1 on these neighbourhoods."""
        q = self.descriptors(self.sums(pairs, vectors, types), types)
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

    @torch.no_grad()
    def share(self, other: Fingerprint) -> None:
        """Take over the descriptors of another one; they are not trained from now on."""
        for name in ("radial", "angular", "shift", "scale"):
            getattr(self, name).copy_(getattr(other, name))
        self.radial.requires_grad_(False)
        self.angular.requires_grad_(False)

    def _of(self, values: Tensor, types: Tensor) -> Tensor:
        """Rows for every particle, or one that all share."""
        return values[:1] if self.kinds == 1 else values[types]
