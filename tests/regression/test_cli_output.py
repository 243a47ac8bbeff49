"""How the command line looks: help with examples, whole tables at any width, a doctor that is right."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pytest
from fits import command, known_answer, write

from cgbridge import errors
from cgbridge.cli.app import app, exit_codes
from cgbridge.cli.info import keys, observables
from cgbridge.cli.tables import result_table
from cgbridge.config.manual import manual
from cgbridge.config.schema import FitConfig
from cgbridge.models.database import list_models, load_model
from cgbridge.observables.catalogue import OBSERVABLES
from cgbridge.observables.traits import options_of
from cgbridge.targets.library import list_targets
from cgbridge.targets.target_file import TargetEntry

COMMANDS = [c.name or c.callback.__name__ for c in app.registered_commands]  # type: ignore[union-attr]


def in_terminal(folder: Path, width: int, *words: str) -> str:
    """What a command writes to a terminal ``width`` columns wide, without colours."""
    program = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
    done = subprocess.run(
        [sys.executable, "-c", program, sys.executable, "-m", "cgbridge", *words],
        cwd=folder,
        env=os.environ | {"COLUMNS": str(width), "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.replace("\r\n", "\n").replace("\x1b[1m", "").replace("\x1b[0m", "")


def test_help_shows_headings_examples_and_every_exit_code(tmp_path: Path) -> None:
    text = command(tmp_path, "--help").stdout
    assert all(heading in text for heading in ("Fit a model", "Use a model", "Look things up", "Exit codes:"))
    assert "cgbridge init my-water" in text
    for code, meaning in exit_codes().items():
        assert f"{code}  {meaning[:40]}" in text
    kinds = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, errors.CgbridgeError)]
    assert {kind.exit_code for kind in kinds} <= set(exit_codes())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example(tmp_path: Path, name: str) -> None:
    name = name.rstrip("_")
    done = command(tmp_path, name, "--help")
    assert done.returncode == 0
    assert f"  cgbridge {name}" in done.stdout
    # At the usual width no example is broken.
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


def test_tables_are_whole_in_a_pipe(tmp_path: Path) -> None:
    models = command(tmp_path, "models").stdout
    for name in list_models():
        (line,) = [line for line in models.splitlines() if line.startswith(f"{name} ")]
        assert line.endswith(load_model(name).description)
    targets = command(tmp_path, "targets").stdout.splitlines()
    assert set(list_targets()) <= {line.partition(" ")[0] for line in targets}
    assert not any(line != line.rstrip() for line in targets)


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("words", [("models",), ("targets", "rdf"), ("models", "mw"), ("keys", "engine")])
def test_tables_wrap_and_lose_nothing_on_a_terminal(
    tmp_path: Path, width: int, words: tuple[str, ...]
) -> None:
    whole = command(tmp_path, *words).stdout
    shown = in_terminal(tmp_path, width, *words)
    table = shown[shown.index("─") :].partition("\n\n")[0]
    assert all(len(line) <= width for line in table.splitlines())
    assert "…" not in shown and "..." not in table
    # The same characters, wherever the lines break and whatever the rules are long.
    letters = [sorted(c for c in text if not c.isspace() and c != "─") for text in (shown, whole)]
    assert letters[0] == letters[1]


def test_models_shows_the_parameters_that_a_fit_can_search(tmp_path: Path) -> None:
    text = command(tmp_path, "models", "mw").stdout
    for name, value in load_model("mw").parameters.items():
        assert any(line.split()[:2] == [name, f"{value:.10g}"] for line in text.splitlines())


def test_targets_of_the_users_folder_come_first_and_a_source_is_shown(tmp_path: Path) -> None:
    (tmp_path / "targets").mkdir()
    (tmp_path / "targets/mine.yaml").write_text(
        "targets:\n  melt: {observable: density, value: 1 g/cm^3, tolerance: 1 %, source: 'my own'}\n"
    )
    lines = command(tmp_path, "targets").stdout.splitlines()
    assert lines[2].startswith("mine/melt")
    assert "mine/melt: my own" in command(tmp_path, "targets", "mine/").stdout
    wrong = command(tmp_path, "targets", "water/densty-300K")
    assert wrong.returncode == 2 and "did you mean 'water/density-300K'?" in wrong.stderr


def test_observables_and_keys_are_all_told(tmp_path: Path) -> None:
    text = command(tmp_path, "observables").stdout
    assert all(f"\n{name} " in text for name in OBSERVABLES)
    entries = {entry.key: entry for entry in manual()}
    assert set(FitConfig.model_fields) - {"schema_version"} <= {key.rstrip("[]") for key in entries}
    assert entries["stop.confirmed"].default == "1"
    assert entries["model.base"].default == "required"
    assert all(entry.meaning for entry in entries.values())
    wrong = command(tmp_path, "keys", "optimiser")
    assert wrong.returncode == 2 and "did you mean 'optimizer'?" in wrong.stderr


def test_the_version_is_that_of_the_package(tmp_path: Path) -> None:
    done = command(tmp_path, "--version")
    assert done.returncode == 0 and done.stdout == f"cgbridge {version('cgbridge')}\n"


@pytest.mark.parametrize("name", OBSERVABLES)
def test_options_of_every_observable_are_those_it_takes(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    observables(name)
    said = capsys.readouterr().out
    rows = {line.split()[0] for line in said.splitlines() if line and not line.startswith(("─", "option "))}
    for option, field in options_of(name).model_fields.items():
        assert option in rows
        assert field.description, f"{name}.{option}"
    assert said.startswith(f"{name}, in ")


def test_options_of_an_observable_have_defaults_and_units(tmp_path: Path) -> None:
    text = command(tmp_path, "observables", "rdf").stdout
    assert re.search(r"^bin_width +0.005 +> 0 +width of a bin, nm$", text, re.MULTILINE)
    wrong = command(tmp_path, "observables", "rfd")
    assert wrong.returncode == 2 and "did you mean 'rdf'?" in wrong.stderr


def test_keys_of_an_inline_target_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    keys("target")
    said = capsys.readouterr().out
    for name in ("from", *TargetEntry.model_fields):
        assert f"\ntarget.{name} " in said
    keys("levels.targets")
    assert "levels[].targets " in capsys.readouterr().out


def test_notes_of_results_stand_below_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    result = {
        "name": "melt", "value": 274.0, "stderr": 2.0, "target": 273.15, "tolerance": 5.0, "unit": "K",
        "passed": True, "notes": ["3 of 5 boxes had transformed before the measurement"],
    }  # fmt: skip
    result_table("mw", [result, {**result, "name": "quiet", "notes": []}])
    table, _, notes = capsys.readouterr().out.partition("\nnotes")
    assert "melt" in table and "quiet" in table
    assert "3 of 5 boxes had transformed" in notes and "quiet" not in notes


def test_doctor_finds_the_platforms_and_says_what_is_missing(tmp_path: Path) -> None:
    done = command(tmp_path, "doctor")
    assert done.returncode == 0, done.stdout
    for name in ("Reference", "CPU", "CPUSerial"):
        assert f"platform {name} " in done.stdout
    assert "openmm" in done.stdout and "GPU" in done.stdout and "all well" in done.stdout


def test_doctor_tells_a_broken_installation(tmp_path: Path) -> None:
    # A package of this name that cannot be imported, found before the real one.
    (tmp_path / "ovito.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')\n")
    done = subprocess.run(
        [sys.executable, "-m", "cgbridge", "doctor"], cwd=tmp_path, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 1
    assert "FAULT" in done.stdout and "libGL.so.1" in done.stdout and "apt install libgl1" in done.stdout
    assert "Traceback" not in done.stderr


def test_evaluate_writes_strict_json_and_a_table(tmp_path: Path) -> None:
    (tmp_path / "targets.yaml").write_text("schema: 1\ntargets: [mw/dimer-energy, mw/lattice-density]\n")
    done = command(tmp_path, "evaluate", "mw", "targets.yaml", "--json", "out.json")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("passed") == 2

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    record = json.loads((tmp_path / "out.json").read_text(), parse_constant=refuse)
    assert [target["name"] for target in record["targets"]] == ["mw/dimer-energy", "mw/lattice-density"]


def test_check_points_to_a_run_that_is_there(tmp_path: Path) -> None:
    write(tmp_path, known_answer(generations=1, initial=16))
    assert command(tmp_path, "fit", "fit.yaml").returncode == 0
    assert "run holds a run already" in command(tmp_path, "check", "fit.yaml").stdout


def test_ctrl_c_ends_an_evaluation_at_once(tmp_path: Path) -> None:
    (tmp_path / "targets.yaml").write_text(
        "schema: 1\ntargets: [mw/density-300K]\nengine: {beads: 216, production: 1 us}\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "cgbridge", "evaluate", "mw", "targets.yaml"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline().startswith("targets: 1; simulations: 1, 1000.0")
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)  # the simulation itself would take hours
    assert process.returncode == 130 and errors.startswith("stopped") and errors.count("\n") == 1
