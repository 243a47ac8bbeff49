"""Densities, enthalpies and heat capacity from series with known means."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cgbridge.errors import ConfigError, SimulationError
from cgbridge.observables.catalogue import get_observable
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Sampling, Target
from cgbridge.testing.made_up_runs import correlated_noise
from cgbridge.topology import Topology
from cgbridge.units import AMU_PER_NM3, BAR_NM3, GAS_CONSTANT

BEADS, MASS = 500, 18.01528


def make_run(temperature: float, energy, volume, *, pressure: float = 1.0, structure: str = "liquid") -> Run:
    energy, volume = np.broadcast_arrays(np.asarray(energy, float), np.asarray(volume, float))
    simulation = Simulation("bulk", structure, temperature=temperature, pressure=pressure)
    return Run(simulation, BEADS, MASS, {"potential_energy": BEADS * energy, "volume": volume})


def target(name: str, unit: str, **fields) -> Target:
    return Target("x", name, 1.0, 1.0, unit, **fields)


def test_density_of_water() -> None:
    # 500 molecules of 18.01528 amu in 15 nm^3: 500 * 18.01528 / 15 * 1.66053906660e-3 g/cm^3.
    run = make_run(300.0, 0.0, np.full(20, 15.0))
    result = get_observable("density").measure(target("density", "kg/m^3"), [run])
    assert result.value == pytest.approx(997.1698, rel=1e-6)
    assert result.stderr == 0.0


def test_density_errors_are_calibrated() -> None:
    scaled = []
    for seed in range(60):
        density = 0.997 + 0.005 * correlated_noise(1000, 0.8, seed=seed)
        run = make_run(300.0, 0.0, BEADS * MASS * AMU_PER_NM3 / density)
        result = get_observable("density").measure(target("density", "g/cm^3"), [run])
        scaled.append((result.value - 0.997) / result.stderr)
    # 60 deviates: 1 +- 0.09, at most 30% too cautious.
    assert 0.6 < np.std(scaled) < 1.25


def test_drift_is_noted() -> None:
    density = np.linspace(0.98, 1.0, 400) + 0.001 * correlated_noise(400, 0.5)
    run = make_run(300.0, 0.0, BEADS * MASS * AMU_PER_NM3 / density)
    result = get_observable("density").measure(target("density", "g/cm^3"), [run])
    assert any("drifting" in note for note in result.notes)


def test_vaporization() -> None:
    # ML-BOP at 298.15 K: U/N = -8.4494 kcal/mol gives 9.04 kcal/mol.
    run = make_run(298.15, np.full(10, -8.4494 * 4.184), 15.0)
    name = "enthalpy_of_vaporization"
    value = get_observable(name).measure(target(name, "kcal/mol"), [run]).value
    assert value == pytest.approx(8.4494 + 8.314462618e-3 * 298.15 / 4.184, rel=1e-9)
    assert value == pytest.approx(9.04, abs=0.005)


def test_fusion_takes_the_volume_along() -> None:
    pressure = 5000.0
    liquid = make_run(270.0, np.full(10, -40.0), 15.0, pressure=pressure)
    ice = make_run(270.0, np.full(10, -46.0), 16.4, pressure=pressure, structure="ice-ih")
    name = "enthalpy_of_fusion"
    result = get_observable(name).measure(target(name, "kJ/mol"), [liquid, ice])
    assert result.value == pytest.approx(6.0 - 1.4 * pressure * BAR_NM3 / BEADS, rel=1e-12)
    with pytest.raises(SimulationError):
        get_observable(name).measure(target(name, "kJ/mol"), [liquid])
    liquid_sim, ice_sim = get_observable(name).simulations(
        target(name, "kJ/mol", structure="ice-ic"), Sampling()
    )
    assert (liquid_sim.structure, ice_sim.structure) == ("liquid", "ice-ic")


@pytest.mark.parametrize(("count", "quadratic"), [(3, 0.0), (3, 1e-4), (5, 1e-4)])
def test_heat_capacity_of_a_parabola(count: int, quadratic: float) -> None:
    kelvin = np.linspace(280, 320, count)
    runs = [
        make_run(t, np.full(10, -40.0 + 0.06 * (t - 300) + quadratic * (t - 300) ** 2), 15.0) for t in kelvin
    ]
    result = get_observable("heat_capacity").measure(
        target("heat_capacity", "J/mol/K", temperature=300.0), runs
    )
    # The slope at the centre of symmetric temperatures is exact for line and parabola.
    assert result.value == pytest.approx(60.0 + 1.5e3 * GAS_CONSTANT, rel=1e-8)


def test_heat_capacity_of_molecules_is_per_mole_of_them() -> None:
    """Two beads each: twice the kinetic part, and the potential energy of a box over half its beads."""
    pairs = Topology(("P",) * BEADS, tuple(bead // 2 for bead in range(BEADS)))
    runs = [
        replace(make_run(t, np.full(10, -40.0 + 0.06 * (t - 300)), 15.0), topology=pairs)
        for t in (280.0, 300.0, 320.0)
    ]
    wish = target("heat_capacity", "J/mol/K", temperature=300.0)
    result = get_observable("heat_capacity").measure(wish, runs)
    assert result.value == pytest.approx(2.0 * (60.0 + 1.5e3 * GAS_CONSTANT), rel=1e-8)


def test_heat_capacity_errors_are_calibrated() -> None:
    scaled = []
    for seed in range(60):
        runs = [
            make_run(
                t,
                -40.0 + 0.06 * (t - 300) + 0.3 * correlated_noise(500, 0.5, seed=1000 * seed + int(t)),
                15.0,
            )
            for t in (280.0, 300.0, 320.0)
        ]
        result = get_observable("heat_capacity").measure(
            target("heat_capacity", "kJ/mol/K", temperature=300.0), runs
        )
        scaled.append((result.value - 0.06 - 1.5 * GAS_CONSTANT) / result.stderr)
    assert 0.6 < np.std(scaled) < 1.25  # as for the density


def test_heat_capacity_needs_three_temperatures() -> None:
    observable = get_observable("heat_capacity")
    wish = target("heat_capacity", "J/mol/K", options={"temperatures": ["290 K", 310]})
    with pytest.raises(ConfigError, match="at least 3"):
        observable.simulations(wish, Sampling())
    default = observable.simulations(target("heat_capacity", "J/mol/K", temperature=298.0), Sampling())
    assert [simulation.temperature for simulation in default] == [278.0, 298.0, 318.0]
