"""The pages are true: tables are current, examples are valid and run, links lead somewhere."""

import re
import subprocess
import sys
from pathlib import Path

import nep_models
import neural_models
import pytest
import yaml

from cgbridge import errors
from cgbridge.cli.app import exit_codes
from cgbridge.config.atomistic_config import PotentialSection
from cgbridge.config.loader import (
    is_atomistic,
    load_atomistic,
    load_evaluation,
    load_fit,
    parse_training,
    read_yaml,
    validate,
)
from cgbridge.config.training_schema import TrainingConfig
from cgbridge.fits.search.box_check import check_simulations
from cgbridge.fits.search.problem import build_problem, resolve_targets
from cgbridge.fits.training.trainers import trainer_and_settings
from cgbridge.models.atomistic.catalogue import atomistic_system
from cgbridge.models.files.model_file import model_from_dict
from cgbridge.models.files.network_entry import network_to_dict
from cgbridge.models.terms.network import NetworkData
from cgbridge.targets.library import list_targets, load_target

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.rglob("*.md")), *sorted(ROOT.glob("*.md"))]


def blocks(page, language):
    """Fenced blocks of a language, as (line, text)."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [(text[: match.start()].count("\n") + 1, match[1]) for match in found]


def named(page, language):
    return [pytest.param(text, id=f"{page}:{line}") for line, text in blocks(page, language)]


def test_tables_of_the_yaml_reference_are_current():
    script = ROOT / "scripts" / "make-yaml-reference"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("text", named("yaml.md", "yaml"))
def test_yaml_example_is_valid(text, tmp_path):
    (tmp_path / "goo.csv").write_text(blocks("yaml.md", "text")[0][1])
    path = tmp_path / "example.yaml"
    path.write_text(text)
    content = yaml.safe_load(text)
    if "levels" in content:
        check_simulations(build_problem(load_fit(path), tmp_path))
    elif "method" in content:
        assert TrainingConfig.model_validate(content).model.architecture
    elif "schema" in content:
        assert resolve_targets(load_evaluation(path), tmp_path)
    elif "form" in content:
        assert model_from_dict(content, "example").cutoff > 0
    else:
        (tmp_path / "targets").mkdir()
        path.rename(tmp_path / "targets" / "mine.yaml")
        own = [name for name in list_targets(tmp_path) if name.startswith("mine/")]
        assert own and all(load_target(name, tmp_path) for name in own)


@pytest.mark.parametrize("text", named("models.md", "yaml"))
def test_model_example_is_valid(text):
    content = yaml.safe_load(text)
    for term in content.get("terms", []):
        if "network" in term:  # the file of a training that is not there
            term["network"] = network_to_dict(NetworkData(("W",), nep_models.network("one type")))
    model = model_from_dict(content, "example")
    kinds = [molecule.topology for molecule in model.molecules] or [model.topology(model.bead_names)]
    for topology in kinds:
        assert model.create_system(topology).getNumForces() >= (1 if len(topology) > 1 else 0)


EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
IN_FOLDERS = sorted((ROOT / "examples").glob("ne*/*.yaml"))
TRAININGS = [path for path in EXAMPLES + IN_FOLDERS if "\nmethod: " in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", TRAININGS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_example_of_a_fit_to_forces_has_the_keys_of_its_architecture(path):
    data, lines = read_yaml(path)
    section = parse_training(data, lines, str(path)).model
    settings = trainer_and_settings(section.architecture)[1]
    # A base that an earlier fit of the same folder makes is not there yet.
    made = {"base": "ml-bop"} if str(section.options.get("base")).startswith("runs/") else {}
    assert validate(settings, section.options | made, str(path))


FORCE_FIELDS = [path for path in IN_FOLDERS if "forcefield: " in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", FORCE_FIELDS, ids=lambda path: path.stem)
def test_example_of_atoms_in_a_folder_can_be_built(path):
    assert len(atomistic_system(load_atomistic(path), path.parent).atoms) > 1


@pytest.mark.parametrize("path", [p for p in EXAMPLES if p not in TRAININGS], ids=lambda path: path.stem)
def test_example_is_a_fit_whose_boxes_are_wide_enough(path):
    """And none changes the bead of its base: a warning is an error here."""
    if is_atomistic(path):
        assert len(atomistic_system(load_atomistic(path), path.parent).atoms) > 1
        return
    check_simulations(build_problem(load_fit(path), path.parent))


def test_the_page_of_atoms_shows_the_example():
    (_, text), (_, foreign) = blocks("atomistic.md", "yaml")
    example = ROOT / "examples" / "atomistic-water.yaml"
    assert yaml.safe_load(text) == yaml.safe_load(example.read_text(encoding="utf-8"))
    PotentialSection.model_validate(yaml.safe_load(foreign)["model"])


def test_python_examples_run(tmp_path):
    """The page says that they run in this order in one folder."""
    examples = blocks("python-api.md", "python")
    assert len(examples) >= 5
    for line, text in examples:
        script = tmp_path / "example.py"
        script.write_text(text)
        done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, f"python-api.md:{line}: {done.stderr}"


def test_python_examples_of_neural_models_run(tmp_path):
    """Behind each other in one process: torch is not loaded for every one."""
    pytest.importorskip("torch")
    neural_models.small_model().save(tmp_path / "water.cgnn")
    text = "".join(text for _, text in blocks("neural.md", "python"))
    # The box of the page is that of a liquid; positions are not set in its five lines.
    (tmp_path / "example.py").write_text(text)
    done = subprocess.run([sys.executable, "example.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def sources():
    """All texts that the program can say, string literals joined over line ends."""
    files = [
        *(ROOT / "cgbridge").rglob("*.py"),
        *(ROOT / "plugins").rglob("*.cpp"),
        ROOT / "Makefile",
    ]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    return re.sub(r'"\s*(<<\s*)?\n?\s*(<<\s*)?f?"', "", text)


#: OpenMM's own words.
FOREIGN = "There is no serialization proxy registered for type"
#: What differs from case to case.
VARYING = r"…|'3 K'|'K' \(temperature\) to 'kcal/mol' \(energy\)|signal SIGKILL"
#: Messages quoted whole, which other tests provoke.
QUOTED = {"water.yaml:28: optimizer.stages.0.popultion: unknown key 'popultion'; did you mean 'population'?"}


def test_messages_of_the_troubleshooting_page_are_those_of_the_program():
    """Every part of a quoted message between the marks for what varies stands in the sources."""
    said = sources()
    for _, block in blocks("troubleshooting.md", "text"):
        for line in block.splitlines():
            message = line.removeprefix("error: ")
            if message in QUOTED or message.startswith(FOREIGN):
                continue
            for part in re.split(VARYING, message):
                assert part.strip(" '():,") in said, line


def test_exit_codes_of_the_page_are_those_of_the_program():
    page = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (.+?) \| (.*?) ?\|$", page, re.MULTILINE)
    assert {int(code): meaning for code, meaning, _ in rows} == exit_codes()
    for code, _, classes in rows:
        for name in re.findall(r"`(\w+)`", classes):
            assert getattr(errors, name).exit_code == int(code)


def anchors(path):
    """What GitHub calls the headings of a page."""
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"\w+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), f"{link}: no such file"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{link}: no such heading"
