"""Molecules told by what is bonded to what, whatever their atoms are called: ``C1H3-O1H`` is methanol.

Heavy atoms are an element, a number and their hydrogens; chains of them are joined by ``-`` and separated by
commas, so that ``C1H3-C2-N1H2, C2-O1`` is acetamide. Hydrogens are told where an atom stands first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cgbridge.errors import ConfigError
from cgbridge.topology import Chains

_ATOM = re.compile(r"([A-Z][a-z]?\d+)(?:H(\d*))?")


@dataclass(frozen=True)
class Graph:
    """Heavy atoms by their labels, their elements, how many hydrogens each has, and their bonds."""

    labels: tuple[str, ...]
    elements: tuple[str, ...]
    hydrogens: tuple[int, ...]
    bonds: Chains


def parse_graph(text: str) -> Graph:
    """Raises :class:`~cgbridge.errors.ConfigError` for text that is no graph."""
    hydrogens: dict[str, int] = {}
    bonds: set[tuple[int, int]] = set()
    for chain in text.split(","):
        before: str | None = None
        for part in chain.strip().split("-"):
            match = _ATOM.fullmatch(part.strip())
            if match is None:
                raise ConfigError(
                    f"'{part.strip()}' is no atom of a graph",
                    remedy="write an element, a number and hydrogens, such as C1H3-O1H",
                )
            label, count = match.groups()
            hydrogens.setdefault(label, 0 if count is None else int(count or 1))
            if before is not None:
                order = list(hydrogens)
                i, j = sorted((order.index(before), order.index(label)))
                bonds.add((i, j))
            before = label
    elements = tuple(re.sub(r"\d", "", label) for label in hydrogens)
    return Graph(tuple(hydrogens), elements, tuple(hydrogens.values()), tuple(sorted(bonds)))


def match_graph(graph: Graph, elements: Sequence[str], bonds: Chains) -> dict[str, tuple[int, ...]] | None:
    """For every label the index of its atom and behind it those of its hydrogens; None where it is another.

    ``elements`` and ``bonds`` are those of one molecule; what is no element (virtual sites) is left out. A
    molecule without any hydrogen is taken for one of united atoms. Of equal ways the one with the lowest
    indices is taken.
    """
    heavy = [i for i, name in enumerate(elements) if name not in ("", "H")]
    if len(heavy) != len(graph.labels):
        return None
    neighbours: dict[int, set[int]] = {i: set() for i in heavy}
    hanging: dict[int, list[int]] = {i: [] for i in heavy}
    for i, j in bonds:
        for atom, other in ((i, j), (j, i)):
            if atom in neighbours and other in neighbours:
                neighbours[atom].add(other)
            elif atom in neighbours and elements[other] == "H":
                hanging[atom].append(other)
    all_hydrogens = sum(name == "H" for name in elements)
    if sum(map(len, hanging.values())) != all_hydrogens:
        return None
    wanted: list[set[int]] = [set() for _ in graph.labels]
    for i, j in graph.bonds:
        wanted[i].add(j)
        wanted[j].add(i)

    def fits(node: int, atom: int, placed: list[int]) -> bool:
        return (
            elements[atom] == graph.elements[node]
            and len(neighbours[atom]) == len(wanted[node])
            and (not all_hydrogens or len(hanging[atom]) == graph.hydrogens[node])
            and all((placed[k] in neighbours[atom]) == (k in wanted[node]) for k in range(node))
        )

    def placements(placed: list[int]) -> Iterator[list[int]]:
        if len(placed) == len(graph.labels):
            yield placed
            return
        for atom in heavy:
            if atom not in placed and fits(len(placed), atom, placed):
                yield from placements([*placed, atom])

    found = next(placements([]), None)
    if found is None:
        return None
    return {label: (atom, *sorted(hanging[atom])) for label, atom in zip(graph.labels, found, strict=True)}
