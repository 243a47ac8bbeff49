"""Tabulate the largest relative errors of the plugin against LAMMPS.

python tests/oracles/table.py --write docs/accuracy.md

With --write the table replaces what stands between the two marks in that file.
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
import importlib.metadata
import sys
from pathlib import Path

import numpy as np
import openmm
from boxes import SHAPES, configuration
from comparison import compare
from potentials import STILLINGER_WEBER, TERSOFF

BEGIN, END = "<!-- table of errors: begin -->", "<!-- table of errors: end -->"
NAMES = {"tersoff": "Tersoff", "sw": "Stillinger-Weber"}


def rows(platforms: list[str]) -> list[list[str]]:
    lines = []
    for potential in TERSOFF + STILLINGER_WEBER:
        for shape in SHAPES:
            beads = len(configuration(potential, shape).positions)
            for platform in platforms:
                e = compare(potential, shape, platform)
                values = [f"{value:.1e}" for value in (e.energy, e.force, e.virial)]
                lines.append([NAMES[potential.form], potential.name, shape, str(beads), platform, *values])
    return lines


def largest(lines: list[list[str]], platforms: list[str]) -> list[list[str]]:
    """The worst of all potentials and boxes, for each form and platform."""
    result = []
    for form in NAMES.values():
        for platform in platforms:
            numbers = np.array([r[5:] for r in lines if r[0] == form and r[4] == platform], dtype=float)
            result.append([form, platform, *(f"{value:.1e}" for value in numbers.max(axis=0))])
    return result


def markdown(header: list[str], lines: list[list[str]]) -> str:
    ruler = ["---:" if name in ("beads", "energy", "force", "virial") else "---" for name in header]
    return "\n".join("| " + " | ".join(line) + " |" for line in [header, ruler, *lines])


def report(platforms: list[str]) -> str:
    versions = [
        f"OpenMM {openmm.Platform.getOpenMMVersion()}",
        f"LAMMPS {importlib.metadata.version('lammps')}",
        f"Python {sys.version.split()[0]}",
        f"NumPy {np.__version__}",
    ]
    lines = rows(platforms)
    errors = ["energy", "force", "virial"]
    return "\n\n".join(
        [
            f"Made by `python tests/oracles/table.py --platforms {' '.join(platforms)} "
            f"--write docs/accuracy.md` with {', '.join(versions)}.",
            "The largest of all potentials and boxes:",
            markdown(["form", "platform", *errors], largest(lines, platforms)),
            "Each of them:",
            markdown(["form", "potential", "box", "beads", "platform", *errors], lines),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--platforms", nargs="+", default=["Reference", "CPU", "CPUSerial"])
    parser.add_argument("--write", type=Path, help="file that holds the two marks")
    arguments = parser.parse_args()
    text = report(arguments.platforms)
    if arguments.write is None:
        print(text)
        return
    page = arguments.write.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    arguments.write.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
