"""XYZ and extended XYZ, in angstrom: frames are told apart here, extended ones are read by ASE.

What ASE gets wrong is kept from it. Names of beads need not be elements: their column is given another name.
A plain comment may be any text: only one with ``Lattice=``, ``Properties=`` or ``pbc=`` is parsed. A stress
or virial may have six numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from cgbridge.trajectories.formats.frame import FileFrame, choose, open_text, read_columns, read_int
from cgbridge.units import ANGSTROM, EV

#: Number of the first row, comment, rows.
XyzBlock = tuple[int, str, list[str]]
#: What ASE's parser takes for keys with a meaning of their own, in its own letters.
_KEYS = {"lattice": "Lattice", "properties": "Properties", "pbc": "pbc"}
_EXTENDED = re.compile(r"\b(lattice|properties|pbc)\s*=\s*", re.IGNORECASE)
_MATRICES = re.compile(r"\b(stress|virial)\s*=\s*", re.IGNORECASE)
_NUMBERS = ("energy", "time")
#: What sets for training put before the names of labels, so that ASE leaves them alone.
REFERENCE = "ref_"
_LABELS = tuple(f"{REFERENCE}{name}" for name in ("forces", "energy", "stress", "virial"))
_COLUMNS = re.compile(r"\bproperties\s*=\s*(\S+)", re.IGNORECASE)
_PLAIN = "species:S:1:pos:R:3"
_NAME_COLUMNS = ("species", "symbols", "element", "elements", "name", "names", "type")
#: What the column of names is called before ASE sees it.
_OURS = "particle"


def read_xyz(path: Path, frame: int) -> tuple[FileFrame, int | None]:
    """Frame ``frame`` and the number of frames where known; raises :class:`ValueError`."""
    with open_text(path) as stream:
        block, count = choose(xyz_blocks(stream), frame)
    return parse_xyz(block), count


def xyz_blocks(stream: TextIO) -> Iterator[XyzBlock]:
    """The frames as text; raises :class:`ValueError` where the last is torn."""
    line = 0
    while head := stream.readline():
        line += 1
        if not head.strip():
            continue
        particles = read_int(head, line, "the number of particles")
        comment = stream.readline()
        rows = list(islice(stream, particles))
        if len(rows) < particles:
            raise ValueError(
                f"the file ends in the frame that begins at line {line}: "
                f"{len(rows)} of {particles} particles are there"
            )
        yield line + 2, comment, rows
        line += 1 + particles


def parse_xyz(block: XyzBlock) -> FileFrame:
    """The frame of a block; raises :class:`ValueError` naming a line.

    Forces are in eV/angstrom, energies in eV, as ASE has them; where there are none of these names, those
    called ``REF_forces`` and ``REF_energy``.
    """
    line, comment, rows = block
    if not rows:
        return FileFrame((), np.empty((0, 3)))
    if not _EXTENDED.search(comment):
        return _plain(line, rows)
    from ase.io.extxyz import read_xyz as read_with_ase

    asked, at, numbers = _header(comment, line - 1)
    text = StringIO(f"{len(rows)}\n{comment.strip()}\n{''.join(rows)}")
    try:
        (atoms,) = read_with_ase(text, 0, properties_parser=lambda comment: dict(asked))
    except Exception as error:  # ASE says neither the line nor what was expected there
        read_columns([row.split() for row in rows], range(at, at + 3), line)
        raise ValueError(f"the frame from line {line - 2} on cannot be read: {error}") from None
    if _OURS in atoms.arrays:
        names = tuple(str(name) for name in atoms.arrays[_OURS].reshape(len(rows), -1)[:, 0])
    else:
        names = tuple(atoms.get_chemical_symbols())
    cell = np.asarray(atoms.cell) * ANGSTROM if "Lattice" in asked else None
    a, b, c = (bool(flag) for flag in atoms.pbc)
    results = {} if atoms.calc is None else atoms.calc.results
    forces = results.get("forces", atoms.arrays.get("force"))
    energy = numbers.get("energy", numbers.get(f"{REFERENCE}energy"))
    return FileFrame(
        names,
        atoms.positions * ANGSTROM,
        cell,
        (a, b, c),
        forces=None if forces is None else forces * (EV / ANGSTROM),
        energy=None if energy is None else energy * EV,
        time=numbers.get("time"),
    )


def columns_of(comment: str) -> tuple[str, ...]:
    """What the columns are called in the comment of an extended XYZ; none where it does not say."""
    found = _COLUMNS.search(comment)
    return () if found is None else tuple(found[1].strip("\"'").split(":")[0::3])


def reference_notes(path: Path) -> tuple[str, ...]:
    """Which labels of an extended XYZ are taken under the names that sets for training give them."""
    try:
        with open_text(path) as stream:
            comment = next(xyz_blocks(stream), (0, "", []))[1]
    except (ValueError, OSError, EOFError):  # told with its frame when that is read
        return ()
    names = (*columns_of(comment), *re.findall(r"(\w+)\s*=", comment))
    plain = {name.lower() for name in names}
    taken = [n for n in names if n.lower() in _LABELS and n.lower().removeprefix(REFERENCE) not in plain]
    return (f"{path.name}: labels are those called {', '.join(taken)}",) if taken else ()


def _plain(line: int, rows: list[str]) -> FileFrame:
    """Names, and positions in the three columns after them."""
    fields = [row.split() for row in rows]
    positions = read_columns(fields, range(1, 4), line) * ANGSTROM
    return FileFrame(tuple(row[0] for row in fields), positions)


def _header(comment: str, line: int) -> tuple[dict[str, Any], int, dict[str, float]]:
    """What ASE is to make of the comment in ``line``, the first column of positions, energy and time."""
    from ase.io.extxyz import key_val_str_to_dict

    comment = _EXTENDED.sub(lambda key: _KEYS[key[1].lower()] + "=", _MATRICES.sub(r"\1_=", comment))
    try:
        found = key_val_str_to_dict(comment)
    except (ValueError, IndexError):  # of the keys that are left, only a Lattice can be refused
        raise ValueError(f"line {line}: Lattice needs nine numbers, found '{comment[:60]}'") from None
    asked = {key: found[key] for key in _KEYS.values() if key in found}
    asked["Properties"], at = _properties(str(asked.get("Properties", _PLAIN)), line)
    if "pbc" in asked:
        flags = np.ravel(asked["pbc"]).tolist()
        if len(flags) != 3 or not all(flag in (0, 1) for flag in flags):
            raise ValueError(f"line {line}: pbc needs three of T and F")
        asked["pbc"] = [bool(flag) for flag in flags]
    numbers = {
        key.lower(): float(value)
        for key, value in found.items()
        if key.lower().removeprefix(REFERENCE) in _NUMBERS and isinstance(value, int | float | np.number)
    }
    return asked, at, numbers


def _properties(text: str, line: int) -> tuple[str, int]:
    """The columns as ASE shall take them, that of the names not for elements; and the first of positions."""
    parts = text.split(":")
    triplets = [*zip(parts[0::3], parts[1::3], parts[2::3], strict=False)]
    names = [name if name == "Z" else name.lower() for name, _, _ in triplets]
    widths = [read_int(width, line, "the width of a column in Properties") for _, _, width in triplets]
    named = next((name for name in (*_NAME_COLUMNS, "Z") if name in names), None)
    if named is None or "pos" not in names:
        raise ValueError(f"line {line}: Properties names no species or no pos")
    ours = {named: _OURS} if named != "Z" else {}
    if not {"forces", "force"} & set(names):
        ours[f"{REFERENCE}forces"] = "forces"
    called = [ours.get(name, name) for name in names]
    columns = ":".join(
        f"{name}:{kind}:{width}" for name, (_, kind, width) in zip(called, triplets, strict=True)
    )
    return columns, sum(widths[: names.index("pos")])
