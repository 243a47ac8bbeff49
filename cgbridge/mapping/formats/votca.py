"""VOTCA's mapping XML: one molecule a file, beads of atoms ``resid:resname:name``, maps of weights."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

from cgbridge.errors import FileFormatError
from cgbridge.mapping.mapping import ANY_RESIDUE, BeadRule, Mapping, MoleculeRule


def read_votca(path: Path) -> Mapping:
    """Weights are normalised. Coefficients ``d`` of a map give the forces d_i/c_i, both sets normalised;
    without them every atom whose weight is not zero counts once, as in VOTCA.

    Raises :class:`~cgbridge.errors.FileFormatError`.
    """
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        raise _fault(path, f"this is no XML: {error}") from None
    if root.tag != "cg_molecule":
        raise _fault(path, f"expected <cg_molecule>, found <{root.tag}>")
    name = _text(root, "ident", path)
    weights = {
        _text(entry, "name", path): (_numbers(entry, "weights", path), _numbers(entry, "d", path))
        for entry in root.findall("maps/map")
    }
    beads = []
    residues: dict[int, str] = {}
    for entry in root.findall("topology/cg_beads/cg_bead"):
        bead, kind = _text(entry, "name", path), _text(entry, "mapping", path)
        atoms = tuple(_text(entry, "beads", path).split())
        for atom in atoms:
            number, residue = _place(atom, path, bead)
            residues[number] = residue
        if kind not in weights:
            raise _fault(path, f"bead {bead} wants the map '{kind}', which is not there")
        c, d = weights[kind]
        if len(c) != len(atoms) or len(d) not in (0, len(atoms)):
            raise _fault(path, f"bead {bead} has {len(atoms)} atoms, and map '{kind}' {len(c)} weights")
        forces = _forces(c, d, path, bead) if d else None
        beads.append(BeadRule(bead, _text(entry, "type", path), atoms, position=c, forces=forces))
    if not beads:
        raise _fault(path, "there is no <cg_bead>")
    order = tuple((residues.get(number, ANY_RESIDUE),) for number in range(1, max(residues) + 1))
    bonds = tuple(
        (words[n], words[n + 1])
        for bond in root.findall("topology/cg_bonded/bond")
        for words in [_text(bond, "beads", path).split()]
        for n in range(0, len(words) - 1, 2)
    )
    rule = MoleculeRule(name, tuple(beads), residues=order, bonds=bonds)
    return Mapping(_text(root, "name", path), (rule,), str(path))


def _place(atom: str, path: Path, bead: str) -> tuple[int, str]:
    parts = atom.split(":")
    if len(parts) != 3 or not parts[0].isdigit() or int(parts[0]) < 1:
        raise _fault(path, f"bead {bead}: '{atom}' is no atom: write number:residue:atom")
    return int(parts[0]), parts[1]


def _forces(c: tuple[float, ...], d: tuple[float, ...], path: Path, bead: str) -> tuple[float, ...]:
    if any(weight == 0.0 != part for weight, part in zip(c, d, strict=True)):
        raise _fault(path, f"bead {bead}: a coefficient d is not zero where the weight is")
    scale = sum(c) / sum(d)
    return tuple(scale * part / weight if weight else 0.0 for weight, part in zip(c, d, strict=True))


def _text(entry: ElementTree.Element, tag: str, path: Path) -> str:
    text = entry.findtext(tag)
    if not text or not text.strip():
        raise _fault(path, f"<{entry.tag}> has no <{tag}>")
    return text.strip()


def _numbers(entry: ElementTree.Element, tag: str, path: Path) -> tuple[float, ...]:
    text = entry.findtext(tag) or ""
    try:
        return tuple(float(word) for word in text.split())
    except ValueError:
        raise _fault(path, f"<{tag}> holds something else than numbers: '{text.strip()[:60]}'") from None


def _fault(path: Path, what: str) -> FileFormatError:
    return FileFormatError(what, where=str(path), remedy="see VOTCA's manual, 'mapping file'")
