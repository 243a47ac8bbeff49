"""The published fit of water: page, figures and model of the database say the same."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cgbridge.config.engine_section import EngineSection
from cgbridge.config.loader import load_evaluation, load_fit
from cgbridge.fits.search.problem import build_problem
from cgbridge.models.database import load_model

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "docs" / "results" / "water.json"
MODELS = {"cgbridge-water-1", "ml-bop", "ml-mw", "mw"}
#: Part of the page, protocol, seeds that no fit has seen.
PARTS = [
    ("fitted", "water-confirm.yaml", (21, 22)),
    ("validation", "water-validation.yaml", (21, 22)),
    ("check", "melting-check.yaml", (31,)),
]
EXAMPLES = [ROOT / "examples" / f"water{part}.yaml" for part in ("", "-refine", "-polish")]


@pytest.fixture(scope="module")
def figures():
    return json.loads(PUBLISHED.read_text(encoding="utf-8"))


def test_tables_are_made_from_the_figures():
    script = ROOT / "scripts" / "make-water-results"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_model_of_the_database_is_the_one_that_was_found_and_measured(figures):
    model = load_model("cgbridge-water-1")
    measured = [m for m in figures["measurements"] if m["model"] == model.name]
    assert measured and all(m["parameters"] == model.parameters for m in measured)
    found = load_model("ml-bop").with_parameters(figures["fit"]["found"]["parameters"])
    assert model.parameters == found.parameters


@pytest.mark.parametrize(("part", "file", "seeds"), PARTS)
def test_all_models_were_measured_by_the_same_protocol(figures, part, file, seeds):
    protocol = load_evaluation(ROOT / "examples" / "evaluate" / file)
    measured = [m for m in figures["measurements"] if m["part"] == part]
    assert len(measured) == len(MODELS) * len(seeds)
    assert {(m["model"], m["seed"]) for m in measured} == {(name, seed) for name in MODELS for seed in seeds}
    for one in measured:
        assert one["parameters"] == load_model(one["model"]).parameters
        # Keys that were added since have defaults that change nothing.
        assert EngineSection.model_validate(one["engine"]) == protocol.engine
        assert len(one["targets"]) == len(protocol.targets)
        assert not one["failures"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_published_values_were_outside_the_middle_of_the_ranges(example):
    """The ranges hold ML-BOP's values, and none is centred on them."""
    published = load_model("ml-bop").parameters
    problem = build_problem(load_fit(example), example.parent)
    point = problem.space.encode(published)
    assert problem.space.dimension == 13
    for parameter, u in zip(problem.space.parameters, point, strict=True):
        assert parameter.minimum <= published[parameter.name] <= parameter.maximum
        assert abs(u - 0.5) > 0.02, parameter.name


def test_tables_of_networks_are_made_from_their_figures():
    script = ROOT / "scripts" / "make-network-results"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
