"""What a mapping says: which beads there are in which molecules, before it meets the atoms of a system."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from cgbridge.topology import EXCLUDED_BONDS

#: Where a bead lies, as words; else weights.
CENTER_OF_MASS, GEOMETRIC_CENTER = "center-of-mass", "geometric-center"
#: Stands for a residue of any name.
ANY_RESIDUE = "*"


@dataclass(frozen=True)
class BeadRule:
    """One bead of a molecule.

    ``atoms`` are what the molecule calls its atoms (:class:`MoleculeRule`), or their indices from 0;
    ``select`` are words that choose them instead (:mod:`cgbridge.mapping.selection`). ``position`` is
    :data:`CENTER_OF_MASS`, :data:`GEOMETRIC_CENTER`, the name of one atom, or weights in the order of
    ``atoms``, which are normalised. ``forces`` are weights in the same order; None leaves them to the kind of
    force map. ``shares`` are fractions of the atoms that belong to this bead, 0 for what other beads leave;
    None deals atoms that several beads name out evenly. Atoms that are ``still`` belong to the bead and have
    no part in its position. ``mass`` in amu, None for that of the shares.
    """

    name: str
    type: str
    atoms: tuple[str | int, ...] = ()
    select: str = ""
    position: str | tuple[float, ...] = CENTER_OF_MASS
    forces: tuple[float, ...] | None = None
    shares: tuple[float, ...] | None = None
    still: tuple[bool, ...] = ()
    mass: float | None = None


@dataclass(frozen=True)
class MoleculeRule:
    """Beads of every molecule that fits.

    What fits: molecules of a ``graph`` (:mod:`cgbridge.mapping.graph`), whose labels then call the atoms;
    molecules of these ``residues`` in this order, each by one of its names; with ``by_residue`` every residue
    of such a name, whatever it is bonded to; or ``copies`` of a number of atoms in a row. ``bonds`` are pairs
    of beads by their names; None bonds beads whose atoms are bonded.
    """

    name: str
    beads: tuple[BeadRule, ...]
    graph: str = ""
    residues: tuple[tuple[str, ...], ...] = ()
    by_residue: bool = False
    copies: Copies | None = None
    bonds: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True)
class Copies:
    """``count`` times the atoms ``first``, ``first + 1``, ...: those of copy k begin ``stride`` k later.

    With ``alike``, and where all atoms of the one copy are in one molecule, all molecules like it are meant.
    """

    first: int = 0
    count: int = 1
    stride: int = 0
    alike: bool = False


@dataclass(frozen=True)
class Mapping:
    """Rules for the molecules of a system; ``where`` is the file, ``about`` and ``source`` what it says of
    itself. Beads up to ``excluded`` bonds apart have no pair interactions in the topology of the beads.
    ``files`` are names and texts of the files that it was read from, to hand on with what it makes."""

    name: str
    molecules: tuple[MoleculeRule, ...]
    where: str = ""
    about: str = ""
    source: str = ""
    excluded: int = EXCLUDED_BONDS
    files: tuple[tuple[str, str], ...] = ()

    def record(self) -> dict[str, Any]:
        """All of it but the place on this machine, for the source of what is made with it."""
        return {key: value for key, value in asdict(self).items() if key != "where"}
