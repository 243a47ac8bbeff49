"""Beads, and the molecules that they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cgbridge.errors import ConfigError
from cgbridge.topology import EXCLUDED_BONDS, Chains, Topology, chains_along, joined, pairs_within

#: Masses in amu that a bead can have: from a tenth of a hydrogen atom to a large virus.
MASS_LIMITS = (0.1, 1e8)


@dataclass(frozen=True)
class Bead:
    """A bead type and its mass in amu; None where the mass is not known, which energies do not need."""

    name: str
    mass: float | None = None

    def __post_init__(self) -> None:
        if self.mass is not None and not MASS_LIMITS[0] <= self.mass <= MASS_LIMITS[1]:
            raise ConfigError(
                f"bead '{self.name}' has a mass of {self.mass:g} amu",
                remedy="give the mass of one bead, such as '18.015 amu' or '18.015 g/mol'",
            )


@dataclass(frozen=True)
class Molecule:
    """A kind of molecule: the types of its beads, and its ``bonds`` as pairs of them, counted from 0.

    Angles and torsions are all chains of three and four beads along the bonds. Beads up to ``excluded`` bonds
    apart have no pair interactions. Raises :class:`ConfigError` for a bond to itself or to no bead.
    """

    name: str
    beads: tuple[str, ...]
    bonds: Chains = ()
    excluded: int = EXCLUDED_BONDS

    def __post_init__(self) -> None:
        for bond in self.bonds:
            if len(bond) != 2 or bond[0] == bond[1] or not all(0 <= i < len(self.beads) for i in bond):
                raise ConfigError(
                    f"molecule '{self.name}' has a bond {list(bond)} and {len(self.beads)} beads",
                    remedy="name two different beads, counted from 0",
                )
        if self.excluded < 0:
            raise ConfigError(f"molecule '{self.name}': excluded = {self.excluded} is negative")

    @property
    def topology(self) -> Topology:
        """One molecule."""
        return Topology(
            types=self.beads,
            molecules=(0,) * len(self.beads),
            bonds=self.bonds,
            angles=chains_along(self.bonds, 3),
            torsions=chains_along(self.bonds, 4),
            exclusions=pairs_within(self.bonds, self.excluded),
        )


def assembled(types: Sequence[str], molecules: Sequence[Molecule]) -> Topology:
    """The topology of beads that stand molecule by molecule (:func:`molecules_along`)."""
    return joined(molecules_along(types, molecules))


def molecules_along(types: Sequence[str], molecules: Sequence[Molecule]) -> list[Topology]:
    """The molecules that beads make which stand molecule by molecule; each is of the first kind that fits.

    A bead that no kind of molecule holds is one by itself. Raises :class:`ConfigError` where none fits.
    """
    kinds = sorted(molecules, key=lambda molecule: -len(molecule.beads))
    topologies = {kind.name: kind.topology for kind in kinds}
    held = {bead for kind in kinds for bead in kind.beads}
    found: list[Topology] = []
    first = 0
    while first < len(types):
        if types[first] not in held:
            found.append(Topology((types[first],), (0,)))
            first += 1
            continue
        kind = next((m for m in kinds if tuple(types[first : first + len(m.beads)]) == m.beads), None)
        if kind is None:
            known = "; ".join(f"{m.name} ({' '.join(m.beads)})" for m in molecules)
            raise ConfigError(
                f"from bead {first + 1} on ({' '.join(types[first : first + 4])} ...) no molecule fits",
                remedy=f"let the beads stand molecule by molecule: {known}",
            )
        found.append(topologies[kind.name])
        first += len(kind.beads)
    return found
