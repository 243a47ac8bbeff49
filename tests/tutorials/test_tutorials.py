"""Tutorials run from top to bottom, with small settings, and hold outputs of a whole run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from cgbridge.config.document import parse_document

TUTORIALS = Path(__file__).parents[2] / "tutorials"
WATER = TUTORIALS / "01-fit-a-water-model.ipynb"


# Jupyter's client warns of its transport; that is between it and the kernel.
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
def test_water_from_nothing_to_a_density_curve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CGBRIDGE_TUTORIAL_QUICK", "1")
    notebook = nbformat.read(WATER, as_version=4)
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()  # raises the error of the first cell that fails
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
