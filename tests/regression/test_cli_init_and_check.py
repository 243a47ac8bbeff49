"""`cgbridge init` and `check` as a user runs them: templates, boxes, the estimate of the cost."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from fits import command, known_answer, molecular_dynamics, write

from cgbridge.cli.new import SEARCHES, SIMULATIONS, TEMPLATES, TRAININGS
from cgbridge.config.loader import load_fit
from cgbridge.fits.search.box_check import longest_cutoff
from cgbridge.fits.search.cost_estimate import candidate_count, estimate_cost, planned_simulations
from cgbridge.fits.search.problem import FitProblem, build_problem
from cgbridge.fits.search.stages import stages_of
from cgbridge.optimizers.method import SearchTask
from cgbridge.structures.box_sizes import MARGIN, least_liquid_beads, liquid_edge, start_density


def problem(folder: Path, content: dict[str, Any]) -> FitProblem:
    return build_problem(load_fit(write(folder, content)), folder)


@pytest.mark.parametrize("template", SEARCHES)
def test_every_template_passes_the_check_under_its_new_name(tmp_path: Path, template: str) -> None:
    made = command(tmp_path, "init", "my-fit", "--template", template)
    assert made.returncode == 0, made.stderr
    assert "next:  cgbridge check my-fit.yaml" in made.stdout
    text = (tmp_path / "my-fit.yaml").read_text()
    content = yaml.safe_load(text)
    assert content["name"] == "my-fit" and content["run"]["folder"] == "runs/my-fit"
    assert "cgbridge fit my-fit.yaml" in text and "examples/" not in text
    checked = command(tmp_path, "check", "my-fit.yaml", "--no-timing")
    assert checked.returncode == 0, checked.stderr
    assert "my-fit.yaml is valid" in checked.stdout
    assert [p.name for p in tmp_path.iterdir()] == ["my-fit.yaml"], "check writes nothing"


def test_init_takes_the_name_of_the_template_and_never_replaces_a_file(tmp_path: Path) -> None:
    assert command(tmp_path, "init").returncode == 0
    path = tmp_path / f"{TEMPLATES[0]}.yaml"
    path.write_text("mine")
    refused = command(tmp_path, "init")
    assert refused.returncode == 2 and "this file exists" in refused.stderr and "--force" in refused.stderr
    assert path.read_text() == "mine"
    assert command(tmp_path, "init", "--force").returncode == 0
    assert path.read_text() != "mine"


@pytest.mark.parametrize("template", TRAININGS)
def test_templates_of_trainings_ask_for_their_trajectories(tmp_path: Path, template: str) -> None:
    """All that is missing are the user's files."""
    made = command(tmp_path, "init", "mine", "--template", template)
    assert made.returncode == 0 and "cgbridge fit mine.yaml" in made.stdout, made.stderr
    content = yaml.safe_load((tmp_path / "mine.yaml").read_text())
    assert content["name"] == "mine" and content["run"]["folder"] == "runs/mine"
    checked = command(tmp_path, "check", "mine.yaml")
    assert checked.returncode in (2, 3)  # several faults, or a file that cannot be read
    for item in content["data"]["files"]:
        file = item if isinstance(item, str) else item["file"]
        assert f"{file}: no such" in checked.stderr, checked.stderr


@pytest.mark.parametrize("template", SIMULATIONS)
def test_templates_of_simulations(tmp_path: Path, template: str) -> None:
    made = command(tmp_path, "init", "mine", "--template", template)
    assert made.returncode == 0 and "cgbridge simulate mine.yaml" in made.stdout, made.stderr
    text = (tmp_path / "mine.yaml").read_text()
    assert "cgbridge simulate mine.yaml" in text and template not in text
    checked = command(tmp_path, "check", "mine.yaml")
    assert checked.returncode == 0, checked.stderr


def test_init_lists_templates_and_suggests_one(tmp_path: Path) -> None:
    listed = command(tmp_path, "init", "--list")
    assert all(template in listed.stdout for template in TEMPLATES), listed.stderr
    wrong = command(tmp_path, "init", "--template", "water-quik")
    assert wrong.returncode == 2 and "did you mean 'water-quick'?" in wrong.stderr
    odd = command(tmp_path, "init", "my fit")
    assert odd.returncode == 2 and "no good name" in odd.stderr
    assert not list(tmp_path.iterdir())


