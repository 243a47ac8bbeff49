"""Units exist only at the borders: strings in, plain floats in one internal system.

Internal system: nm, ps, kJ/mol, amu, K, bar. Derived: density in amu/nm^3, surface tension in
kJ/mol/nm^2, diffusion in nm^2/ps. Values per mole and per particle are both allowed for energies
(``eV`` means eV per particle, that is 96.485 kJ/mol). A mass per mole is that of one particle:
``18.015 g/mol`` is 18.015 amu (a molar mass is that to 3e-10, which no atomic mass is known to).

Constants are exact SI values (CODATA 2018 and later), except the atomic mass constant
and the permittivity of vacuum, doi:10.1103/RevModPhys.93.025010.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from cgbridge.errors import UnitError, did_you_mean

# --- constants (SI, exact unless noted) -------------------------------------------------------
AVOGADRO = 6.02214076e23  # 1/mol
BOLTZMANN_SI = 1.380649e-23  # J/K
ELEMENTARY_CHARGE = 1.602176634e-19  # C
ATOMIC_MASS = 1.66053906660e-27  # kg, CODATA 2018, relative error 3e-10
VACUUM_PERMITTIVITY = 8.8541878128e-12  # F/m, CODATA 2018, relative error 2e-10

GAS_CONSTANT = BOLTZMANN_SI * AVOGADRO / 1000.0  # kJ/mol/K
EV = ELEMENTARY_CHARGE * AVOGADRO / 1000.0  # kJ/mol
KCAL = 4.184  # kJ, thermochemical calorie (exact)
ANGSTROM = 0.1  # nm
#: Coulomb energy of two unit charges times their distance, kJ/mol nm
COULOMB = ELEMENTARY_CHARGE**2 / (4.0 * math.pi * VACUUM_PERMITTIVITY) * AVOGADRO * 1e9 / 1000.0
#: 1 bar nm^3 in kJ/mol
BAR_NM3 = 1e5 * 1e-27 * AVOGADRO / 1000.0
#: 1 amu/nm^3 in g/cm^3
AMU_PER_NM3 = ATOMIC_MASS * 1e3 / 1e-21

_DIMENSIONS = ("length", "time", "mass", "energy", "temperature", "pressure")
Dimension = tuple[int, int, int, int, int, int]
DIMENSIONLESS: Dimension = (0, 0, 0, 0, 0, 0)


@dataclass(frozen=True)
class Unit:
    """Factor to the internal system and exponents of (length, time, mass, energy, temperature, pressure).

    Energy and pressure are dimensions of their own, so that ``kJ/mol/nm^3`` given for a pressure in
    bar is refused instead of being taken for bar.
    """

    factor: float
    dimension: Dimension


_LENGTH: Dimension = (1, 0, 0, 0, 0, 0)
_TIME: Dimension = (0, 1, 0, 0, 0, 0)
_MASS: Dimension = (0, 0, 1, 0, 0, 0)
_ENERGY: Dimension = (0, 0, 0, 1, 0, 0)
_TEMPERATURE: Dimension = (0, 0, 0, 0, 1, 0)
_PRESSURE: Dimension = (0, 0, 0, 0, 0, 1)

_BASE: dict[str, Unit] = {
    "1": Unit(1.0, DIMENSIONLESS),
    "nm": Unit(1.0, _LENGTH),
    "A": Unit(ANGSTROM, _LENGTH),
    "angstrom": Unit(ANGSTROM, _LENGTH),
    "Å": Unit(ANGSTROM, _LENGTH),
    "pm": Unit(1e-3, _LENGTH),
    "um": Unit(1e3, _LENGTH),
    "cm": Unit(1e7, _LENGTH),
    "m": Unit(1e9, _LENGTH),
    "fs": Unit(1e-3, _TIME),
    "ps": Unit(1.0, _TIME),
    "ns": Unit(1e3, _TIME),
    "us": Unit(1e6, _TIME),
    "s": Unit(1e12, _TIME),
    "min": Unit(60e12, _TIME),
    "h": Unit(3600e12, _TIME),
    "amu": Unit(1.0, _MASS),
    "Da": Unit(1.0, _MASS),
    "g": Unit(1e-3 / ATOMIC_MASS, _MASS),
    "kg": Unit(1.0 / ATOMIC_MASS, _MASS),
    "K": Unit(1.0, _TEMPERATURE),
    "kJ": Unit(1.0, _ENERGY),
    "J": Unit(1e-3, _ENERGY),
    "kcal": Unit(KCAL, _ENERGY),
    "cal": Unit(KCAL / 1000.0, _ENERGY),
    "eV": Unit(EV, _ENERGY),
    "meV": Unit(EV / 1000.0, _ENERGY),
    "mol": Unit(1.0, DIMENSIONLESS),
    "bar": Unit(1.0, _PRESSURE),
    "kbar": Unit(1e3, _PRESSURE),
    "Pa": Unit(1e-5, _PRESSURE),
    "kPa": Unit(1e-2, _PRESSURE),
    "MPa": Unit(10.0, _PRESSURE),
    "GPa": Unit(1e4, _PRESSURE),
    "atm": Unit(1.01325, _PRESSURE),
    # Surface tension: N/m = J/m^2; internal kJ/mol/nm^2.
    "mN": Unit(1e-3 * 1e-9 * AVOGADRO / 1000.0, (-1, 0, 0, 1, 0, 0)),
    "N": Unit(1e-9 * AVOGADRO / 1000.0, (-1, 0, 0, 1, 0, 0)),
    "deg": Unit(math.pi / 180.0, DIMENSIONLESS),
    "degree": Unit(math.pi / 180.0, DIMENSIONLESS),
    "rad": Unit(1.0, DIMENSIONLESS),
    "percent": Unit(0.01, DIMENSIONLESS),
    "%": Unit(0.01, DIMENSIONLESS),
}

#: What makes a mass per mole, in grams, one per particle, in amu.
_PER_MOLE = 1.0 / _BASE["g"].factor

_NUMBER = re.compile(r"^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*$")
_FACTOR = re.compile(r"^([A-Za-zÅ%]+|1)(?:\^?(-?\d+))?$")


@lru_cache(maxsize=256)
def parse_unit(text: str) -> Unit:
    """Parse a unit such as ``g/cm^3``, ``kcal/mol``, ``1/A``, ``kJ/mol/K``, ``cm^2/s``.

    Raises :class:`~cgbridge.errors.UnitError` for an unknown symbol.
    """
    factor, dimension, moles = 1.0, DIMENSIONLESS, 0
    tokens = re.split(r"([*/ ])", text.strip())
    sign = 1
    for token in tokens:
        if token in ("", " ", "*"):
            continue
        if token == "/":
            sign = -1
            continue
        match = _FACTOR.match(token)
        if match is None or match.group(1) not in _BASE:
            name = match.group(1) if match else token
            raise UnitError(
                f"unknown unit '{name}' in '{text}'{did_you_mean(name, _BASE)}",
                remedy="known units: " + ", ".join(k for k in _BASE if k != "1"),
            )
        power = sign * int(match.group(2) or 1)
        unit = _BASE[match.group(1)]
        try:
            factor *= unit.factor**power
        except OverflowError:
            raise UnitError(f"the power of '{token}' in '{text}' is beyond measure") from None
        moles += power if match.group(1) == "mol" else 0
        a, b = dimension, unit.dimension
        dimension = tuple(m + power * n for m, n in zip(a, b, strict=True))  # type: ignore[assignment]
        sign = 1
    if dimension == _MASS and moles == -1:
        factor *= _PER_MOLE
    return Unit(factor, dimension)


def similarity_factor(unit: str, energy: float, length: float) -> float:
    """By how much a quantity in ``unit`` changes when all energies and lengths are multiplied.

    Masses stay. A temperature then changes as an energy, a pressure as energy/length^3, a time as
    length/energy^(1/2).
    """
    length_power, time, _, energy_power, temperature, pressure = parse_unit(unit).dimension
    energy_power += temperature + pressure
    return float(energy ** (energy_power - time / 2) * length ** (length_power + time - 3 * pressure))


def describe_dimension(dimension: Dimension) -> str:
    """Words for a dimension, for error messages: ``length^-3 energy``."""
    parts = [
        name if power == 1 else f"{name}^{power}"
        for name, power in zip(_DIMENSIONS, dimension, strict=True)
        if power
    ]
    return " ".join(parts) or "dimensionless"


def convert(value: float, from_unit: str, to_unit: str) -> float:
    """Convert ``value``; raises :class:`UnitError` when the dimensions differ."""
    source, target = parse_unit(from_unit), parse_unit(to_unit)
    if source.dimension != target.dimension:
        raise UnitError(
            f"cannot convert '{from_unit}' ({describe_dimension(source.dimension)}) "
            f"to '{to_unit}' ({describe_dimension(target.dimension)})"
        )
    return value * source.factor / target.factor


def split_quantity(text: str) -> tuple[float, str]:
    """Split ``"6.189 kcal/mol"`` into number and unit (unit may be empty)."""
    match = _NUMBER.match(text)
    if match is None:
        raise UnitError(
            f"'{text}' is not a number with a unit", remedy="write for example '300 K' or '0.1 nm'"
        )
    return _finite(float(match.group(1)), text), match.group(2)


def _finite(value: float, text: object) -> float:
    """Such as 1e400, which is more than a computer's number holds."""
    if not math.isfinite(value):
        raise UnitError(f"'{text}' is not a finite number")
    return value


