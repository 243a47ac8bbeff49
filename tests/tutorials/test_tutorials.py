"""Tutorials run from top to bottom, with small settings, and hold outputs of a whole run."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from cgbridge.config.document import parse_document
from cgbridge.models.database import load_model
from cgbridge.models.files.nep import read_nep
from cgbridge.targets.library import load_target
from cgbridge.trajectories.hdf5 import Trajectory

TUTORIALS = Path(__file__).parents[2] / "tutorials"
WATER = TUTORIALS / "01-fit-a-water-model.ipynb"


MAPPING = TUTORIALS / "02-map-a-trajectory.ipynb"
NEURAL = TUTORIALS / "03-neural-water-by-force-matching.ipynb"
SPEED = TUTORIALS / "06-neural-beads-at-classical-speed.ipynb"


# Jupyter's client warns of its transport; that is between it and the kernel.
_quiet = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")


@pytest.fixture
def executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], nbformat.NotebookNode]:
    """Runs a notebook in ``tmp_path`` with small settings; raises the error of the first cell that fails."""
    monkeypatch.setenv("CGBRIDGE_TUTORIAL_QUICK", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # torch on cores that other tests use is slow with more

    def execute(path: Path) -> nbformat.NotebookNode:
        notebook = nbformat.read(path, as_version=4)
        NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
        return notebook

    return execute


@pytest.mark.slow
@_quiet
def test_water_from_nothing_to_a_density_curve(executed: Callable[[Path], Any], tmp_path: Path) -> None:
    notebook = executed(WATER)
    _same_words_before_the_fit(nbformat.read(WATER, as_version=4), notebook)
    run = tmp_path / "tutorial-water/run"
    assert (run / "report.html").stat().st_size > 0 and (run / "best/model.tersoff").exists()
    for model in ("fitted", "ML-BOP"):
        record = json.loads((tmp_path / f"tutorial-water/curves-{model}.json").read_text())
        assert set(record) >= {"targets", "failures", "seed", "versions"}
    # ML-BOP is a liquid at every temperature of the curve, whatever the small fit has found.
    curve = [target for target in record["targets"] if target["observable"] == "density"]
    assert len(curve) == 3
    assert all(0.9 < target["value"] < 1.1 and target["stderr"] > 0 for target in curve)


@pytest.mark.slow
@_quiet
def test_atoms_become_beads_by_right_maps_alone(executed: Callable[[Path], Any], tmp_path: Path) -> None:
    pytest.importorskip("mdtraj")
    printed = _text(executed(MAPPING))
    # Of the commands that the page shows, one is to be refused, and then one to warn.
    assert _faults(printed) == ["error", "warning"] and "is not the mean force" in printed
    assert "fit a temperature of" in printed
    # Positions are kept in single precision, boxes are some nm wide.
    assert _number(r"centres of mass: at most (\S+) nm", printed) < 1e-6
    assert _number(r"by whole boxes: at most (\S+) nm", printed) < 1e-6
    folder = tmp_path / "tutorial-mapping"
    rms = {
        path.stem: np.sqrt(np.mean([np.square(frame.forces) for frame in Trajectory(path)]))
        for path in folder.glob("*.h5")
        if path.stem not in ("water", "hexane", "kcal")
    }
    # What the bars say: the sums are equal, the oxygen alone is noisy, optimal gains in a chain.
    assert rms["oxygen"] == pytest.approx(rms["beads"], rel=1e-5) == rms["water-1bead-basic"]
    assert rms["oxygen-basic"] > 2.0 * rms["oxygen"]
    assert rms["hexane-optimal"] < 0.9 * rms["hexane-sum"]
    assert "carbons" not in rms
    for target in ("spc-fw/density-300K", "spc-fw/rdf-300K", "hexane/bond-PR-PR-298K"):
        assert load_target(target, folder).tolerance > 0.0


@pytest.mark.slow
@_quiet
def test_forces_become_models_of_beads(executed: Callable[[Path], Any], tmp_path: Path) -> None:
    pytest.importorskip("torchmdnet")
    printed = _text(executed(NEURAL))
    assert _faults(printed) == []
    for name in ("pairs", "network"):
        record = json.loads((tmp_path / f"tutorial-neural/{name}/result.json").read_text())
        state = record["dynamics"][0]
        assert state["reason"] == "" and state["density"]["value"] > 0.0
        errors = record["errors"]["validation"]
        assert name == "network" or errors["force"] < 0.8 * errors["spread"]
    assert len(re.findall(r"kJ/mol per bead", printed)) == 5


@pytest.mark.slow
@_quiet
def test_a_network_runs_natively_and_goes_elsewhere(executed: Callable[[Path], Any], tmp_path: Path) -> None:
    pytest.importorskip("torch")
    printed = _text(executed(SPEED))
    assert _faults(printed) == []
    assert "forces of the native system: ['DescriptorNetworkForce']" in printed
    # Of the force of the plugin there is no Python in a step: no other cause makes it ten times as fast.
    native = _number(r"network, native, 10 fs +(\d+) ns/day", printed)
    assert native > 10.0 * _number(r"network through torch, 10 fs +(\d+) ns/day", printed)
    folder = tmp_path / "tutorial-speed"
    found = json.loads((folder / "density/result.json").read_text())["best"]["parameters"]["length"]
    assert load_model(folder / "density/best/model.yaml").parameters["length"] == found
    assert read_nep(folder / "nep.txt").elements == ("W",) and "verified with nep" in printed


def _text(notebook: nbformat.NotebookNode) -> str:
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return "".join(output.get("text", "") for cell in cells for output in cell.outputs)


def _faults(printed: str) -> list[str]:
    """What commands complain of, in their order."""
    return re.findall(r"^(error|warning): ", printed, re.MULTILINE)


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    assert found is not None, text
    return float(found[1])


def _same_words_before_the_fit(stored: nbformat.NotebookNode, fresh: nbformat.NotebookNode) -> None:
    """What cells print that do not depend on the settings is what the page shows, numbers aside."""
    for old, new in zip(stored.cells, fresh.cells, strict=True):
        if "yaml_text" in old.source:
            return
        if old.cell_type == "code":
            assert _words(old) == _words(new), "stale outputs: run scripts/run-tutorials"


def _words(cell: nbformat.NotebookNode) -> str:
    text = "".join(output.get("text", "") for output in cell.outputs)
    return re.sub(r"\s+", " ", re.sub(r"[-+]?[\d.]+(e[-+]?\d+)?", "#", text))


@pytest.mark.parametrize("path", sorted(TUTORIALS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_stored_outputs_are_of_one_whole_run_without_faults(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        assert all(output.output_type != "error" for output in cell.outputs)
    assert path.stat().st_size < 1_000_000


def test_the_example_of_the_readme_is_the_fit_of_the_tutorial() -> None:
    """Its results stand in the notebook, so that nobody copies a fit that was never run."""
    notebook = nbformat.read(WATER, as_version=4)
    printed = next(cell.outputs[0].text for cell in notebook.cells if "yaml_text = " in cell.source)
    readme = (TUTORIALS.parent / "README.md").read_text(encoding="utf-8")
    example = parse_document(re.search(r"```yaml\n(schema.*?)```", readme, re.DOTALL)[1])[0]
    whole = parse_document(printed)[0]
    for key in ("model", "levels", "optimizer", "engine"):
        assert example[key] == whole[key], key
