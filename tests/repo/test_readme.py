"""What README, ARCHITECTURE and CONTRIBUTING say is true: code runs, commands and files exist."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

from cgbridge.cli.app import app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")

#: Before a block of commands that the tests only read.
NOT_RUN = "<!-- not run by the tests"
BLOCK = re.compile(r"^(<!--[^\n]*-->\n)?```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[tuple[str, bool]]:
    """The README's blocks of a language, each with whether it is to be run."""
    return [
        (text, not before.startswith(NOT_RUN))
        for before, name, text in BLOCK.findall(README)
        if name == language
    ]


def command_lines() -> list[str]:
    """Every whole ``cgbridge ...`` line of the README's shell blocks, without its comment."""
    lines = [line for text, _ in blocks("sh") for line in text.splitlines()]
    return [line for line in lines if line.startswith("cgbridge ")]


def mentioned(text: str) -> list[str]:
    """Every `cgbridge ...` in running text."""
    return [" ".join(words.split()) for words in re.findall(r"`(cgbridge [^`]+)`", text)]


def commands() -> dict[str, Any]:
    return dict(vars(typer.main.get_command(app))["commands"])


def run(folder: Path, *words: str) -> str:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{shlex.join(words)}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("number", range(len(blocks("python"))))
def test_python_of_the_readme_runs(number, tmp_path):
    text, _ = blocks("python")[number]
    (tmp_path / "script.py").write_text(text, encoding="utf-8")
    printed = run(tmp_path, sys.executable, "script.py")
    if "# -6.189" in text:
        assert float(printed) == pytest.approx(-6.189, abs=1e-6)  # as printed in the comment


@pytest.mark.parametrize("line", command_lines())
def test_command_line_of_the_readme_is_understood(line):
    _, name, *rest = shlex.split(line, comments=True)
    commands()[name].make_context(name, list(rest))


@pytest.mark.parametrize("document", [name for name in DOCUMENTS if name != "CHANGELOG.md"])
def test_commands_mentioned_exist(document):
    known = commands()
    for words in mentioned((ROOT / document).read_text(encoding="utf-8")):
        name, *rest = shlex.split(words)[1:]
        if name == "--help":
            continue
        assert name in known, words
        options = {
            o for parameter in known[name].params for o in (*parameter.opts, *parameter.secondary_opts)
        }
        for option in (word for word in rest if word.startswith("-")):
            assert option in options | {"--help"}, words


def test_every_command_is_in_the_readme():
    table = re.findall(r"^\| `cgbridge ([\w-]+)`", README, re.MULTILINE)
    assert sorted(table) == sorted(commands())


def test_cheap_commands_of_the_readme_run(tmp_path):
    """In the order in which they stand, in one folder, as a reader types them."""
    lines = [line for text, cheap in blocks("sh") if cheap for line in text.splitlines() if line]
    assert len(lines) >= 8
    for line in lines:
        words = shlex.split(line, comments=True)
        assert words[0] == "cgbridge", f"the tests run commands of cgbridge only: {line}"
        run(tmp_path, sys.executable, "-m", *words)


def test_the_two_commands_of_the_readme_are_in_the_makefile():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = re.findall(r"^make (\w+)", "\n".join(text for text, _ in blocks("sh")), re.MULTILINE)
    assert named == ["water", "test"]
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_yaml_of_the_readme_is_a_valid_fit(tmp_path):
    ((text, _),) = blocks("yaml")
    (tmp_path / "fit.yaml").write_text(text, encoding="utf-8")
    assert "is valid" in run(tmp_path, sys.executable, "-m", "cgbridge", "check", "fit.yaml", "--no-timing")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_paths_named_exist(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    folders = "cgbridge|plugins|tests|targets|examples|docs|benchmarks|scripts|tutorials"
    for path in re.findall(rf"`((?:{folders})/[\w./*-]*)`", text):
        assert list(ROOT.glob(path)), f"{document}: {path}"


def test_layers_of_the_architecture_are_those_of_the_contract():
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = contract["tool"]["importlinter"]["contracts"][0]["layers"]
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    drawn = re.search(r"^```layers\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert drawn, "no block of layers"
    # A layer, and from the column after two spaces what it is for.
    assert [re.split(r"  +", line)[0] for line in drawn[1].splitlines()] == layers
