"""GROMACS's index files: every group is a bead."""

from __future__ import annotations

from pathlib import Path

from cgbridge.errors import FileFormatError
from cgbridge.mapping.mapping import BeadRule, Copies, Mapping, MoleculeRule

#: Groups that GROMACS makes of its own accord.
_OF_GROMACS = (
    "System", "Other", "Water", "SOL", "non-Water", "Ion", "Water_and_ions", "Protein", "Protein-H",
    "C-alpha",
    "Backbone", "MainChain", "MainChain+Cb", "MainChain+H", "SideChain", "SideChain-H", "Prot-Masses",
    "non-Protein", "DNA", "RNA",
)  # fmt: skip


def read_index_file(path: Path) -> Mapping:
    """Groups that GROMACS makes itself are left out. Where all lie in the first molecule of their kind, the
    beads are those of all molecules of that kind.

    Raises :class:`~cgbridge.errors.FileFormatError`.
    """
    groups: dict[str, list[int]] = {}
    name = ""
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        text = line.partition(";")[0].strip()
        if text.startswith("["):
            name = text.strip("[] ")
            if name in groups:
                raise _fault(path, f"line {number}: group '{name}' is there twice")
            groups[name] = []
        elif text:
            try:
                groups[name] += [int(word) - 1 for word in text.split()]
            except (ValueError, KeyError):
                raise _fault(path, f"line {number}: expected numbers of atoms, found '{text[:60]}'") from None
    beads = tuple(
        BeadRule(group, group, tuple(atoms))
        for group, atoms in groups.items()
        if atoms and group not in _OF_GROMACS
    )
    if not beads:
        raise _fault(path, "there is no group besides those that GROMACS makes itself")
    if min(atom for bead in beads for atom in bead.atoms if isinstance(atom, int)) < 0:
        raise _fault(path, "atoms are numbered from 1")
    rule = MoleculeRule(path.stem, beads, copies=Copies(0, 1, 0, alike=True))
    return Mapping(path.stem, (rule,), str(path))


def _fault(path: Path, what: str) -> FileFormatError:
    return FileFormatError(
        what, where=str(path), remedy="write groups: [ name ] and the numbers of its atoms"
    )
