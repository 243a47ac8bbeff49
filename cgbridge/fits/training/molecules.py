"""The kinds of molecules in a data set, as a model has them."""

from __future__ import annotations

from cgbridge.fits.training.data_set import DataSet
from cgbridge.models.beads import Molecule
from cgbridge.topology import Chains, Topology, pairs_within

#: Bonds apart up to which exclusions are looked for.
_FARTHEST = 6


def molecules_in(data: DataSet) -> tuple[Molecule, ...]:
    """Every kind of molecule; empty where all beads are molecules of their own."""
    found: dict[tuple[tuple[str, ...], Chains], Molecule] = {}
    for series in data.series:
        for types, bonds, exclusions in _parts(series.topology):
            name = f"molecule-{len(found) + 1}"
            found.setdefault((types, bonds), Molecule(name, types, bonds, _excluded(bonds, exclusions)))
    several = any(len(molecule.beads) > 1 for molecule in found.values())
    return tuple(found.values()) if several else ()


def _parts(topology: Topology) -> list[tuple[tuple[str, ...], Chains, Chains]]:
    """Types, bonds and exclusions of every molecule, counted from its first bead."""
    members: dict[int, list[int]] = {}
    for bead, molecule in enumerate(topology.molecule_of):
        members.setdefault(molecule, []).append(bead)
    chains: dict[int, tuple[list[tuple[int, ...]], list[tuple[int, ...]]]] = {m: ([], []) for m in members}
    for place, listed in enumerate((topology.bonds, topology.exclusions)):
        for chain in listed:
            molecule = topology.molecule_of[chain[0]]
            first = members[molecule][0]
            chains[molecule][place].append(tuple(sorted(bead - first for bead in chain)))
    return [
        (tuple(topology.types[bead] for bead in beads), tuple(chains[m][0]), tuple(sorted(chains[m][1])))
        for m, beads in members.items()
    ]


def _excluded(bonds: Chains, exclusions: Chains) -> int:
    """Up to how many bonds apart beads do not meet: the number that gives the exclusions of the data."""
    for count in range(_FARTHEST + 1):
        if bonds and pairs_within(bonds, count) == exclusions:
            return count
    return Molecule("", ("",)).excluded
