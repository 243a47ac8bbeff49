"""Which atoms there are, what they are called and how they are bonded: the atomistic side of a topology."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from cgbridge.topology import Chains, tuples


@dataclass(frozen=True)
class Atoms:
    """N atoms; all indices count from 0.

    ``names`` as in a structure file (``OW``), chemical symbols ``elements`` (empty for a virtual site or
    where it is not known), ``masses`` in amu (0 for a virtual site). ``residue_of``, ``molecule_of`` number
    residue and molecule of every atom, ascending; ``residue_names`` has one name per residue. ``bonds`` are
    pairs, ``constraints`` pairs whose distance is held by the dynamics, so that the force along it is not in
    the forces of a trajectory.
    """

    names: tuple[str, ...]
    elements: tuple[str, ...]
    masses: tuple[float, ...]
    residue_names: tuple[str, ...]
    residue_of: tuple[int, ...]
    molecule_of: tuple[int, ...]
    bonds: Chains = ()
    constraints: Chains = ()

    def __len__(self) -> int:
        return len(self.names)

    def to_json(self) -> str:
        """Text that :meth:`from_json` reads."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises :class:`ValueError` or :class:`TypeError` for a text that :meth:`to_json` did not write."""
        content: Mapping[str, Any] = json.loads(text)
        return cls(**{field.name: tuples(content[field.name]) for field in fields(cls)})


def molecules_of(count: int, bonds: Chains) -> tuple[int, ...]:
    """The molecule of each of ``count`` atoms: what is bonded is one, numbered by its first atom."""
    root = list(range(count))

    def first(atom: int) -> int:
        while root[atom] != atom:
            root[atom] = root[root[atom]]
            atom = root[atom]
        return atom

    for i, j in bonds:
        low, high = sorted((first(i), first(j)))
        root[high] = low
    numbers: dict[int, int] = {}
    return tuple(numbers.setdefault(first(atom), len(numbers)) for atom in range(count))
