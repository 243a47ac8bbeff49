"""The water reference data against the international formulations and against themselves."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.integrate import trapezoid

from cgbridge.targets.library import list_targets, load_target
from cgbridge.units import GAS_CONSTANT

MOLAR_MASS = 18.015268  # g/mol, IAPWS-95


def _series(prefix: str) -> list[tuple[float, float, float]]:
    names = [name for name in list_targets() if name.startswith(f"water/{prefix}-")]
    targets = [load_target(name) for name in names if name[len(f"water/{prefix}-") :][:-1].isdigit()]
    return [(t.temperature, t.value, t.error) for t in targets]


def _liquid(kelvin: float):  # type: ignore[no-untyped-def]
    iapws = pytest.importorskip("iapws")
    return iapws.IAPWS95(T=kelvin, P=0.1)


def test_stable_liquid_agrees_with_iapws95() -> None:
    for kelvin, density, error in _series("density"):
        if kelvin > 273.16:
            # The table has five decimals: half a unit of the last, plus the stated error.
            assert density == pytest.approx(_liquid(kelvin).rho / 1000.0, abs=0.5e-5 + error)
    for kelvin, kappa, _ in _series("compressibility"):
        if kelvin > 273.16:
            # 1/MPa -> 1/GPa; the table has four decimals.
            assert kappa == pytest.approx(_liquid(kelvin).kappa * 1000.0, abs=0.6e-4)
    for kelvin, cp, _ in _series("heat-capacity"):
        if kelvin > 273.16:
            # Molar values were rounded to 0.01 after specific ones had been rounded to 0.001 kJ/kg/K.
            assert cp == pytest.approx(_liquid(kelvin).cp * MOLAR_MASS, abs=0.02)


def _ice(kelvin: float, pressure: float) -> dict[str, float]:
    pytest.importorskip("iapws")
    from iapws._iapws import _Ice

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that ice is metastable above the melting line
        result: dict[str, float] = _Ice(kelvin, pressure)
    return result


def test_ice_agrees_with_iapws_r10() -> None:
    for kelvin, density, _ in _series("ice-density"):
        assert density == pytest.approx(_ice(kelvin, 0.101325)["rho"] / 1000.0, abs=0.6e-5)
    lattice = load_target("water/ice-lattice-density-0K")
    assert lattice.value == pytest.approx(_ice(1e-3, 0.101325)["rho"] / 1000.0, abs=0.5e-4)


def test_density_has_its_maximum_at_the_tmd() -> None:
    """A cubic through the densities from 260 to 300 K peaks at the tabulated TMD."""
    table = np.array([row for row in _series("density") if 260 <= row[0] <= 300])
    centre = table[:, 0] - 280.0
    derivative = np.polynomial.Polynomial.fit(centre, table[:, 1], 3).convert().deriv()
    roots = [root.real for root in derivative.roots() if abs(root.imag) < 1e-9 and abs(root.real) < 15]
    # Five-decimal densities fix the maximum of the cubic to about 0.5 K.
    assert 280.0 + roots[0] == pytest.approx(load_target("water/tmd").value, abs=0.5)


def test_supercooled_water_joins_the_stable_liquid_smoothly() -> None:
    """Two formulations meet at 273 K: no step between 270 and 275 K beyond their curvature."""
    density = {kelvin: value for kelvin, value, _ in _series("density")}
    inner = 0.5 * (density[270.0] + density[275.0])
    outer = 0.5 * (density[265.0] + density[280.0])
    # rho'' = -1.8e-5 g/cm^3/K^2 near 272.5 K: the means differ by rho''/2 (7.5^2 - 2.5^2) = -4.5e-4.
    assert outer - inner == pytest.approx(-4.5e-4, abs=1e-4)


def test_diffusion_follows_the_formula_of_holz() -> None:
    for kelvin, value, _ in _series("diffusion"):
        expected = 1.635e-8 * (kelvin / 215.05 - 1.0) ** 2.063 * 1e4  # m^2/s -> cm^2/s
        assert value == pytest.approx(expected, rel=5e-5)  # four decimals of the table
    assert load_target("water/diffusion-298K").value == pytest.approx(2.299e-5, rel=1e-3)


def test_heat_of_sublimation_at_0_k_closes_the_cycle() -> None:
    """H_sub(0) = H_sub(273.16 K) + [H_ice(273.16) - H_ice(0)] - [H_gas(273.16) - H_gas(0)].

    The vapour is an ideal gas of rigid rotors, 4 R T less 0.012 kJ/mol for the quantum rotations.
    """
    iapws = pytest.importorskip("iapws")
    triple, pressure = 273.16, 0.000611657
    vapour = iapws.IAPWS95(T=triple, x=1).h
    ice = _ice(triple, pressure)["h"]
    ice_zero = _ice(1e-3, pressure)["h"]
    molar = MOLAR_MASS / 1000.0
    cycle = (vapour - ice) * molar + (ice - ice_zero) * molar - (4.0 * GAS_CONSTANT * triple - 0.012)
    target = load_target("water/ice-lattice-energy-0K")
    # 0.05 kJ/mol: the rigid-rotor vapour and the non-ideality of the vapour together stay below it.
    assert -target.value == pytest.approx(cycle, abs=0.05)


def test_heats_of_the_three_phases_add_up_at_the_triple_point() -> None:
    """Sublimation = fusion + vaporisation, from the ice and vapour enthalpies of IAPWS."""
    iapws = pytest.importorskip("iapws")
    vapour = iapws.IAPWS95(T=273.16, x=1).h
    ice = _ice(273.16, 0.000611657)["h"]
    total = (
        load_target("water/enthalpy-of-fusion").value
        + load_target("water/enthalpy-of-vaporization-273K").value
    )
    # The stated errors of the two heats.
    assert (vapour - ice) * MOLAR_MASS / 1000.0 == pytest.approx(total, abs=0.005)


def test_reference_rdf_has_the_tabulated_peaks() -> None:
    curve = load_target("water/rdf-298K").reference
    assert curve is not None
    first = int(np.argmax(curve.y))
    # The table's step is 0.003 nm.
    assert curve.x[first] * 10 == pytest.approx(load_target("water/rdf-first-peak-298K").value, abs=0.03)
    second = (curve.x > 0.36) & (curve.x < 0.55)
    position = curve.x[second][int(np.argmax(curve.y[second]))]
    assert position * 10 == pytest.approx(load_target("water/rdf-second-peak-298K").value, abs=0.03)


def test_coordination_number_follows_from_the_reference_rdf() -> None:
    """n(r) = 4 pi rho int g r^2 dr: 4.72 neighbours at the first minimum, 3.39 A, of Soper's curve."""
    curve = load_target("water/rdf-298K").reference
    assert curve is not None
    density = load_target("water/density-298K").value / 18.015 * 602.214  # beads/nm^3
    inside = curve.x <= 0.339 + 1e-9
    r, g = curve.x[inside], curve.y[inside]
    count = 4.0 * np.pi * density * trapezoid(g * r**2, r)
    # A trapezoid of step 0.003 nm is good to about 1 % here.
    assert count == pytest.approx(4.72, abs=0.05)
    n33 = 4.0 * np.pi * density * trapezoid((g * r**2)[r <= 0.33], r[r <= 0.33])
    target = load_target("water/coordination-number-298K")
    assert n33 == pytest.approx(target.value, abs=2 * target.error)