def is_overflowing(text: str) -> bool:
    """Whether a text is a number, with a unit or a percent sign perhaps, that no computer's number holds."""
    match = _NUMBER.match(text)
    if match is None or math.isfinite(float(match.group(1))):
        return False
    try:
        parse_unit(match.group(2).removesuffix("%"))
    except UnitError:
        return False
    return True


def quantity(value: object, unit: str) -> float:
    """Read a number or a string with a unit and return it in ``unit``.

    A bare number is taken to be in ``unit`` already (the documented default of the field).
    Raises :class:`UnitError` for text that is no quantity or has another dimension.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise UnitError(f"expected a quantity in {unit or 'no unit'}, found {value!r}")
    if isinstance(value, int | float):
        return _finite(float(value), value)
    number, own_unit = split_quantity(value)
    if not own_unit:
        return number
    try:
        converted = convert(number, own_unit, unit or "1")
    except UnitError as error:
        raise UnitError(
            f"'{value}': {error.what}", remedy=error.remedy or f"give a value in {unit or 'plain numbers'}"
        ) from None
    return _finite(converted, value)


def internal(value: float, unit: str) -> float:
    """``value`` in ``unit`` -> internal system."""
    return value * parse_unit(unit).factor


def external(value: float, unit: str) -> float:
    """Internal system -> ``unit``."""
    return value / parse_unit(unit).factor
