"""Give the commands damaged files, many of them, and list what must not happen.

    python tests/fuzz/fuzz.py yaml --count 1000
    python tests/fuzz/fuzz.py potential structure --count 500 --seed 2 --keep faults

Every trial is a function of the seed and its number; ``--only N`` repeats one. The exit code is the number of
kinds of fault, at most 100.
"""

from __future__ import annotations

import argparse
import math
import random
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
sys.path.insert(0, str(Path(__file__).parent))

import program
from corpus import Start, starts
from mutations import TEXT, YAML, mutated
from trial import Verdict, emptied, try_command

KINDS = ("yaml", "potential", "structure")


@dataclass(frozen=True)
class Fault:
    kind: str
    number: int
    start: Start
    content: bytes
    words: tuple[str, ...]
    verdict: Verdict

    @property
    def group(self) -> str:
        """The fault without what differs from file to file."""
        return re.sub(r"-?\d[\d.e+-]*", "N", self.verdict.fault or "")


def faults(kind: str, numbers: range, seed: int, folder: Path) -> Iterator[Fault]:
    """The trials of ``kind`` that went wrong; every file goes through all the commands of its kind."""
    files = starts(kind)
    for number in numbers:
        dice = random.Random(f"{kind} {seed} {number}")
        start = files[number % len(files)]
        mutations = YAML if start.name.endswith(".yaml") else TEXT
        content = mutated(dice, start.content, mutations)
        for words in start.commands:
            emptied(folder)
            for name, text in (start.beside | {start.name: content}).items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(text)
            asked = tuple(word.replace("{file}", start.name) for word in words)
            verdict = try_command(asked, folder)
            if start.name.endswith(".yaml") and verdict.fault is None and verdict.code == 0:
                verdict = replace(verdict, fault=not_finite(content))
            if verdict.fault:
                yield Fault(kind, number, start, content, asked, verdict)


def not_finite(content: bytes) -> str | None:
    """A number of a YAML that is none, or infinite; no key can mean one, and this file was accepted."""

    def numbers(node: Any) -> Iterator[float]:
        if isinstance(node, dict | list):
            for item in node.values() if isinstance(node, dict) else node:
                yield from numbers(item)
        elif isinstance(node, float):
            yield node
        elif isinstance(node, str) and re.match(r"[-+]?\d[\d.]*[eE]\+?\d+", node):
            yield float(re.match(r"[-+]?\d+\.?\d*[eE]\+?\d+|", node)[0] or 0)

    bad = [number for number in numbers(yaml.safe_load(content)) if not math.isfinite(number)]
    return f"accepts a number that is {bad[0]}" if bad else None


def prepare() -> None:
    """Load what the commands load, so that a fork has it; and stop `evaluate` before it simulates."""
    program.load()
    import cgbridge.apps.evaluate as evaluate

    def announced(*_: object, **__: object) -> None:
        raise SystemExit(0)

    evaluate.evaluate_model = announced  # type: ignore[assignment]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kinds", nargs="+", choices=KINDS)
    parser.add_argument("--count", type=int, default=100, help="files of each kind")
    parser.add_argument("--first", type=int, default=0, help="number of the first file")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="this file, and what its commands print")
    parser.add_argument("--keep", type=Path, help="put the files of the faults here")
    options = parser.parse_args()
    numbers = range(options.first, options.first + options.count)
    if options.only is not None:
        numbers = range(options.only, options.only + 1)
    prepare()
    groups: dict[str, list[Fault]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for kind in options.kinds:
            for fault in faults(kind, numbers, options.seed, Path(scratch) / "trial"):
                groups.setdefault(fault.group, []).append(fault)
                if options.only is not None:
                    print(fault.content.decode(errors="backslashreplace"), fault.verdict.text, sep="\n----\n")
                if options.keep is not None:
                    place = emptied(options.keep / f"{kind}-{fault.number}-{fault.words[0]}")
                    (place / fault.start.name.replace("/", "-")).write_bytes(fault.content)
                    (place / "output").write_text(f"cgbridge {' '.join(fault.words)}\n{fault.verdict.text}")
    for group in sorted(groups, key=lambda group: -len(groups[group])):
        first = groups[group][0]
        print(f"{len(groups[group]):4d}  {first.verdict.fault}")
        print(f"      {first.kind} {first.number} ({first.start.origin}): cgbridge {' '.join(first.words)}")
    print(f"{len(options.kinds) * len(numbers)} files, {len(groups)} kinds of fault")
    return min(len(groups), 100)


if __name__ == "__main__":
    sys.exit(main())
