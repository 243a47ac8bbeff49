"""The Tersoff force against LAMMPS pair style tersoff: energy, every force component and virial."""

import devices
import lammps_engine
import pytest
from boxes import SHAPES
from comparison import compare
from covering import covering
from potentials import TERSOFF

pytestmark = [
    pytest.mark.lammps,
    pytest.mark.skipif(not lammps_engine.available(), reason="LAMMPS is not installed"),
]

# Reference: both programs compute in double precision, and differ by the order of sums. The energy
# of a disordered box is a small difference of large terms, which costs up to four digits of sixteen.
# CPU: positions are single precision relative to the box, 1e-7 of the box length, which the steep
# repulsion turns into a few 1e-6 of a typical force.
# OpenCL: single precision has single precision positions, too.
TOLERANCE = {"Reference": 1e-9, "CPU": 1e-5, "OpenCL:double": 1e-9, "OpenCL:single": 2e-5}


@covering(
    "potential, shape, platform",
    TERSOFF,
    SHAPES,
    list(TOLERANCE),
    label=lambda value: getattr(value, "name", None),
    cheap=lambda potential, shape, platform: "OpenCL" not in platform,
)
def test_equals_lammps(potential, shape, platform):
    devices.require(platform)
    errors = compare(potential, shape, platform)
    assert errors.energy < TOLERANCE[platform]
    assert errors.force < TOLERANCE[platform]
    assert errors.virial < TOLERANCE[platform]
