"""The rules of the house, checked: layers, types, style, sizes, documentation, light start."""

import ast
import functools
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel

import cgbridge.config.schema as schema
from cgbridge.observables.catalogue import get_observable, list_observables

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "cgbridge").rglob("*.py"))
SCRIPTS = Path(sys.executable).parent


def run(*command: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which(command[0], path=str(SCRIPTS)) or command[0]
    return subprocess.run([program, *command[1:]], cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize(
    "command",
    [
        ("lint-imports", "--no-cache"),
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        pytest.param(("mypy",), marks=pytest.mark.slow),  # `make lint`, which .ci/run calls as well
    ],
    ids=["layers", "style", "format", "types"],
)
def test_checker_is_content(command):
    done = run(*command)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_and_functions_stay_small(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < 70, f"{node.name} is too long"


@pytest.mark.parametrize("name", [entry.name for entry in list_observables()])
def test_every_observable_says_its_unit_and_has_a_test(name):
    observable = get_observable(name)
    assert observable.name == name
    assert observable.unit and type(observable).__doc__
    module = type(observable).__module__.rpartition(".")[2]
    tests = (ROOT / "tests/unit").glob("test_observables_*.py")
    assert any({name, module} & words_of(path) for path in tests), f"tests/unit does not measure {name}"


@functools.cache
def words_of(path: Path) -> frozenset[str]:
    """Texts that stand alone in a file, and names that it imports or calls by."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.rpartition(".")[2])
    return frozenset(found)


SECTIONS = [
    value
    for value in vars(schema).values()
    if isinstance(value, type) and issubclass(value, BaseModel) and value.__module__ == schema.__name__
]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.__name__)
def test_every_key_of_the_yaml_is_documented(section):
    assert section.__doc__
    for key, field in section.model_fields.items():
        own_section = isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
        nested = own_section or any(
            isinstance(part, type) and issubclass(part, BaseModel)
            for part in getattr(field.annotation, "__args__", ())
        )
        choice = "Literal" in str(field.annotation)
        assert field.description or nested or choice, f"{section.__name__}.{key} has no description"


def test_the_command_line_starts_without_the_heavy_libraries():
    heavy = ["openmm", "torch", "matplotlib", "cmaes", "freud", "ovito", "mdtraj", "scipy", "h5py", "numpy"]
    done = run(
        sys.executable,
        "-P",
        "-c",
        f"import cgbridge.cli, sys; print([m for m in {heavy!r} if m in sys.modules])",
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_a_check_loads_no_library_of_what_comes_later(tmp_path):
    """A fit is looked at in half a second of an idle core: no searching, no measuring, no drawing."""
    later = [
        "torch",
        "matplotlib",
        "cmaes",
        "sklearn",
        "freud",
        "ovito",
        "mdtraj",
        "scipy",
        "ase",
        "jinja2",
    ]
    shutil.copy(ROOT / "examples/water-quick.yaml", tmp_path / "water.yaml")
    code = (
        "import sys; from cgbridge.cli import main\n"
        "sys.argv = ['cgbridge', 'check', 'water.yaml', '--no-timing']\n"
        "try:\n    main()\nexcept SystemExit as leave:\n    assert not leave.code, leave.code\n"
        f"print('loaded:', [m for m in {later!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert "water-quick" in done.stdout and "loaded: []" in done.stdout, done.stdout + done.stderr


def test_no_path_of_a_machine_is_in_the_project():
    if not (ROOT / ".git").exists():
        pytest.skip("only a checkout knows which files are the project's")
    listed = run("git", "ls-files", "-z").stdout.rstrip("\0").split("\0")
    assert Path(__file__).relative_to(ROOT).as_posix() in listed
    for name in listed:
        path = ROOT / name
        if (
            path.suffix in (".py", ".md", ".yaml", ".toml", ".cpp", ".h", ".i", ".ipynb", ".txt")
            and path.is_file()
        ):
            if path == Path(__file__):
                continue
            text = path.read_text(encoding="utf-8")
            assert "/root/" not in text and "/work/" not in text, name
