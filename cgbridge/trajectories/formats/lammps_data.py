"""LAMMPS data files of the usual atom styles, in angstrom (units metal and real).

ASE's reader makes elements of masses and of labels; beads are none, so that it does not do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cgbridge.frames import FloatArray
from cgbridge.topology import Chains
from cgbridge.trajectories.formats.frame import FileFrame, open_text, read_columns, read_int
from cgbridge.units import ANGSTROM

#: Columns of the type and of x in every style; three image flags may follow the position.
STYLES = {
    "atomic": (1, 2),
    "charge": (1, 3),
    "bond": (2, 3),
    "angle": (2, 3),
    "molecular": (2, 3),
    "full": (2, 4),
}
#: Styles whose second column is the number of the molecule.
_WITH_MOLECULES = ("bond", "full")
#: nm of LAMMPS's length in the unit systems that have one.
LENGTHS = {"metal": ANGSTROM, "real": ANGSTROM, "nano": 1.0}
_SECTION = re.compile(r"^[A-Z][A-Za-z0-9]*( [A-Za-z0-9]+)*$")
_BOUNDS = {f"{axis}lo {axis}hi": n for n, axis in enumerate("xyz")}
_VECTORS = {"avec": 0, "bvec": 1, "cvec": 2}


@dataclass
class _Sections:
    """Lines without comments, their comments and numbers, by section; the header under ""."""

    rows: dict[str, list[tuple[int, list[str], str]]] = field(default_factory=lambda: {"": []})
    styles: dict[str, str] = field(default_factory=dict)
    first: str = ""


def looks_like_data(head: str) -> bool:
    """Whether the first lines of a file are those of a LAMMPS data file."""
    return bool(
        re.search(r"^\s*\d+\s+atoms\s*(#.*)?$", head, re.MULTILINE)
        and re.search(r"^\s*(\S+\s+\S+\s+xlo\s+xhi|\S+\s+\S+\s+\S+\s+avec)", head, re.MULTILINE)
    )


def read_lammps_data(path: Path, frame: int) -> tuple[FileFrame, int | None]:
    """The structure, beads in the order of their numbers; raises :class:`ValueError`."""
    sections = _split(path)
    length = length_unit(sections.first, r"units\s*=\s*(\w+)")
    header = {" ".join(words[n:]): (line, words[:n]) for line, words, _ in sections.rows[""]
              for n in range(1, len(words)) if not _number(words[n])}  # fmt: skip
    rows = sections.rows.get("Atoms", [])
    line, counted = header.get("atoms", (0, ["-1"]))
    if read_int(counted[0], line, "the number of atoms") != len(rows):
        raise ValueError(f"the header counts {counted[0]} atoms, but {len(rows)} are there")
    kind, place = _style(sections, rows)
    fields = [words for _, words, _ in rows]
    positions = read_columns(fields, range(place, place + 3), rows[0][0] if rows else 0) * length
    order = np.argsort([read_int(words[0], line, "the number of an atom") for line, words, _ in rows])
    types = tuple(fields[n][kind] for n in order)
    names, numbered = _names(sections, types), all(kind.isdigit() for kind in types)
    note = "a LAMMPS data file does not tell where it is periodic: it is taken to be in all directions"
    cell = _cell(header) * length
    return FileFrame(names, positions[order], cell, types=types if numbered else (), notes=(note,)), 1


def read_data_atoms(
    path: Path,
) -> tuple[FileFrame, tuple[float, ...] | None, tuple[int, ...] | None, Chains | None]:
    """The structure, and where the file has them masses in amu, numbers of molecules and bonds.

    Raises :class:`ValueError`.
    """
    found, _ = read_lammps_data(path, 0)
    sections = _split(path)
    rows = sorted(sections.rows["Atoms"], key=lambda row: int(row[1][0]))
    kind, place = _style(sections, rows)
    of_type = {words[0]: float(words[1]) for _, words, _ in sections.rows.get("Masses", ())}
    types = [words[kind] for _, words, _ in rows]
    masses = tuple(of_type[name] for name in types) if set(types) <= set(of_type) else None
    style = next(name for name, columns in STYLES.items() if columns == (kind, place))
    molecules = tuple(int(words[1]) for _, words, _ in rows) if style in _WITH_MOLECULES else None
    if "Bonds" not in sections.rows:
        return found, masses, molecules, None
    number = {words[0]: atom for atom, (_, words, _) in enumerate(rows)}
    bonds = []
    for line, words, _ in sections.rows["Bonds"]:
        if len(words) < 4 or not set(words[2:4]) <= set(number):
            raise ValueError(f"line {line}: a bond of atoms that are none")
        i, j = sorted((number[words[2]], number[words[3]]))
        bonds.append((i, j))
    return found, masses, molecules, tuple(sorted(set(bonds)))


def length_unit(text: str, pattern: str) -> float:
    """nm of the length in the unit system that ``text`` names, angstrom where it names none.

    Raises :class:`ValueError` for a system without a length of its own.
    """
    found = re.search(pattern, text)
    if found is None:
        return ANGSTROM
    if found[1] not in LENGTHS:
        raise ValueError(f"units '{found[1]}' have no length in nm: write the file in units metal or real")
    return LENGTHS[found[1]]


def _split(path: Path) -> _Sections:
    sections = _Sections()
    here = ""
    with open_text(path) as stream:
        sections.first = stream.readline()
        for number, row in enumerate(stream, start=2):
            text, _, comment = row.partition("#")
            text = text.strip()
            if _SECTION.match(text):
                here = text
                sections.rows[here] = []
                sections.styles[here] = comment.strip()
            elif text:
                sections.rows[here].append((number, text.split(), comment.strip()))
    return sections


def _style(sections: _Sections, rows: list[tuple[int, list[str], str]]) -> tuple[int, int]:
    """Columns of type and x, from the comment behind the heading or from the look of the first atom."""
    remedy = "write it behind the heading: Atoms # atomic (or charge, molecular, full)"
    told = sections.styles.get("Atoms", "")
    if told:
        if told not in STYLES:
            raise ValueError(f"the atom style '{told}' is not known; known: {', '.join(STYLES)}")
        return STYLES[told]
    if not rows:
        return STYLES["atomic"]
    columns = len(rows[0][1])
    if columns in (5, 8):
        return STYLES["atomic"]
    if columns in (7, 10):
        return STYLES["full"]
    # Six columns: a charge or a molecule beside the type. Types are few and whole, charges seldom.
    types = {words[0] for _, words, _ in sections.rows.get("Masses", ())}
    fits = [
        name
        for name in ("charge", "molecular")
        if types and all(len(words) > 2 and words[STYLES[name][0]] in types for _, words, _ in rows)
    ]
    if columns not in (6, 9) or len(fits) != 1:
        raise ValueError(f"the atom style cannot be told from {columns} columns: {remedy}")
    return STYLES[fits[0]]


def _names(sections: _Sections, types: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the beads: labels, or the comments of the masses; none where there is neither."""
    labels = {
        words[0]: words[1] for _, words, _ in sections.rows.get("Atom Type Labels", ()) if len(words) > 1
    }
    comments = {words[0]: note.split()[0] for _, words, note in sections.rows.get("Masses", ()) if note}
    if not all(kind.isdigit() for kind in types):
        return tuple(labels.get(kind, kind) for kind in types)
    for names in (labels, comments):
        if names and all(kind in names for kind in types):
            return tuple(names[kind] for kind in types)
    return ("",) * len(types)


def _cell(header: dict[str, tuple[int, list[str]]]) -> FloatArray:
    cell = np.zeros((3, 3))
    if "avec" in header:
        for name, row in _VECTORS.items():
            cell[row] = [float(value) for value in header[name][1]]
        return cell
    for name, axis in _BOUNDS.items():
        if name not in header:
            raise ValueError(f"the header does not give '{name}'")
        low, high = (float(value) for value in header[name][1])
        if not low < high:
            raise ValueError(f"line {header[name][0]}: '{name}' must rise, found {low:g} {high:g}")
        cell[axis, axis] = high - low
    if "xy xz yz" in header:
        cell[1, 0], cell[2, 0], cell[2, 1] = (float(value) for value in header["xy xz yz"][1])
    return cell


def _number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
