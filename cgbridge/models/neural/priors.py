"""What is known of the energy before training, beside the network: its forces are inside the model.

A network is free where it has seen nothing: beads that overlap, bonds that are torn. Priors are right there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from cgbridge.errors import ConfigError
from cgbridge.models.neural.bonded import Bonded, along
from cgbridge.models.neural.neighbours import Pairs


class Prior(nn.Module, ABC):
    """Energies (B,) in kJ/mol; nothing in it is trained.

    ``name`` is its word in bundles and YAML; ``content`` rebuilds it.
    """

    name: str

    @abstractmethod
    def forward(
        self,
        positions: Tensor,
        box: Tensor | None,
        types: Tensor,
        vectors: Tensor,
        pairs: Pairs,
        bonded: Bonded | None,
    ) -> Tensor:
        """Energies of frames (B, N, 3); the types and the rest are those of all frames behind each other."""

    @abstractmethod
    def content(self) -> Mapping[str, Any]:
        """The arguments that make it, as JSON holds them."""


class Repulsion(Prior):
    """U = sum over pairs of eps (sigma/r)^12, shifted and with its slope taken away at the cutoff.

    ``sigmas`` in nm by pairs of types, symmetric (k, k), zero where there is none; eps in kJ/mol. With
    s = sigma/r, s_c = sigma/cutoff: eps (s^12 - s_c^12 (13 - 12 r/cutoff)), zero from the cutoff on.
    """

    name = "repulsion"
    sigmas: Tensor

    def __init__(self, sigmas: Sequence[Sequence[float]], energy: float, cutoff: float) -> None:
        super().__init__()
        self.energy, self.cutoff = float(energy), float(cutoff)
        values = torch.tensor(sigmas, dtype=torch.float64)
        if values.dim() != 2 or not torch.equal(values, values.T) or bool((values < 0).any()):
            raise ConfigError("sigmas of a repulsion are a symmetric table of lengths", where="repulsion")
        self.register_buffer("sigmas", values)

    def forward(
        self,
        positions: Tensor,
        box: Tensor | None,
        types: Tensor,
        vectors: Tensor,
        pairs: Pairs,
        bonded: Bonded | None,
    ) -> Tensor:
        """Half of each directed pair, for every pair stands there twice."""
        distance = torch.linalg.vector_norm(vectors, dim=-1)
        near = distance < self.cutoff
        if pairs.interacting is not None:
            near = near & pairs.interacting
        chosen = near.nonzero()[:, 0]
        distance, centre = distance[chosen].double(), pairs.centre[chosen]
        sigma = self.sigmas[types[centre], types[pairs.neighbour[chosen]]]
        edge = (sigma / self.cutoff) ** 12
        energies = (sigma / distance) ** 12 - edge * (13.0 - 12.0 * distance / self.cutoff)
        frames, particles = positions.shape[:2]
        total = torch.zeros(frames, dtype=torch.float64, device=positions.device)
        return total.index_add(0, centre // particles, 0.5 * self.energy * energies)

    def content(self) -> Mapping[str, Any]:
        return {"sigmas": self.sigmas.tolist(), "energy": self.energy, "cutoff": self.cutoff}


class _HarmonicChains(Prior):
    """U = sum of k (x - x0)^2/2 over chains, with k and x0 by the types along the chain, either way round."""

    _table: Tensor

    def __init__(self, entries: Mapping[str, Sequence[float]], length: int, kinds: int) -> None:
        super().__init__()
        self._length = length
        self._entries = {key: (float(x0), float(k)) for key, (x0, k) in entries.items()}
        table = torch.full((*[kinds] * length, 2), float("nan"), dtype=torch.float64)
        for key, values in self._entries.items():
            chain = tuple(int(number) for number in key.split("-"))
            if len(chain) != length or not all(0 <= number < kinds for number in chain):
                raise ConfigError(f"'{key}' is no chain of {length} types", where=self.name)
            table[chain] = table[chain[::-1]] = torch.tensor(values, dtype=torch.float64)
        self.register_buffer("_table", table, persistent=False)
        self._kinds = kinds

    def content(self) -> Mapping[str, Any]:
        return {"entries": {key: list(values) for key, values in self._entries.items()}, "kinds": self._kinds}

    def entry(self, chain: Sequence[int]) -> tuple[float, float]:
        """x0 and k of a chain of types; raises :class:`ConfigError` where there are none."""
        x0, k = self._table[tuple(chain)].tolist()
        if x0 != x0:
            raise self._missing(chain)
        return x0, k

    def _missing(self, chain: Iterable[int]) -> ConfigError:
        words = "-".join(str(int(number)) for number in chain)
        return ConfigError(f"the prior has no entry for the chain of types {words}", where=self.name)

    def _sum(self, coordinate: Tensor, chains: Tensor, types: Tensor, positions: Tensor) -> Tensor:
        values = self._table[tuple(types[chains[:, place]] for place in range(self._length))]
        if bool(values.isnan().any()):
            row = int(values.isnan().any(-1).nonzero()[0, 0])
            raise self._missing(types[chains[row]].tolist())
        energies = 0.5 * values[:, 1] * (coordinate.double() - values[:, 0]) ** 2
        frames, particles = positions.shape[:2]
        total = torch.zeros(frames, dtype=torch.float64, device=positions.device)
        return total.index_add(0, chains[:, 0] // particles, energies)


class HarmonicBonds(_HarmonicChains):
    """U = sum over bonds of k (r - r0)^2/2; ``entries`` {"0-1": (r0 in nm, k in kJ/mol/nm^2)} by types."""

    name = "bonds"

    def __init__(self, entries: Mapping[str, Sequence[float]], kinds: int) -> None:
        super().__init__(entries, 2, kinds)

    def forward(
        self,
        positions: Tensor,
        box: Tensor | None,
        types: Tensor,
        vectors: Tensor,
        pairs: Pairs,
        bonded: Bonded | None,
    ) -> Tensor:
        """Zero without chains."""
        if bonded is None or not len(bonded.bonds):
            return torch.zeros(len(positions), dtype=torch.float64, device=positions.device)
        length = torch.linalg.vector_norm(along(positions, box, bonded.bonds), dim=-1)
        return self._sum(length, bonded.bonds, types, positions)


class HarmonicAngles(_HarmonicChains):
    """U = sum over angles of k (t - t0)^2/2; ``entries`` {"0-1-0": (t0 in rad, k in kJ/mol/rad^2)}."""

    name = "angles"

    def __init__(self, entries: Mapping[str, Sequence[float]], kinds: int) -> None:
        super().__init__(entries, 3, kinds)

    def forward(
        self,
        positions: Tensor,
        box: Tensor | None,
        types: Tensor,
        vectors: Tensor,
        pairs: Pairs,
        bonded: Bonded | None,
    ) -> Tensor:
        """Zero without chains; the angle by atan2, whose slope is finite for straight chains as well."""
        if bonded is None or not len(bonded.angles):
            return torch.zeros(len(positions), dtype=torch.float64, device=positions.device)
        a = along(positions, box, bonded.angles[:, [1, 0]])
        b = along(positions, box, bonded.angles[:, [1, 2]])
        sine = torch.linalg.cross(a, b).square().sum(-1).clamp(min=1e-24).sqrt()
        return self._sum(torch.atan2(sine, (a * b).sum(-1)), bonded.angles, types, positions)


PRIORS: Mapping[str, type[Prior]] = {
    prior.name: prior for prior in (Repulsion, HarmonicBonds, HarmonicAngles)
}


def prior_of(name: str, content: Mapping[str, Any]) -> Prior:
    """The prior that :meth:`Prior.content` describes; raises :class:`ConfigError` for an unknown name."""
    if name not in PRIORS:
        raise ConfigError(f"unknown prior '{name}'", remedy="known priors: " + ", ".join(PRIORS))
    return PRIORS[name](**content)
