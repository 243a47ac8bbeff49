"""The two kinds of ``.map`` files: PyCGTOOL's, and those of Martini's backward and vermouth.

PyCGTOOL writes a bead per line below the name of a residue, ``W P4 OW HW1 HW2``; its beads lie at geometric
centres. Backward writes an atom per line, ``1 N BB``, below ``[ atoms ]``; an atom of several beads counts
for each by how often it is named, with ``!BB`` it belongs to the bead and does not move it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from cgbridge.errors import FileFormatError
from cgbridge.mapping.mapping import GEOMETRIC_CENTER, BeadRule, Mapping, MoleculeRule

_SECTION = re.compile(r"\[\s*(\S.*?)\s*\]$")


def read_map_file(path: Path) -> Mapping:
    """Raises :class:`~cgbridge.errors.FileFormatError`."""
    try:
        sections = list(_sections(path))
    except UnicodeDecodeError:
        raise _fault(path, "this is no text file") from None
    if any(name == "molecule" for name, _ in sections):
        rules = list(_martini(path, sections))
    else:
        rules = [_pycgtool(path, residue, rows) for residue, rows in sections]
    if not rules:
        raise _fault(path, "there is no residue in this file")
    return Mapping(path.stem, tuple(rules), str(path))


def _sections(path: Path) -> Iterator[tuple[str, list[tuple[int, list[str]]]]]:
    """The names in brackets, and the lines below with their numbers, without comments."""
    name: str = ""
    rows: list[tuple[int, list[str]]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        text = line.partition(";")[0].strip()
        match = _SECTION.match(text)
        if match:
            if name:
                yield name, rows
            name, rows = match[1], []
        elif text:
            if not name:
                raise _fault(path, f"line {number}: expected a name in brackets, found '{text[:60]}'")
            rows.append((number, text.split()))
    if name:
        yield name, rows


def _pycgtool(path: Path, residue: str, rows: list[tuple[int, list[str]]]) -> MoleculeRule:
    beads = []
    for number, words in rows:
        if words[0].startswith("@"):
            raise _fault(path, f"line {number}: virtual beads ({words[0]}) are not mapped: leave them out")
        name, kind, *atoms = words if len(words) > 2 else [*words, "", ""]
        if atoms and _is_number(atoms[0]):
            atoms = atoms[1:]  # the charge
        if not all(atoms):
            raise _fault(path, f"line {number}: expected name, type and atoms, found '{' '.join(words)}'")
        beads.append(BeadRule(name, kind, tuple(atoms), position=GEOMETRIC_CENTER))
    if not beads:
        raise _fault(path, f"[ {residue} ] has no beads")
    return MoleculeRule(residue, tuple(beads), residues=((residue,),), by_residue=True)


def _martini(path: Path, sections: list[tuple[str, list[tuple[int, list[str]]]]]) -> Iterator[MoleculeRule]:
    residue = ""
    for name, rows in sections:
        if name == "molecule":
            if not rows:
                raise _fault(path, "[ molecule ] names none")
            residue = rows[0][1][0]
        elif name == "atoms":
            if not residue:
                raise _fault(path, "[ atoms ] stands before [ molecule ]")
            yield _residue(path, residue, rows)


def _residue(path: Path, residue: str, rows: list[tuple[int, list[str]]]) -> MoleculeRule:
    members: dict[str, list[tuple[str, float, bool]]] = {}
    for number, words in rows:
        if len(words) < 2 or not words[0].isdigit():
            raise _fault(path, f"line {number}: expected number, atom and beads, found '{' '.join(words)}'")
        atom, beads = words[1], words[2:]
        counts = Counter(bead.removeprefix("!") for bead in beads)
        for bead, count in counts.items():
            moves = bead in beads
            members.setdefault(bead, []).append((atom, count / len(beads), moves))
    if not members:
        raise _fault(path, f"no atom of {residue} is in a bead")
    rules = []
    for bead, found in members.items():
        atoms, shares, moving = zip(*found, strict=True)
        rules.append(BeadRule(bead, bead, atoms, shares=shares, still=tuple(not flag for flag in moving)))
    return MoleculeRule(residue, tuple(rules), residues=((residue,),), by_residue=True)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _fault(path: Path, what: str) -> FileFormatError:
    return FileFormatError(
        what,
        where=str(path),
        remedy="PyCGTOOL: [RES] and lines 'W P4 OW HW1'; Martini: [ molecule ], [ atoms ]",
    )
