"""Processor time and memory of ``cgbridge map`` beside MDAnalysis, on water in a triclinic box.

python benchmarks/mapping.py --atoms 100000 --frames 100 --json mapping.json

A TRR file with positions and forces is made, its molecules broken across the box, and mapped to one bead
per molecule. Both programs read the same file in processes of their own. MDAnalysis takes centres of mass
and keeps nothing: with ``unwrap=True``, which takes so long that it gets three frames, and without, which is
wrong for broken molecules. cgbridge maps forces too, looks at every frame, and writes HDF5 or npz. The time
is that of the processor, all of it divided by the number of frames; the peak of memory is that of the
process, libraries included.
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
import json
import resource
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from cgbridge.atoms import Atoms

SPACING = 0.31  # nm, of molecules on a cubic lattice at the density of water
SKEW = np.array([[1, 0, 0], [0.3, 1, 0], [-0.2, 0.25, 1]])


def water(atoms: int) -> tuple[Atoms, np.ndarray, np.ndarray]:
    """Molecules on a lattice, turned at random; whole positions and box in nm."""
    side = round((atoms / 3) ** (1 / 3))
    grid = np.stack(np.meshgrid(*[np.arange(side)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    count = len(grid)
    box = SKEW * side * SPACING
    rest = np.array([[0, 0, 0], [0.1, 0, 0], [-0.0333, 0.0943, 0]])
    turns = np.linalg.qr(np.random.default_rng(1).standard_normal((count, 3, 3)))[0]
    positions = (grid / side @ box)[:, None, :] + rest @ turns
    numbers = tuple(k for k in range(count) for _ in range(3))
    bonds = tuple((3 * k, 3 * k + j) for k in range(count) for j in (1, 2))
    found = Atoms(
        ("OW", "HW1", "HW2") * count, ("O", "H", "H") * count, (15.999, 1.008, 1.008) * count,
        ("SOL",) * count, numbers, numbers, bonds,
    )  # fmt: skip
    return found, positions.reshape(-1, 3), box


def write(folder: Path, atoms: int, frames: int) -> None:
    """A TRR file, the atoms as JSON for cgbridge and as GRO for MDAnalysis."""
    found, positions, box = water(atoms)
    (folder / "atoms.json").write_text(found.to_json())
    count, inverse = len(found), np.linalg.inv(box)
    wrapped = ((positions @ inverse) % 1.0) @ box
    with open(folder / "atoms.gro", "w") as file:
        file.write(f"water\n{count}\n")
        for n, xyz in enumerate(wrapped):
            place = "".join(f"{x:8.3f}" for x in xyz)
            file.write(f"{(n // 3 + 1) % 100000:5d}SOL  {found.names[n]:>5s}{(n + 1) % 100000:5d}{place}\n")
        places = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1))
        file.write(" ".join(f"{box[place]:.5f}" for place in places) + "\n")
    random = np.random.default_rng(2)
    with open(folder / "run.trr", "wb") as file:
        for number in range(frames):
            moved = positions + np.repeat(random.uniform(-0.05, 0.05, (count // 3, 3)), 3, axis=0)
            moved = ((moved @ inverse) % 1.0) @ box
            forces = 700.0 * random.standard_normal((count, 3))
            forces -= forces.mean(axis=0)
            sizes = (0, 0, 36, 0, 0, 0, 0, 12 * count, 0, 12 * count)
            head = struct.pack(">ii i12s 10i", 1993, 13, 12, b"GMX_trn_file", *sizes)
            file.write(head + struct.pack(">3i 2f", count, number, 0, float(number), 0.0))
            for values in (box, moved, forces):
                file.write(values.astype(">f4").tobytes())


def map_it(folder: Path, out: str) -> None:
    from cgbridge.apps.map_trajectory import MapSettings, map_trajectory
    from cgbridge.mapping.readers import read_mapping
    from cgbridge.trajectories.sources import open_source

    source = open_source(folder / "run.trr", top=folder / "atoms.json")
    began = time.process_time()
    map_trajectory(source, read_mapping("water-1bead"), folder / out, MapSettings())
    tell(began, len(source))


def mdanalysis(folder: Path, unwrap: bool, most: int | None = None) -> None:
    import MDAnalysis

    universe = MDAnalysis.Universe(str(folder / "atoms.gro"), str(folder / "run.trr"))
    count = len(universe.atoms) // 3
    universe.add_TopologyAttr("masses", [15.999, 1.008, 1.008] * count)
    universe.add_TopologyAttr("bonds", [(3 * k, 3 * k + j) for k in range(count) for j in (1, 2)])
    began = time.process_time()
    frames = universe.trajectory[:most]
    for _ in frames:
        universe.atoms.center_of_mass(compound="residues", unwrap=unwrap)
    tell(began, len(frames))


def tell(began: float, frames: int) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    print(json.dumps({"seconds": time.process_time() - began, "frames": frames, "peak_mb": peak}))


WAYS = {
    "cgbridge, HDF5": lambda folder: map_it(folder, "beads.h5"),
    "cgbridge, npz": lambda folder: map_it(folder, "beads.npz"),
    "MDAnalysis, unwrap": lambda folder: mdanalysis(folder, True, 3),
    "MDAnalysis, as they are": lambda folder: mdanalysis(folder, False),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--atoms", type=int, default=100_000)
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        WAYS[options.run[0]](Path(options.run[1]))
        return
    found = {}
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), options.atoms, options.frames)
        print(f"{options.frames} frames of {options.atoms} atoms")
        for way in options.ways:
            done = subprocess.run(
                [sys.executable, "-P", __file__, "--run", way, name],
                capture_output=True,
                text=True,
                check=True,
            )
            record = json.loads(done.stdout)
            found[way] = record
            per_frame = 1000.0 * record["seconds"] / record["frames"]
            print(f"{way:26s} {per_frame:8.2f} ms/frame   peak {record['peak_mb']:6.0f} MB", flush=True)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
