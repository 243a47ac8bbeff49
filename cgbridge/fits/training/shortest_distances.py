"""How near pairs of types come to each other in the training frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cgbridge.fits.training.data_set import DataSet, FrameAddress
from cgbridge.fits.training.linear_columns import Key, pair_keys, pair_kinds
from cgbridge.fits.training.pair_geometry import pairs_within
from cgbridge.frames import FloatArray

#: Frames that are looked at, and how often a distance must occur in them to count.
_LOOK, _LEAST = 50, 20
_BIN = 0.01


@dataclass(frozen=True)
class ShortestDistances:
    """In nm, for pairs of types that are ``seen``; for those that hardly occur they are ``mixed``.

    ``nearest`` is what a few of the pairs that are seen are nearer than that.
    """

    seen: Mapping[Key, float]
    mixed: Mapping[Key, float]
    nearest: Mapping[Key, float]

    @property
    def every(self) -> dict[Key, float]:
        """Seen and mixed ones."""
        return {**self.seen, **self.mixed}

    @property
    def notes(self) -> tuple[str, ...]:
        """What was mixed, in words."""
        pairs = ", ".join(f"{'-'.join(key)} {size:.3g} nm" for key, size in self.mixed.items())
        return (f"hardly any pairs in the data: a core of mixed size for {pairs}",) if pairs else ()


def shortest_distances(data: DataSet, frames: Sequence[FrameAddress], cutoff: float) -> ShortestDistances:
    """The distance from which on there are pairs, for every pair of types within ``cutoff`` nm.

    A pair of types that hardly occurs has the mean of those of like types, but no more than the nearest that
    there is; the distance of a like type that hardly occurs is what mixing leaves for it with the others.
    """
    keys = pair_keys(data.types)
    chosen = [
        frames[int(i)]
        for i in np.unique(np.linspace(0, len(frames) - 1, min(_LOOK, len(frames))).astype(int))
    ]
    edges = np.arange(0.0, cutoff + _BIN, _BIN)
    counts, nearest = np.zeros((len(keys), len(edges) - 1)), np.full(len(keys), np.inf)
    for number, index in chosen:
        series = data.series[number]
        pairs = pairs_within(series.positions[index], series.box[index], cutoff, series.topology)
        kinds = pair_kinds(series, pairs, keys)
        for kind in range(len(keys)):
            distance = pairs.distance[kinds == kind]
            counts[kind] += np.histogram(distance, edges)[0]
            nearest[kind] = min(nearest[kind], distance.min(initial=np.inf))
    seen = {
        key: float(edges[int(np.argmax(row >= _LEAST))])
        for key, row in zip(keys, counts, strict=True)
        if (row >= _LEAST).any()
    }
    few = {key: min(float(near), seen[key]) for key, near in zip(keys, nearest, strict=True) if key in seen}
    return ShortestDistances(seen, _mixed(keys, seen, nearest) if seen else {}, few)


def _mixed(keys: Sequence[Key], seen: Mapping[Key, float], nearest: FloatArray) -> dict[Key, float]:
    types = list(dict.fromkeys(name for key in keys for name in key))
    own = {name: seen[name, name] for name in types if (name, name) in seen}
    usual = float(np.mean(list(seen.values())))
    for name in [name for name in types if name not in own]:
        pairs = {other: seen.get((min(name, other), max(name, other))) for other in types if other in own}
        left = [2.0 * size - own[other] for other, size in pairs.items() if size is not None]
        own[name] = max(float(np.mean(left)), 0.5 * usual) if left else usual
    return {
        key: min(0.5 * (own[key[0]] + own[key[1]]), float(near))
        for key, near in zip(keys, nearest, strict=True)
        if key not in seen
    }
