"""Pydantic types for numbers that may carry a unit; the value is stored in the unit named here."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator

from cgbridge.errors import UnitError
from cgbridge.units import quantity


def _reader(unit: str) -> BeforeValidator:
    def read(value: Any) -> float:
        try:
            return quantity(value, unit)
        except UnitError as error:
            # pydantic collects ValueErrors and adds the dotted path.
            raise ValueError(error.what + (f" ({error.remedy})" if error.remedy else "")) from None

    return BeforeValidator(read)


#: ps
Time = Annotated[float, _reader("ps")]
#: nm
Length = Annotated[float, _reader("nm")]
#: amu
Mass = Annotated[float, _reader("amu")]
#: g/cm^3
Density = Annotated[float, _reader("g/cm^3")]
#: K
Temperature = Annotated[float, _reader("K")]
#: bar
Pressure = Annotated[float, _reader("bar")]
#: kJ/mol/nm
Force = Annotated[float, _reader("kJ/mol/nm")]
#: 1/ps
Rate = Annotated[float, _reader("1/ps")]
#: dimensionless
Number = Annotated[float, _reader("")]
#: seconds of wall time (stored in s, not ps: it is the user's clock, not the simulation's)
WallTime = Annotated[float, _reader("s")]
