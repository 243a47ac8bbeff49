"""From YAML to fit problem: what the fitted model is called."""

from __future__ import annotations

from pathlib import Path

from cgbridge.campaign.problem import build_problem
from cgbridge.config.schema import FitConfig
from cgbridge.models.database import load_model
from cgbridge.models.lammps_format import format_lammps


def problem(name: str):
    config = FitConfig.model_validate(
        {
            "schema": 1,
            "name": name,
            "model": {
                "form": "tersoff",
                "base": "ml-bop",
                "search": {"B": {"min": "400 eV", "max": "500 eV"}},
            },
            "levels": [
                {"name": "dimer", "targets": [{"observable": "dimer_energy", "value": -21, "tolerance": 8}]}
            ],
        }
    )
    return build_problem(config, Path())


def test_a_fitted_model_does_not_pass_for_its_base() -> None:
    fitted = problem("my water/2").fitted({"B": 450.0})
    assert fitted.parameters["B"] == 450.0
    assert fitted.name == "my-water-2"  # usable as a file name
    text = format_lammps(fitted)
    assert "Model my-water-2" in text
    # The base model's own publication must not stand beside other numbers.
    assert load_model("ml-bop").source not in text
    assert "ml-bop" in fitted.source


def test_the_name_is_no_physics() -> None:
    one = problem("water")
    assert one.fitted({"B": 450.0}).fingerprint() == one.candidate({"B": 450.0}).fingerprint()
