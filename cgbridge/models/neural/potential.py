"""A neural potential: a network, the priors beside it, and the energies of single particles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from cgbridge.models.neural.bonded import Bonded
from cgbridge.models.neural.fingerprint import Fingerprint
from cgbridge.models.neural.neighbours import Pairs, find_pairs, joined_pairs
from cgbridge.models.neural.priors import Prior
from cgbridge.models.neural.thermal import Thermal


class Network(Protocol):
    """What an architecture brings: energies (N,) in kJ/mol of particles from the vectors to their neighbours.

    ``vectors`` (E, 3) in nm are those of the pairs, in the precision of the network; pairs beyond the cutoff
    may be among them.
    """

    def __call__(self, pairs: Pairs, vectors: Tensor, types: Tensor) -> Tensor: ...


class NeuralPotential(nn.Module):
    """U = sum_i (E_i(network) + e(type i)) + priors, in kJ/mol of a whole frame, with gradients.

    With ``thermal`` a second network adds what changes with the temperature.
    ``type_energies`` e are constants for each type, such as those of single atoms; they and all sums are in
    double precision, distances in that of the positions, the network in its own.
    """

    type_energies: Tensor

    def __init__(
        self,
        network: nn.Module,
        cutoff: float,
        kinds: int,
        priors: Iterable[Prior] = (),
        *,
        thermal: Thermal | None = None,
    ) -> None:
        super().__init__()
        self.network, self.cutoff, self.kinds = network, cutoff, kinds
        self.priors = nn.ModuleList(priors)
        self.thermal = thermal
        self.register_buffer("type_energies", torch.zeros(kinds, dtype=torch.float64))

    @property
    def dtype(self) -> torch.dtype:
        """The precision of the network's weights."""
        return next(self.network.parameters()).dtype

    @property
    def known(self) -> tuple[Prior, ...]:
        """The priors."""
        return tuple(prior for prior in self.priors if isinstance(prior, Prior))

    @property
    def parameter_count(self) -> int:
        """How many numbers are trained."""
        return sum(values.numel() for values in self.parameters())

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
        """Energy of positions (N, 3) in nm in a ``box`` (3, 3); of (B, N, 3) in (B, 3, 3): (B,).

        ``types`` (N,) are numbers of types, the same in all frames. ``pairs`` are those of :meth:`pairs` for
        these positions, where the caller keeps them; ``bonded`` the chains of one frame, for priors.
        ``temperature`` in K, one or (B,), is for potentials that depend on it; by default the middle of
        those that it was trained at.
        """
        single = positions.dim() == 2
        if single:
            positions, box = positions.unsqueeze(0), None if box is None else box.unsqueeze(0)
        frames, particles = positions.shape[:2]
        if pairs is None:
            pairs = self.pairs(positions, box, bonded)
        lattice = box if box is None or pairs.frame is not None else box[0]
        vectors = pairs.vectors(positions.reshape(-1, 3), lattice)
        every = types if frames == 1 else types.repeat(frames)
        seen = vectors.to(self.dtype)
        # Both networks have the same settings, so that what their descriptors are made of is the same.
        known = (self.network.sums(pairs, seen, every),) if isinstance(self.network, Fingerprint) else ()
        energies = self.network(pairs, seen, every, *known).double().reshape(frames, particles)
        energy = energies.sum(-1) + self.type_energies[types].sum()
        if self.thermal is not None:
            change = self.thermal.network(pairs, seen, every, *known).double().reshape(frames, particles)
            energy = energy + self.thermal.place(temperature) * change.sum(-1)
        chains = None if bonded is None else bonded.repeated(particles, frames)
        for prior in self.priors:
            energy = energy + prior(positions, box, every, vectors, pairs, chains)
        return energy[0] if single else energy

    def pairs(self, positions: Tensor, box: Tensor | None = None, bonded: Bonded | None = None) -> Pairs:
        """The pairs that :meth:`forward` needs of (N, 3) or (B, N, 3)."""
        exclusions = None if bonded is None else bonded.exclusions
        if positions.dim() == 2:
            return find_pairs(positions, box, self.cutoff, exclusions=exclusions)
        found = [
            find_pairs(frame, None if box is None else box[number], self.cutoff, exclusions=exclusions)
            for number, frame in enumerate(positions)
        ]
        return found[0] if len(found) == 1 else joined_pairs(found)

    def share_descriptors(self, other: NeuralPotential) -> None:
        """Take over the descriptors of another potential of this kind, for a committee on the same ones."""
        pairs = [(self.network, other.network)]
        if self.thermal is not None and other.thermal is not None:
            pairs.append((self.thermal.network, other.thermal.network))
        for mine, given in pairs:
            assert isinstance(mine, Fingerprint) and isinstance(given, Fingerprint)
            mine.share(given)

    @torch.no_grad()
    def calibrate(self, positions: Tensor, types: Tensor, box: Tensor | None = None) -> None:
        """Fit what depends on data and is not trained, such as the scales of descriptors, to some frames.

        To be called once, before training, with (B, N, 3) of some ten frames or some hundred particles.
        """
        pairs = self.pairs(positions, box)
        lattice = box if box is None or pairs.frame is not None else box.reshape(3, 3)
        vectors = pairs.vectors(positions.reshape(-1, 3), lattice)
        frames = positions.numel() // 3 // len(types)
        for network in (self.network, None if self.thermal is None else self.thermal.network):
            calibrate = getattr(network, "calibrate", None)
            if calibrate is not None:
                calibrate(pairs, vectors.to(self.dtype), types.repeat(frames))


def types_of(names: Sequence[str], known: Sequence[str]) -> Tensor:
    """Numbers of the types called ``names``; raises :class:`~cgbridge.errors.ConfigError` for others."""
    from cgbridge.errors import ConfigError, did_you_mean

    index = {name: number for number, name in enumerate(known)}
    for name in dict.fromkeys(names):
        if name not in index:
            raise ConfigError(
                f"the network knows no particle '{name}'{did_you_mean(name, known)}",
                remedy="its types: " + ", ".join(known),
            )
    return torch.tensor([index[name] for name in names], dtype=torch.long)
