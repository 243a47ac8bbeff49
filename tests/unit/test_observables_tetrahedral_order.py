"""q of a perfect tetrahedron is one, of random directions zero."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cgbridge.errors import UnstableError
from cgbridge.frames import Frame
from cgbridge.observables.tetrahedral_order import TetrahedralOrder, tetrahedrality
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Target
from cgbridge.testing.made_up_runs import gas_frames, lattice_frame, write_frames


@pytest.mark.parametrize(("name", "repeats"), [("diamond", (3, 3, 3)), ("ice-ih", (5, 5, 3))])
def test_ice_is_perfect(name: str, repeats: tuple[int, int, int]) -> None:
    q = tetrahedrality(lattice_frame(name, 0.2766, repeats))
    assert q == pytest.approx(1.0, abs=1e-5)  # freud works in single precision


def test_random_directions_average_to_zero(tmp_path: Path) -> None:
    # <(cos + 1/3)^2> = 1/3 + 1/9 = 4/9 for random directions, six pairs times 3/8 of that make one.
    run = Run(
        Simulation("bulk", temperature=300.0),
        400,
        18.0,
        trajectory=write_frames(tmp_path / "gas.h5", gas_frames(400, 2.0, 50)),
    )
    result = TetrahedralOrder().measure(Target("q", "tetrahedral_order", 0.6, 0.1, "1"), [run])
    # Four nearest neighbours of a gas are nearly, not exactly, random directions: none, by isotropy.
    assert abs(result.value) < 4 * result.stderr
    assert 0 < result.stderr < 0.01


def test_too_few_beads_are_unstable() -> None:
    lonely = Frame(np.random.default_rng(0).random((4, 3)), np.eye(3), 0.0)
    with pytest.raises(UnstableError):
        tetrahedrality(lonely)
