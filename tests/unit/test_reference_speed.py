"""The clock of rigid water: it runs a true liquid, and says when a box is too small for one."""

from __future__ import annotations

import numpy as np
import openmm
import pytest

from cgbridge.engine import reference_speed
from cgbridge.engine.settings import EngineSettings
from cgbridge.units import AMU_PER_NM3


def edge_of(molecules: int) -> float:
    """Of a cube in nm at 0.997 g/cm^3."""
    return float(np.cbrt(molecules * 18.015 * AMU_PER_NM3 / 0.997))


def test_what_is_timed_is_rigid_water_at_the_asked_density(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[openmm.Context] = []

    class Watched(openmm.Context):  # type: ignore[misc]
        def __init__(self, *words: object) -> None:
            super().__init__(*words)
            made.append(self)

    monkeypatch.setattr(openmm, "Context", Watched)
    molecules = 100
    speed = reference_speed.rigid_water_speed(molecules, edge_of(molecules), EngineSettings(threads=1))
    assert speed is not None and speed > 0.0
    (context,) = made
    system, state = context.getSystem(), context.getState(energy=True)
    # Three held distances in each molecule: the clock of flexible water would need steps of a quarter.
    assert system.getNumParticles() == 3 * molecules and system.getNumConstraints() == 3 * molecules
    assert system.usesPeriodicBoundaryConditions()
    # A liquid is bound, at -41.5 kJ/mol in equilibrium; this one has had half a picosecond.
    assert -60.0 < state.getPotentialEnergy()._value / molecules < -20.0


def test_boxes_too_small_for_a_cutoff_have_no_clock() -> None:
    assert reference_speed.rigid_water_speed(30, edge_of(30), EngineSettings(threads=1)) is None
