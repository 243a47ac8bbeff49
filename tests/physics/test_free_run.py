"""Simulations from structure files: triclinic boxes, true times, frames that are not kept."""

from __future__ import annotations

import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from single_bead import SINGLE_BEAD

from cgbridge.cli.simulate import _Recording
from cgbridge.cli.simulation_files import SimulationFiles
from cgbridge.engine.free_run import FreeRun, FreeSimulation, Sample
from cgbridge.engine.settings import EngineSettings
from cgbridge.engine.single_point import evaluate_structure
from cgbridge.errors import CgbridgeWarning, ConfigError, SimulationError
from cgbridge.frames import Frame
from cgbridge.models.closed_form import dimer_minimum
from cgbridge.models.database import load_model
from cgbridge.models.time_step import shortest_period, time_step_warning
from cgbridge.structures.cells import place
from cgbridge.structures.structure_files import Reading, Structure, read_structure

MW = load_model("mw")
SETTINGS = EngineSettings("Reference")
SHORT = FreeRun(temperature=200.0, equilibration=0.0, time=0.1, interval=0.05)


def primitive_ice(path: Path, turn: np.ndarray | None = None, periodic: str = "T T T") -> Path:
    """Cubic ice in its rhombohedral cell of two beads, turned, as extended XYZ."""
    edge = 4.0 * 2.76 / np.sqrt(3.0)
    turn = np.eye(3) if turn is None else turn
    cell = np.array([[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]) * edge @ turn
    second = np.full(3, edge / 4.0) @ turn
    lattice = " ".join(f"{value:.9f}" for value in cell.ravel())
    path.write_text(
        f'2\nLattice="{lattice}" Properties=species:S:1:pos:R:3 pbc="{periodic}"\n'
        f"W 0 0 0\nW {second[0]:.9f} {second[1]:.9f} {second[2]:.9f}\n"
    )
    return path


@pytest.mark.parametrize("ensemble", ["nvt", "npt"])
def test_a_triclinic_box_keeps_its_shape_and_its_energies_are_true(tmp_path: Path, ensemble: str) -> None:
    turn, _ = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))
    path = primitive_ice(tmp_path / "ice.xyz", turn)
    run = replace(SHORT, structure=str(path), reading=Reading(repeat=(4, 4, 4)), ensemble=ensemble)
    simulation = FreeSimulation(MW, run, replace(SETTINGS, barostat_interval=1))
    assert any("the cell is turned" in note for note in simulation.notes)
    samples = list(simulation.samples())
    assert len(samples) == 2
    start = place(read_structure(path, run.reading), MW.cutoff).box
    assert start is not None
    for sample in samples:
        box = sample.frame.box
        scale = (np.linalg.det(box) / np.linalg.det(start)) ** (1 / 3)
        assert box == pytest.approx(scale * start, abs=1e-9)  # hundreds of roundings of the volume moves
        assert sample.volume == pytest.approx(np.linalg.det(box))
        found = evaluate_structure(MW, Structure(simulation.names, sample.frame.positions, box), "Reference")
        assert sample.potential_energy == pytest.approx(found["energy_kj_mol"], abs=1e-6)
    moved = abs(samples[-1].volume / np.linalg.det(start) - 1.0)
    assert moved > 1e-6 if ensemble == "npt" else moved < 1e-12  # ten attempts of a barostat


def test_a_narrow_cell_names_the_repeats_that_do(tmp_path: Path) -> None:
    run = replace(SHORT, structure=str(primitive_ice(tmp_path / "ice.xyz")))
    with pytest.raises(SimulationError, match=r"--repeat (\d) (\d) (\d)") as caught:
        FreeSimulation(MW, run, SETTINGS)
    counts = tuple(map(int, str(caught.value).partition("--repeat ")[2].split()))
    FreeSimulation(MW, replace(run, reading=Reading(repeat=(counts[0], counts[1], counts[2]))), SETTINGS)


def test_a_layer_is_simulated_at_constant_volume_only(tmp_path: Path) -> None:
    path = primitive_ice(tmp_path / "layer.xyz", periodic="T T F")
    run = replace(SHORT, structure=str(path), reading=Reading(repeat=(4, 4, 1)))
    with pytest.raises(SimulationError, match="--ensemble nvt"):
        FreeSimulation(MW, run, SETTINGS)
    simulation = FreeSimulation(MW, replace(run, ensemble="nvt"), SETTINGS)
    assert any("a vacuum separates" in note for note in simulation.notes)


def test_options_of_files_do_not_fit_a_start_that_is_made() -> None:
    with pytest.raises(ConfigError, match="made here"):
        FreeSimulation(MW, replace(SHORT, structure="ice-ic", reading=Reading(repeat=(2, 2, 2))), SETTINGS)


