"""Mixtures and molecules as a user meets them: check, evaluate, simulate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from dumbbells import dumbbells, ionic, lennard_jones
from fits import command

from cgbridge.models.model import CoarseGrainedModel

MIXTURE = {
    "name": "mixture",
    "beads": [{"name": "A", "mass": "40 amu"}, {"name": "B", "mass": "80 amu"}],
    "terms": [lennard_jones(("A", "A"), ("A", "B"), ("B", "B"), epsilon=1.0)],
}
SHORT = {"equilibration": "1 ps", "production": "1 ps", "interval": "0.1 ps", "timestep": "4 fs"}


def write(folder: Path, model: CoarseGrainedModel | dict[str, Any], targets: list[dict[str, Any]]) -> None:
    content = model if isinstance(model, dict) else model.to_dict()
    (folder / "model.yaml").write_text(yaml.safe_dump(content))
    (folder / "targets.yaml").write_text(
        yaml.safe_dump({"schema": 1, "engine": {"beads": 120} | SHORT, "targets": targets})
    )


def density(value: float = 1.0, **more: Any) -> dict[str, Any]:
    return {
        "observable": "density", "value": f"{value} g/cm^3", "tolerance": "900 %", "temperature": "150 K"
    } | more  # fmt: skip


def test_a_search_of_a_mixture_is_timed(tmp_path: Path) -> None:
    write(tmp_path, MIXTURE, [])
    fit = {
        "schema": 1,
        "name": "mixture",
        "model": {
            "base": "model.yaml",
            "search": {"epsilon[A-B]": {"min": "0.9 kJ/mol", "max": "1.1 kJ/mol"}},
        },
        "engine": {"beads": 200} | SHORT,
        "levels": [{"name": "liquid", "targets": [density(composition=["A", "B", "B"])]}],
    }

    (tmp_path / "fit.yaml").write_text(yaml.safe_dump(fit))
    done = command(tmp_path, "check", "fit.yaml")
    assert done.returncode == 0, done.stderr
    assert "us per bead and step" in done.stdout


def test_evaluate_makes_molecules_and_tells_a_charge_once(tmp_path: Path) -> None:
    """Bonds of 3 A, with kT/k of 0.25 A^2: without them there is no such distance, nor any angle."""
    wanted = ["cation", "A", "A"]
    start = {"density": "1 g/cm^3", "check_phase": False}
    common = {"temperature": "150 K", "composition": wanted}
    targets = [
        density(composition=wanted, options=start),
        {"observable": "bond_distribution", "value": "3 A", "tolerance": "0.1 A", **common}
        | {"options": start | {"bond": ["C", "T"], "feature": "mean"}},
        {"observable": "angle_distribution", "value": "150 deg", "tolerance": "20 deg", **common}
        | {"options": start | {"angle": ["C", "T", "T"], "feature": "mean"}},
    ]
    write(tmp_path, ionic(), targets)
    done = command(tmp_path, "evaluate", "model.yaml", "targets.yaml", "--json", "found.json")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("warning: the box has a net charge of -24 e") == 1
    assert "CgbridgeWarning" not in done.stderr
    found = {
        record["name"]: record for record in json.loads((tmp_path / "found.json").read_text())["targets"]
    }
    assert abs(found["bond_distribution"]["value"] - 3.0) < 0.1
    assert 120.0 < found["angle_distribution"]["value"] < 175.0


def test_what_does_not_fit_is_told_before_anything_is_simulated(tmp_path: Path) -> None:
    write(tmp_path, MIXTURE, [density(composition=["A", "B"], options={"beads": 10})])
    done = command(tmp_path, "evaluate", "model.yaml", "targets.yaml")
    assert done.returncode == 2 and "box of 10 beads" in done.stderr
    assert "use more beads: at least" in done.stderr
    write(tmp_path, MIXTURE, [density(structure="diamond")])
    done = command(tmp_path, "evaluate", "model.yaml", "targets.yaml")
    assert (
        done.returncode == 2 and "'density' measures the liquid, not the structure 'diamond'" in done.stderr
    )
    assert "use observable: crystal_density" in done.stderr
    write(
        tmp_path, dumbbells(), [{"observable": "dimer_energy", "value": "1 kJ/mol", "tolerance": "1 kJ/mol"}]
    )
    done = command(tmp_path, "evaluate", "model.yaml", "targets.yaml")
    assert done.returncode == 2 and "part of the molecule 'pair'" in done.stderr


def test_simulate_takes_a_composition(tmp_path: Path) -> None:
    write(tmp_path, MIXTURE, [])
    short = ("--time", "0.5 ps", "--equilibration", "0 ps", "--timestep", "4 fs", "--temperature", "150 K")
    done = command(tmp_path, "simulate", "model.yaml", *short)
    assert done.returncode == 2 and "--composition A,B" in done.stderr
    done = command(tmp_path, "simulate", "model.yaml", *short, "--beads", "200", "--composition", "A,A,B")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "mixture-150K-final.pdb").read_text()
    assert sum(line.startswith(("ATOM", "HETATM")) for line in text.splitlines()) == 201
    rocksalt = ("--structure", "rocksalt", "--composition", "B,A", "--beads", "64")
    done = command(tmp_path, "simulate", "model.yaml", *short, *rocksalt, "--overwrite")
    assert done.returncode == 0, done.stderr
