"""Linear force matching: splines, bonds and angles against closed forms and against OpenMM."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bent_molecules import EDGE, MOLECULES, bent, bent_model
from labelled_frames import LENNARD_JONES, argon, dynamics, save
from scipy.interpolate import BSpline

from cgbridge.config.loader import parse_training, read_yaml
from cgbridge.config.places import Lines
from cgbridge.errors import ConfigError
from cgbridge.fits.training.data_set import Series, State
from cgbridge.fits.training.kind import TrainingFit
from cgbridge.fits.training.linear_columns import (
    HarmonicAngles,
    HarmonicBonds,
    Interaction,
    PairSplines,
    SplineGrid,
)
from cgbridge.fits.training.normal_equations import accumulate
from cgbridge.fits.training.trainer import Trained
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.models.pairs import pair_energy
from cgbridge.units import BAR_NM3, GAS_CONSTANT

GRID = SplineGrid(0.25, 0.8, 0.05)


def fit(folder: Path, arrays: dict[str, Any], model: dict[str, Any] | None = None, **more: Any) -> Trained:
    """The trained model of an npz, by the way that the command goes."""
    save(folder / "frames.npz", arrays)
    content = {
        "schema": 1,
        "method": "force-matching",
        "name": "linear",
        "data": {"files": [{"file": "frames.npz"}], "gap": 0.0},
        "model": {"architecture": "pair-spline", **(model or {})},
        **more,
    }
    found = TrainingFit.read(folder / "fit.yaml", content, Lines())
    return found.trainer.run(folder / "members", lambda rows: None)


def test_splines_are_those_of_scipy() -> None:
    r = np.linspace(0.2, 0.85, 301)
    values, slopes = GRID.values(r), GRID.slopes(r)
    assert GRID.size == 11
    for k in range(GRID.size):
        low = GRID.end - (4 + k) * GRID.spacing
        other = BSpline.basis_element(low + GRID.spacing * np.arange(5), extrapolate=False)
        np.testing.assert_allclose(values[:, k], np.nan_to_num(other(r)), atol=1e-12)
        np.testing.assert_allclose(slopes[:, k], np.nan_to_num(other(r, nu=1)), atol=1e-10)


def test_splines_end_smoothly_and_cover_the_range() -> None:
    inside = np.linspace(GRID.begin, GRID.end - 3 * GRID.spacing, 50)
    np.testing.assert_allclose(GRID.values(inside).sum(axis=1), 1.0, atol=1e-12)
    assert np.abs(GRID.values(np.array([GRID.end]))).max() < 1e-12
    assert np.abs(GRID.slopes(np.array([GRID.end]))).max() < 1e-12


def molecules(count: int = 12, seed: int = 2, *, grid: bool = False) -> Series:
    """Bent molecules A-B-A at random in a box, or at random angles on a grid, with no forces yet."""
    random = np.random.default_rng(seed)
    beads, edge = [], EDGE
    for number in range(count):
        places = np.array([number % 3, number // 3 % 3, number // 9]) * edge / 3
        centre = places if grid else random.uniform(0, edge, 3)
        turn = np.linalg.qr(random.standard_normal((3, 3)))[0]
        shape = np.array([[0.3, 0.05, 0], [0, 0, 0], [-0.1, 0.28, 0]]) + 0.03 * random.standard_normal((3, 3))
        beads.append(centre + shape @ turn)
    positions = np.concatenate(beads)
    return Series(
        "m", bent(count), (10.0, 12.0, 10.0) * count, positions[None].astype(np.float32),
        np.zeros((1, 3 * count, 3), dtype=np.float32), edge * np.eye(3)[None], np.zeros(1),
        np.zeros(1, dtype=int), State(300.0, 100.0),
    )  # fmt: skip


def energy(
    series: Series, positions: np.ndarray, interaction: Interaction, coefficients: np.ndarray
) -> float:
    """The energy that the columns are the derivatives of, written down once more."""
    from cgbridge.fits.training.pair_geometry import minimum_image, pairs_within

    box, types, total = series.box[0], series.topology.types, 0.0
    if isinstance(interaction, PairSplines):
        pairs = pairs_within(positions, box, 0.8, series.topology)
        start = 0
        for key, grid in interaction.grids.items():
            mine = [
                tuple(sorted((types[i], types[j]))) == key
                for i, j in zip(pairs.first, pairs.second, strict=True)
            ]
            total += float(
                (grid.values(pairs.distance[mine]) @ coefficients[start : start + grid.size]).sum()
            )
            start += grid.size
        return total
    k, product = coefficients[:2]
    chains = series.topology.bonds if isinstance(interaction, HarmonicBonds) else series.topology.angles
    for chain in chains:
        a = minimum_image(positions[chain[0]] - positions[chain[1]], box)
        if len(chain) == 2:
            x = float(np.linalg.norm(a))
        else:
            b = minimum_image(positions[chain[2]] - positions[chain[1]], box)
            x = float(np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b)))
        total += 0.5 * k * x * x - product * x
    return total


INTERACTIONS: list[Interaction] = [
    PairSplines({("A", "A"): GRID, ("A", "B"): SplineGrid(0.3, 0.7, 0.04), ("B", "B"): GRID}),
    HarmonicBonds((("A", "B"),)),
    HarmonicAngles((("A", "B", "A"),)),
]


@pytest.mark.parametrize("interaction", INTERACTIONS, ids=lambda one: type(one).__name__)
def test_columns_are_derivatives_of_their_energy(interaction: Interaction) -> None:
    series = molecules()
    coefficients = np.random.default_rng(1).uniform(0.5, 1.5, interaction.size)
    found = interaction.columns(series, 0)
    forces = (found.forces @ coefficients).reshape(-1, 3)
    positions, step = series.positions[0].astype(np.float64), 1e-5
    for particle in (0, 1, 5):
        for axis in range(3):
            moved = [positions.copy() for _ in range(2)]
            moved[0][particle, axis] += step
            moved[1][particle, axis] -= step
            up, down = (energy(series, place, interaction, coefficients) for place in moved)
            # Central differences in double precision: step^2 of the third derivative, 1e-16 E/step.
            assert forces[particle, axis] == pytest.approx(-(up - down) / (2 * step), abs=1e-4)
    np.testing.assert_allclose(forces.sum(axis=0), 0.0, atol=1e-9)


@pytest.mark.parametrize("interaction", INTERACTIONS[:2], ids=lambda one: type(one).__name__)
def test_the_virial_is_that_of_a_strain(interaction: Interaction) -> None:
    from dataclasses import replace

    series = molecules()
    coefficients = np.random.default_rng(1).uniform(0.5, 1.5, interaction.size)
    virial = float(interaction.columns(series, 0).virial @ coefficients)
    energies = []
    for scale in (1.0 + 1e-5, 1.0 - 1e-5):
        larger = replace(series, box=series.box * scale)
        energies.append(
            energy(larger, series.positions[0].astype(np.float64) * scale, interaction, coefficients)
        )
    assert virial == pytest.approx(-(energies[0] - energies[1]) / 2e-5, rel=1e-5)


def test_the_pair_energy_behind_exact_forces_is_found(tmp_path: Path) -> None:
    trained = fit(tmp_path, argon(frames=25), {"cutoff": 0.85, "spacing": 0.02})
    assert isinstance(trained.model, CoarseGrainedModel)
    r = np.linspace(0.34, 0.8, 100)
    found, true = (pair_energy(model, 0, 0, r) for model in (trained.model, LENNARD_JONES))
    assert found is not None and true is not None
    # Splines of 0.02 nm follow a Lennard-Jones energy to some thousandths of its depth, 0.996 kJ/mol; where
    # the energy rises fast they lag behind a little more.
    np.testing.assert_allclose(found, true, atol=0.02)


def test_the_table_pushes_beads_apart_below_the_data(tmp_path: Path) -> None:
    trained = fit(tmp_path, argon(frames=10), {"cutoff": 0.85})
    assert isinstance(trained.model, CoarseGrainedModel)
    r = np.linspace(0.1, 0.36, 200)
    found = pair_energy(trained.model, 0, 0, r)
    assert found is not None and (np.diff(found) < 0.0).all()
    # kT is 1 kJ/mol here: no two beads come to 80 % of their shortest distance.
    assert found[np.searchsorted(r, 0.26)] > 10.0


def bonded_liquid(frames: int) -> dict[str, Any]:
    """With exact forces."""
    model = bent_model(epsilon=0.4, sigma=0.3, cutoff=0.8)
    start = molecules(MOLECULES, grid=True)
    return dynamics(
        model, start.topology, EDGE * np.eye(3), kelvin=300.0, frames=frames, timestep=0.002, stride=50,
        start=start.positions[0].astype(float),
    )  # fmt: skip


def test_bonds_and_angles_of_molecules_are_found(tmp_path: Path) -> None:
    trained = fit(tmp_path, bonded_liquid(40), {"cutoff": 0.8, "spacing": 0.02})
    model = trained.model
    assert isinstance(model, CoarseGrainedModel)
    assert [m.beads for m in model.molecules] == [("A", "B", "A")] and model.molecules[0].excluded == 2
    terms = {term.form: term.indexed(model.bead_index) for term in model.terms}
    bond, angle = terms["harmonic-bond"][0, 1], terms["harmonic-angle"][0, 1, 0]
    # Exact forces: what the splines leave of the pair energies is all that these can be off by.
    assert (bond["k"], bond["r0"]) == (pytest.approx(5000.0, rel=0.01), pytest.approx(0.31, rel=5e-3))
    assert angle["k"] == pytest.approx(40.0, rel=0.05)
    assert angle["theta0"] == pytest.approx(np.radians(110.0), rel=0.01)


def test_the_pressure_is_held_where_it_is_asked_for(tmp_path: Path) -> None:
    arrays = argon(frames=20)
    save(tmp_path / "frames.npz", arrays)
    found = {}
    for weight in (0.0, 1e4):
        content = {
            "schema": 1, "method": "force-matching", "name": "linear",
            "data": {"files": [{"file": "frames.npz", "pressure": "2000 bar"}], "gap": 0.0},
            "model": {"architecture": "pair-spline", "cutoff": 0.85},
            "training": {"loss": {"pressure": weight}},
        }  # fmt: skip
        fit_ = TrainingFit.read(tmp_path / "fit.yaml", content, Lines())
        trainer: Any = fit_.trainer
        equations = accumulate(fit_.task.data, fit_.task.split.train, trainer._interactions)
        coefficients = trainer._solve(equations)
        ideal = 125 * GAS_CONSTANT * 120.0 / 1.85**3
        count = len(fit_.task.split.train)
        found[weight] = (1.0 + coefficients @ equations.virials[0] / count) * ideal / BAR_NM3
        error = np.sqrt(equations.mean_square(coefficients))
        # One number among 15,000 forces: it can be had for nearly nothing.
        assert error < 2.0
    assert found[1e4] == pytest.approx(2000.0, abs=1.0)
    assert abs(found[0.0] - 2000.0) > 1000.0


def test_errors_of_the_curve_are_those_of_other_frames(tmp_path: Path) -> None:
    arrays = argon(frames=60)
    random = np.random.default_rng(8)
    noise = 60.0 * random.standard_normal(arrays["forces"].shape)
    # Noise of pairs adds up to zero over the box, as that of mapped forces does.
    arrays["forces"] = arrays["forces"] + noise - noise.mean(axis=1, keepdims=True)
    (curve,) = fit(tmp_path, arrays, {"cutoff": 0.85, "spacing": 0.04}).curves.values()
    r, u, error = curve
    true = pair_energy(LENNARD_JONES, 0, 0, r)
    assert true is not None
    off = (u - true)[r > 0.34] / error[r > 0.34]
    # Neighbouring points go together, and ten blocks give an error to a quarter of it.
    assert 0.3 < np.sqrt(np.mean(off**2)) < 2.5


def test_a_cutoff_beyond_half_the_box_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="half the smallest box"):
        fit(tmp_path, argon(frames=10), {"cutoff": "1 nm"})


def test_unknown_keys_and_architectures_are_told_with_their_line(tmp_path: Path) -> None:
    save(tmp_path / "frames.npz", argon(frames=10))
    text = "schema: 1\nmethod: force-matching\nname: a\ndata: {files: [frames.npz], gap: 0}\nmodel:\n"
    path = tmp_path / "fit.yaml"
    for line, words in (
        (
            "  architecture: pair-splines\n",
            r"fit.yaml:6: model.architecture: unknown architecture.*pair-spline",
        ),
        ("  architecture: pair-spline\n  cutof: 0.8\n", r"fit.yaml:7: model.cutof: unknown key.*cutoff"),
    ):
        path.write_text(text + line)
        data, lines = read_yaml(path)
        parse_training(data, lines, str(path))
        with pytest.raises(ConfigError, match=words):
            TrainingFit.read(path, data, lines)
