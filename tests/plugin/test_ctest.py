"""The C++ tests of the plugin, built and run by ctest as a developer would."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(sys.executable).parent


def find(*names: str) -> str | None:
    """A program, also from the environment that runs the tests."""
    path = f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


def run(*command: str, **environment: str) -> str:
    # The libraries of LAMMPS and the like, and a chosen instruction set, are no business of these tests.
    environment |= {k: v for k, v in os.environ.items() if k not in ("LD_LIBRARY_PATH", "CGBRIDGE_CPU_ISA")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    return done.stdout


@pytest.mark.slow
def test_cpp_tests_pass(tmp_path):
    cmake, ctest = find("cmake"), find("ctest")
    if cmake is None or ctest is None:
        pytest.skip("the C++ tests need cmake: pip install cmake")
    if find(os.environ.get("CXX", "c++"), "g++", "clang++") is None:
        pytest.skip("the C++ tests need a C++ compiler")
    generator = ["-G", "Ninja"] if find("ninja") else []
    options = [
        "-DCGBRIDGE_BUILD_TESTS=ON",
        "-DCGBRIDGE_BUILD_PYTHON=OFF",
        f"-DPython_EXECUTABLE={sys.executable}",
    ]
    # ccache keeps what did not change, wherever it is built.
    cache = {"CCACHE_BASEDIR": str(tmp_path), "CCACHE_NOHASHDIR": "1"} if find("ccache") else {}
    if cache:
        options.append("-DCMAKE_CXX_COMPILER_LAUNCHER=ccache")
    run(cmake, "-S", str(ROOT), "-B", str(tmp_path), *generator, *options)
    run(cmake, "--build", str(tmp_path), "--parallel", "2", **cache)
    output = run(ctest, "--test-dir", str(tmp_path), "--output-on-failure", "--parallel", "2")
    # Three forces on three platforms, each with every instruction set that this machine has; XML; the host.
    assert len(re.findall(r" Passed +[0-9.]+ sec", output)) >= 16, output
