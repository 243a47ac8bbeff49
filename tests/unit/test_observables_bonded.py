"""Bond lengths and angles of molecules whose distribution is known, and g(r) between two kinds of beads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from cgbridge.errors import ConfigError
from cgbridge.frames import Frame
from cgbridge.observables.catalogue import get_observable
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Curve, Target
from cgbridge.testing.observables import check_observable
from cgbridge.topology import Topology

EDGE, MOLECULES = 3.0, 400
#: Bent molecules A-B-A.
TOPOLOGY = Topology(
    ("A", "B", "A") * MOLECULES,
    tuple(n for n in range(MOLECULES) for _ in range(3)),
    bonds=tuple((3 * n + i, 3 * n + i + 1) for n in range(MOLECULES) for i in (0, 1)),
    angles=tuple((3 * n, 3 * n + 1, 3 * n + 2) for n in range(MOLECULES)),
)


@dataclass(frozen=True)
class _Molecules:
    """Independent frames of molecules at random, wrapped bead by bead."""

    count: int = 20
    length: float = 0.3
    spread: float = 0.01
    angle: float = 110.0

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Frame]:
        random = np.random.default_rng(11)
        for number in range(self.count):
            corner = EDGE * random.random((MOLECULES, 3))
            u = random.normal(size=(MOLECULES, 3))
            u /= np.linalg.norm(u, axis=1, keepdims=True)
            v = np.cross(u, random.normal(size=(MOLECULES, 3)))
            v /= np.linalg.norm(v, axis=1, keepdims=True)
            theta = np.radians(self.angle)
            w = np.cos(theta) * u + np.sin(theta) * v
            r = self.length + self.spread * random.normal(size=(MOLECULES, 2, 1))
            beads = np.stack([corner + r[:, 0] * u, corner, corner + r[:, 1] * w], axis=1)
            yield Frame(beads.reshape(-1, 3) % EDGE, np.eye(3) * EDGE, float(number))


def run(frames: _Molecules = _Molecules()) -> Run:
    return Run(
        Simulation("bulk", temperature=300.0), 3 * MOLECULES, 20.0, trajectory=frames, topology=TOPOLOGY
    )


def target(observable: str, unit: str, reference: Curve | None = None, **options: object) -> Target:
    return Target("t", observable, 0.0, 1.0, unit, reference=reference, options=options)


def test_lengths_across_the_faces_of_the_box() -> None:
    found = get_observable("bond_distribution").measure(
        target("bond_distribution", "nm", bond=["A", "B"], feature="mean"), [run()]
    )
    # 16,000 independent bonds; the bins of 2 pm add 2e-3 / sqrt(12) / sqrt(16000), nothing.
    assert found.value == pytest.approx(0.3, abs=4 * 0.01 / np.sqrt(16_000))
    curve = found.curves["bond"]
    gauss = np.exp(-0.5 * ((curve.x - 0.3) / 0.01) ** 2) / (0.01 * np.sqrt(2 * np.pi))
    assert curve.y.sum() * (curve.x[1] - curve.x[0]) == pytest.approx(1.0, rel=1e-12)
    # 16,000 counts in about 20 bins: 3 % each, five of them for the worst of 500 bins.
    assert np.abs(curve.y - gauss).max() < 5 * 0.03 * gauss.max()
    reference = Curve(curve.x, gauss, np.zeros_like(gauss), "nm", "1/nm")
    deviation = get_observable("bond_distribution").measure(
        target("bond_distribution", "1/nm", reference, bond=["B", "A"]), [run()]
    )
    assert deviation.value < 0.2 and found.unit == "nm"


def test_angles() -> None:
    found = get_observable("angle_distribution").measure(
        target("angle_distribution", "deg", angle=["A", "B", "A"], feature="mean"), [run()]
    )
    # All in one bin of two degrees, from 110 to 112 or the one below.
    assert found.value == pytest.approx(110.0, abs=1.0)
    assert np.count_nonzero(found.curves["angle"].y) <= 2


def test_beads_that_are_not_bonded_are_refused() -> None:
    with pytest.raises(ConfigError, match="no beads A A are bonded"):
        get_observable("bond_distribution").measure(
            target("bond_distribution", "nm", bond=["A", "A"], feature="mean"), [run()]
        )


@pytest.mark.parametrize(("pair", "others"), [(["A", "B"], 1), (["B", "A"], 2), (["A", "A"], 2)])
def test_molecules_at_random_know_nothing_of_each_other(pair: list[str], others: int) -> None:
    # Beads of different molecules are an ideal gas: g = (M - 1)/M, at all distances, although the beads of a
    # molecule are 0.3 nm apart.
    found = get_observable("rdf").measure(
        target("rdf", "1", feature="coordination_number", r_max=0.5, pair=pair, check_phase=False), [run()]
    )
    exact = others * (MOLECULES - 1) / EDGE**3 * 4 / 3 * np.pi * 0.5**3
    # 20 frames of 400 molecules with some eight neighbours each, correlated in a molecule: half a per cent.
    assert found.value == pytest.approx(exact, rel=0.02)
    curve = found.curves["rdf"]
    assert curve.y[curve.x > 0.3].mean() == pytest.approx(1.0, abs=0.02)


def test_one_type_alone_is_all_beads(tmp_path: Path) -> None:
    alike = replace(run(_Molecules(3)), topology=Topology(("A",) * 3 * MOLECULES))
    options = {"feature": "coordination_number", "r_max": 0.5, "check_phase": False}
    both = [
        get_observable("rdf").measure(target("rdf", "1", **options, **more), [alike]).value
        for more in ({}, {"pair": ["A", "A"]})
    ]
    # One count by two ways; freud bins in single precision.
    assert both[0] == pytest.approx(both[1], rel=1e-4)


def test_a_pair_of_beads_that_are_not_there() -> None:
    with pytest.raises(ConfigError, match="no bead 'C'"):
        get_observable("rdf").measure(
            target("rdf", "nm", feature="first_peak_position", pair=["A", "C"], check_phase=False), [run()]
        )


@pytest.mark.parametrize(("name", "beads"), [("bond", ["A", "B"]), ("angle", ["A", "B", "A"])])
def test_they_conform(name: str, beads: list[str], tmp_path: Path) -> None:
    x = np.linspace(0.1, 0.9, 20)
    reference = Curve(x, x, x, "nm", "1/nm") if name == "bond" else Curve(150 * x, x, x, "deg", "1/deg")
    unit = "1/nm" if name == "bond" else "1/deg"
    molecule = Topology(("A", "B", "A"), (0, 0, 0), bonds=((0, 1), (1, 2)), angles=((0, 1, 2),))
    asked = target(f"{name}_distribution", unit, reference, **{name: beads})
    check_observable(asked, tmp_path, molecule=molecule)
