"""g(r) of an ideal gas and of lattices, whose shells are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cgbridge.errors import ConfigError, UnitError, UnstableError
from cgbridge.frames import Frame
from cgbridge.observables.peaks import peak, second_peak
from cgbridge.observables.rdf import RDF
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Curve, Sampling, Target
from cgbridge.testing.made_up_runs import gas_frames, lattice_frame, write_frames

SIMULATION = Simulation("bulk", temperature=300.0)


def make_run(path: Path, frames: list[Frame]) -> Run:
    return Run(SIMULATION, len(frames[0].positions), 18.015, trajectory=write_frames(path, frames))


def make_target(feature: str, unit: str = "1", reference: Curve | None = None, **options: object) -> Target:
    settings = {"feature": feature, "check_phase": False, **options}
    return Target("g", "rdf", 0.0, 0.1, unit, reference=reference, options=settings)


def flat(level: float, *, x_unit: str = "nm", scale: float = 1.0) -> Curve:
    x = np.linspace(0.3, 0.8, 26) * scale
    return Curve(x, np.full(26, level), np.zeros(26), x_unit, "1")


def test_ideal_gas(tmp_path: Path) -> None:
    count, edge = 400, 2.0
    run = make_run(tmp_path / "gas.h5", gas_frames(count, edge, 200))
    result = RDF().measure(make_target("coordination_number", r_max=0.5), [run])
    # Each of the other N - 1 beads is inside with probability of the shell's share of the box.
    exact = (count - 1) * 4 / 3 * np.pi * 0.5**3 / edge**3
    assert abs(result.value - exact) < 4 * result.stderr
    assert result.stderr < 0.01 * exact
    curve = result.curves["rdf"]
    far = curve.x > 0.3
    # g = (N - 1)/N everywhere; 4 standard errors of each bin, errors from ten blocks have fat tails.
    assert np.all(np.abs(curve.y[far] - (1 - 1 / count)) < 8 * curve.y_err[far])
    assert curve.y[far].mean() == pytest.approx(1 - 1 / count, abs=2e-3)  # 1.6 million pairs


def test_deviation_from_the_reference(tmp_path: Path) -> None:
    run = make_run(tmp_path / "gas.h5", gas_frames(400, 2.0, 200))
    result = RDF().measure(make_target("curve", reference=flat(0.5), r_min=0.3), [run])
    # All differences have one sign, so that noise averages out: 1 - 1/400 - 0.5.
    assert abs(result.value - 0.4975) < max(5 * result.stderr, 2e-3)
    in_angstrom = make_target("curve", reference=flat(0.5, x_unit="A", scale=10.0), r_min=0.3)
    assert RDF().measure(in_angstrom, [run]).value == pytest.approx(result.value, rel=1e-12)
    perfect = RDF().measure(make_target("curve", reference=flat(0.9975), r_min=0.3), [run])
    assert 0 < perfect.value < 0.05  # statistical noise only


def test_errors_are_calibrated(tmp_path: Path) -> None:
    count, edge = 100, 1.8
    exact = (count - 1) * 4 / 3 * np.pi * 0.5**3 / edge**3
    scaled = []
    for seed in range(40):
        run = make_run(tmp_path / f"{seed}.h5", gas_frames(count, edge, 50, seed=seed))
        result = RDF().measure(make_target("coordination_number", r_max=0.5), [run])
        scaled.append((result.value - exact) / result.stderr)
    # Student's t of 9 degrees of freedom: spread 1.13, over 40 seeds +- 0.15.
    assert 0.7 < np.std(scaled) < 1.6
    assert abs(np.mean(scaled)) < 4 * 1.13 / np.sqrt(40)


@pytest.mark.parametrize(
    ("name", "repeats", "shells"),
    # Neighbours within 1.2 and 1.7 nearest-neighbour distances.
    [("fcc", (6, 6, 6), (12, 18)), ("diamond", (4, 4, 4), (4, 16)), ("ice-ih", (6, 6, 4), (4, 17))],
)
def test_coordination_of_lattices(
    name: str, repeats: tuple[int, int, int], shells: tuple, tmp_path: Path
) -> None:
    frame = lattice_frame(name, 0.28, repeats, jitter=0.001)
    run = make_run(tmp_path / "lattice.h5", [frame] * 2)
    for ratio, expected in zip((1.2, 1.7), shells, strict=True):
        result = RDF().measure(make_target("coordination_number", r_max=0.28 * ratio), [run])
        assert result.value == pytest.approx(expected, rel=1e-12)  # an integer count


@pytest.mark.parametrize(("feature", "ratio"), [("first", 1.0), ("second", np.sqrt(8 / 3))])
def test_peak_positions_of_diamond(feature: str, ratio: float, tmp_path: Path) -> None:
    frames = [lattice_frame("diamond", 0.28, (4, 4, 4), jitter=0.012, seed=seed) for seed in range(20)]
    run = make_run(tmp_path / "lattice.h5", frames)
    result = RDF().measure(make_target(f"{feature}_peak_position", "A"), [run])
    # Jitter shifts the mean distance by 2 s^2 / r = 0.001 nm; the parabola knows a tenth of a bin.
    # The shell at 1.91 r0 pulls the smoothed second peak by a few hundredths.
    assert result.value == pytest.approx(2.8 * ratio, abs=0.03)


def test_peaks_of_exact_curves() -> None:
    x = np.linspace(0, 1, 41)
    assert peak(x, 2 - 3 * (x - 0.513) ** 2) == (pytest.approx(0.513), pytest.approx(2.0))
    assert peak(x, x) == (1.0, 1.0)
    g = np.exp(-((x - 0.28) ** 2) / 0.001) * 2 + np.exp(-((x - 0.45) ** 2) / 0.004)
    assert second_peak(x, g)[0] == pytest.approx(0.45, abs=0.01)
    with pytest.raises(UnstableError, match="ends before the second peak"):
        second_peak(x[:14], g[:14])


def test_mistakes_are_found_before_running() -> None:
    with pytest.raises(ConfigError, match="reference"):
        RDF().simulations(make_target("curve"), Sampling())
    with pytest.raises(ConfigError, match="three"):
        RDF().simulations(make_target("curve", reference=flat(1.0), r_max=0.33), Sampling())
    with pytest.raises(UnitError):
        RDF().simulations(make_target("first_peak_position", "1"), Sampling())
    with pytest.raises(ConfigError, match="feature"):
        RDF().simulations(make_target("third_peak"), Sampling())
    with pytest.raises(ConfigError, match="r_min"):
        RDF().simulations(make_target("first_peak_height", r_min=0.9), Sampling())


def test_a_collapsed_box_is_unstable(tmp_path: Path) -> None:
    run = make_run(tmp_path / "small.h5", gas_frames(50, 0.9, 2))
    with pytest.raises(UnstableError, match="twice"):
        RDF().measure(make_target("coordination_number", r_max=0.6), [run])


def test_the_drawing_range_breaks_nobody(tmp_path: Path) -> None:
    """A box that contracts below twice the 0.8 nm of the picture still has what was asked of it."""
    wide = lattice_frame("diamond", 0.25, (3, 3, 3), jitter=0.01)  # 1.73 nm
    narrow = Frame(wide.positions * 0.8, wide.box * 0.8, 1.0)
    run = make_run(tmp_path / "contracts.h5", [wide, narrow])
    peak_of = RDF().measure(make_target("first_peak_position", "A", r_max="4 A"), [run])
    assert 1.9 < peak_of.value < 2.6
    assert 0.6 < peak_of.curves["rdf"].x[-1] < 0.5 * 1.73 * 0.8  # drawn as far as every box allows
    assert RDF().measure(make_target("first_peak_position", "A"), [run]).value == peak_of.value
    shell = RDF().measure(make_target("coordination_number", r_max="3 A"), [run])
    assert shell.value == pytest.approx(4.0, abs=0.1)
    short = Curve(np.linspace(2.0, 5.0, 20), np.ones(20), np.zeros(20), "A", "1")
    assert RDF().measure(make_target("curve", reference=short), [run]).value > 0
    far = Curve(np.linspace(2.0, 8.0, 20), np.ones(20), np.zeros(20), "A", "1")
    with pytest.raises(UnstableError, match=r"less than twice 0\.8"):
        RDF().measure(make_target("curve", reference=far), [run])


@pytest.mark.parametrize(
    ("options", "reach"),
    [
        ({"feature": "first_peak_position"}, 0.0),
        ({"feature": "second_peak_position", "r_max": "6 A"}, 0.6),
        ({"feature": "coordination_number"}, 0.34),
        ({"feature": "coordination_number", "r_max": 0.31}, 0.31),
    ],
)
def test_simulations_say_how_far_they_are_looked_at(options: dict, reach: float) -> None:
    unit = "A" if options["feature"].endswith("position") else "1"
    target = Target("g", "rdf", 4.0, 0.1, unit, options=options)
    (simulation,) = RDF().simulations(target, Sampling())
    assert simulation.reach == pytest.approx(reach)


def test_the_first_peak_of_carbon_is_found(tmp_path: Path) -> None:
    """Bonds of 1.54 A are not cut off as they were by a start at 2 A."""
    run = make_run(tmp_path / "c.h5", [lattice_frame("diamond", 0.154, (5, 5, 5), jitter=0.004)] * 2)
    assert RDF().measure(make_target("first_peak_position", "A"), [run]).value == pytest.approx(
        1.54, abs=0.02
    )
