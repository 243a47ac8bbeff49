"""On a platform without a kernel of the plugin the host computes the forces."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import openmm
import openmm_engine
import pytest
from boxes import SHAPES, configuration
from potentials import STILLINGER_WEBER, TERSOFF

PROGRAM = Path(__file__).with_name("host_program.py")
POTENTIALS = (TERSOFF[0], TERSOFF[4], STILLINGER_WEBER[0], STILLINGER_WEBER[4])
NAMES = {openmm.Platform.getPlatform(i).getName() for i in range(openmm.Platform.getNumPlatforms())}
potentials = pytest.mark.parametrize("potential", POTENTIALS, ids=lambda p: f"{p.form} {p.name}")

# Largest error of the energy and of a force.  The host computes in double precision.  The CPU platform
# hands it double precision too, but adds the forces in single; OpenCL keeps single precision positions,
# whose rounding, 1e-7 of the box, the steep repulsion turns into a few 1e-6 of a typical force.
TOLERANCE = {"Reference": (1e-12, 1e-12), "CPU": (1e-12, 1e-6), "OpenCL": (1e-5, 2e-5)}


@pytest.fixture(scope="module", params=TOLERANCE)
def host(request, tmp_path_factory):
    platform = request.param
    if platform not in NAMES:
        pytest.skip(f"OpenMM finds no {platform}; on Debian: apt install ocl-icd-libopencl1 pocl-opencl-icd")
    path = tmp_path_factory.mktemp("host") / "result.pickle"
    done = subprocess.run(
        [sys.executable, str(PROGRAM), platform, str(path)], capture_output=True, text=True, cwd=path.parent
    )
    assert done.returncode == 0, done.stderr
    return platform, pickle.loads(path.read_bytes())


def test_platforms_of_the_plugin_are_there():
    assert {"Reference", "CPU", "CPUSerial"} <= NAMES


@potentials
@pytest.mark.parametrize("shape", SHAPES)
def test_energies_and_forces(host, potential, shape):
    platform, results = host
    found = results[potential.form, potential.name, shape]
    expected = openmm_engine.evaluate(potential, configuration(potential, shape), "Reference")
    of_energy, of_force = TOLERANCE[platform]
    assert abs(found.energy - expected.energy) < of_energy * np.sum(np.abs(expected.particle_energies))
    size = np.sqrt(np.mean(expected.forces**2))
    assert np.max(np.abs(found.forces - expected.forces)) < of_force * size


@potentials
def test_parameters_can_change_and_dynamics_run(host, potential):
    updated, anew, moved = host[1][potential.form, potential.name, "weights"]
    assert updated == pytest.approx(anew, rel=1e-12)
    assert moved


@potentials
def test_small_box_is_refused(host, potential):
    assert "smaller than twice the cutoff" in host[1][potential.form, potential.name, "small"]
