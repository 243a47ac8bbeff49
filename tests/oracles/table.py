"""Print the largest relative errors of the plugin against LAMMPS.

python tests/oracles/table.py [--platforms Reference CPU]
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse

from boxes import SHAPES
from comparison import compare
from potentials import STILLINGER_WEBER, TERSOFF


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--platforms", nargs="+", default=["Reference", "CPU"])
    platforms = parser.parse_args().platforms
    print(f"{'form':8} {'potential':28} {'box':17} {'platform':10} {'energy':>8} {'force':>8} {'virial':>8}")
    for potential in TERSOFF + STILLINGER_WEBER:
        for shape in SHAPES:
            for platform in platforms:
                e = compare(potential, shape, platform)
                print(
                    f"{potential.form:8} {potential.name:28} {shape:17} {platform:10} "
                    f"{e.energy:8.1e} {e.force:8.1e} {e.virial:8.1e}"
                )


if __name__ == "__main__":
    main()
