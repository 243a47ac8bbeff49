"""Mapping files in YAML: beads of molecules that are told by a graph, by residues or by numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from cgbridge.config.loader import read_yaml, validate
from cgbridge.config.quantities import Mass
from cgbridge.config.section import Section
from cgbridge.errors import ConfigError, did_you_mean
from cgbridge.mapping.graph import parse_graph
from cgbridge.mapping.mapping import CENTER_OF_MASS, BeadRule, Copies, Mapping, MoleculeRule
from cgbridge.topology import EXCLUDED_BONDS

_PACKAGE = Path(__file__).parents[1]


class BeadEntry(Section):
    """One bead; its name is the key."""

    type: str | None = Field(
        None, min_length=1, description="Bead type, which beads that are alike share. Default: the name."
    )
    atoms: tuple[str | int, ...] = Field(
        (),
        description="Its atoms. With `graph`: labels, each of which brings its hydrogens. Otherwise atom "
        "names (`CA`, `ALA:CA` or `2:ALA:CA` with the number of the residue from 1), or indices from 0.",
    )
    select: str | None = Field(
        None, description="Instead of atoms: words such as `name CA CB or (element H and bonded to name CA)`."
    )
    position: str | tuple[float, ...] = Field(
        CENTER_OF_MASS,
        description="Where the bead lies: `center-of-mass`, `geometric-center`, one of its atoms, or one "
        "weight per atom, which are normalised. With `graph` weights belong to the heavy atoms alone.",
    )
    forces: tuple[float, ...] | None = Field(
        None,
        description="One weight per atom for its force, taken as they stand; hydrogens that a label brings "
        "have its weight. Default: by the kind of force map.",
    )
    shares: tuple[float, ...] | None = Field(
        None,
        description="Which part of each atom belongs to the bead, where several beads name it. Default: "
        "what is left by others, in equal parts.",
    )
    mass: Mass | None = Field(
        None, gt=0, description="Mass, bare number in amu. Default: that of its parts of the atoms."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.atoms) == (self.select is not None):
            raise ValueError("give atoms, or select")
        return self


class CopiesEntry(Section):
    """The same beads again and again along the atoms of the system."""

    first: int = Field(0, ge=0, description="Number of the atom, from 0, that is atom 0 of the first copy.")
    count: int = Field(ge=1, description="How many copies.")
    stride: int = Field(ge=1, description="Atoms from one copy to the next.")


class MoleculeEntry(Section):
    """Beads of every molecule that fits; one of `graph`, `residues`, `residue` and `copies` tells which."""

    graph: str | None = Field(
        None,
        description="What is bonded to what, whatever the names: `C1H3-O1H`; branches after a comma: "
        "`C1H3-C2-N1H2, C2-O1`.",
    )
    residues: tuple[str, ...] = Field(
        (),
        description="Names of the residues of the whole molecule in their order; `HOH|SOL` for one of two "
        "names.",
    )
    residue: str | None = Field(
        None, description="Every residue of this name (or `A|B`), whatever it is bonded to."
    )
    copies: CopiesEntry | None = Field(None, description="Atoms by their numbers.")
    beads: dict[str, BeadEntry] = Field(min_length=1, description="Beads by name.")
    bonds: tuple[tuple[str, str], ...] | None = Field(
        None, description="Pairs of beads. Default: beads whose atoms are bonded."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [self.graph, self.residues, self.residue, self.copies]
        if sum(way not in (None, ()) for way in ways) != 1:
            raise ValueError("give one of graph, residues, residue and copies")
        if self.graph is not None:
            try:
                parse_graph(self.graph)
            except ConfigError as error:
                raise ValueError(error.what) from None
        return self


class MappingFile(Section):
    """A mapping file."""

    name: str | None = Field(None, description="Default: the name of the file.")
    about: str = Field("", description="What is mapped, and how.")
    source: str = Field("", description="Where the mapping comes from.")
    excluded: int = Field(
        EXCLUDED_BONDS, ge=0, description="Beads up to so many bonds apart have no pair interactions."
    )
    molecules: dict[str, MoleculeEntry] = Field(min_length=1, description="Kinds of molecules by name.")


def read_mapping_yaml(path: Path) -> Mapping:
    """Raises :class:`~cgbridge.errors.ConfigError` for a file that is none."""
    content, lines = read_yaml(path)
    file = validate(MappingFile, content, str(path), lines)
    rules = tuple(_molecule(name, entry) for name, entry in file.molecules.items())
    return Mapping(
        file.name or path.stem,
        rules,
        str(path),
        " ".join(file.about.split()),
        " ".join(file.source.split()),
        file.excluded,
    )


def _molecule(name: str, entry: MoleculeEntry) -> MoleculeRule:
    residues = (entry.residue,) if entry.residue is not None else entry.residues
    return MoleculeRule(
        name,
        tuple(_bead(key, bead) for key, bead in entry.beads.items()),
        entry.graph or "",
        tuple(tuple(part.strip() for part in names.split("|")) for names in residues),
        entry.residue is not None,
        None if entry.copies is None else Copies(**entry.copies.model_dump()),
        entry.bonds,
    )


def _bead(name: str, entry: BeadEntry) -> BeadRule:
    return BeadRule(
        name,
        entry.type or name,
        entry.atoms,
        entry.select or "",
        entry.position,
        entry.forces,
        entry.shares,
        mass=entry.mass,
    )


def mapping_folders(folder: str | Path | None = None) -> list[Path]:
    """Existing folders with mappings, in the order in which they are searched."""
    candidates = [] if folder is None else [Path(folder) / "mappings"]
    # Installed data; in a source checkout the same files stand at the top of the repository.
    candidates += [_PACKAGE / "data" / "mappings", _PACKAGE.parent / "mappings"]
    found = [path for path in candidates if path.is_dir()]
    return list({path.resolve(): path for path in found}.values())


def list_mappings(folder: str | Path | None = None) -> dict[str, Path]:
    """Names of the mappings and their files, the user's first."""
    found: dict[str, Path] = {}
    for root in mapping_folders(folder):
        for path in sorted(root.glob("*.yaml")):
            found.setdefault(path.stem, path)
    return found


def load_named_mapping(name: str, folder: str | Path | None = None) -> Mapping:
    """The mapping called ``name``, of ``mappings/`` in ``folder`` or of the package.

    Raises :class:`~cgbridge.errors.ConfigError` with a suggestion when there is none.
    """
    known = list_mappings(folder)
    if name not in known:
        raise ConfigError(
            f"unknown mapping '{name}'{did_you_mean(name, known)}",
            where="--mapping",
            remedy="give a file, or one of: " + ", ".join(known),
        )
    return read_mapping_yaml(known[name])
