"""Tersoff's bond order with local parameters: a network changes them a little with the neighbourhood.

E_i = 1/2 sum_j fC(r_ij) [A_i exp(-lambda1_i r_ij) - b_ij B_i exp(-lambda2_i r_ij)], Tersoff's energy
(``cgbridge.models.terms.tersoff``) with p_i = p exp(limit d_i) in the place of eight of its parameters, and
costheta0_i = costheta0 + limit d_i in that of a ninth. -1 < d_i < 1 are the outputs of one hidden layer over
the fingerprint of particle i; they begin as zeros: untrained, it is the Tersoff model that it starts from.

The physically informed network of G. P. Purja Pun et al., Nat. Commun. 10, 2339 (2019),
doi:10.1038/s41467-019-10343-5, with bounded changes, on beads.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from cgbridge.models.neural.fingerprint import Fingerprint, Sums
from cgbridge.models.neural.neighbours import Pairs
from cgbridge.models.neural.settings import BondOrderSettings
from cgbridge.models.terms.tersoff import Tersoff
from cgbridge.units import internal

#: Parameters that the network changes by a factor, in the order of its outputs; the last one it shifts.
SCALED = ("A", "B", "lambda1", "lambda2", "n", "beta", "c", "d")
SHIFTED = "costheta0"
#: Exponents are cut there, as in LAMMPS, where they would overflow.
_LARGEST_EXPONENT = 69.0776


class BondOrderNetwork(Fingerprint):
    """Energies of particles from the vectors to their neighbours."""

    base: Tensor

    def __init__(self, settings: BondOrderSettings, kinds: int) -> None:
        super().__init__(settings, kinds)
        units = {parameter.name: parameter.unit for parameter in Tersoff.parameters}
        self._index = {name: number for number, name in enumerate(units)}
        values = [internal(settings.values[name], unit) for name, unit in units.items()]
        # In double whatever the precision of the weights: beta and A are ten orders of magnitude apart.
        self.register_buffer("base", torch.tensor(values, dtype=torch.float64))
        self._limit, self._reach = settings.limit, self._base("R") + self._base("D")
        neurons, count = settings.neurons, len(SCALED) + 1
        self.weights = nn.Parameter(
            torch.randn(kinds, neurons, self.size, dtype=self.dtype) / math.sqrt(self.size)
        )
        self.biases = nn.Parameter(torch.zeros(kinds, neurons, dtype=self.dtype))
        self.outputs = nn.Parameter(torch.zeros(kinds, count, neurons, dtype=self.dtype))
        self.constants = nn.Parameter(torch.zeros(kinds, count, dtype=self.dtype))

    def forward(self, pairs: Pairs, vectors: Tensor, types: Tensor, sums: Sums | None = None) -> Tensor:
        """Energies (N,) in kJ/mol; ``vectors`` (E, 3) in nm, ``sums`` those of them, if they are known."""
        local = self.local_parameters(self.sums(pairs, vectors, types) if sums is None else sums, types)
        slots, filled = pairs.table(self._reach)
        # What only fills a row up is put beyond the cutoff.
        there = torch.where(filled.unsqueeze(-1), vectors[slots].double(), 2.0 * self._reach)
        distance = torch.linalg.vector_norm(there, dim=-1)
        switch = self._switch(distance)
        order = self._bond_order(local, there / distance.unsqueeze(-1), distance, switch)
        repulsion = local["A"] * torch.exp(-local["lambda1"] * distance)
        attraction = local["B"] * torch.exp(-local["lambda2"] * distance)
        return 0.5 * (switch * (repulsion - order * attraction)).sum(-1)

    def local_parameters(self, sums: Sums, types: Tensor) -> dict[str, Tensor]:
        """The parameters of every particle that the network changes, (N, 1) each, internal units."""
        q = self.scaled(sums, types)
        inner = (self._of(self.weights, types) @ q.unsqueeze(-1)).squeeze(-1)
        hidden = torch.tanh(inner + self._of(self.biases, types))
        outputs = (self._of(self.outputs, types) @ hidden.unsqueeze(-1)).squeeze(-1)
        change = self._limit * torch.tanh(outputs + self._of(self.constants, types)).double()
        local = {
            name: self._base(name) * torch.exp(change[:, number : number + 1])
            for number, name in enumerate(SCALED)
        }
        return local | {SHIFTED: self._base(SHIFTED) + change[:, -1:]}

    def _base(self, name: str) -> float:
        return float(self.base[self._index[name]])

    def _switch(self, distance: Tensor) -> Tensor:
        """fC, from 1 at R - D to 0 at R + D."""
        phase = ((distance - self._base("R")) / self._base("D")).clamp(-1.0, 1.0)
        return 0.5 * (1.0 - torch.sin(0.5 * math.pi * phase))

    def _bond_order(
        self, local: dict[str, Tensor], direction: Tensor, distance: Tensor, switch: Tensor
    ) -> Tensor:
        """b_ij, (N, M), from the other neighbours of the same particle."""
        angular = self._angular(local, direction @ direction.transpose(1, 2))
        exponent = self._base("lambda3") * (distance.unsqueeze(2) - distance.unsqueeze(1))
        if self._base("m") == 3.0:
            exponent = exponent * exponent * exponent
        weight = torch.exp(exponent.clamp(-_LARGEST_EXPONENT, _LARGEST_EXPONENT))
        others = 1.0 - torch.eye(distance.shape[1], dtype=distance.dtype, device=distance.device)
        zeta = (switch.unsqueeze(1) * angular * weight * others).sum(-1)
        # A bond alone has its full strength, and no slope: that of the formula is infinite there.
        crowded = zeta > 1e-300
        x = local["n"] * torch.log(local["beta"] * torch.where(crowded, zeta, 1.0))
        order = torch.exp(-nn.functional.softplus(x) / (2.0 * local["n"]))
        return torch.where(crowded, order, 1.0)

    def _angular(self, local: dict[str, Tensor], cosine: Tensor) -> Tensor:
        """g of the angles between the neighbours of every particle, (N, M, M)."""
        c2, d2 = (local[name].square().unsqueeze(-1) for name in ("c", "d"))
        x2 = (cosine - local[SHIFTED].unsqueeze(-1)).square()
        # c^2/d^2 - c^2/(d^2 + x^2), without the difference of two large numbers.
        return self._base("gamma") * (1.0 + c2 * x2 / (d2 * (d2 + x2)))
