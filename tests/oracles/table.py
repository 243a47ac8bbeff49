"""Tabulate the largest relative errors of the plugin against LAMMPS.

python tests/oracles/table.py --write docs/accuracy.md
python tests/oracles/table.py --files --platforms Reference CPU CPUSerial OpenCL --write docs/accuracy.md

Without --files the potentials of potentials.py, with it all files of the two styles that come with LAMMPS.
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
import wheel
from boxes import SHAPES, configuration
from comparison import compare
from potentials import STILLINGER_WEBER, TERSOFF

BEGIN, END = "<!-- table of errors: begin -->", "<!-- table of errors: end -->"
BEGIN_FILES, END_FILES = "<!-- table of files: begin -->", "<!-- table of files: end -->"
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
    numbers = ("beads", "energy", "force", "virial")
    ruler = ["---:" if name.partition(",")[0] in numbers else "---" for name in header]
    return "\n".join("| " + " | ".join(line) + " |" for line in [header, ruler, *lines])


def made_by(options: str, platforms: list[str]) -> str:
    versions = [
        f"OpenMM {openmm.Platform.getOpenMMVersion()}",
        f"LAMMPS {importlib.metadata.version('lammps')}",
        f"Python {sys.version.split()[0]}",
        f"NumPy {np.__version__}",
    ]
    return (
        f"Made by `python tests/oracles/table.py {options}--platforms {' '.join(platforms)} "
        f"--write docs/accuracy.md` with {', '.join(versions)}."
    )


def report_of_files(platforms: list[str]) -> str:
    """The largest error of each file in each box, of forces, and of the rest on any platform."""
    cases = wheel.cases()
    expected = wheel.lammps(cases)
    lines = []
    for case in cases:
        found = [wheel.errors(case, platform, expected[case]) for platform in platforms]
        beads = len(wheel.structure_of(case).names)
        rest = (max(e.energy for e in found), max(e.virial for e in found))
        numbers = [f"{value:.1e}" for value in (*(e.force for e in found), *rest)]
        lines.append([case.name, case.box, str(beads), *numbers])
    header = ["file", "box", "beads", *(f"force, {p}" for p in platforms), "energy", "virial"]
    return "\n\n".join([made_by("--files ", platforms), markdown(header, lines)])


def report(platforms: list[str]) -> str:
    lines = rows(platforms)
    errors = ["energy", "force", "virial"]
    return "\n\n".join(
        [
            made_by("", platforms),
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
    parser.add_argument("--files", action="store_true", help="the files that come with LAMMPS")
    parser.add_argument("--write", type=Path, help="file that holds the two marks")
    arguments = parser.parse_args()
    text = (report_of_files if arguments.files else report)(arguments.platforms)
    begin, end = (BEGIN_FILES, END_FILES) if arguments.files else (BEGIN, END)
    if arguments.write is None:
        print(text)
        return
    page = arguments.write.read_text(encoding="utf-8")
    before, rest = page.split(begin)
    after = rest.split(end)[1]
    arguments.write.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
