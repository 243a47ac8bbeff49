"""Parameters of formulas by force matching: exact forces give back the parameters behind them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from labelled_frames import LENNARD_JONES, argon, dynamics, save

from cgbridge.config.places import Lines
from cgbridge.errors import ConfigError
from cgbridge.fits.training.kind import TrainingFit
from cgbridge.fits.training.trainer import Trained
from cgbridge.models.database import load_model
from cgbridge.models.model import CoarseGrainedModel
from cgbridge.topology import Topology


def fit(folder: Path, arrays: dict[str, Any], model: dict[str, Any]) -> Trained:
    save(folder / "frames.npz", arrays)
    content = {
        "schema": 1,
        "method": "force-matching",
        "name": "found again",
        "data": {"files": ["frames.npz"], "gap": 0.0},
        "model": {"architecture": "parameters", "frames": 6, **model},
    }
    return TrainingFit.read(folder / "fit.yaml", content, Lines()).trainer.run(
        folder / "m", lambda rows: None
    )


def test_a_pair_energy_is_found_again(tmp_path: Path) -> None:
    LENNARD_JONES.with_parameters({"epsilon": 0.7, "sigma": 0.325}).save(tmp_path / "base.yaml")
    search = {
        "epsilon": {"min": 0.4, "max": 2.0, "scale": "log"},
        "sigma": {"min": "0.31 nm", "max": "0.38 nm"},
    }
    trained = fit(tmp_path, argon(frames=10), {"base": "base.yaml", "search": search})
    found = trained.summary["values"]
    # Forces were kept in single precision, 1e-7 of each; differences make derivatives good to 1e-4.
    assert found["epsilon"]["value"] == pytest.approx(0.99607, rel=1e-4)
    assert found["sigma"]["value"] == pytest.approx(0.34, rel=1e-5)
    assert found["sigma"]["error"] < 1e-5 and trained.notes == ()


def water(frames: int) -> dict[str, Any]:
    """mW's own liquid: three-body forces."""
    model, side, edge = load_model("mw"), 4, 1.25
    grid = np.stack(np.meshgrid(*[np.arange(side)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    return dynamics(
        model, Topology((model.bead_names[0],) * side**3), edge * np.eye(3), kelvin=320.0, frames=frames,
        start=(grid + 0.5) * edge / side, stride=40,
    )  # fmt: skip


def test_a_three_body_model_is_found_again(tmp_path: Path) -> None:
    mw = load_model("mw")
    true = mw.parameters
    mw.with_parameters({"epsilon": 5.2, "lambda": 20.0}).save(tmp_path / "base.yaml")
    model = {"base": "base.yaml", "search": {"epsilon": "+-40 %", "lambda": "+-40 %"}}
    trained = fit(tmp_path, water(8), model)
    for name in ("epsilon", "lambda"):
        assert trained.summary["values"][name]["value"] == pytest.approx(true[name], rel=1e-4), name
    assert isinstance(trained.model, CoarseGrainedModel) and trained.model.bead_mass == mw.bead_mass


def test_a_parameter_at_its_bound_is_told(tmp_path: Path) -> None:
    LENNARD_JONES.save(tmp_path / "base.yaml")
    search = {"epsilon": {"min": 1.3, "max": 2.0}}
    trained = fit(tmp_path, argon(frames=8), {"base": "base.yaml", "search": search})
    assert trained.notes == ("at the end of their ranges: epsilon",)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ({"base": "tersoff-sic", "search": {"A[Si-Si-Si]": "default"}}, "has no bead 'Ar'"),
        ({"base": "base.yaml", "search": {"epsilonn": "default"}}, "epsilon"),
        ({"base": "nothing.yaml", "search": {"epsilon": "default"}}, "not found"),
    ],
)
def test_what_does_not_fit_is_refused(model: dict[str, Any], words: str, tmp_path: Path) -> None:
    LENNARD_JONES.save(tmp_path / "base.yaml")
    with pytest.raises(ConfigError, match=words):
        fit(tmp_path, argon(frames=8), model)
