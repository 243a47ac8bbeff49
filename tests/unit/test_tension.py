"""Which tension a liquid is held at: half of the ideal pressure, whatever the size of the box."""

import pytest

from cgbridge.observables.tension import tears
from cgbridge.units import BAR_NM3, GAS_CONSTANT


@pytest.mark.parametrize("beads", [64, 4096])
def test_water_is_held_at_a_little_tension_and_torn_at_much(beads: int) -> None:
    volume = beads * 18.015 / 0.997 / 602.2  # nm^3, at 0.997 g/cm^3
    ideal = beads * GAS_CONSTANT * 300.0 / volume / BAR_NM3
    assert ideal == pytest.approx(1381.0, rel=2e-3)  # bar: 33.3 particles per nm^3 times kT
    assert not tears(-0.49 * ideal, beads, volume, 300.0) and tears(-0.51 * ideal, beads, volume, 300.0)
    assert not tears(1.0, beads, volume, 300.0) and tears(-5000.0, beads, volume, 300.0)
