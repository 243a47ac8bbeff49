"""Melting points of energy ramps with a known crossing, with noise, plateaus and wandering interfaces."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cgbridge.errors import ConfigError, SimulationError, UnstableError
from cgbridge.observables.crossing import OUTSIDE, bracket, find_crossing
from cgbridge.observables.growth import Growth, energy_slope, growth_rates
from cgbridge.observables.melting_temperature import MeltingTemperature
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Sampling, Target
from cgbridge.structures.lattices import FACES, elongated
from cgbridge.testing.made_up_runs import (
    correlated_noise,
    gas_frames,
    lattice_frame,
    melting_series,
    write_frames,
)

TARGET = Target("tm", "melting_temperature", 273.0, 3.0, "K")
TIME = np.arange(500.0)


def make_run(temperature: float, energy: np.ndarray, **fields) -> Run:
    simulation = Simulation("coexistence", "ice-ih", temperature=temperature, beads=720)
    series = {"time": np.arange(float(len(energy))), "potential_energy": 720 * energy}
    return Run(simulation, 720, 18.0, series, **fields)


def ramps(melting_point: float, seed: int, target: Target = TARGET, rate: float = 1.5e-4) -> list[Run]:
    simulations = MeltingTemperature().simulations(target, Sampling())
    return [
        make_run(
            s.temperature,
            melting_series(s.temperature, melting_point=melting_point, rate=rate, seed=97 * seed + index),
        )
        for index, s in enumerate(simulations)
    ]


def test_noiseless_ramps_cross_exactly() -> None:
    runs = [make_run(t, -48.0 + 1e-4 * (t - 271.3) * TIME) for t in (253.0, 263.0, 273.0, 283.0, 293.0)]
    result = MeltingTemperature().measure(TARGET, runs)
    assert result.value == pytest.approx(271.3, abs=1e-6)
    assert result.stderr < 1e-3
    # 1.7 K above the crossing is still clear without noise.
    assert result.notes == ("bracket 263 to 273 K",)


@pytest.mark.parametrize("rate", [1.5e-4, 6e-4])  # 6e-4 saturates 10 K away after 480 ps, 20 K after 240
@pytest.mark.parametrize("melting_point", [273.0, 279.0])
def test_errors_are_calibrated(melting_point: float, rate: float) -> None:
    results = [
        MeltingTemperature().measure(TARGET, ramps(melting_point, seed, rate=rate)) for seed in range(40)
    ]
    values = np.array([result.value for result in results])
    scaled = (values - melting_point) / np.array([result.stderr for result in results])
    assert abs(values.mean() - melting_point) < 4 * values.std() / np.sqrt(40) + 0.05
    # Without a wandering interface the errors are up to twice too cautious (scatter and walk are looked for).
    assert 0.4 < scaled.std() < 1.4
    assert values.std() < 1.5


def test_a_wandering_interface_is_part_of_the_error() -> None:
    scaled = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        runs = [
            make_run(
                t,
                -48.0
                + 6e-4 * (t - 275) * TIME
                + 0.02 * np.cumsum(rng.standard_normal(500))
                + 0.1 * correlated_noise(500, 0.5, seed=1000 * seed + int(t)),
            )
            for t in (255.0, 265.0, 275.0, 285.0, 295.0)
        ]
        result = MeltingTemperature().measure(TARGET, runs)
        scaled.append((result.value - 275.0) / result.stderr)
    # Ignoring the walk gives spreads above 5; 60 deviates and a noisy diffusivity: 1 +- 0.35.
    assert 0.6 < np.std(scaled) < 1.4


@pytest.mark.parametrize("rate", [-2e-2, 2e-2])
def test_slope_of_the_transforming_part(rate: float) -> None:
    noise = 0.2 * correlated_noise(500, 0.6, seed=4)
    straight = energy_slope(TIME, rate / 4 * TIME + noise)
    assert straight.plateau is None
    assert abs(straight.value - rate / 4) < 4 * straight.thermal
    kinked = energy_slope(TIME, rate * np.minimum(TIME, 150.0) + noise)
    assert kinked.plateau == pytest.approx(150.0, abs=15.0)  # two of sixty points
    assert abs(kinked.value - rate) < 4 * kinked.thermal < 0.2 * abs(rate)


def test_a_slow_down_is_no_plateau() -> None:
    bent = np.minimum(TIME, 250.0) + 0.5 * np.maximum(TIME - 250.0, 0.0)
    slope = energy_slope(TIME, 0.02 * bent + 0.05 * correlated_noise(500, 0.5))
    assert slope.plateau is None


def test_pure_noise_has_no_direction() -> None:
    runs = [make_run(t, -48 + 0.2 * correlated_noise(500, 0.6, seed=int(t))) for t in range(250, 300, 5)]
    rates = growth_rates(runs)
    # Two sigma: one of twenty.
    assert sum(abs(rate.direction) for rate in rates) <= 2
    with pytest.raises(SimulationError, match="too few"):
        growth_rates([make_run(270.0, np.zeros(10))])


@pytest.mark.parametrize(("melting_point", "side"), [(215.0, "below"), (345.0, "above")])
def test_crossing_outside(melting_point: float, side: str) -> None:
    observable = MeltingTemperature()
    runs = ramps(melting_point, 3)
    result = observable.measure(TARGET, runs)
    assert OUTSIDE in result.notes
    assert result.stderr >= 10.0
    assert abs(result.value - melting_point) < 3 * result.stderr
    for _ in range(4):
        extra = observable.follow_up(TARGET, runs)
        if not extra:
            break
        kelvin = [s.temperature for s in extra]
        assert (max(kelvin) < 253.0) if side == "below" else (min(kelvin) > 293.0)
        assert {s.beads for s in extra} == {720}
        runs += [
            make_run(t, melting_series(t, melting_point=melting_point, rate=1.5e-4, seed=int(t)))
            for t in kelvin
        ]
    result = observable.measure(TARGET, runs)
    assert OUTSIDE not in result.notes
    assert abs(result.value - melting_point) < 4 * result.stderr < 20


def test_inside_needs_no_follow_up() -> None:
    assert list(MeltingTemperature().follow_up(TARGET, ramps(275.0, 1))) == []


def test_transformed_before_the_measurement(tmp_path: Path) -> None:
    """A box that is all ice, or all liquid, from the start says a direction but no rate."""
    ice = write_frames(tmp_path / "ice.h5", [lattice_frame("diamond", 0.27, (3, 3, 3))])
    gas = write_frames(tmp_path / "gas.h5", gas_frames(216, 1.9, 1))
    flat = -48 + 0.2 * correlated_noise(500, 0.6, seed=9)
    frozen, molten = make_run(253.0, flat, trajectory=ice), make_run(293.0, flat, trajectory=gas)
    between = [
        make_run(t, melting_series(t, melting_point=275.0, seed=int(t))) for t in (263.0, 273.0, 283.0)
    ]
    result = MeltingTemperature().measure(TARGET, [frozen, *between, molten])
    assert result.value == pytest.approx(275.0, abs=1.0)
    assert len(result.curves["rates"].x) == 3
    assert any("2 of 5" in note for note in result.notes)
    # With no rate at all the bracket remains: its middle, and the spread of a uniform distribution.
    only = MeltingTemperature().measure(TARGET, [frozen, molten])
    assert (only.value, only.stderr) == (273.0, pytest.approx(40 / np.sqrt(12)))


def test_bracket_survives_a_stray_run() -> None:
    directions = [(250, -1), (255, -1), (260, 1), (265, -1), (270, 0), (275, 1), (280, 1)]
    rates = [Growth(float(t), float(d), 0.1, d) for t, d in directions]
    assert bracket(rates) == (255.0, 275.0)  # either 260 or 265 is the stray one
    assert bracket([*rates, Growth(262.0, -1.0, 0.1, -1)]) == (265.0, 275.0)
    assert bracket(rates[-3:]) == (None, 275.0)
    assert bracket(rates[:2]) == (255.0, None)
    assert bracket([rates[4]]) == (None, None)


def test_curved_rates() -> None:
    """Growth slows down far below the melting point; a parabola follows it where a line would not."""
    kelvin = np.arange(250.0, 291.0, 5.0)
    y = 1e-3 * (kelvin - 275) + 1e-5 * (kelvin - 275) ** 2
    rates = [Growth(t, v, 2e-4, int(np.sign(v))) for t, v in zip(kelvin, y, strict=True)]
    assert find_crossing(rates).temperature == pytest.approx(275.0, abs=1e-6)


def test_nothing_moves() -> None:
    rates = [Growth(t, 0.0, 1.0, 0) for t in (250.0, 270.0, 290.0)]
    with pytest.raises(UnstableError, match="does not move"):
        find_crossing(rates)


def test_protocols_and_options() -> None:
    observable = MeltingTemperature()
    cheap = observable.simulations(TARGET, Sampling())
    assert [s.temperature for s in cheap] == [253.0, 263.0, 273.0, 283.0, 293.0]
    # 720 beads * 5 temperatures * 0.5 ns = 1800 bead ns.
    assert sum(s.beads * s.production for s in cheap) / 1000 == 1800.0
    confirming = Target(
        "tm", "melting_temperature", 273.0, 1.0, "K", options={"protocol": "confirming", "replicas": 2}
    )
    runs = observable.simulations(confirming, Sampling())
    assert len(runs) == 20 and len({s.key for s in runs}) == 20  # 5 temperatures, 2 faces, 2 seeds
    assert {s.production for s in runs} == {1000.0}
    custom = {"centre": 250, "width": "20 K", "count": 3, "structure": "ice-ic", "production": "0.1 ns"}
    few = observable.simulations(Target("tm", "melting_temperature", 273, 1, "K", options=custom), Sampling())
    assert [(s.temperature, s.structure, s.production) for s in few] == [
        (t, "ice-ic", 100.0) for t in (240.0, 250.0, 260.0)
    ]
    both = {"temperatures": [250, 260, 270], "count": 5}
    with pytest.raises(ConfigError, match="either temperatures"):
        observable.simulations(Target("tm", "melting_temperature", 273, 1, "K", options=both), Sampling())
    with pytest.raises(SimulationError):
        observable.measure(TARGET, [])


def test_every_face_has_a_crossing_of_its_own() -> None:
    """Faces grow at different rates: one line through both would be neither, their mean is right."""
    target = replace(TARGET, options={"protocol": "confirming", "centre": "275 K"})
    simulations = MeltingTemperature().simulations(target, Sampling())
    assert {s.face for s in simulations} == {"prism", "secondary-prism"} and len(simulations) == 10
    assert len({s.key for s in simulations}) == 10  # no box stands for both faces

    def runs(apart: float) -> list[Run]:
        return [
            replace(
                make_run(
                    s.temperature,
                    melting_series(
                        s.temperature,
                        melting_point=275.0 + (apart if s.face == "prism" else -apart),
                        rate=1.5e-4 if s.face == "prism" else 3e-4,
                        seed=number,
                    ),
                ),
                simulation=s,
                timestep=0.005,
            )
            for number, s in enumerate(simulations)
        ]

    alike, differing = (MeltingTemperature().measure(target, runs(apart)) for apart in (0.0, 2.0))
    assert abs(alike.value - 275.0) < 4 * alike.stderr < 4.0
    assert any(note.startswith("faces and seeds on their own: ") for note in alike.notes)
    assert "time step 5 fs" in alike.notes
    # 2 K either way is beyond the errors of either: the spread is the error, 4 K / 2 for two values.
    assert differing.stderr == pytest.approx(2.0, rel=0.3) and differing.stderr > 2 * alike.stderr


def test_the_check_looks_at_what_is_left_alone(tmp_path: Path) -> None:
    """Energies that say the opposite do not matter; half and half is no verdict."""
    ice = write_frames(tmp_path / "ice.h5", [lattice_frame("diamond", 0.27, (3, 3, 3))])
    gas = write_frames(tmp_path / "gas.h5", gas_frames(216, 1.9, 1))
    melting = -48 + 1e-3 * TIME
    runs = [
        make_run(kelvin, melting, trajectory=ice if kelvin < 272 else gas)
        for kelvin in (266.0, 270.0, 274.0, 278.0)
    ]
    target = replace(TARGET, options={"protocol": "check"})
    result = MeltingTemperature().measure(target, runs)
    assert (result.value, result.stderr) == (272.0, pytest.approx(4.0 / np.sqrt(12)))
    assert result.notes == ("bracket 270 to 274 K",)
    with pytest.raises(SimulationError, match="no frames"):
        MeltingTemperature().measure(target, [make_run(270.0, melting), make_run(280.0, melting)])


@pytest.mark.parametrize("face", FACES)
def test_faces_of_hexagonal_crystals(face: str) -> None:
    """Beads of the face, by layers along z: {0001} has bilayers c/2 apart, {10-10} and {11-20} a sqrt(3)/2
    and a/2 apart, with c/a = sqrt(8/3) and a = sqrt(8/3) bonds."""
    a = np.sqrt(8.0 / 3.0)
    period = {"secondary-prism": a, "prism": np.sqrt(3.0) * a, "basal": 8.0 / 3.0}[face]
    box = elongated("ice-ih", 1.0, beads=720, shortest=1.0, face=face)
    assert box.edges[2] / period == pytest.approx(round(box.edges[2] / period))
    assert 1.5 < box.edges[2] / np.sqrt(box.edges[0] * box.edges[1]) < 2.7
    assert len(box.positions) == pytest.approx(720, rel=0.2)
    delta = box.positions[:, None] - box.positions
    delta -= box.edges * np.round(delta / box.edges)
    distances = np.linalg.norm(delta, axis=2)
    # Four neighbours each at the bond length: the axes were exchanged with their beads.
    assert np.all(np.sum(np.abs(distances - 1.0) < 1e-9, axis=1) == 4)
