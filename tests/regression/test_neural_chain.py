"""The README's way from atoms to neural beads, command by command, with less of everything."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml
from program import run

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "neural"
#: Keys that are only about how long something takes.
LESS = {
    "labels-300K": {"dynamics": {"equilibration": "0.2 ps", "time": "1 ps", "interval": "0.05 ps"}},
    "labels-400K": {"dynamics": {"equilibration": "0.2 ps", "time": "1 ps", "interval": "0.05 ps"}},
    "potential": {"training": {"epochs": 2}, "model": {"channels": 8}, "data": {"gap": "0 ps"}},
    # A potential of two epochs keeps no molecule together for long.
    "atoms": {
        "dynamics": {"equilibration": "0 ps", "time": "0.01 ps", "interval": "0.001 ps", "minimise": False}
    },
    "pairs": {"data": {"gap": "0 ps"}, "validation": {"equilibration": "0.1 ps", "time": "1 ps"}},
    "beads": {
        "training": {"epochs": 2},
        "data": {"gap": "0 ps"},
        "validation": {"equilibration": "0.1 ps", "time": "1 ps"},
    },
}


def commands() -> list[list[str]]:
    """Those of the README's section."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("## From atoms to beads")[1]
    block = re.search(r"```sh\n(.*?)```", section, re.DOTALL)
    assert block is not None
    return [shlex.split(line, comments=True)[1:] for line in block.group(1).splitlines()]


def shorter(name: str) -> str:
    content = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8"))
    for section, keys in LESS[name].items():
        content[section] |= keys
    return yaml.safe_dump(content)


def _replace_atoms(folder: Path) -> None:
    """Atoms of a force field in the place of those of a hardly trained potential, which are refused."""
    for path in folder.glob("atoms*"):
        path.unlink()
    content = yaml.safe_load((EXAMPLES / "labels-300K.yaml").read_text(encoding="utf-8"))
    dynamics = {"timestep": "0.5 fs", "equilibration": "1 ps", "time": "2 ps", "interval": "0.05 ps"}
    content |= {"name": "atoms", "dynamics": dynamics, "output": {}}
    (folder / "atoms.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    done = run(folder, "simulate", "atoms.yaml")
    assert done.returncode == 0, done.stderr


def test_every_example_of_the_chain_has_its_command() -> None:
    named = {word.removesuffix(".yaml") for words in commands() for word in words if word.endswith(".yaml")}
    assert named == {path.stem for path in EXAMPLES.glob("*.yaml")} == set(LESS)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").split("\nneural:")[1].split("\n\n")[0]
    assert all(name in makefile for name in named)


@pytest.mark.slow
def test_the_commands_lead_to_a_model_of_beads(tmp_path: Path) -> None:
    pytest.importorskip("torchmdnet")
    for name in LESS:
        (tmp_path / f"{name}.yaml").write_text(shorter(name), encoding="utf-8")
    for words in commands():
        more = (
            ["--time", "1 ps", "--equilibration", "0.1 ps", "--timestep", "1 fs"]
            if "--beads" in words
            else []
        )
        # Networks of two epochs are no models: their dynamics may break down, and say so.
        done = run(tmp_path, *words, *more)
        assert done.returncode == 0 or "--beads" in words, f"{words}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        if "atoms.yaml" in words:
            _replace_atoms(tmp_path)
    for name in ("potential", "pairs", "beads"):
        result = json.loads((tmp_path / "runs" / name / "result.json").read_text(encoding="utf-8"))
        assert result["errors"]["validation"]["force"] > 0.0
        assert (tmp_path / "runs" / name / "report.html").stat().st_size > 10_000