@pytest.mark.parametrize(
    ("time", "interval", "step", "times", "notes"),
    [
        (0.1, 0.05, 0.01, [0.05, 0.1], 0),
        (0.1, 0.033, 0.01, [0.03, 0.06, 0.09], 2),
        (0.1, 0.004, 0.01, [0.01 * n for n in range(1, 11)], 1),
        (0.04, None, 0.01, [0.01, 0.02, 0.03, 0.04], 0),
        (0.1, 0.1, 0.003, [0.099], 2),
    ],
)
def test_times_are_those_of_the_integrator(
    tmp_path: Path, time: float, interval: float | None, step: float, times: list[float], notes: int
) -> None:
    """Whole steps, told where they are not what was asked for."""
    path = primitive_ice(tmp_path / "ice.xyz")
    run = replace(SHORT, structure=str(path), reading=Reading(repeat=(4, 4, 4)), time=time, interval=interval)
    simulation = FreeSimulation(MW, run, EngineSettings("Reference", timestep=step))
    assert sum("a whole number of" in note for note in simulation.notes) == notes
    found = []
    for sample in simulation.samples():
        found.append(sample.frame.time)
        integrated = simulation._dynamics.context.getState().getTime()._value
        assert sample.frame.time == pytest.approx(integrated, rel=1e-9)
    assert found == pytest.approx(times)


def test_a_long_run_takes_every_picosecond_and_a_short_one_ten_samples() -> None:
    assert (FreeRun(time=100.0).samples(0.01), FreeRun(time=100.0).stride(0.01)) == (100, 100)
    assert (FreeRun(time=2.0).samples(0.01), FreeRun(time=2.0).stride(0.01)) == (10, 20)


class WatchedFiles(SimulationFiles):
    """Remembers the frames that passed without keeping them."""

    seen: tuple[weakref.ref[Frame], ...] = ()

    def append(self, sample: Sample) -> None:
        self.seen += (weakref.ref(sample.frame),)
        super().append(sample)


def test_frames_are_written_and_forgotten(tmp_path: Path) -> None:
    path = primitive_ice(tmp_path / "ice.xyz")
    run = replace(SHORT, structure=str(path), reading=Reading(repeat=(4, 4, 4)), interval=0.01)
    files, recording = WatchedFiles(tmp_path / "a.xyz", overwrite=False), _Recording(MW, run)
    try:
        recording.run(SETTINGS, files)
        assert len(files.seen) == 10 and [frame() for frame in files.seen if frame()] == [recording.last]
    finally:
        files.close(recording.names, recording.last)
    last = read_structure(tmp_path / "a.xyz")
    assert "the last of 10 frames" in last.notes[0]


@pytest.mark.parametrize("name", SINGLE_BEAD)
def test_the_shortest_period_is_that_of_a_vibrating_pair(name: str) -> None:
    """Two beads let go 0.1 pm from their minimum come back after one period."""
    import openmm

    model = load_model(name)
    period, start = shortest_period(model), dimer_minimum(model).distance
    steps = 200
    system = model.create_system(2)
    context = openmm.Context(
        system, openmm.VerletIntegrator(period / steps), openmm.Platform.getPlatformByName("Reference")
    )
    context.setPositions([[0, 0, 0], [start + 1e-4, 0, 0]])
    distances = []
    for _ in range(3 * steps):
        context.getIntegrator().step(1)
        positions = context.getState(positions=True).getPositions(asNumpy=True)._value
        distances.append(np.linalg.norm(positions[1] - positions[0]))
    tops = [n for n in range(1, len(distances) - 1) if distances[n - 1] < distances[n] >= distances[n + 1]]
    # Steps are counted, and the grid of the minimum takes some tenths of a per cent of the curvature.
    assert np.diff(tops) == pytest.approx(np.full(len(tops) - 1, steps), abs=2)


@pytest.mark.parametrize("name", SINGLE_BEAD)
def test_ten_femtoseconds_are_for_water_not_for_silicon(name: str) -> None:
    model = load_model(name)
    text = time_step_warning(model, 0.010)
    assert bool(text) == name.endswith("-si")
    if text:
        good = float(text.split("; ")[1].split(" fs")[0])
        assert 2.0 <= good <= 5.0 and not time_step_warning(model, good / 1000.0)
        run = replace(SHORT, structure="ice-ic", beads=64)
        with pytest.warns(CgbridgeWarning, match="fs would do"):
            FreeSimulation(model, run, SETTINGS)


def test_a_pair_that_hardly_binds_may_take_any_step() -> None:
    """Stiffness goes as epsilon, so that the period goes as its inverse root."""
    weak = MW.with_parameters({"epsilon": 1e-4 * MW.parameters["epsilon"]})
    assert shortest_period(weak) == pytest.approx(100.0 * shortest_period(MW))
