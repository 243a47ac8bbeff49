"""Packed trajectories: smaller, read by the same reader, and as good as they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cgbridge.frames import Frame
from cgbridge.topology import Beads, Topology
from cgbridge.trajectories.hdf5 import TrajectoryWriter
from cgbridge.trajectories.layout import Header
from cgbridge.trajectories.packing import pack
from cgbridge.trajectories.sources import open_source


def test_what_is_packed_is_read_as_before(tmp_path: Path) -> None:
    random = np.random.default_rng(6)
    beads = Beads(Topology(("W",) * 100), (18.015,) * 100)
    lattice = 3.0 * random.random((100, 3))
    frames = [
        Frame(
            lattice + 0.02 * random.normal(size=(100, 3)),
            np.eye(3) * (3.0 + 0.01 * number),
            float(number),
            forces=500.0 * random.normal(size=(100, 3)),
            energy=-5000.0 + random.normal(),
        )
        for number in range(30)
    ]
    source, packed = tmp_path / "a.h5", tmp_path / "b.h5"
    with TrajectoryWriter(source, 100, Header(beads, ("forces", "energy"), source={"seed": 1})) as writer:
        for frame in frames:
            writer.append(frame)
    pack(source, packed)
    assert packed.stat().st_size < 0.7 * source.stat().st_size
    found = open_source(packed)
    assert found.topology == beads.topology and found.source == {"seed": 1} and len(found) == 30
    for one, other in zip(frames, found, strict=True):
        assert one.energy == other.energy and np.array_equal(one.box, other.box)
        # Half a bit of the 16 and 12 that stay, of numbers below 4 and of each number.
        assert np.abs(one.positions - other.positions).max() < 4.0 * 2.0**-17
        assert other.forces is not None and one.forces is not None
        assert (np.abs(one.forces - other.forces) <= np.abs(one.forces) * 2.0**-13 + 1e-9).all()
