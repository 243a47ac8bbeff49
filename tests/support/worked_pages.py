"""Pages that show how something is added: their code blocks as files, put into a copy of cgbridge.

A comment above a block says where it belongs::

    <!-- file: cgbridge/observables/NAME.py -->
    <!-- add to: cgbridge/observables/catalogue.py, below: TEXT OF THE LINE ABOVE -->
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

_STEP = re.compile(
    r"^<!-- (?:file: (?P<new>\S+)|add to: (?P<old>[^\s,]+), below: (?P<below>.+?)) -->\n"
    r"```\w+\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Step:
    """A new file, or lines that come ``below`` a line of an old one."""

    path: str
    text: str
    below: str | None = None


def steps(page: Path, heading: str | None = None) -> list[Step]:
    """The steps under ``## heading``, or on the whole page; :class:`AssertionError` where there are none."""
    found, section = "all", page.read_text(encoding="utf-8")
    if heading is not None:
        _, found, section = section.partition(f"\n## {heading}\n")
        section = re.split(r"^## ", section, maxsplit=1, flags=re.MULTILINE)[0]
    made = [Step(m["new"] or m["old"], m["text"], m["below"]) for m in _STEP.finditer(section)]
    assert found and made, f"{page.name} has no worked '{heading}'"
    return made


def copy_of_cgbridge(folder: Path) -> Path:
    """The installed package, compiled parts and all, as ``folder/cgbridge``; returns ``folder``."""
    spec = find_spec("cgbridge")
    assert spec is not None and spec.origin is not None
    shutil.copytree(
        Path(spec.origin).parent, folder / "cgbridge", ignore=shutil.ignore_patterns("__pycache__")
    )
    return folder


def add(made: list[Step], root: Path) -> list[Path]:
    """Do the steps below ``root``; returns the files that were written or changed."""
    for step in made:
        path = root / step.path
        if step.below is None:
            assert not path.exists(), f"{step.path} is there already"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.text, encoding="utf-8")
            continue
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        places = [number for number, line in enumerate(lines) if step.below in line]
        assert len(places) == 1, f"{step.path} has {len(places)} lines with: {step.below}"
        path.write_text(
            "".join([*lines[: places[0] + 1], step.text, *lines[places[0] + 1 :]]), encoding="utf-8"
        )
    return [root / step.path for step in made]
