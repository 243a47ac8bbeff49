"""Lattice and dimer: the scalar of the run, in the target's unit."""

from __future__ import annotations

import pytest

from cgbridge.errors import ConfigError, SimulationError
from cgbridge.observables.catalogue import get_observable
from cgbridge.records.simulation import Run, Simulation
from cgbridge.records.target import Sampling, Target


@pytest.mark.parametrize(
    ("name", "scalar", "value", "unit", "expected"),
    [
        # mW: epsilon = 6.189 kcal/mol; the diamond lattice has two bonds per bead.
        ("lattice_energy", "energy_per_bead", -2 * 6.189 * 4.184, "kcal/mol", -12.378),
        ("lattice_density", "density", 1.0032, "kg/m^3", 1003.2),
        # Silicon: 5.43 A.
        ("lattice_constant", "lattice_constant", 0.543, "A", 5.43),
        ("dimer_energy", "energy", -6.189 * 4.184, "kcal/mol", -6.189),
        ("dimer_distance", "distance", 0.26855, "A", 2.6855),
    ],
)
def test_value(name: str, scalar: str, value: float, unit: str, expected: float) -> None:
    observable = get_observable(name)
    target = Target("x", name, expected, 0.1, unit, structure="diamond")
    (simulation,) = observable.simulations(target, Sampling())
    assert simulation.kind == name.split("_")[0]
    result = observable.measure(target, [Run(simulation, 8, 18.0, scalars={scalar: value})])
    assert result.value == pytest.approx(expected, rel=1e-12)  # one multiplication
    assert (result.stderr, result.unit) == (0.0, unit)


def test_lattice_and_energy_share_the_calculation() -> None:
    keys = {
        get_observable(name)
        .simulations(Target("x", name, 1.0, 1.0, unit, structure="diamond"), Sampling())[0]
        .key
        for name, unit in (("lattice_energy", "eV"), ("lattice_density", "g/cm^3"))
    }
    assert len(keys) == 1


def test_a_lattice_needs_a_structure() -> None:
    with pytest.raises(ConfigError, match="crystal structure"):
        get_observable("lattice_energy").simulations(Target("x", "lattice_energy", 1, 1, "eV"), Sampling())


def test_missing_scalar_and_missing_run() -> None:
    target = Target("x", "dimer_energy", 1, 1, "eV")
    with pytest.raises(SimulationError, match="no scalar 'energy'"):
        get_observable("dimer_energy").measure(target, [Run(Simulation("dimer"), 2, 18.0)])
    with pytest.raises(SimulationError, match="one run"):
        get_observable("dimer_energy").measure(target, [])
