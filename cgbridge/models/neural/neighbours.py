"""Pairs of particles within a cutoff, in any periodic box: found by a tree, kept while nothing moves far.

The pairs are whole numbers, found once without gradients; the vectors between them are made of positions and
box by torch, so that forces and virials come out of autograd whatever the network does with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from cgbridge.frames import FloatArray


@dataclass(frozen=True)
class Pairs:
    """E directed pairs of N particles, ordered by ``centre``; every pair is there in both directions.

    ``shift`` (E, 3) are whole numbers of box vectors to be added to the place of the ``neighbour``, ``frame``
    the box of each pair where there are several, ``distance`` in nm is that at which they were found, and
    ``interacting`` is false for pairs without pair interactions (None: all have them).
    """

    centre: Tensor
    neighbour: Tensor
    shift: Tensor
    distance: Tensor
    particles: int
    skin: float = 0.0
    frame: Tensor | None = None
    interacting: Tensor | None = None
    _tables: dict[float, tuple[Tensor, Tensor]] = field(default_factory=dict, repr=False, compare=False)

    def vectors(self, positions: Tensor, box: Tensor | None) -> Tensor:
        """From centre to neighbour, (E, 3): positions (N, 3), box (3, 3), or (B, 3, 3) with ``frame``."""
        # Not positions[...], whose slope is far slower.
        vectors = positions.index_select(0, self.neighbour) - positions.index_select(0, self.centre)
        if box is None:
            return vectors
        shift = self.shift.to(positions.dtype)
        if self.frame is None:
            return vectors + shift @ box
        parts = shift.split(self._pairs_of_frames(len(box)))
        return vectors + torch.cat([part @ lattice for part, lattice in zip(parts, box, strict=True)])

    def _pairs_of_frames(self, frames: int) -> list[int]:
        """How many there are in each; frames stand one behind the other."""
        assert self.frame is not None
        found: list[int] = torch.bincount(self.frame, minlength=frames).tolist()
        return found

    @cached_property
    def first(self) -> Tensor:
        """(N + 1): the pairs of centre i are those from first[i] to first[i + 1] - 1."""
        counts = torch.bincount(self.centre, minlength=self.particles)
        return torch.cat([counts.new_zeros(1), counts.cumsum(0)])

    def table(self, cutoff: float) -> tuple[Tensor, Tensor]:
        """Indices of the pairs that may be within ``cutoff`` nm, a row for every centre, and which are pairs.

        Both (N, M); rows with less than M pairs are filled up with pair 0.
        """
        if cutoff not in self._tables:
            chosen = (self.distance < cutoff + self.skin).nonzero()[:, 0]
            centre = self.centre[chosen]
            counts = torch.bincount(centre, minlength=self.particles)
            first = torch.cumsum(counts, 0) - counts
            rank = torch.arange(len(chosen), device=chosen.device) - first[centre]
            shape = (self.particles, int(counts.max()) if len(chosen) else 0)
            slots = torch.zeros(shape, dtype=torch.long, device=chosen.device)
            filled = torch.zeros(shape, dtype=torch.bool, device=chosen.device)
            slots[centre, rank] = chosen
            filled[centre, rank] = True
            self._tables[cutoff] = slots, filled
        return self._tables[cutoff]


def find_pairs(
    positions: Tensor,
    box: Tensor | None,
    cutoff: float,
    *,
    skin: float = 0.0,
    exclusions: Tensor | None = None,
) -> Pairs:
    """All pairs closer than ``cutoff`` + ``skin`` nm of positions (N, 3) in a box (3, 3) of any shape.

    A particle meets as many images of another, and of itself, as there are within reach. ``exclusions``
    (n, 2) are pairs of particles without pair interactions.
    """
    reach = cutoff + skin
    places = positions.detach().cpu().double().numpy()
    centre, neighbour, shift, distance = (
        _isolated(places, reach)
        if box is None
        else _periodic(places, box.detach().cpu().double().numpy(), reach)
    )
    interacting = None
    if exclusions is not None and len(exclusions):
        keys = exclusions.cpu().numpy() @ np.array([len(places), 1])
        mirrored = exclusions.cpu().numpy() @ np.array([1, len(places)])
        interacting = ~np.isin(centre * len(places) + neighbour, np.concatenate([keys, mirrored]))

    def tensor(array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(positions.device)

    return Pairs(
        tensor(centre),
        tensor(neighbour),
        tensor(shift).to(positions.dtype),
        tensor(distance),
        len(places),
        skin=skin,
        interacting=None if interacting is None else tensor(interacting),
    )


def joined_pairs(parts: Sequence[Pairs]) -> Pairs:
    """The pairs of several frames, their particles one behind the other."""
    first = np.cumsum([0] + [part.particles for part in parts])
    some = any(part.interacting is not None for part in parts)
    device = parts[0].centre.device
    return Pairs(
        torch.cat([part.centre + int(offset) for part, offset in zip(parts, first, strict=False)]),
        torch.cat([part.neighbour + int(offset) for part, offset in zip(parts, first, strict=False)]),
        torch.cat([part.shift for part in parts]),
        torch.cat([part.distance for part in parts]),
        int(first[-1]),
        skin=min(part.skin for part in parts),
        frame=torch.cat(
            [torch.full_like(part.centre, number, device=device) for number, part in enumerate(parts)]
        ),
        interacting=torch.cat(
            [
                torch.ones_like(part.centre, dtype=torch.bool)
                if part.interacting is None
                else part.interacting
                for part in parts
            ]
        )
        if some
        else None,
    )


_Found = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _isolated(places: FloatArray, reach: float) -> _Found:
    from scipy.spatial import cKDTree

    tree = cKDTree(places)
    pairs = tree.query_pairs(reach, output_type="ndarray")
    centre = np.concatenate([pairs[:, 0], pairs[:, 1]])
    neighbour = np.concatenate([pairs[:, 1], pairs[:, 0]])
    order = np.argsort(centre, kind="stable")
    centre, neighbour = centre[order], neighbour[order]
    distance = np.linalg.norm(places[neighbour] - places[centre], axis=1)
    return centre, neighbour, np.zeros((len(centre), 3)), distance


def _periodic(places: FloatArray, box: FloatArray, reach: float) -> _Found:
    """Pairs of the particles in the cell with all their images within reach of it."""
    from scipy.spatial import cKDTree

    inverse = np.linalg.inv(box)
    fractions = places @ inverse
    whole = np.floor(fractions)
    inside = fractions - whole
    # The distances between opposite faces are the inverse lengths of the reciprocal vectors.
    margin = reach * np.linalg.norm(inverse, axis=0)
    images, particle, shift = inside, np.arange(len(places)), np.zeros((len(places), 3))
    for axis in range(3):
        steps = np.arange(-int(np.ceil(margin[axis])), int(np.ceil(margin[axis])) + 1)
        moved = images[:, axis] + steps[:, None]
        step, row = np.nonzero((moved >= -margin[axis]) & (moved <= 1.0 + margin[axis]))
        images, particle, shift = images[row], particle[row], shift[row]
        images[:, axis] += steps[step]
        shift[:, axis] += steps[step]
    tree, all_images = cKDTree(inside @ box), cKDTree(images @ box)
    found = tree.sparse_distance_matrix(all_images, reach, output_type="ndarray")
    centre, image, distance = found["i"], found["j"], found["v"]
    other = (particle[image] != centre) | shift[image].any(axis=1)
    centre, image, distance = centre[other], image[other], distance[other]
    order = np.argsort(centre, kind="stable")
    centre, image, distance = centre[order], image[order], distance[order]
    neighbour = particle[image]
    return centre, neighbour, shift[image] + whole[centre] - whole[neighbour], distance


class PairList:
    """Pairs that are kept from call to call: those within ``cutoff`` + ``skin`` nm, found anew when needed.

    A pair that is not in the list was farther apart than cutoff + skin = R. When the box has been strained by
    M and every particle has moved by u at most besides, it is farther apart than R (1 - |M - 1|) - 2 u; the
    list holds as long as that is the cutoff or more. Particles may jump by box vectors, as OpenMM lets them.
    """

    def __init__(self, cutoff: float, skin: float = 0.1, exclusions: Tensor | None = None) -> None:
        self._cutoff, self._skin, self._exclusions = cutoff, skin, exclusions
        self._pairs: Pairs | None = None
        self._positions = torch.empty(0)
        self._box: Tensor | None = None
        #: How often the pairs were found.
        self.builds = 0

    def __call__(self, positions: Tensor, box: Tensor | None) -> Pairs:
        """The pairs of positions (N, 3) in a box (3, 3)."""
        positions, box = positions.detach(), None if box is None else box.detach()
        kept = self._kept(positions, box)
        if kept is None:
            kept = find_pairs(positions, box, self._cutoff, skin=self._skin, exclusions=self._exclusions)
            self._positions, self._box = positions.clone(), None if box is None else box.clone()
            self.builds += 1
            self._pairs = kept
        return kept

    def _kept(self, positions: Tensor, box: Tensor | None) -> Pairs | None:
        """The pairs found last, if they still hold."""
        pairs = self._pairs
        if pairs is None or positions.shape != self._positions.shape or (box is None) != (self._box is None):
            return None
        reach, before = self._cutoff + self._skin, self._positions
        moved = positions - before
        if box is not None and self._box is not None:
            if not torch.equal(box, self._box):
                strain = torch.linalg.solve(self._box, box)
                moved = positions - before @ strain
                identity = torch.eye(3, dtype=box.dtype, device=box.device)
                reach *= 1.0 - float(torch.linalg.matrix_norm(strain - identity))
            jumps = (moved @ torch.linalg.inv(box)).round()
            if bool(jumps.any()):
                moved = moved - jumps @ box
                shift = pairs.shift + jumps[pairs.centre] - jumps[pairs.neighbour]
                pairs = replace(pairs, shift=shift)
        farthest = float(moved.square().sum(-1).max().sqrt())
        return pairs if reach - 2.0 * farthest >= self._cutoff else None