def test_check_times_the_engine_and_gives_a_range(tmp_path: Path) -> None:
    write(tmp_path, molecular_dynamics())
    done = command(tmp_path, "check", "fit.yaml")
    assert done.returncode == 0, done.stderr
    assert "liquid at 300 K, 128 beads" in done.stdout
    assert "us per bead and step" in done.stdout
    # 24 + 2 (8 - 2) + 4 candidates of 5 + 2 + 4 ps (melting, equilibration, production) and 2 + 2 + 3 re-runs
    # of 5 + 2 + 12 ps: two leaders after two generations of each stage, two at the end, and the winner.
    assert re.search(r"^at least +133 ps ", done.stdout, re.M)
    assert re.search(r"^at most +573 ps ", done.stdout, re.M)


def test_check_says_when_the_base_model_breaks_down(tmp_path: Path) -> None:
    content = molecular_dynamics()
    content["engine"]["timestep"] = "50 fs"
    write(tmp_path, content)
    done = command(tmp_path, "check", "fit.yaml")
    assert done.returncode == 0, done.stderr
    assert "no timing: the base model breaks down" in done.stdout


@pytest.mark.parametrize("verb", ["check", "fit"])
def test_a_box_below_twice_the_cutoff_names_the_least_number_of_beads(tmp_path: Path, verb: str) -> None:
    content = molecular_dynamics()
    content["engine"]["beads"] = 30
    write(tmp_path, content)
    done = command(tmp_path, verb, "fit.yaml")
    assert done.returncode == 2
    assert "box of 30 beads" in done.stderr and "narrower than twice the cutoff" in done.stderr
    least = int(re.search(r"use more beads: at least (\d+)", done.stderr).group(1))  # type: ignore[union-attr]
    # The longest cutoff of the search: a sigma = 1.8 x 3.0 A.
    assert least == least_liquid_beads(0.54, 18.015, start_density(0.997), cutoffs=2 * MARGIN)
    content["engine"]["beads"] = least
    write(tmp_path, content)
    assert command(tmp_path, "check", "fit.yaml", "--no-timing").returncode == 0


def test_least_beads_are_the_least() -> None:
    least = least_liquid_beads(0.43, 18.015, 1.0)
    assert liquid_edge(least, 18.015, 1.0) >= 0.86 > liquid_edge(least - 1, 18.015, 1.0)


def test_the_longest_cutoff_is_that_of_the_worst_corner(tmp_path: Path) -> None:
    content = known_answer()
    content["model"]["search"]["a"] = {"min": 1.5, "max": 2.0}
    assert longest_cutoff(problem(tmp_path, content)) == pytest.approx(0.6, rel=1e-12)  # 2.0 x 3.0 A


def test_the_closed_form_engine_is_not_asked_for_dynamics(tmp_path: Path) -> None:
    content = molecular_dynamics()
    content["engine"]["method"] = "closed-form"
    write(tmp_path, content)
    done = command(tmp_path, "check", "fit.yaml")
    assert done.returncode == 7 and "closed-form engine cannot simulate" in done.stderr


def test_an_unknown_crystal_is_found_before_the_fit(tmp_path: Path) -> None:
    content = molecular_dynamics()
    content["levels"][0]["targets"][0]["structure"] = "ice-ik"
    write(tmp_path, content)
    done = command(tmp_path, "check", "fit.yaml")
    assert done.returncode == 2 and "did you mean 'ice-i" in done.stderr and "levels.0" in done.stderr


def test_the_estimate_counts_what_the_optimizer_will_ask(tmp_path: Path) -> None:
    fit = problem(tmp_path, molecular_dynamics())
    task = SearchTask(fit.space, 1)
    optimizers = [stage.optimizer(1, lambda seed: task) for stage in stages_of(fit.config.optimizer)]
    assert candidate_count(fit) == sum(optimizer.budget for optimizer in optimizers)
    estimate = estimate_cost(fit, timing=False)
    low, typical, high = estimate.totals()
    assert high.core_hours is None and low.md_ns <= typical.md_ns <= high.md_ns


def test_a_state_that_was_simulated_long_enough_costs_nothing_again(tmp_path: Path) -> None:
    content = molecular_dynamics()
    again = {"name": "again", "targets": content["levels"][1]["targets"], "sampling": {"production": "3 ps"}}
    longer = {
        "name": "longer",
        "targets": content["levels"][1]["targets"],
        "sampling": {"production": "9 ps"},
    }
    content["levels"] += [again, longer]
    plan = planned_simulations(problem(tmp_path, content).levels)
    assert [len(level) for level in plan] == [1, 1, 0, 1]
