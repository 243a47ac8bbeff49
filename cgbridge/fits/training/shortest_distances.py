"""How near pairs of types come to each other in the training frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cgbridge.fits.training.data_set import DataSet, FrameAddress
from cgbridge.fits.training.linear_columns import Key, pair_keys, pair_kinds
from cgbridge.fits.training.pair_geometry import pairs_within

#: Frames that are looked at, and how often a distance must occur in them to count.
_LOOK, _LEAST = 50, 20
_BIN = 0.01


def shortest_distances(data: DataSet, frames: Sequence[FrameAddress], cutoff: float) -> dict[Key, float]:
    """The distance in nm from which on there are pairs, for every pair of types within ``cutoff``."""
    keys = pair_keys(data.types)
    chosen = [
        frames[int(i)]
        for i in np.unique(np.linspace(0, len(frames) - 1, min(_LOOK, len(frames))).astype(int))
    ]
    edges = np.arange(0.0, cutoff + _BIN, _BIN)
    counts = np.zeros((len(keys), len(edges) - 1))
    for number, index in chosen:
        series = data.series[number]
        pairs = pairs_within(series.positions[index], series.box[index], cutoff, series.topology)
        kinds = pair_kinds(series, pairs, keys)
        for kind in range(len(keys)):
            counts[kind] += np.histogram(pairs.distance[kinds == kind], edges)[0]
    return {
        key: float(edges[int(np.argmax(row >= _LEAST))])
        for key, row in zip(keys, counts, strict=True)
        if (row >= _LEAST).any()
    }
