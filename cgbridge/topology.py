"""Which beads there are and how they hang together: what a model needs to make its forces."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

#: Chains of beads of one length, by their indices.
Chains = tuple[tuple[int, ...], ...]
#: Beads up to so many bonds apart have no pair interactions, unless something else is said.
EXCLUDED_BONDS = 3
#: The fields of a topology that hold chains.
_CHAINS = ("bonds", "angles", "torsions", "exclusions")


@dataclass(frozen=True)
class Topology:
    """N beads; all indices count from 0.

    ``types`` names the bead type of every bead, ``molecules`` numbers the molecule that each is in, ascending
    (empty: every bead is one of its own). ``bonds``, ``angles`` and ``torsions`` are chains of two, three and
    four beads. ``exclusions`` are pairs without pair interactions.
    """

    types: tuple[str, ...]
    molecules: tuple[int, ...] = ()
    bonds: Chains = ()
    angles: Chains = ()
    torsions: Chains = ()
    exclusions: Chains = ()

    def __len__(self) -> int:
        return len(self.types)

    @property
    def molecule_of(self) -> tuple[int, ...]:
        """The molecule of every bead."""
        return self.molecules or tuple(range(len(self.types)))

    @property
    def molecule_count(self) -> int:
        """How many molecules there are."""
        return len(set(self.molecules)) if self.molecules else len(self.types)

    def parts(self) -> list[Topology]:
        """The molecules, each for itself, in their order; the beads of one stand side by side."""
        if not self.molecules:
            return [Topology((name,), (0,)) for name in self.types]
        first: dict[int, int] = {}
        for bead, molecule in enumerate(self.molecules):
            first.setdefault(molecule, bead)
        chains = {name: _by_molecule(getattr(self, name), self.molecules, first) for name in _CHAINS}
        ends = [*list(first.values())[1:], len(self.types)]
        return [
            Topology(
                self.types[start:end],
                (0,) * (end - start),
                *(chains[name].get(molecule, ()) for name in _CHAINS),
            )
            for (molecule, start), end in zip(first.items(), ends, strict=True)
        ]

    def repeated(self, count: int) -> Topology:
        """``count`` copies, one behind the other."""
        return joined([self] * count)


@dataclass(frozen=True)
class Beads:
    """Beads with their ``masses`` in amu: what a trajectory of beads says about them."""

    topology: Topology
    masses: tuple[float, ...]

    def to_json(self) -> str:
        """Text that :meth:`from_json` reads."""
        return json.dumps(asdict(self.topology) | {"masses": self.masses})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises :class:`KeyError`, :class:`ValueError` or :class:`TypeError` for any other text."""
        content = json.loads(text)
        parts = {field.name: tuples(content[field.name]) for field in fields(Topology)}
        return cls(Topology(**parts), tuples(content["masses"]))


def tuples(values: list[Any]) -> tuple[Any, ...]:
    """Lists of JSON as what they were before."""
    return tuple(tuple(value) if isinstance(value, list) else value for value in values)


def joined(parts: Iterable[Topology]) -> Topology:
    """All parts, the beads of one behind those of the other."""
    types: list[str] = []
    molecules: list[int] = []
    bonds: list[tuple[int, ...]] = []
    angles: list[tuple[int, ...]] = []
    torsions: list[tuple[int, ...]] = []
    exclusions: list[tuple[int, ...]] = []
    for part in parts:
        first, molecule = len(types), 1 + max(molecules[-1:], default=-1)
        molecules += [number + molecule for number in part.molecule_of]
        bonds += _shifted(part.bonds, first)
        angles += _shifted(part.angles, first)
        torsions += _shifted(part.torsions, first)
        exclusions += _shifted(part.exclusions, first)
        types += part.types
    return Topology(
        tuple(types), tuple(molecules), tuple(bonds), tuple(angles), tuple(torsions), tuple(exclusions)
    )


def _by_molecule(chains: Chains, molecules: tuple[int, ...], first: dict[int, int]) -> dict[int, Chains]:
    """The chains of every molecule, its beads counted from 0."""
    found: dict[int, list[tuple[int, ...]]] = {}
    for chain in chains:
        molecule = molecules[chain[0]]
        found.setdefault(molecule, []).append(tuple(bead - first[molecule] for bead in chain))
    return {molecule: tuple(own) for molecule, own in found.items()}


def _shifted(chains: Chains, offset: int) -> Chains:
    return tuple(tuple(index + offset for index in chain) for chain in chains)


def chains_along(bonds: Chains, length: int) -> Chains:
    """All chains of ``length`` different beads that follow bonds, each in one of its directions."""
    neighbours: dict[int, set[int]] = {}
    for i, j in bonds:
        neighbours.setdefault(i, set()).add(j)
        neighbours.setdefault(j, set()).add(i)
    found: Chains = tuple((bead,) for bead in sorted(neighbours))
    for _ in range(length - 1):
        found = tuple(
            (*chain, following) for chain in found for following in sorted(neighbours[chain[-1]] - set(chain))
        )
    return tuple(chain for chain in found if chain <= chain[::-1])


def pairs_within(bonds: Chains, distance: int) -> Chains:
    """Pairs of beads that are 1 to ``distance`` bonds apart, in ascending order."""
    ends = {
        (min(chain[0], chain[-1]), max(chain[0], chain[-1]))
        for length in range(2, distance + 2)
        for chain in chains_along(bonds, length)
    }
    return tuple(sorted(ends))
