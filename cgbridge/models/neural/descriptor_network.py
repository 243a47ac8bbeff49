"""A hidden layer over the fingerprint of every particle: the form of NEP.

Form of Fan et al., doi:10.1103/PhysRevB.104.104309 and doi:10.1063/5.0106617; the layer is that of the
particle's type.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from cgbridge.models.neural.fingerprint import Fingerprint, Sums
from cgbridge.models.neural.neighbours import Pairs
from cgbridge.models.neural.settings import DescriptorSettings

#: kJ/mol of a network's output of 1, so that outputs of that size are those of liquids.
ENERGY = 10.0


class DescriptorNetwork(Fingerprint):
    """Energies of particles from the vectors to their neighbours."""

    def __init__(self, settings: DescriptorSettings, kinds: int) -> None:
        super().__init__(settings, kinds)
        neurons, dtype = settings.neurons, self.dtype
        self.weights = nn.Parameter(
            torch.randn(kinds, neurons, self.size, dtype=dtype) / math.sqrt(self.size)
        )
        self.biases = nn.Parameter(torch.zeros(kinds, neurons, dtype=dtype))
        self.outputs = nn.Parameter(torch.randn(kinds, neurons, dtype=dtype) / math.sqrt(neurons))
        self.constants = nn.Parameter(torch.zeros(kinds, dtype=dtype))

    def forward(self, pairs: Pairs, vectors: Tensor, types: Tensor, sums: Sums | None = None) -> Tensor:
        """Energies (N,) in kJ/mol; ``vectors`` (E, 3) in nm, ``sums`` those of them, if they are known."""
        q = self.scaled(self.sums(pairs, vectors, types) if sums is None else sums, types)

        def of_kind(kind: int, rows: Tensor | None) -> Tensor:
            own = q if rows is None else q.index_select(0, rows)
            hidden = torch.tanh(own @ self.weights[kind].T + self.biases[kind])
            return hidden @ self.outputs[kind] + self.constants[kind]

        return ENERGY * self.by_kind(types, of_kind)
