"""Pairs of the frames of a data set, found once and not in every epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from cgbridge.models.neural.bonded import Bonded
from cgbridge.models.neural.neighbours import Pairs, joined_pairs
from cgbridge.models.neural.potential import NeuralPotential

#: Bytes that are kept; frames beyond are looked at anew each time.
_MEMORY = 2**30


@dataclass(frozen=True)
class _Packed:
    """Pairs in a third of their memory, without any loss."""

    counts: Tensor
    neighbour: Tensor
    shift: Tensor
    distance: Tensor
    interacting: Tensor | None

    @classmethod
    def of(cls, pairs: Pairs) -> _Packed:
        return cls(
            torch.bincount(pairs.centre, minlength=pairs.particles).to(torch.int32),
            pairs.neighbour.to(torch.int32),
            pairs.shift.to(torch.int16),
            pairs.distance,
            pairs.interacting,
        )

    @property
    def bytes(self) -> int:
        parts = [self.counts, self.neighbour, self.shift, self.distance]
        parts += [] if self.interacting is None else [self.interacting]
        return sum(part.numel() * part.element_size() for part in parts)

    def pairs(self) -> Pairs:
        particles = torch.arange(len(self.counts), device=self.counts.device)
        return Pairs(
            torch.repeat_interleave(particles, self.counts),
            self.neighbour.to(torch.int64),
            self.shift.to(self.distance.dtype),
            self.distance,
            len(self.counts),
            interacting=self.interacting,
        )


class PairStore:
    """The pairs that a potential needs of frames, by the number of their series and their place in it."""

    def __init__(self, potential: NeuralPotential) -> None:
        self._potential = potential
        self._kept: dict[tuple[int, int], _Packed] = {}
        self._bytes = 0

    def pairs(
        self, series: int, frames: Sequence[int], positions: Tensor, box: Tensor, bonded: Bonded | None
    ) -> Pairs:
        """Those of ``frames`` of a series, whose positions (B, N, 3) and boxes (B, 3, 3) are in nm."""
        found = [
            self._pairs_of((series, frame), positions[place], box[place], bonded)
            for place, frame in enumerate(frames)
        ]
        return found[0] if len(found) == 1 else joined_pairs(found)

    def _pairs_of(
        self, frame: tuple[int, int], positions: Tensor, box: Tensor, bonded: Bonded | None
    ) -> Pairs:
        kept = self._kept.get(frame)
        if kept is not None:
            return kept.pairs()
        found = self._potential.pairs(positions, box, bonded)
        packed = _Packed.of(found)
        if self._bytes + packed.bytes <= _MEMORY:
            self._kept[frame] = packed
            self._bytes += packed.bytes
        return found
