"""The platform that the engine chooses, and results that repeat."""

import dataclasses

import numpy as np
import openmm
import pytest

from cgbridge.engine.engine import Engine
from cgbridge.engine.platforms import choose_platform, has_kernels, known_platforms
from cgbridge.engine.settings import EngineSettings
from cgbridge.errors import SimulationError
from cgbridge.models.database import load_model
from cgbridge.records.simulation import Simulation

BULK = Simulation("bulk", temperature=300.0, beads=216, equilibration=1, production=3)


@pytest.mark.parametrize("name", ["ml-bop", "mw"])
def test_one_thread_needs_no_thread_pool(name):
    system = load_model(name).create_system(216, (2.0, 2.0, 2.0))
    assert choose_platform(system, EngineSettings()) == ("CPUSerial", {})


def test_more_threads_are_those_of_the_cpu_platform():
    system = load_model("ml-bop").create_system(216, (2.0, 2.0, 2.0))
    assert choose_platform(system, EngineSettings(threads=2)) == (
        "CPU",
        {"Threads": "2", "DeterministicForces": "true"},
    )


def test_a_network_of_descriptors_is_one_of_our_forces():
    """Alone on one thread it needs no thread pool; all platforms have kernels for it."""
    pytest.importorskip("torch")
    from neural_models import small_model

    model = small_model()
    system = model.create_system(model.example.topology, 1.5)
    assert choose_platform(system, EngineSettings()) == ("CPUSerial", {})
    assert has_kernels("CPU", system) and has_kernels("Reference", system)
    devices = [name for name in ("OpenCL", "CUDA", "HIP") if name in known_platforms()]
    assert all(has_kernels(name, system) for name in devices)


def test_a_chosen_platform_is_kept():
    system = load_model("ml-bop").create_system(216, (2.0, 2.0, 2.0))
    assert choose_platform(system, EngineSettings(platform="Reference")) == ("Reference", {})
    assert choose_platform(system, EngineSettings(platform="CPU")) == (
        "CPU",
        {"Threads": "1", "DeterministicForces": "true"},
    )


@pytest.mark.parametrize("own", [False, True], ids=["alone", "beside ours"])
def test_other_forces_run_where_openmm_is_fast(own):
    """CPUSerial has the Reference platform's kernels for them, which take several times as long."""
    system = load_model("mw").create_system(1, (2.0, 2.0, 2.0)) if own else openmm.System()
    if not own:
        system.addParticle(1.0)
    force = openmm.NonbondedForce()
    force.addParticle(0.0, 0.3, 0.1)
    system.addForce(force)
    assert choose_platform(system, EngineSettings())[0] == "CPU"


def test_what_is_no_force_does_not_matter():
    system = load_model("mw").create_system(216, (2.0, 2.0, 2.0))
    system.addForce(openmm.CMMotionRemover())
    system.addForce(openmm.AndersenThermostat(300.0, 1.0))
    system.addForce(openmm.MonteCarloBarostat(1.0, 300.0))
    assert choose_platform(system, EngineSettings()) == ("CPUSerial", {})


def test_unknown_platform_is_named_with_those_there_are(tmp_path):
    with pytest.raises(SimulationError, match="no platform 'GPU'") as caught:
        Engine(EngineSettings(platform="GPU")).run(load_model("mw"), BULK, 1, tmp_path)
    assert "CPUSerial" in str(caught.value.remedy)
    assert "CPUSerial" in known_platforms()


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        pytest.param("ml-bop", EngineSettings(), id="ml-bop-auto"),
        pytest.param("mw", EngineSettings(platform="CPU"), id="mw-CPU"),
        pytest.param("ml-bop", EngineSettings(threads=2), id="ml-bop-two threads"),
        pytest.param("mw", EngineSettings(threads=2), id="mw-two threads", marks=pytest.mark.slow),
    ],
)
def test_same_seed_gives_the_same_results(name, settings, tmp_path):
    """Every number of a run with thermostat and barostat, to the last bit."""
    model, runs = load_model(name), []
    bulk = BULK if settings.threads == 1 else dataclasses.replace(BULK, beads=600, production=1)
    for index, seed in enumerate((11, 11, 12)):
        folder = tmp_path / str(index)
        folder.mkdir()
        runs.append(Engine(settings).run(model, bulk, seed, folder))
    for key, values in runs[0].series.items():
        assert np.array_equal(values, runs[1].series[key]), key
    frames = [[frame.positions for frame in run.trajectory] for run in runs]
    assert np.array_equal(frames[0], frames[1])
    assert not np.array_equal(frames[0], frames[2])
