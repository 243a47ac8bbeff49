"""Units: constants against CODATA, conversions, refusals."""

from __future__ import annotations

import pytest
from scipy import constants

from cgbridge import units
from cgbridge.errors import UnitError


def test_constants_agree_with_codata() -> None:
    # scipy carries CODATA 2018 or 2022; only the atomic mass differs between them (relative 3e-10).
    assert units.AVOGADRO == constants.N_A
    assert constants.k == units.BOLTZMANN_SI
    assert constants.e == units.ELEMENTARY_CHARGE
    assert pytest.approx(constants.m_u, rel=1e-9) == units.ATOMIC_MASS
    assert pytest.approx(constants.R / 1000, rel=1e-12) == units.GAS_CONSTANT


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("6.189 kcal/mol", "kJ/mol", 25.894776),  # 4.184 J per calorie, exact
        ("1 eV", "kJ/mol", constants.e * constants.N_A / 1000),
        ("10 fs", "ps", 0.01),
        ("2.75 1/A", "1/nm", 27.5),
        ("1 g/cm^3", "kg/m^3", 1000.0),
        ("1 GPa", "bar", 1e4),
        ("0.5 1/GPa", "1/bar", 5e-5),
        ("72 mN/m", "kJ/mol/nm^2", 72e-3 * 1e-18 * constants.N_A / 1000),
        ("2.3e-5 cm^2/s", "nm^2/ps", 2.3e-3),
        ("18.015 g/mol", "amu", 18.015),
        ("0.072 kg/mol", "amu", 72.0),
        ("18.015 g*mol^-1", "amu", 18.015),
        ("3 %", "", 0.03),
        (300, "K", 300.0),
        ("300", "K", 300.0),
    ],
)
def test_quantities(text: object, unit: str, expected: float) -> None:
    assert units.quantity(text, unit) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        ("3 kcall", "kJ/mol", "did you mean 'kcal'"),
        ("3 nm", "kJ/mol", "cannot convert 'nm'"),
        ("3 kJ/mol/nm^3", "bar", "cannot convert"),
        ("fast", "ps", "not a number"),
        ("1e", "ps", "unknown unit 'e'"),
        ("1 kcal^999", "ps", "the power of 'kcal\\^999' in 'kcal\\^999' is beyond measure"),
        (True, "ps", "expected a quantity"),
        (None, "ps", "expected a quantity"),
    ],
)
def test_refusals_teach(text: object, unit: str, message: str) -> None:
    with pytest.raises(UnitError, match=message):
        units.quantity(text, unit)


@pytest.mark.parametrize("text", ["1e400", "1e400 ns", "-1e999 K", float("inf"), float("nan")])
def test_numbers_without_end_are_refused(text: object) -> None:
    with pytest.raises(UnitError, match="not a finite number"):
        units.quantity(text, "ns" if "ns" in str(text) else "K")


def test_a_conversion_does_not_overflow_in_silence() -> None:
    with pytest.raises(UnitError, match="'1e306 GPa' is not a finite number"):
        units.quantity("1e306 GPa", "bar")
