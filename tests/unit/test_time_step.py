"""The step at which velocity Verlet samples what small steps do."""

from __future__ import annotations

import math

import numpy as np
import pytest
from single_bead import SINGLE_BEAD

from cgbridge.models.database import load_model
from cgbridge.models.files.lammps_format import format_lammps
from cgbridge.models.time_step import shortest_period, verlet_step


@pytest.mark.parametrize("name", SINGLE_BEAD)
def test_verlet_heats_the_stiffest_vibration_by_what_is_allowed(name: str) -> None:
    """A harmonic vibration integrated as LAMMPS does: potential over kinetic energy at full steps."""
    model = load_model(name)
    omega, step = 2.0 * math.pi / shortest_period(model), verlet_step(model)
    x, v, potential, kinetic = 1.0, 0.0, [], []
    for _ in range(200_000):
        v -= 0.5 * step * omega**2 * x
        x += step * v
        v -= 0.5 * step * omega**2 * x
        potential.append(0.5 * omega**2 * x**2)
        kinetic.append(0.5 * v**2)
    # The mean over some three thousand periods is off by a tenth of one of them.
    assert np.mean(potential) / np.mean(kinetic) == pytest.approx(1.0 / (1.0 - 0.002), abs=1e-4)


def test_the_step_stands_in_the_file_for_lammps() -> None:
    """Two femtoseconds for mW, as its energies in LAMMPS say (docs/accuracy.md)."""
    assert "find what cgbridge does at 2 fs or less" in format_lammps(load_model("mw"))
    assert verlet_step(load_model("mw")) == pytest.approx(0.0028, abs=1e-4)
