"""Small fits, and the command line as a user runs it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import program
import yaml

from cgbridge.config.migration import migrated_optimizer
from cgbridge.models.closed_form import diamond_minimum, dimer_minimum
from cgbridge.models.database import load_model


def known_answer(stages: list[dict[str, Any]] | None = None, **optimizer: Any) -> dict[str, Any]:
    """Recover mW's epsilon and sigma from its own dimer energy and lattice density.

    Keys of ``optimizer`` in short: those of its first stage beside it, those of the second in ``polish``.
    """
    mw = load_model("mw")
    return {
        "schema": 1,
        "name": "known",
        "model": {
            "form": "stillinger-weber",
            "base": "mw",
            "search": {
                "epsilon": {"min": "3 kcal/mol", "max": "10 kcal/mol"},
                "sigma": {"min": "2.0 A", "max": "3.0 A"},
            },
        },
        "levels": [
            {
                "name": "dimer",
                "targets": [
                    {
                        "observable": "dimer_energy",
                        "value": f"{dimer_minimum(mw).energy} kJ/mol",
                        "tolerance": "0.5 kJ/mol",
                    }
                ],
            },
            {
                "name": "lattice",
                "targets": [
                    {
                        "observable": "lattice_density",
                        "structure": "ice-ic",
                        "value": f"{diamond_minimum(mw).density} g/cm^3",
                        "tolerance": "0.01 g/cm^3",
                    }
                ],
            },
        ],
        "optimizer": migrated_optimizer(
            {
                "population": 12,
                "generations": 8,
                "initial": 32,
                "polish": {"evaluations": 40},
                "confirm": {"every": 3},
                "seed": 3,
            }
            | optimizer
        )
        | ({"stages": stages} if stages else {}),
        "engine": {"method": "closed-form"},
        "run": {"folder": "run", "workers": 2},
    }


def molecular_dynamics(folder: str = "run", **optimizer: Any) -> dict[str, Any]:
    """A fit of two parameters of mW with a level of (very short) molecular dynamics."""
    content = known_answer()
    content["name"] = "small"
    content["levels"] = [
        content["levels"][1],
        {
            "name": "liquid",
            "targets": [
                {
                    "observable": "density",
                    "temperature": "300 K",
                    "value": "0.997 g/cm^3",
                    "tolerance": "0.02 g/cm^3",
                }
            ],
        },
    ]
    content["levels"][0]["targets"][0]["tolerance"] = "0.05 g/cm^3"
    content["optimizer"] = migrated_optimizer(
        {
            "population": 8,
            "generations": 2,
            "initial": 24,
            "polish": {"evaluations": 4},
            "confirm": {"every": 2, "candidates": 2},
            "seed": 5,
        }
        | optimizer
    )
    content["engine"] = {"beads": 128, "equilibration": "2 ps", "production": "4 ps"}
    content["run"] = {"folder": folder, "workers": 2}
    return content


def write(folder: Path, content: dict[str, Any]) -> Path:
    path = folder / "fit.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return program.run(folder, *words)


def without_times(path: Path) -> dict[str, Any]:
    """Journal entries by key, apart from the clock."""
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    assert len({entry["key"] for entry in entries}) == len(entries), "an evaluation was repeated"
    return {e["key"]: {k: v for k, v in e.items() if k not in ("wall_s", "cpu_s")} for e in entries}
