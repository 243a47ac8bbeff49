"""A few damaged files of every kind; `tests/fuzz/fuzz.py` tries thousands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).with_name("fuzz.py")


@pytest.mark.parametrize("count", [10, pytest.param(1000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", ["yaml", "potential", "structure"])
def test_damaged_files_are_refused_or_right(kind: str, count: int) -> None:
    """No traceback, no crash, no hang, no silent nan; each fault is printed with the file that shows it."""
    done = subprocess.run(
        [sys.executable, "-P", FUZZ, kind, "--count", str(count)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
